//! Placing what is due: claim, send mark, one request, classify.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use callgate_domain::model::call::{By, Outcome};
use callgate_domain::model::{Asked, Call, CallEvent, CallState, EndedReason, Placing, Retry, Seen};
use callgate_domain::ports::provider::MockVoiceProvider;
use callgate_domain::ports::{CallStore, StoreError, Work};
use callgate_domain::usecases::Dispatch;
use callgate_domain::usecases::dispatch::{Carried, LEASE, SEND_BY};
use callgate_domain::usecases::record::RecordError;
use serde_json::json;

use crate::desk::{Desk, Fault, provider};
use crate::made::{Steps, about, accepted, after, at, connection, seen, terms, theirs};

pub fn refused(retry: Retry) -> Placing {
    Placing::NotDialed { reason: EndedReason::CarrierRejected, retry }
}

pub fn answers(placing: Placing) -> MockVoiceProvider {
    let mut provider = provider();
    provider.expect_place().times(1).returning(move |_| placing.clone());
    provider
}

pub fn never_asked() -> MockVoiceProvider {
    let mut provider = provider();
    provider.expect_place().never();
    provider
}

pub async fn claimed(desk: &Desk, dispatch: &Dispatch) -> Call {
    desk.keeps(accepted(Asked::default(), terms())).await;
    dispatch.claim(10).await.unwrap().taken.remove(0)
}

/// Carries a call to a provider that gives this answer; the call afterwards, as it is stored.
async fn check(placing: Placing, state: CallState, outcome: Outcome) -> Call {
    let desk = Desk::with(answers(placing.clone()));
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    let Carried::Recorded(carried) = dispatch.carry(call).await else { panic!("it is recorded") };
    assert_eq!((carried.state, carried.newest().outcome), (state, outcome), "{placing:?}");
    assert_eq!(desk.read(carried.id).await, *carried);
    *carried
}

#[tokio::test]
async fn each_answer_is_written_down_as_what_it_proves() {
    let dialed = check(Placing::Dialed(theirs("theirs-1")), CallState::Placed, Outcome::Open).await;
    assert_eq!(dialed.newest().provider_call, Some(theirs("theirs-1")));
    check(Placing::default(), CallState::Unknown, Outcome::Open).await;
    check(refused(Retry::Never), CallState::Failed, Outcome::NotDialed).await;
    let waits = check(refused(Retry::Backoff), CallState::Queued, Outcome::NotDialed).await;
    assert_eq!(waits.due_at, at(1));
    let waits = check(refused(Retry::After(Duration::from_secs(90))), CallState::Queued, Outcome::NotDialed).await;
    assert_eq!((waits.due_at, waits.refusals.counted), (at(90), 0));
}

#[tokio::test]
async fn the_order_carries_our_attempt_and_the_calls_own_variables_over_the_agents() {
    let mut provider = provider();
    provider
        .expect_place()
        .withf(|order| {
            order.variables.get("name") == Some(&json!("Aida"))
                && order.variables.get("greeting") == Some(&json!("Salam"))
                && order.remote_id == "remote-one"
                && order.phone.e164() == "+996700000000"
                && order.max_duration == Duration::from_mins(10)
        })
        .times(1)
        .returning(|_| Placing::default());
    let desk = Desk::with(provider);
    let dispatch = desk.dispatch();
    let mut asked = Asked::default();
    asked.variables.insert("name".to_owned(), json!("Aida"));
    desk.keeps(accepted(asked, terms())).await;
    let call = dispatch.claim(10).await.unwrap().taken.remove(0);
    let Carried::Recorded(call) = dispatch.carry(call).await else { panic!("it is recorded") };
    assert_eq!(call.newest().id.made_at(), Some(at(0)));
}

