//! What was erased stands in no file that a text search can reach: neither in the database's, nor in its log.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::fs;
use std::path::Path;

use callgate_domain::model::call::{By, CallResult, Transcript, TranscriptStatus};
use callgate_domain::model::{Asked, Call, CallEvent, Erasure, Quota, Seen, Source};
use callgate_domain::ports::{AttemptRef, Authentic, Progress, RawWebhook};
use callgate_domain::testing::builders::{a_call, a_parcel, change, evidence, object};
use callgate_domain::testing::store_contract::Trial;

use crate::store::{open, sqlite_file};

/// What nobody may find. In UTF-8 as every text is kept.
const CANARY: &str = "Канарейка-7f3e";

/// So often it stands in the files of a folder.
fn found(folder: &Path) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The log's files go when the last connection does.
        let Ok(bytes) = fs::read(&path) else { continue };
        let times = bytes.windows(CANARY.len()).filter(|part| *part == CANARY.as_bytes()).count();
        if times > 0 {
            found.push((path.file_name().unwrap().display().to_string(), times));
        }
    }
    found
}

/// A call whose contents are of many lengths, from some bytes to many pages.
async fn talked(trial: &Trial, nth: usize) -> Call {
    let words = format!("{CANARY} ").repeat(1 + nth * nth % 997);
    let asked = Asked {
        reference: Some(format!("order-{nth}")),
        variables: object("name", words.chars().take(60 + nth % 900).collect::<String>()),
        metadata: object("note", CANARY),
        ..Asked::default()
    };
    let made = a_call().at(trial.now()).asked(asked);
    let (first, entry) = made.clone().accepted();
    trial.calls.insert(vec![(first.clone(), entry)], None, &Quota::default()).await.unwrap();
    let call = made.placed(&format!("theirs-{nth}"));
    // First in part, then whole: a row that grows is moved.
    let mut part = call.clone();
    part.result.summary = Some(CANARY.to_owned());
    let mut step = change(&first, &CallEvent::CancelRequested, trial.now());
    step.call = part;
    trial.calls.save(step).await.unwrap();
    let mut ended = change(&call, &evidence(&call, Seen::Completed), trial.now());
    ended.call.transcript_status = TranscriptStatus::Available;
    ended.call.result = CallResult {
        transcript: Some(Transcript {
            text: words.clone(),
            turns: Vec::new(),
            is_final: true,
            source: Source::Webhook,
            truncated: false,
        }),
        summary: Some(words.chars().take(300).collect()),
        extracted: object("city", CANARY),
        ..CallResult::default()
    };
    trial.calls.save(ended.clone()).await.unwrap();
    let attempt = call.attempt.as_ref().map(|attempt| attempt.id);
    let mut parcel = a_parcel(Some("simulator"), &format!("event-{nth}"), trial.now());
    parcel.webhook = Authentic::verified(RawWebhook {
        url: None,
        headers: vec![("x-note".to_owned(), CANARY.to_owned())],
        body: words.into_bytes(),
    });
    trial.inbox.keep(parcel.clone()).await.unwrap();
    let about = AttemptRef { attempt, ..AttemptRef::default() };
    trial.inbox.settle(parcel.id, Progress::Applied, Some(about), None).await.unwrap();
    ended.call
}

#[tokio::test]
async fn erased_words_are_in_no_file_while_it_runs_and_after_it_stopped() {
    let (folder, url) = sqlite_file();
    let trial = open(&url);
    let mut calls = Vec::new();
    for nth in 0..300 {
        calls.push(talked(&trial, nth).await);
    }
    assert!(!found(folder.path()).is_empty());
    // Not in the order in which they were made.
    calls.sort_by_key(|call| call.history_head.0);
    for (nth, call) in calls.iter().enumerate() {
        let erasure = CallEvent::Erased(Erasure { by: By::Client, person: nth % 2 == 0 });
        trial.calls.save(change(call, &erasure, trial.now())).await.unwrap();
    }
    trial.retention.scrub().await.unwrap();
    assert_eq!(found(folder.path()), []);
    // Nothing of it is written back later.
    for _ in 0..20 {
        trial.calls.insert(vec![a_call().at(trial.now()).accepted()], None, &Quota::default()).await.unwrap();
    }
    drop(trial);
    assert_eq!(found(folder.path()), []);
}
