//! Inserting and reading whole calls.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use crate::model::call::{Attempt, CallResult, Hash, Lease, Looks, Outcome, Refusals, Role, Transcript, TranscriptStatus, Turn};
use crate::model::moment::later;
use crate::model::{Asked, AttemptId, Call, CallState, EndedBy, EndedReason, Fence, Quota, RetryPlan, Revision, Source};
use crate::ports::{CallFilter, IdempotencyKey, Inserted, Page, Reader, StoreError};
use crate::testing::builders::{a_call, client, connection, object, provider_call, unique, worker};

pub async fn a_new_call_is_read_back_as_it_was_accepted(trial: &Trial) {
    let (call, entry) = a_call().at(trial.now()).accepted();
    assert_eq!(
        trial.calls.insert(vec![(call.clone(), entry.clone())], None, &Quota::default()).await.expect("a new call"),
        Inserted::New
    );
    assert_eq!(trial.read(&call).await, call);
    assert_eq!(trial.calls.history(call.id, Revision(0), 10).await.expect("its history"), [entry]);
}

pub async fn a_call_is_read_back_whole_whatever_it_holds(trial: &Trial) {
    for nth in 0..24 {
        let bare = a_call().at(trial.now()).asked(everything_asked(trial.now())).retry(plan()).queued();
        let full = with_everything(bare, nth, trial.now());
        trial.hold(&full).await;
        assert_eq!(trial.read(&full).await, full);
    }
}

pub async fn what_a_provider_says_can_always_be_stored(trial: &Trial) {
    let mut call = a_call().at(trial.now()).placed("theirs");
    call.result.summary = Some("a\0b".to_owned());
    call.result.extracted = object("k\0", "v\0");
    call.result.transcript = Some(words("agent: a\0b", vec![]));
    trial.hold(&call).await;
    let read = trial.read(&call).await;
    assert_eq!(read.result.summary.as_deref(), Some("a\u{fffd}b"));
    assert_eq!(read.result.extracted, object("k\u{fffd}", "v\u{fffd}"));
}

pub async fn another_clients_call_is_not_found(trial: &Trial) {
    let call = a_call().at(trial.now()).by("ours").queued();
    trial.hold(&call).await;
    assert!(trial.calls.get(call.id, &Reader::Client(client("ours"))).await.is_ok());
    let foreign = trial.calls.get(call.id, &Reader::Client(client("theirs"))).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
}

pub async fn a_call_that_is_not_there_is_not_found(trial: &Trial) {
    let call = a_call().at(trial.now()).queued();
    assert!(matches!(trial.calls.get(call.id, &Reader::All).await, Err(StoreError::NotFound)));
}

pub async fn all_calls_of_a_request_are_stored_or_none(trial: &Trial) {
    let known = a_call().at(trial.now()).accepted();
    trial.hold(&known.0).await;
    let new = a_call().at(trial.now()).accepted();
    let request = key("request", [1; 32]);
    let refused = trial.calls.insert(vec![new.clone(), known], Some(request.clone()), &Quota::default()).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert!(matches!(trial.calls.get(new.0.id, &Reader::All).await, Err(StoreError::NotFound)));
    // Nor does the key remember what was not done.
    assert_eq!(trial.calls.insert(vec![new], Some(request), &Quota::default()).await.expect("a new call"), Inserted::New);
}

pub async fn the_same_key_and_body_make_one_call(trial: &Trial) {
    let first = a_call().at(trial.now()).accepted();
    let id = first.0.id;
    let request = key("k", [1; 32]);
    assert_eq!(
        trial.calls.insert(vec![first], Some(request.clone()), &Quota::default()).await.expect("a new call"),
        Inserted::New
    );
    let again = a_call().at(trial.now()).accepted();
    let second = again.0.id;
    assert_eq!(
        trial.calls.insert(vec![again], Some(request), &Quota::default()).await.expect("a replay"),
        Inserted::Replayed(id)
    );
    assert!(matches!(trial.calls.get(second, &Reader::All).await, Err(StoreError::NotFound)));
}

pub async fn the_same_key_with_another_body_is_a_duplicate(trial: &Trial) {
    trial
        .calls
        .insert(vec![a_call().at(trial.now()).accepted()], Some(key("k", [1; 32])), &Quota::default())
        .await
        .expect("a new call");
    let other = trial.calls.insert(vec![a_call().at(trial.now()).accepted()], Some(key("k", [2; 32])), &Quota::default()).await;
    assert!(matches!(other, Err(StoreError::Duplicate)));
    assert_eq!(everything(trial).await, 1);
}

pub async fn a_key_belongs_to_its_client_and_its_operation(trial: &Trial) {
    let ours = key("k", [1; 32]);
    let theirs = IdempotencyKey { client: client("other"), ..ours.clone() };
    let elsewhere = IdempotencyKey { operation: "POST /v1/batches", ..ours.clone() };
    for request in [ours, theirs, elsewhere] {
        let done = trial.calls.insert(vec![a_call().at(trial.now()).accepted()], Some(request), &Quota::default()).await;
        assert_eq!(done.expect("a new call"), Inserted::New);
    }
}

pub async fn a_key_is_new_again_after_a_week(trial: &Trial) {
    let week = Duration::from_hours(7 * 24);
    let early = a_call().at(trial.now()).accepted();
    let late = a_call().at(later(trial.now(), week + Duration::from_secs(1))).accepted();
    let replay = a_call().at(later(trial.now(), week + Duration::from_secs(2))).accepted();
    let id = late.0.id;
    for new in [early, late] {
        let done = trial.calls.insert(vec![new], Some(key("k", [1; 32])), &Quota::default()).await;
        assert_eq!(done.expect("a new call"), Inserted::New);
    }
    let done = trial.calls.insert(vec![replay], Some(key("k", [1; 32])), &Quota::default()).await;
    assert_eq!(done.expect("a replay"), Inserted::Replayed(id));
}