#[tokio::test]
async fn three_refusals_fail_the_call() {
    let mut provider = provider();
    provider.expect_place().times(3).returning(|_| refused(Retry::Backoff));
    let desk = Desk::with(provider);
    let dispatch = desk.dispatch();
    let mut call = claimed(&desk, &dispatch).await;
    for (n, wait) in [(1, 1), (2, 4)] {
        let Carried::Recorded(waits) = dispatch.carry(call).await else { panic!("it is recorded") };
        assert_eq!((waits.state, waits.refusals.counted), (CallState::Queued, n));
        assert!(dispatch.claim(10).await.unwrap().taken.is_empty(), "not before its back-off");
        desk.pass(wait);
        call = dispatch.claim(10).await.unwrap().taken.remove(0);
    }
    let Carried::Recorded(over) = dispatch.carry(call).await else { panic!("it is recorded") };
    assert_eq!((over.state, over.ended_reason, over.attempts), (CallState::Failed, Some(EndedReason::CarrierRejected), 0));
    assert!(over.is_retryable());
}

#[tokio::test]
async fn a_call_whose_wait_is_over_is_ended_by_the_claim_and_told() {
    let desk = Desk::with(never_asked());
    desk.keeps(accepted(Asked::default(), terms())).await;
    desk.pass(900);
    let claims = desk.dispatch().claim(10).await.unwrap();
    assert_eq!((claims.taken.len(), claims.ended[0].state), (0, CallState::Expired));
    assert_eq!(desk.signals.moved(), [(CallState::Queued, CallState::Expired, By::Deadline)]);
}

#[tokio::test]
async fn a_call_accepted_before_the_numbers_were_narrowed_is_blocked_and_never_rings() {
    let desk = Desk::with(never_asked());
    let call = desk.keeps(accepted(Asked::default(), terms())).await;
    let mut dispatch = desk.dispatch();
    dispatch.allow_numbers = Some(vec!["+1".to_owned()]);
    let claims = dispatch.claim(10).await.unwrap();
    assert_eq!((claims.taken.len(), claims.ended.len()), (0, 1));
    let call = desk.read(call.id).await;
    assert_eq!((call.state, call.ended_reason), (CallState::Blocked, Some(EndedReason::DestinationNotAllowed)));
    assert_eq!((call.attempts, call.is_retryable(), call.duration_s()), (0, true, Some(0)));
    assert_eq!(desk.signals.moved(), [(CallState::Queued, CallState::Blocked, By::Rule)]);
}

/// Something goes wrong before the request could leave: nobody is asked to dial.
async fn check_not_sent(spoil: impl AsyncFnOnce(&Desk, &mut Call), fenced: bool) -> Call {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    let mut call = claimed(&desk, &dispatch).await;
    spoil(&desk, &mut call).await;
    let id = call.id;
    match dispatch.carry(call).await {
        Carried::NotSent(RecordError::Fenced) => assert!(fenced),
        Carried::NotSent(RecordError::Store(StoreError::Unavailable(_))) => assert!(!fenced),
        other => panic!("{other:?}"),
    }
    desk.read(id).await
}

#[tokio::test]
async fn nothing_is_placed_when_the_send_mark_cannot_be_written() {
    let call = check_not_sent(async |desk, _| desk.store.fails([Fault::Unavailable]), false).await;
    assert_eq!((call.state, call.attempts), (CallState::Claimed, 0));
}

#[tokio::test]
async fn nothing_is_placed_when_the_answer_to_the_send_mark_is_lost() {
    let call = check_not_sent(async |desk, _| desk.store.fails([Fault::LostAnswer]), false).await;
    assert_eq!((call.state, call.attempts), (CallState::Sending, 1), "and it only ever becomes unknown");
}

#[tokio::test]
async fn nothing_is_placed_when_another_was_faster() {
    check_not_sent(async |desk, _| desk.store.fails([Fault::Conflict]), true).await;
}

#[tokio::test]
async fn nothing_is_placed_when_the_lease_ran_out() {
    let call = check_not_sent(async |desk, _| desk.clock.pass(LEASE), true).await;
    assert_eq!(call.state, CallState::Claimed, "the reconciler gives it back");
}

#[tokio::test]
async fn nothing_is_placed_when_the_client_canceled_meanwhile() {
    let call = check_not_sent(
        async |desk, call| {
            desk.moves(call, after(call, &CallEvent::CancelRequested, at(0))).await;
        },
        true,
    )
    .await;
    assert_eq!(call.state, CallState::Canceled);
}

