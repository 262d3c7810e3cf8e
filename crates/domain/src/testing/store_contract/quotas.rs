//! What new calls have to keep to: counted in the commit that stores them.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use crate::model::moment::later;
use crate::model::quota::{DAY, TWIN};
use crate::model::{Call, CallId, CallState, KeyId, Overrun, Quota, RetryPlan, Spending};
use crate::ports::{IdempotencyKey, Inserted, Reader, StoreError};
use crate::testing::builders::{CallBuilder, a_call, client};

const HOUR: Duration = Duration::from_hours(1);

pub async fn a_number_rings_no_more_often_in_a_day_than_its_quota(trial: &Trial) {
    let (quota, start) = (per_number(2), trial.now());
    let after = |wait: Duration| a_call().at(later(start, wait));
    accepts(trial, after(Duration::ZERO), &quota).await;
    accepts(trial, after(HOUR), &quota).await;
    let number = |opens_at: Timestamp| Overrun::Number { limit: 2, opens_at };
    refuses(trial, after(2 * HOUR), &quota, number(later(start, DAY))).await;
    accepts(trial, after(2 * HOUR).to("+996700000001"), &quota).await;
    refuses(trial, after(DAY - Duration::from_millis(1)), &quota, number(later(start, DAY))).await;
    accepts(trial, after(DAY), &quota).await;
    refuses(trial, after(DAY), &quota, number(later(start, DAY + HOUR))).await;
}

pub async fn a_number_is_counted_whoever_calls_it_and_whatever_became_of_it(trial: &Trial) {
    let quota = per_number(1);
    let first = accepts(trial, a_call().at(trial.now()), &quota).await;
    let mut over = first.clone();
    (over.state, over.revision, over.settles_by, over.look_at) = (CallState::Canceled, first.revision.next(), None, None);
    trial.calls.save(super::step(&first, &over)).await.expect("its end");
    let expected = Overrun::Number { limit: 1, opens_at: later(first.created_at, DAY) };
    refuses(trial, a_call().at(first.created_at).by("other").with("altai"), &quota, expected).await;
}

pub async fn a_call_counts_as_often_as_it_may_ring(trial: &Trial) {
    let (quota, at) = (per_number(4), trial.now());
    let plan = |max| RetryPlan { on: vec![CallState::Busy], max, delays: vec![HOUR] };
    accepts(trial, a_call().at(at).retry(plan(2)), &quota).await;
    refuses(trial, a_call().at(at).retry(plan(1)), &quota, Overrun::Number { limit: 4, opens_at: later(at, DAY) }).await;
    accepts(trial, a_call().at(at), &quota).await;
}

pub async fn a_repetition_is_answered_and_counts_for_nothing(trial: &Trial) {
    let (quota, at) = (Quota { spending: spending(1), ..per_number(1) }, trial.now());
    let insert = |at: Timestamp, name: &str| trial.calls.insert(vec![a_call().at(at).accepted()], Some(key(name)), &quota);
    assert_eq!(insert(at, "first").await.expect("a new call"), Inserted::New);
    for _ in 0..3 {
        assert!(matches!(insert(later(at, HOUR), "first").await, Ok(Inserted::Replayed(_))));
    }
    assert!(matches!(insert(later(at, HOUR), "second").await, Ok(Inserted::Refused(Overrun::Number { .. }))));
    // A key whose request was refused remembers nothing.
    assert_eq!(trial.calls.replay(&key("second")).await.expect("an answer"), None);
    assert_eq!(insert(later(at, DAY), "second").await.expect("a new call"), Inserted::New);
}

pub async fn a_key_has_so_many_calls_a_day(trial: &Trial) {
    let (quota, start) = (Quota { spending: spending(2), ..Quota::default() }, whole_millis(trial.now()));
    let other = Quota { spending: Some(Spending { by: key_id(2), calls: 2 }), ..Quota::default() };
    let after = |wait: Duration| a_call().at(later(start, wait)).to(&format!("+99670000{:04}", wait.as_secs() % 9_999));
    accepts(trial, after(Duration::ZERO), &quota).await;
    accepts(trial, after(HOUR), &quota).await;
    refuses(trial, after(2 * HOUR), &quota, Overrun::Spending { limit: 2, opens_at: later(start, DAY) }).await;
    accepts(trial, after(2 * HOUR), &other).await;
    accepts(trial, after(DAY + Duration::from_millis(1)), &quota).await;
    refuses(
        trial,
        after(DAY + Duration::from_millis(1)),
        &quota,
        Overrun::Spending { limit: 2, opens_at: later(start, DAY + HOUR) },
    )
    .await;
    accepts(trial, after(3 * DAY), &quota).await;
}

