//! Forgetting: what an erased call takes along, and what is found once its time is over.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use super::access::a_line;
use crate::model::call::{By, CallResult};
use crate::model::moment::{earlier, later};
use crate::model::{Asked, Call, CallEvent, Delivery, Erasure, Notice, Phone, Quota, Seen};
use crate::ports::{AttemptRef, AuditAction, CallFilter, IdempotencyKey, Kept, Page, Parcel, Progress, Reader};
use crate::testing::builders::{
    a_call, a_parcel, after, an_endpoint, change, client, connection, evidence, object, phone, provider_call, unique,
};

const CONTENT: CallEvent = CallEvent::Erased(Erasure { by: By::Client, person: false });
const PERSON: CallEvent = CallEvent::Erased(Erasure { by: By::Gateway, person: true });
const DAY: Duration = Duration::from_hours(24);

pub async fn an_erased_call_keeps_its_facts_and_nothing_else(trial: &Trial) {
    let call = over(trial, "theirs-1").await;
    let erased = erase(trial, &call, &CONTENT).await;
    let read = trial.read(&call).await;
    assert_eq!(read, erased);
    assert!(read.is_erased() && read.asked.variables.is_empty() && read.asked.metadata.is_empty());
    assert_eq!(read.asked.reference.as_deref(), Some("order-7"));
    assert_eq!(read.result, CallResult { duration_s: Some(12), opt_out: true, ..CallResult::default() });
}

pub async fn raw_webhooks_of_an_erased_call_are_empty_and_known_again(trial: &Trial) {
    let (call, other) = (over(trial, "theirs-1").await, over(trial, "theirs-2").await);
    let of = |call: &Call| AttemptRef { attempt: call.attempt.as_ref().map(|attempt| attempt.id), ..AttemptRef::default() };
    let mut kept = Vec::new();
    for (key, progress) in [("1", Progress::Applied), ("2", Progress::Duplicate), ("3", Progress::Ignored)] {
        kept.push(settled(trial, key, progress, Some(of(&call))).await);
    }
    let foreign = settled(trial, "4", Progress::Applied, Some(of(&other))).await;
    erase(trial, &call, &CONTENT).await;
    for parcel in &kept {
        assert_eq!(raw(trial, parcel).await, 0, "{}", parcel.dedupe_key);
    }
    assert!(raw(trial, &foreign).await > 0);
}

pub async fn a_webhook_handled_after_its_call_was_erased_is_kept_empty(trial: &Trial) {
    let call = over(trial, "theirs-1").await;
    erase(trial, &call, &CONTENT).await;
    let about = AttemptRef { attempt: call.attempt.as_ref().map(|attempt| attempt.id), ..AttemptRef::default() };
    let late = settled(trial, "1", Progress::Duplicate, Some(about.clone())).await;
    assert_eq!(raw(trial, &late).await, 0);
    // What nobody can ever match with a call is not kept either; what waits for one is.
    let nothing = settled(trial, "2", Progress::Ignored, None).await;
    assert_eq!(raw(trial, &nothing).await, 0);
    let waits = settled(trial, "3", Progress::Parked, Some(about)).await;
    assert!(raw(trial, &waits).await > 0);
}

pub async fn what_was_left_over_and_names_an_erased_call_is_empty(trial: &Trial) {
    let call = over(trial, "theirs-12345").await;
    let about = |over: &str| AttemptRef {
        attempt: None,
        provider_call: Some(provider_call("theirs-12345")),
        connection: Some(connection(over)),
    };
    let orphaned = settled(trial, "1", Progress::Orphaned, Some(about("simulator"))).await;
    let elsewhere = settled(trial, "2", Progress::Orphaned, Some(about("second"))).await;
    let unread = kept_saying(trial, "3", "{\"id\": \"theirs-12345\", \"text\": \"..\"}").await;
    trial.inbox.settle(unread.id, Progress::Quarantined, None, None).await.expect("settled");
    let of_others = settled(trial, "4", Progress::Quarantined, None).await;
    erase(trial, &call, &CONTENT).await;
    assert_eq!((raw(trial, &orphaned).await, raw(trial, &unread).await), (0, 0));
    assert!(raw(trial, &elsewhere).await > 0 && raw(trial, &of_others).await > 0);
}