#[tokio::test]
async fn nothing_is_placed_once_its_wait_is_over_and_the_claim_is_given_back() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    let window = Asked { expires_at: Some(at(20)), ..Asked::default() };
    let id = desk.keeps(accepted(window, terms())).await.id;
    let call = dispatch.claim(10).await.unwrap().taken.remove(0);
    desk.pass(20);
    assert!(matches!(dispatch.carry(call).await, Carried::NotSent(RecordError::Fenced)));
    assert_eq!(desk.read(id).await.state, CallState::Queued);
    assert_eq!(dispatch.claim(10).await.unwrap().ended[0].ended_reason, Some(EndedReason::ScheduleExpired));
}

#[tokio::test]
async fn a_claim_that_nobody_here_can_carry_is_given_back() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    let stranger = Call { connection: Some(connection("elsewhere")), ..call.clone() };
    assert!(matches!(dispatch.carry(stranger).await, Carried::NotSent(_)));
    assert_eq!(desk.read(call.id).await.state, CallState::Queued);
}

#[tokio::test]
async fn a_pause_of_this_process_after_the_mark_is_proof_that_nothing_was_sent() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    // The mark is refused once by a conflict that is none, so that time passes between the mark's moment and its commit.
    let slow = SlowMark { desk: &desk, by: SEND_BY + Duration::from_millis(1) };
    let Carried::Recorded(waits) = Box::pin(slow.carry(dispatch, call)).await else { panic!("it is recorded") };
    assert_eq!((waits.state, waits.attempts, waits.newest().outcome), (CallState::Queued, 0, Outcome::NotDialed));
}

#[tokio::test]
async fn a_window_that_ends_while_the_mark_is_written_keeps_the_request_from_leaving() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    desk.keeps(accepted(Asked { expires_at: Some(at(1)), ..Asked::default() }, terms())).await;
    let call = dispatch.claim(10).await.unwrap().taken.remove(0);
    let slow = SlowMark { desk: &desk, by: Duration::from_secs(1) };
    let Carried::Recorded(waits) = Box::pin(slow.carry(dispatch, call)).await else { panic!("it is recorded") };
    assert_eq!((waits.state, waits.attempts, waits.newest().outcome), (CallState::Queued, 0, Outcome::NotDialed));
}

/// A store whose commit of the send mark takes long.
struct SlowMark<'a> {
    desk: &'a Desk,
    by: Duration,
}

impl SlowMark<'_> {
    async fn carry(&self, mut dispatch: Dispatch, call: Call) -> Carried {
        let (clock, memory, by) = (self.desk.clock.clone(), self.desk.memory.clone(), self.by);
        let mut store = callgate_domain::ports::store::MockCallStore::new();
        let first = Arc::new(AtomicU32::new(0));
        store.expect_save().returning(move |change| {
            let memory = memory.clone();
            let saved = futures_util::FutureExt::now_or_never(memory.save(change)).expect("memory never waits");
            if first.fetch_add(1, Ordering::Relaxed) == 0 {
                clock.pass(by);
            }
            saved
        });
        let mut recorder = Arc::into_inner(self.desk.recorder()).unwrap();
        recorder.store = Arc::new(store);
        dispatch.recorder = Arc::new(recorder);
        dispatch.carry(call).await
    }
}

#[tokio::test]
async fn what_cannot_be_written_after_the_request_is_handed_back_and_written_later() {
    for fault in [Fault::Unavailable, Fault::LostAnswer] {
        let desk = Desk::with(answers(Placing::Dialed(theirs("theirs-1"))));
        let dispatch = desk.dispatch();
        let call = claimed(&desk, &dispatch).await;
        desk.store.fails([Fault::None, fault]);
        let Carried::Unrecorded(unrecorded) = dispatch.carry(call).await else { panic!("it could not be recorded") };
        let call = dispatch.note(*unrecorded).await.unwrap();
        assert_eq!((call.state, call.newest().provider_call), (CallState::Placed, Some(theirs("theirs-1"))));
        assert_eq!(desk.read(call.id).await, call);
    }
}

