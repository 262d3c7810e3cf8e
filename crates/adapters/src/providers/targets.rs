//! What must hold for any bytes whatsoever: run by the fuzzer (`just fuzz`), and by the tests over what it found.

use std::collections::BTreeMap;
use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Evidence, Placing, ProviderCallId, Retry, Secret, Source};
use callgate_domain::ports::{Found, ProviderError, RawWebhook, WebhookError};
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use super::client::Answer;
use super::hmac::{ID, SIGNATURE, StandardWebhooks, TIMESTAMP};
use super::http::translate;
use super::report::{Report, Unreadable, Words};
use crate::testing::kinds;

mod replies;

/// The moment at which everything here happens.
const NOW: Timestamp = Timestamp::constant(1_767_225_600, 0);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// In a header, stands for the right signature: nobody finds one by chance.
const RIGHT: &str = "RIGHT";

/// The body of a webhook: the result's, and an engine's own; behind a first byte from 1 to 7, another kind's.
///
/// # Panics
/// Where what was read depends on how the JSON was spelled, the strict and the lenient reading disagree, a fact is out of
/// its bounds, or a fault names no place.
pub fn webhook_body(bytes: &[u8]) {
    if let Some((kind, rest)) = kinds::picked(bytes) {
        return kinds::webhook_body(kind, rest, check_facts);
    }
    match Report::parse(bytes) {
        Ok(report) => {
            check_evidence(&report.evidence);
            let respelled = serde_json::from_slice::<Value>(bytes).map(|value| value.to_string()).unwrap_or_default();
            assert_eq!(Report::parse(respelled.as_bytes()).as_ref(), Ok(&report), "{respelled}");
            let lenient = Report::make_the_best_of(bytes, Words::Result, Source::Webhook);
            assert_eq!((lenient.report.as_ref(), &lenient.unknown_status), (Some(&report), &None));
            assert!(lenient.unusable.is_empty(), "{:?}", lenient.unusable);
        }
        Err(Unreadable::Malformed(detail)) => assert!(!detail.is_empty() && detail.len() < 100, "{detail}"),
        Err(Unreadable::Wrong(faults)) => {
            assert!(!faults.is_empty() && faults.len() <= 100);
            assert!(faults.iter().all(|fault| fault.pointer.is_empty() || fault.pointer.starts_with('/')), "{faults:?}");
            assert!(faults.iter().all(|fault| !fault.detail.is_empty() && fault.detail.len() < 500), "{faults:?}");
        }
    }
    for words in [Words::Engine, Words::LookUp] {
        let lenient = Report::make_the_best_of(bytes, words, Source::Webhook);
        let report = lenient.report;
        assert!(report.is_none() || lenient.unknown_status.is_none() || words != Words::LookUp, "an unknown status says nothing");
        assert!(report.as_ref().is_none_or(|report| lenient.provider_call.as_ref() == Some(&report.provider_call)));
        report.iter().for_each(|report| check_evidence(&report.evidence));
    }
}

fn check_evidence(evidence: &Evidence) {
    check_facts(evidence);
    let Evidence { transcript, turns, words_final, seen, .. } = evidence;
    assert!(seen.is_some());
    assert!(!words_final || transcript.is_some() || !turns.is_empty(), "final words are words");
}

fn check_facts(evidence: &Evidence) {
    let Evidence { transcript, turns, summary, recording, duration_s, .. } = evidence;
    let texts = transcript.iter().chain(summary).chain(recording).chain(turns.iter().map(|turn| &turn.text));
    assert!(texts.into_iter().all(|text| !text.contains('\0')), "no database can be relied on to keep it");
    assert!(duration_s.is_none_or(|seconds| i32::try_from(seconds).is_ok()));
    assert!(turns.len() <= 10_000);
}