pub async fn erasing_and_settling_at_once_leave_nothing(trial: &Trial) {
    for round in 0..10 {
        let call = over(trial, &format!("theirs-{round}")).await;
        let about = AttemptRef { attempt: call.attempt.as_ref().map(|attempt| attempt.id), ..AttemptRef::default() };
        let mut parcels = Vec::new();
        for nth in 0..4 {
            parcels.push(kept_saying(trial, &format!("{round}-{nth}"), "words").await);
        }
        let settle = parcels.iter().map(|parcel| trial.inbox.settle(parcel.id, Progress::Applied, Some(about.clone()), None));
        let (settled, _) = futures_util::future::join(join_all(settle), erase(trial, &call, &CONTENT)).await;
        settled.into_iter().for_each(|done| done.expect("settled"));
        for parcel in &parcels {
            assert_eq!(raw(trial, parcel).await, 0, "{}", parcel.dedupe_key);
        }
    }
}

pub async fn a_number_that_was_erased_is_found_nowhere(trial: &Trial) {
    let call = over(trial, "theirs-1").await;
    let open = a_call().at(trial.now()).by("second").queued();
    trial.hold(&open).await;
    let found = async |number: &Phone| -> Vec<_> {
        let found = trial.retention.with_number(number, None, 10).await.expect("calls");
        found.into_iter().map(|call| call.id).collect()
    };
    assert_eq!(found(&call.phone).await, [call.id, open.id]);
    assert_eq!(trial.retention.with_number(&call.phone, Some(call.id), 10).await.expect("calls"), std::slice::from_ref(&open));
    let erased = erase(trial, &call, &PERSON).await;
    assert_eq!(found(&call.phone).await, [open.id]);
    let read = trial.read(&call).await;
    assert_eq!(read, erased);
    assert!(read.phone.is_erased() && read.asked.reference.is_none());
    let filter = CallFilter { phone: Some(call.phone.clone()), ..CallFilter::default() };
    let page = Page { before: None, limit: 10 };
    let listed = trial.calls.list(&Reader::Client(client("default")), &filter, page).await.expect("a list");
    assert_eq!(listed.len(), 0);
    assert_eq!(found(&phone("+4930123456")).await, []);
}

pub async fn content_is_due_when_its_call_was_over_long_enough(trial: &Trial) {
    let now = trial.now();
    let ended = |days: u32| {
        let call = a_call().at(earlier(now, DAY * (days + 1))).placed("theirs");
        let call = after(&call, &evidence(&call, Seen::Completed), earlier(now, DAY * days));
        Call { ended_at: Some(earlier(now, DAY * days)), ..call }
    };
    let (oldest, old, young) = (ended(100), ended(91), ended(89));
    let mut odd = ended(95);
    odd.ended_at = Some(later(now, DAY * 365));
    let open = a_call().at(earlier(now, DAY * 100)).placed("theirs");
    for call in [&old, &oldest, &young, &odd, &open] {
        trial.hold(call).await;
    }
    let mut due = Vec::new();
    for _ in 0..8 {
        let page = trial.retention.ended_before(earlier(now, DAY * 90), 2).await.expect("calls");
        if page.is_empty() {
            break;
        }
        for call in page {
            due.push(call.id);
            erase(trial, &call, &CONTENT).await;
        }
    }
    assert_eq!(due, [oldest.id, old.id, odd.id]);
}