pub async fn a_call_that_looks_like_an_open_young_one_is_refused(trial: &Trial) {
    let (quota, at) = (Quota { twin_within: Some(TWIN), ..Quota::default() }, trial.now());
    let first = accepts(trial, a_call().at(at), &quota).await;
    let twin = Overrun::Twin { call: first.id, at };
    let late = later(at, TWIN);
    refuses(trial, a_call().at(at), &quota, twin).await;
    refuses(trial, a_call().at(later(at, TWIN - Duration::from_millis(1))), &quota, twin).await;
    for other in [a_call().by("other"), a_call().with("altai"), a_call().to("+996700000001"), a_call().at(late)] {
        let other = if other.clone().queued().created_at == late { other } else { other.at(at) };
        accepts(trial, other, &quota).await;
    }
    let keyed = trial.calls.insert(vec![a_call().at(at).accepted()], Some(key("meant")), &quota).await;
    assert_eq!(keyed.expect("a new call"), Inserted::New);
}

pub async fn a_call_that_is_over_has_no_twin(trial: &Trial) {
    let (quota, at) = (Quota { twin_within: Some(TWIN), ..Quota::default() }, trial.now());
    let first = accepts(trial, a_call().at(at), &quota).await;
    let mut over = first.clone();
    (over.state, over.revision, over.settles_by, over.look_at) = (CallState::Canceled, first.revision.next(), None, None);
    trial.calls.save(super::step(&first, &over)).await.expect("its end");
    accepts(trial, a_call().at(at), &quota).await;
}

pub async fn of_64_concurrent_calls_as_many_are_accepted_as_the_quota_says(trial: &Trial) {
    let at = trial.now();
    for (nth, quota, most) in [
        (1, per_number(5), 5),
        (2, Quota { spending: spending(7), ..Quota::default() }, 7),
        (3, Quota { twin_within: Some(TWIN), ..Quota::default() }, 1),
        (4, Quota { spending: Some(Spending { by: key_id(3), calls: 9 }), ..per_number(3) }, 3),
    ] {
        let number = format!("+99670000000{nth}");
        let insert = |_| trial.calls.insert(vec![a_call().at(at).to(&number).accepted()], None, &quota);
        let done = join_all((0..64).map(insert)).await;
        let new = done.iter().filter(|done| matches!(done, Ok(Inserted::New))).count();
        let refused = done.iter().filter(|done| matches!(done, Ok(Inserted::Refused(_)))).count();
        assert_eq!((new, refused), (most, 64 - most), "{quota:?}");
    }
}

pub async fn of_concurrent_twins_of_one_key_all_are_refused_together(trial: &Trial) {
    let (quota, at) = (per_number(1), trial.now());
    accepts(trial, a_call().at(at), &quota).await;
    let done = join_all((0..16).map(|_| trial.calls.insert(vec![a_call().at(at).accepted()], Some(key("k")), &quota))).await;
    assert!(done.iter().all(|done| matches!(done, Ok(Inserted::Refused(Overrun::Number { .. })))), "{done:?}");
}

async fn accepts(trial: &Trial, call: CallBuilder, quota: &Quota) -> Call {
    let call = call.accepted();
    assert_eq!(trial.calls.insert(vec![call.clone()], None, quota).await.expect("a new call"), Inserted::New);
    call.0
}

async fn refuses(trial: &Trial, call: CallBuilder, quota: &Quota, expected: Overrun) {
    let call = call.accepted();
    let id: CallId = call.0.id;
    assert_eq!(trial.calls.insert(vec![call], None, quota).await.expect("an answer"), Inserted::Refused(expected));
    assert!(matches!(trial.calls.get(id, &Reader::All).await, Err(StoreError::NotFound)));
}

fn per_number(limit: u32) -> Quota {
    Quota { per_number: Some(limit), ..Quota::default() }
}

fn spending(calls: u32) -> Option<Spending> {
    Some(Spending { by: key_id(1), calls })
}

fn key_id(nth: u128) -> KeyId {
    KeyId::from_uuid(uuid::Uuid::from_u128(nth))
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey { client: client("default"), operation: "POST /v1/calls", key: name.to_owned(), fingerprint: [1; 32] }
}

/// What a spender spent is known to the millisecond, by the ids.
fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
