//! Which connection a call goes over, and when none: routes, pauses, breakers, and how many may be live.

use std::time::Duration;

use callgate_domain::model::breaker::{FIRST_OPEN, Turn};
use callgate_domain::model::call::By;
use callgate_domain::model::{Asked, CallState, EndedReason, Placing, Quota, Retry};
use callgate_domain::ports::CallStore;
use callgate_domain::usecases::Dispatch;
use callgate_domain::usecases::dispatch::Carried;

use crate::desk::{Desk, provider};
use crate::dispatch::{answers, claimed, never_asked, refused};
use crate::made::{accepted, connection, terms, theirs};

#[tokio::test]
async fn a_refused_call_goes_over_the_next_route_at_once_and_then_no_further() {
    let (one, two) = (answers(refused(Retry::Never)), answers(refused(Retry::Never)));
    let desk = Desk::with_all(vec![("one", one), ("two", two)]);
    let dispatch = desk.dispatch();
    let call = claimed(&desk, &dispatch).await;
    assert_eq!(call.connection, Some(connection("one")));
    dispatch.carry(call).await;
    let call = dispatch.claim(10).await.unwrap().taken.remove(0);
    assert_eq!(call.connection, Some(connection("two")));
    let Carried::Recorded(over) = dispatch.carry(call).await else { panic!("it is recorded") };
    assert_eq!(over.state, CallState::Failed);
}

#[tokio::test]
async fn a_route_that_is_only_busy_is_not_given_up_for_one_that_is_left_alone() {
    let (mut one, mut two) = (provider(), provider());
    one.expect_place().times(5).returning(|_| refused(Retry::Backoff));
    let busy = refused(Retry::After(Duration::from_secs(5)));
    let mut answers = vec![refused(Retry::Never); 5].into_iter().chain([busy, Placing::Dialed(theirs("theirs-1"))]);
    two.expect_place().times(7).returning(move |_| answers.next().unwrap());
    let desk = Desk::with_all(vec![("one", one), ("two", two)]);
    let dispatch = desk.dispatch();
    // Five are refused by both; then the first is left alone, and the second asks to wait.
    for n in 0..6 {
        let (mut call, entry) = accepted(Asked::default(), terms());
        call.id = callgate_domain::model::CallId::from_uuid(crate::made::id(50 + n));
        desk.keeps((call, entry)).await;
        while carry_all(&dispatch).await > 0 {}
    }
    assert!(dispatch.pacing.is_open(&connection("one")) && !dispatch.pacing.is_open(&connection("two")));
    let calls = desk.memory.all_calls();
    let waits: Vec<_> = calls.iter().filter(|call| call.state == CallState::Queued).collect();
    assert!(waits.len() == 1 && waits[0].refusals.closed.is_empty() && waits[0].refusals.counted == 0, "{waits:#?}");
    desk.pass(5);
    assert_eq!(carry_all(&dispatch).await, 1);
    assert_eq!(desk.read(waits[0].id).await.state, CallState::Placed);
}

#[tokio::test]
async fn a_connection_that_asks_for_a_pause_is_not_asked_until_it_is_over() {
    for (says, pauses) in [(30, 30), (0, 1), (86_400, 900)] {
        let desk = Desk::with(answers(refused(Retry::After(Duration::from_secs(says)))));
        let dispatch = desk.dispatch();
        let call = claimed(&desk, &dispatch).await;
        dispatch.carry(call).await;
        desk.clock.pass(Duration::from_secs(pauses) - Duration::from_millis(1));
        assert!(dispatch.claim(10).await.unwrap().held_back, "{says}");
        desk.clock.pass(Duration::from_millis(1));
        assert!(!dispatch.claim(10).await.unwrap().held_back, "{says}");
    }
}

/// A desk whose provider gives these answers in turn, with so many calls that wait, and the dispatch over it.
async fn crowded(answers: Vec<Placing>, calls: u128) -> (Desk, Dispatch) {
    let (mut provider, mut answers) = (provider(), answers.into_iter());
    provider.expect_place().times(answers.len()).returning(move |_| answers.next().unwrap());
    let desk = Desk::with(provider);
    for n in 0..calls {
        let (mut call, entry) = accepted(Asked::default(), terms());
        call.id = callgate_domain::model::CallId::from_uuid(crate::made::id(50 + n));
        desk.keeps((call, entry)).await;
    }
    let dispatch = desk.dispatch();
    (desk, dispatch)
}