pub async fn raw_webhooks_are_cleared_once_handled_and_old(trial: &Trial) {
    let now = trial.now();
    let mut cleared = Vec::new();
    for (key, progress) in [("1", Progress::Applied), ("2", Progress::Duplicate), ("3", Progress::Orphaned)] {
        cleared.push(aged(trial, key, Some(progress), earlier(now, DAY * 8)).await);
    }
    let mut whole = vec![aged(trial, "4", Some(Progress::Applied), earlier(now, DAY * 6)).await];
    whole.push(aged(trial, "5", Some(Progress::Parked), earlier(now, DAY * 8)).await);
    whole.push(aged(trial, "6", Some(Progress::Quarantined), earlier(now, DAY * 8)).await);
    whole.push(aged(trial, "7", None, earlier(now, DAY * 8)).await);
    let before = earlier(now, DAY * 7);
    let first = trial.retention.clear_raw(before, 2).await.expect("cleared");
    assert_eq!((first.gone, first.more), (2, true));
    let second = trial.retention.clear_raw(before, 2).await.expect("cleared");
    assert_eq!((second.gone, second.more), (1, false));
    for parcel in &cleared {
        assert_eq!(raw(trial, parcel).await, 0, "{}", parcel.dedupe_key);
    }
    for parcel in &whole {
        assert!(raw(trial, parcel).await > 0, "{}", parcel.dedupe_key);
    }
}

pub async fn webhooks_are_dropped_when_their_time_is_over(trial: &Trial) {
    let now = trial.now();
    for (key, progress) in [("1", Some(Progress::Applied)), ("2", Some(Progress::Quarantined)), ("3", None)] {
        aged(trial, key, progress, earlier(now, DAY * 91)).await;
    }
    let young = aged(trial, "4", Some(Progress::Applied), earlier(now, DAY * 89)).await;
    let before = earlier(now, DAY * 90);
    let gone = [trial.retention.drop_webhooks(before, 2).await, trial.retention.drop_webhooks(before, 2).await];
    let gone: Vec<_> = gone.into_iter().map(|swept| swept.expect("dropped")).map(|swept| (swept.gone, swept.more)).collect();
    assert_eq!(gone, [(2, true), (1, false)]);
    assert!(raw(trial, &young).await > 0);
    let again = trial.inbox.keep(a_parcel(Some("simulator"), "1", now)).await;
    assert!(matches!(again, Ok(Kept::New)));
}

