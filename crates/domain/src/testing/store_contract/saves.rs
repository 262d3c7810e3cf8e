//! Saving changes: one wins, the others leave no trace; and at most one dial, whatever the program does.

use std::time::Duration;

use futures_util::future::join_all;

use super::{Trial, step};
use crate::model::call::{Attempt, CallResult, Outcome, TranscriptStatus};
use crate::model::moment::later;
use crate::model::pacing::Room;
use crate::model::{AttemptId, Call, CallEvent, CallState, EndedReason, Fence, Placing, Retry, Revision};
use crate::ports::{AttemptRef, Change, Match, StoreError};
use crate::testing::builders::{a_call, change, object, placed, send_mark, unique, worker};
use crate::testing::store_contract::claims::room;

pub async fn of_twenty_concurrent_saves_of_one_revision_exactly_one_wins(trial: &Trial) {
    let call = a_call().at(trial.now()).unknown();
    trial.hold(&call).await;
    let change = change(&call, &CallEvent::CancelRequested, trial.now());
    let saved = join_all((0..20).map(|_| trial.calls.save(change.clone()))).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 19);
    assert_eq!(trial.read(&call).await, change.call);
}

pub async fn a_save_of_an_old_revision_writes_nothing(trial: &Trial) {
    let call = a_call().at(trial.now()).queued();
    trial.hold(&call).await;
    let first = change(&call, &CallEvent::CancelRequested, trial.now());
    trial.calls.save(first.clone()).await.expect("the first change");
    let late = change(&call, &CallEvent::Refused(EndedReason::Suppressed), trial.now());
    assert!(matches!(trial.calls.save(late).await, Err(StoreError::Conflict)));
    assert_eq!(trial.read(&call).await, first.call);
    assert_eq!(history(trial, &call).await, 2);
}

pub async fn a_save_under_an_old_fence_is_refused(trial: &Trial) {
    let call = claimed(trial, Duration::from_secs(30)).await;
    let marked = change(&call, &send_mark(trial.now()), trial.now());
    trial.calls.save(Change { claim: Some(call.fence), ..marked.clone() }).await.expect("the send mark");
    let dialed = change(&marked.call, &placed(&marked.call, Placing::default()), trial.now());
    let old = Change { claim: Some(Fence(call.fence.0 - 1)), ..dialed.clone() };
    assert!(matches!(trial.calls.save(old).await, Err(StoreError::Conflict)));
    assert_eq!(trial.read(&call).await, marked.call);
    trial.calls.save(Change { claim: Some(call.fence), ..dialed }).await.expect("the same under the right fence");
}

pub async fn a_send_mark_under_a_lease_that_holds_is_saved(trial: &Trial) {
    let call = claimed(trial, Duration::from_secs(30)).await;
    let marked = change(&call, &send_mark(trial.now()), trial.now());
    trial.calls.save(Change { claim: Some(call.fence), ..marked.clone() }).await.expect("the send mark");
    assert_eq!(trial.read(&call).await, marked.call);
}

pub async fn a_send_mark_after_the_lease_ran_out_is_refused(trial: &Trial) {
    let call = claimed(trial, Duration::ZERO).await;
    let marked = change(&call, &send_mark(trial.now()), trial.now());
    let late = trial.calls.save(Change { claim: Some(call.fence), ..marked }).await;
    assert!(matches!(late, Err(StoreError::Conflict)));
    assert_eq!(trial.read(&call).await, call);
}

pub async fn a_second_attempt_beside_an_open_one_is_refused(trial: &Trial) {
    let call = a_call().at(trial.now()).unknown();
    trial.hold(&call).await;
    // No rule of the model does this; the database itself stands in the way.
    let second = another_attempt(&call, 2, Outcome::Open);
    assert!(matches!(trial.calls.save(second.clone()).await, Err(StoreError::Conflict)));
    assert_eq!(trial.read(&call).await, call);
    assert_eq!(history(trial, &call).await, 2);
    let about = AttemptRef { attempt: second.call.attempt.map(|attempt| attempt.id), ..AttemptRef::default() };
    assert_eq!(trial.calls.find(&about).await.expect("an answer"), Match::None);
}

pub async fn a_second_dial_in_one_try_is_refused(trial: &Trial) {
    let mut call = a_call().at(trial.now()).unknown();
    if let Some(attempt) = call.attempt.as_mut() {
        attempt.outcome = Outcome::NoAnswer;
    }
    trial.hold(&call).await;
    for outcome in [Outcome::Open, Outcome::NoAnswer, Outcome::Busy, Outcome::Over] {
        let second = another_attempt(&call, 1, outcome);
        assert!(matches!(trial.calls.save(second).await, Err(StoreError::Conflict)), "{outcome}");
    }
    // In the next try of the client's plan it is right.
    trial.calls.save(another_attempt(&call, 2, Outcome::Open)).await.expect("the next try");
}