#[tokio::test]
async fn a_result_that_meets_conflict_after_conflict_is_not_lost_either() {
    let desk = Desk::with(answers(Placing::Dialed(theirs("theirs-1"))));
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    desk.store.fails([Fault::None]);
    desk.store.fails((0..6).map(|_| Fault::Conflict));
    let Carried::Unrecorded(unrecorded) = dispatch.carry(call).await else { panic!("it could not be recorded") };
    desk.store.fails((0..6).map(|_| Fault::Conflict));
    let again = dispatch.note((*unrecorded).clone()).await;
    assert!(matches!(again, Err(RecordError::Store(StoreError::Unavailable(_)))), "a worker tries that again");
    assert_eq!(dispatch.note(*unrecorded).await.unwrap().state, CallState::Placed);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_lease_is_welcome_in_what_became_unknown() {
    let desk = Desk::with(answers(Placing::Dialed(theirs("theirs-1"))));
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    desk.store.fails([Fault::None, Fault::Unavailable]);
    let Carried::Unrecorded(unrecorded) = dispatch.carry(call).await else { panic!("it could not be recorded") };
    desk.pass(60);
    let sending = desk.read(unrecorded.call.id).await;
    desk.reconcile().look_after(sending).await.unwrap();
    assert_eq!(desk.read(unrecorded.call.id).await.state, CallState::Unknown);
    assert_eq!(dispatch.note(*unrecorded).await.unwrap().state, CallState::Placed);
}

#[tokio::test]
async fn evidence_that_was_faster_than_the_answer_stays_and_the_id_is_added() {
    for placing in [Placing::Dialed(theirs("theirs-1")), Placing::default(), refused(Retry::Backoff)] {
        let desk = Desk::with(provider());
        let dispatch = desk.dispatch();
        let call = claimed(&desk, &dispatch).await;
        let sending = call.marked(1, 0);
        let overtaking = callgate_domain::testing::builders::change(&sending, &about(&sending, seen(Seen::Ringing)), at(0));
        // The webhook is applied to the very mark that is about to be answered.
        let mark = desk.moves(&call, sending.clone()).await;
        desk.memory.save(overtaking).await.unwrap();
        let done = callgate_domain::usecases::dispatch::Unrecorded {
            call: mark,
            attempt: sending.newest().id,
            placing: placing.clone(),
        };
        let call = dispatch.note(done).await.unwrap();
        assert_eq!((call.state, call.attempts), (CallState::Ringing, 1), "{placing:?}");
        assert_eq!(call.newest().provider_call.is_some(), matches!(placing, Placing::Dialed(_)));
    }
}

#[tokio::test]
async fn what_becomes_of_a_request_after_another_took_the_call_is_not_written() {
    let desk = Desk::with(provider());
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    let sending = desk.moves(&call, call.marked(1, 0)).await;
    let waits = desk.moves(&sending, sending.not_dialed(1)).await;
    desk.moves(&waits, waits.claimed(2)).await;
    let done = callgate_domain::usecases::dispatch::Unrecorded {
        call: sending,
        attempt: crate::made::attempt(1),
        placing: Placing::default(),
    };
    assert!(matches!(dispatch.note(done).await, Err(RecordError::Fenced)));
}

#[tokio::test]
async fn a_call_that_waits_again_wakes_the_dispatcher() {
    let desk = Desk::with(answers(refused(Retry::Backoff)));
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    desk.signals.work();
    dispatch.carry(call).await;
    assert!(desk.signals.work().contains(&Work::Dispatch));
}

#[tokio::test]
async fn beats_keep_a_claim_and_a_drain_gives_it_back() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    desk.pass(20);
    dispatch.beat().await.unwrap();
    let beaten = desk.read(call.id).await;
    assert_eq!((beaten.lease.unwrap().until, beaten.revision), (at(50), call.revision));
    let released = dispatch.release(call).await.unwrap();
    assert_eq!((released.state, released.connection), (CallState::Queued, None));
    assert!(!dispatch.claim(10).await.unwrap().taken.is_empty());
}

/// The answer that the newest attempt of `call` was taken.
pub fn dialed(call: &Call) -> CallEvent {
    CallEvent::Placed { attempt: call.newest().id, placing: Placing::Dialed(theirs("theirs-1")), other_route: false }
}