pub async fn of_64_concurrent_twins_one_makes_a_call(trial: &Trial) {
    let none = Quota::default();
    let twin = || trial.calls.insert(vec![a_call().at(trial.now()).accepted()], Some(key("k", [1; 32])), &none);
    let done: Vec<_> = join_all((0..64).map(|_| twin())).await.into_iter().map(|done| done.expect("an answer")).collect();
    assert_eq!(done.iter().filter(|done| **done == Inserted::New).count(), 1);
    let mut replayed = done.iter().filter(|done| **done != Inserted::New);
    let first = replayed.next().expect("63 replays");
    assert!(replayed.all(|done| done == first));
    assert_eq!(everything(trial).await, 1);
}

pub async fn many_concurrent_requests_each_make_their_call(trial: &Trial) {
    let calls: Vec<_> = (0..200).map(|_| a_call().at(trial.now()).reference("r").accepted()).collect();
    let none = Quota::default();
    let insert = |(nth, call): (u8, &(Call, _))| {
        let key = (nth % 2 == 0).then(|| key(&nth.to_string(), [nth; 32]));
        trial.calls.insert(vec![call.clone()], key, &none)
    };
    for done in join_all((0..).zip(&calls).map(insert)).await {
        assert_eq!(done.expect("a new call"), Inserted::New);
    }
    for (call, entry) in &calls {
        assert_eq!(trial.read(call).await, *call);
        let history = trial.calls.history(call.id, Revision(0), 10).await.expect("its history");
        assert_eq!(history, std::slice::from_ref(entry));
    }
}

async fn everything(trial: &Trial) -> usize {
    let page = Page { before: None, limit: 1_000 };
    trial.calls.list(&Reader::All, &CallFilter::default(), page).await.expect("a list").len()
}

fn key(key: &str, fingerprint: [u8; 32]) -> IdempotencyKey {
    IdempotencyKey { client: client("default"), operation: "POST /v1/calls", key: key.to_owned(), fingerprint }
}

fn everything_asked(at: Timestamp) -> Asked {
    let mut variables = object("name", "Айгүл");
    variables.extend(object("amount", 12.5));
    variables.extend(object("vip", true));
    Asked {
        reference: Some("order-1".to_owned()),
        variables,
        metadata: object("campaign", "spring \"26\""),
        not_before: Some(at),
        expires_at: Some(later(at, Duration::from_hours(1))),
    }
}

fn plan() -> RetryPlan {
    RetryPlan {
        on: vec![CallState::NoAnswer, CallState::Busy],
        max: 3,
        delays: vec![Duration::from_secs(60), Duration::from_millis(1_500)],
    }
}

pub(super) fn words(text: &str, turns: Vec<Turn>) -> Transcript {
    Transcript { text: text.to_owned(), turns, is_final: true, source: Source::Webhook, truncated: false }
}

/// Every word of the model is met by some `nth`, and every field is set.
fn with_everything(bare: Call, nth: usize, at: Timestamp) -> Call {
    fn pick<T: Copy>(words: &[T], nth: usize) -> T {
        *words.get(nth % words.len()).expect("there are words")
    }
    let over = connection("simulator");
    let seconds = |s| Some(later(at, Duration::from_secs(s)));
    let odd = nth % 2 == 1;
    let turn = |role, text: &str, ms| Turn { role, text: text.to_owned(), start_ms: ms, end_ms: ms.map(|ms| ms + 900) };
    let turns = vec![turn(Role::Agent, "Hello\nthere", Some(0)), turn(Role::User, "Hi: \u{1f44b}", None)];
    Call {
        state: pick(CallState::ALL, nth),
        revision: Revision(7),
        history_head: Hash([7; 32]),
        try_number: 2,
        refusals: Refusals { counted: 2, closed: vec![connection("a"), connection("b")] },
        connection: Some(over.clone()),
        fence: Fence(u32::MAX),
        lease: Some(Lease { owner: worker(), until: later(at, Duration::from_micros(1)) }),
        attempt: Some(Attempt {
            id: AttemptId::new(at, unique()),
            call: bare.id,
            try_number: 2,
            connection: over,
            fence: Fence(3),
            sent_mark_at: at,
            outcome: pick(Outcome::ALL, nth),
            provider_call: Some(provider_call("their id / №1")),
            guessed_at: seconds(8),
            contradicted_at: seconds(9),
        }),
        attempts: 2,
        look_at: seconds(1),
        looks: Looks { count: 5, absent: 3 },
        settles_by: seconds(2),
        restored_at: seconds(8),
        cancel_requested_at: seconds(3),
        dialed_at: seconds(4),
        answered_at: seconds(5),
        ended_at: seconds(6),
        ended_reason: Some(pick(EndedReason::ALL, nth)),
        ended_by: Some(pick(EndedBy::ALL, nth)),
        resolved: Some(pick(CallState::ALL, nth + 1)),
        transcript_status: pick(TranscriptStatus::ALL, nth),
        result: CallResult {
            transcript: Some(Transcript {
                is_final: odd,
                source: pick(Source::ALL, nth),
                truncated: !odd,
                ..words("agent: Hello\nthere\nuser: Hi: \u{1f44b}", turns)
            }),
            duration_s: Some(u32::MAX),
            summary: Some("They agreed.".to_owned()),
            extracted: object("answers", vec![1, 2]),
            opt_out: odd,
            recording: Some("https://recordings.example/1".to_owned()),
        },
        ..bare
    }
}