/// Claims and carries whatever is due; how many that were.
async fn carry_all(dispatch: &Dispatch) -> usize {
    let taken = dispatch.claim(10).await.unwrap().taken;
    let count = taken.len();
    for call in taken {
        let Carried::Recorded(_) = dispatch.carry(call).await else { panic!("it is recorded") };
    }
    count
}

#[tokio::test]
async fn a_connection_that_fails_again_and_again_is_left_alone_then_tried_with_one_call() {
    let mut answers = vec![refused(Retry::Backoff); 6];
    answers.extend([Placing::Dialed(theirs("theirs-1")), Placing::Dialed(theirs("theirs-2"))]);
    let (desk, dispatch) = crowded(answers, 4).await;
    let one = connection("one");
    assert_eq!(carry_all(&dispatch).await, 2, "two may be live");
    assert_eq!(carry_all(&dispatch).await, 2);
    desk.pass(1);
    assert_eq!((carry_all(&dispatch).await, desk.signals.turns()), (2, vec![Turn::Opened(FIRST_OPEN)]));
    assert!(dispatch.pacing.is_open(&one));
    desk.clock.pass(FIRST_OPEN - Duration::from_millis(1));
    assert!(dispatch.claim(10).await.unwrap().held_back);
    desk.clock.pass(Duration::from_millis(1));
    let trial = dispatch.claim(10).await.unwrap().taken;
    assert_eq!(trial.len(), 1);
    assert!(dispatch.claim(10).await.unwrap().held_back, "one is tried at a time");
    dispatch.carry(trial.into_iter().next().unwrap()).await;
    assert_eq!((dispatch.pacing.is_open(&one), desk.signals.turns()), (false, vec![Turn::Closed]));
    assert_eq!(carry_all(&dispatch).await, 1, "beside the one that is live");
}

#[tokio::test]
async fn calls_that_wait_for_an_open_breaker_end_when_their_wait_is_over() {
    let (desk, dispatch) = crowded(vec![refused(Retry::Backoff); 5], 4).await;
    for _ in 0..2 {
        carry_all(&dispatch).await;
    }
    desk.pass(1);
    let last = dispatch.claim(1).await.unwrap().taken.remove(0);
    dispatch.carry(last).await;
    assert!(dispatch.claim(10).await.unwrap().held_back);
    desk.pass(900);
    let reconcile = desk.reconcile();
    for call in reconcile.take(10).await.unwrap() {
        reconcile.look_after(call).await.unwrap();
    }
    let calls = desk.memory.all_calls();
    assert!(calls.iter().all(|call| call.ended_reason == Some(EndedReason::QueueTimeout)), "{calls:#?}");
}

#[tokio::test]
async fn a_trial_that_was_given_back_makes_way_for_another() {
    let (desk, dispatch) = crowded(vec![refused(Retry::Backoff); 6], 4).await;
    for wait in [0, 1, 10] {
        carry_all(&dispatch).await;
        desk.pass(wait);
    }
    desk.pass(10);
    let trial = dispatch.claim(10).await.unwrap().taken.remove(0);
    assert!(dispatch.claim(10).await.unwrap().held_back);
    dispatch.release(trial).await.unwrap();
    assert_eq!(dispatch.claim(10).await.unwrap().taken.len(), 1);
}

#[tokio::test]
async fn no_more_are_taken_than_a_connection_may_have_live() {
    let desk = Desk::with(never_asked());
    let dispatch = desk.dispatch();
    for n in 0..3 {
        let (mut call, entry) = accepted(Asked::default(), terms());
        call.id = callgate_domain::model::CallId::from_uuid(crate::made::id(50 + n));
        desk.memory.insert(vec![(call, entry)], None, &Quota::default()).await.unwrap();
    }
    assert_eq!(dispatch.claim(1).await.unwrap().taken.len(), 1);
    assert_eq!(dispatch.claim(10).await.unwrap().taken.len(), 1, "two may be live");
    assert_eq!(dispatch.claim(10).await.unwrap().taken.len(), 0);
    assert_eq!(desk.signals.moved(), [(CallState::Queued, CallState::Claimed, By::Gateway); 2]);
}