/// The headers of a webhook, `name: value` each on a line, then an empty line and its body; behind a first byte from 1 to
/// 7, another kind's, whose header `url` is the address it came to.
///
/// # Panics
/// Where a webhook is believed that is not signed as it has to be, or one is not believed that is.
pub fn signature_headers(bytes: &[u8]) {
    let (kind, bytes) = kinds::picked(bytes).map_or((None, bytes), |(kind, rest)| (Some(kind), rest));
    let (head, body) = split(bytes, b"\n\n");
    let (Ok(head), Some(secret)) = (std::str::from_utf8(head), Secret::new(SECRET)) else { return };
    let Ok(signing) = StandardWebhooks::new(&[secret]) else { return };
    let headers: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    if let Some(kind) = kind {
        return kinds::signature_headers(kind, &headers, body, NOW);
    }
    let only = |name: &str| {
        let mut values = headers.iter().filter(|(held, _)| *held == name).map(|(_, value)| *value);
        values.next().filter(|value| values.next().is_none() && !value.is_empty())
    };
    // What has to stand there, found in another way than by verifying: by signing.
    let signed_at = only(TIMESTAMP)
        .and_then(|text| text.parse::<i64>().ok().filter(|seconds| seconds.to_string() == text && *seconds >= 0))
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let right = only(ID).zip(signed_at).map(|(id, at)| {
        let [.., (_, signature)] = signing.sign(id, at, body);
        signature
    });
    let given = |value: &str| value.replace(RIGHT, right.as_deref().unwrap_or(RIGHT));
    let signatures = only(SIGNATURE).map(given).unwrap_or_default();
    let is_signed = right.as_ref().is_some_and(|right| signatures.split(' ').take(16).any(|one| one == right));
    let is_fresh = signed_at.is_some_and(|at| elapsed(at, NOW).max(elapsed(NOW, at)) <= Duration::from_mins(5));
    let headers = headers.iter().map(|(name, value)| {
        let value = if *name == SIGNATURE { given(value) } else { (*value).to_owned() };
        ((*name).to_owned(), value)
    });
    let headers = headers.collect();
    let verdict = signing.verify(&RawWebhook { url: None, headers, body: body.to_vec() }, NOW);
    // A timestamp with zeros before it is signed as it stands; signing here never writes one.
    if only(TIMESTAMP).is_some_and(|text| text.starts_with('0') && text != "0") {
        return;
    }
    let expected = match (is_signed, is_fresh) {
        (false, _) => Err(WebhookError::BadSignature),
        (true, false) => Err(WebhookError::TooOld),
        (true, true) => Ok(()),
    };
    assert_eq!(verdict, expected);
}

/// An engine's answer: a line with its status and its `Retry-After`, then its body; behind a first byte from 1 to 7, another
/// kind's.
///
/// # Panics
/// Where an answer means anything that is not proven by it: the rule is that it means nothing.
pub fn engine_reply(bytes: &[u8]) {
    let (kind, bytes) = kinds::picked(bytes).map_or((None, bytes), |(kind, rest)| (Some(kind), rest));
    let (first, body) = split(bytes, b"\n");
    let first = String::from_utf8_lossy(first);
    let (status, retry_after) = first.split_once(' ').map_or((&*first, None), |(status, wait)| (status, Some(wait.to_owned())));
    let Some(status) = status.parse().ok().filter(|status| (100..=599).contains(status)) else { return };
    let answer = Answer { status, retry_after, body: body.to_vec() };
    if let Some(kind) = kind {
        return replies::reply(kind, &answer, check_facts);
    }
    // Field by field, so that one that nobody reads may hold anything that is JSON.
    let said: BTreeMap<String, Box<RawValue>> =
        std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let said = |name: &str| said.get(name).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    let said_id = said("provider_call_id").filter(|id| !id.is_null());
    let said_id = said_id.as_ref();
    match translate::placing(&answer, NOW) {
        Placing::Dialed(id) => {
            assert!(matches!(status, 200 | 201 | 409), "{status}");
            assert_eq!(said_id.and_then(Value::as_str), Some(id.as_str()));
        }
        Placing::NotDialed { retry, .. } => {
            assert!(matches!(status, 400..=408 | 410..=499), "{status}");
            assert_eq!((said("dialed"), said_id), (Some(Value::Bool(false)), None));
            match retry {
                Retry::After(wait) => assert!(status == 429 && (1..=3600).contains(&wait.as_secs()), "{status} {wait:?}"),
                retry => assert!(status != 429 && retry == Retry::Never, "{status} {retry:?}"),
            }
        }
        Placing::Unknown { .. } => {}
    }
    for asked in [None, ProviderCallId::new("eng-1")] {
        match translate::found(&answer, asked.as_ref(), NOW).map(|found| found.found) {
            Ok(Found::Evidence(evidence)) => {
                assert_eq!(status, 200);
                let id = evidence.provider_call.as_ref();
                assert_eq!(said_id.and_then(Value::as_str), id.map(ProviderCallId::as_str));
                assert!(asked.is_none() || asked.as_ref() == id, "about another call");
            }
            Ok(found) => assert!(status == 404 && found == Found::Absent { complete: true }, "{status} {found:?}"),
            Err(ProviderError::Busy { retry_after }) => {
                assert!(matches!(status, 429 | 503), "{status}");
                assert!(retry_after.is_none_or(|wait| (1..=3600).contains(&wait.as_secs())), "{retry_after:?}");
            }
            Err(error) => assert!(matches!(error, ProviderError::Failed(_)) && status != 404, "{status} {error:?}"),
        }
    }
    assert_eq!(translate::canceled(&answer, NOW).is_ok(), matches!(status, 200 | 202 | 204), "{status}");
}

/// What stands before and after the first `between`; all of it before where there is none.
fn split<'a>(bytes: &'a [u8], between: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes.windows(between.len()).position(|window| window == between);
    let (before, after) = at.map_or((bytes, &[][..]), |at| bytes.split_at(at));
    (before, after.get(between.len()..).unwrap_or_default())
}