pub async fn after_proof_of_no_dial_the_next_attempt_is_welcome(trial: &Trial) {
    let sending = a_call().at(trial.now()).sending();
    trial.hold(&sending).await;
    let refused = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Backoff };
    let queued = change(&sending, &placed(&sending, refused), trial.now());
    trial.calls.save(queued.clone()).await.expect("proof of no dial");
    let next = another_attempt(&queued.call, 1, Outcome::Open);
    trial.calls.save(next.clone()).await.expect("the next attempt of the same try");
    assert_eq!(trial.read(&sending).await, next.call);
}

pub async fn a_change_whose_history_row_cannot_be_written_leaves_no_trace(trial: &Trial) {
    let call = a_call().at(trial.now()).unknown();
    trial.hold(&call).await;
    let mut broken = change(&call, &CallEvent::CancelRequested, trial.now());
    broken.call.result.summary = Some("written before its history".to_owned());
    if let Some(attempt) = broken.call.attempt.as_mut() {
        attempt.contradicted_at = Some(trial.now());
    }
    broken.entry.revision = Revision(1);
    assert!(trial.calls.save(broken).await.is_err());
    assert_eq!(trial.read(&call).await, call);
    assert_eq!(history(trial, &call).await, 2);
}

pub async fn an_earlier_attempt_is_saved_with_its_call(trial: &Trial) {
    let mut call = a_call().at(trial.now()).unknown();
    if let Some(attempt) = call.attempt.as_mut() {
        attempt.outcome = Outcome::Busy;
    }
    trial.hold(&call).await;
    let second = another_attempt(&call, 2, Outcome::Open);
    trial.calls.save(second.clone()).await.expect("the next try");
    let earlier = call.attempt.map(|attempt| Attempt { contradicted_at: Some(trial.now()), ..attempt });
    let mut third = change(&second.call, &CallEvent::CancelRequested, trial.now());
    third.earlier.clone_from(&earlier);
    trial.calls.save(third.clone()).await.expect("a change of both");
    let about = AttemptRef { attempt: earlier.as_ref().map(|attempt| attempt.id), ..AttemptRef::default() };
    let found = trial.calls.find(&about).await.expect("an answer");
    assert_eq!(found, Match::One(Box::new(third.call), earlier.expect("there is one")));
}

pub async fn an_erased_result_is_gone(trial: &Trial) {
    let mut call = a_call().at(trial.now()).placed("theirs");
    call.result.summary = Some("secret".to_owned());
    call.result.extracted = object("name", "secret");
    trial.hold(&call).await;
    let mut erased = Call { revision: call.revision.next(), transcript_status: TranscriptStatus::Erased, ..call.clone() };
    erased.result = CallResult::default();
    trial.calls.save(step(&call, &erased)).await.expect("an erased call");
    assert_eq!(trial.read(&call).await, erased);
}

pub async fn what_an_attempt_left_behind_told_is_gone(trial: &Trial) {
    let mut call = a_call().at(trial.now()).placed("theirs");
    call.result.summary = Some("of the first attempt".to_owned());
    trial.hold(&call).await;
    let again = Call { revision: call.revision.next(), result: CallResult::default(), ..call.clone() };
    trial.calls.save(step(&call, &again)).await.expect("a call that is tried again");
    assert_eq!(trial.read(&call).await, again);
}

/// A call that this worker holds, claimed through the store so that the lease is by the store's own clock.
async fn claimed(trial: &Trial, lease: Duration) -> Call {
    trial.hold(&a_call().at(trial.now()).queued()).await;
    let room: Room = room(&[("akylai", "simulator")], Some(10));
    let mut taken = trial.calls.claim(worker(), lease, &room, 10).await.expect("a claim").calls;
    taken.pop().expect("a claimed call")
}

/// A change that gives a call another attempt, whether that may be or not.
fn another_attempt(call: &Call, try_number: u16, outcome: Outcome) -> Change {
    let first = call.attempt.clone().expect("the call has an attempt");
    let id = AttemptId::new(later(first.sent_mark_at, Duration::from_secs(1)), unique());
    let attempt = Some(Attempt { id, try_number, outcome, provider_call: None, ..first });
    let next = Call { attempt, try_number, state: CallState::Unknown, revision: call.revision.next(), ..call.clone() };
    step(call, &next)
}

async fn history(trial: &Trial, call: &Call) -> usize {
    trial.calls.history(call.id, Revision(0), 100).await.expect("its history").len()
}