pub async fn keys_are_dropped_when_their_time_is_over(trial: &Trial) {
    let now = trial.now();
    let key = |name: &str| IdempotencyKey {
        client: client("default"),
        operation: "POST /v1/calls",
        key: name.to_owned(),
        fingerprint: [1; 32],
    };
    let (mut old, mut young) = (Vec::new(), Vec::new());
    for nth in 0..7 {
        let days = if nth % 2 == 0 { 8 } else { 6 };
        let made = a_call().at(earlier(now, DAY * days)).accepted();
        let name = key(&format!("k-{nth}"));
        trial.calls.insert(vec![made], Some(name.clone()), &Quota::default()).await.expect("a new call");
        if days == 8 { old.push(name) } else { young.push(name) }
    }
    let (mut place, mut pages) = (None, 0);
    loop {
        place = trial.retention.drop_keys(earlier(now, DAY * 7), place, 3).await.expect("a page");
        pages += 1;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    for key in young {
        let other = IdempotencyKey { fingerprint: [2; 32], ..key };
        assert!(trial.calls.replay(&other).await.is_err(), "{}", other.key);
    }
    for key in old {
        assert_eq!(trial.calls.replay(&key).await.expect("an answer"), None);
    }
}

pub async fn notices_are_dropped_when_their_time_is_over(trial: &Trial) {
    let now = trial.now();
    let (first, second) = (an_endpoint("default", now), an_endpoint("second", now));
    for endpoint in [&first, &second] {
        assert!(trial.outbox.add(endpoint.clone(), 25).await.expect("an endpoint"));
    }
    let mut made = Vec::new();
    for (nth, days) in [40, 31, 29, 35].into_iter().enumerate() {
        let to = if nth == 1 { &second } else { &first };
        let owner = to.client.clone();
        let notice = Notice::test(owner, earlier(now, DAY * days), unique());
        // The last one still waits: somebody had it sent again.
        let next_at = (nth == 3).then_some(now);
        let delivery = Delivery { next_at, ..Delivery::of(&notice, to.id, notice.created_at) };
        trial.outbox.announce(notice, delivery.clone()).await.expect("a notice");
        made.push(delivery.id);
    }
    while trial.retention.drop_notices(earlier(now, DAY * 30), 1).await.expect("dropped").more {}
    let mut left = Vec::new();
    for id in &made {
        left.push(trial.outbox.delivery(*id, &Reader::All).await.is_ok());
    }
    assert_eq!(left, [false, false, true, true]);
}

pub async fn audit_lines_are_dropped_when_their_time_is_over(trial: &Trial) {
    let now = trial.now();
    let mut young = Vec::new();
    for days in [400, 366, 364] {
        let line = a_line(earlier(now, DAY * days), AuditAction::CallErased);
        trial.audit.record(line.clone()).await.expect("a line");
        young.extend((days < 365).then_some(line));
    }
    let before = earlier(now, DAY * 365);
    let gone = [trial.retention.drop_audit(before, 2).await, trial.retention.drop_audit(before, 2).await];
    let gone: Vec<_> = gone.into_iter().map(|swept| swept.expect("dropped")).map(|swept| (swept.gone, swept.more)).collect();
    assert_eq!(gone, [(2, true), (0, false)]);
    assert_eq!(trial.audit.list(None, 10).await.expect("lines"), young);
}

/// A call that is over and has everything a call can have.
async fn over(trial: &Trial, theirs: &str) -> Call {
    let asked = Asked {
        reference: Some("order-7".to_owned()),
        variables: object("name", "words"),
        metadata: object("note", "words"),
        ..Asked::default()
    };
    let at = trial.now();
    let call = a_call().at(at).asked(asked).placed(theirs);
    let mut call = after(&call, &evidence(&call, Seen::Completed), at);
    call.result = CallResult {
        duration_s: Some(12),
        summary: Some("words".to_owned()),
        extracted: object("city", "words"),
        opt_out: true,
        recording: Some("https://recordings.example/1".to_owned()),
        ..CallResult::default()
    };
    trial.hold(&call).await;
    call
}

async fn erase(trial: &Trial, call: &Call, event: &CallEvent) -> Call {
    let change = change(call, event, trial.now());
    let erased = change.call.clone();
    trial.calls.save(change).await.expect("an erased call");
    erased
}

async fn kept_saying(trial: &Trial, key: &str, words: &str) -> Parcel {
    let mut parcel = a_parcel(Some("simulator"), key, trial.now());
    let webhook = crate::ports::RawWebhook { body: words.as_bytes().to_vec(), ..parcel.webhook.webhook().clone() };
    parcel.webhook = crate::ports::Authentic::verified(webhook);
    trial.inbox.keep(parcel.clone()).await.expect("kept");
    parcel
}

async fn settled(trial: &Trial, key: &str, progress: Progress, about: Option<AttemptRef>) -> Parcel {
    let parcel = kept_saying(trial, key, "words").await;
    let again_at = (progress == Progress::Parked).then(|| later(trial.now(), DAY));
    trial.inbox.settle(parcel.id, progress, about, again_at).await.expect("settled");
    parcel
}

async fn aged(trial: &Trial, key: &str, progress: Option<Progress>, at: Timestamp) -> Parcel {
    let parcel = a_parcel(Some("simulator"), key, at);
    trial.inbox.keep(parcel.clone()).await.expect("kept");
    if let Some(progress) = progress {
        let about = AttemptRef { provider_call: Some(provider_call("nobodys")), ..AttemptRef::default() };
        let again_at = (progress == Progress::Parked).then(|| later(trial.now(), DAY));
        trial.inbox.settle(parcel.id, progress, Some(about), again_at).await.expect("settled");
    }
    parcel
}

/// How much is left of a webhook, asked as a provider asks that sends it again.
async fn raw(trial: &Trial, parcel: &Parcel) -> usize {
    match trial.inbox.keep(parcel.clone()).await.expect("an answer") {
        Kept::Seen(kept) => {
            let webhook = kept.parcel.webhook.webhook();
            webhook.body.len() + webhook.headers.len() + usize::from(webhook.url.is_some())
        }
        Kept::New => {
            assert_eq!("new", "seen", "it was forgotten that it came");
            0
        }
    }
}
