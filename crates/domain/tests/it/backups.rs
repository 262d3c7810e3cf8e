//! Taking in a backup that is started in the place of its store.

use std::sync::{Arc, Mutex};

use callgate_domain::model::call::By;
use callgate_domain::model::{CallState, EndedReason, OnHold, Placing};
use callgate_domain::ports::copies::MockCopies;
use callgate_domain::ports::{Copies, Holds, StoreError, TakingIn};
use callgate_domain::testing::builders::a_call;
use callgate_domain::usecases::Backups;
use callgate_domain::usecases::dispatch::Carried;

use crate::desk::{Desk, provider};
use crate::made::{accepted, at, in_state, terms};

fn backups(desk: &Desk, copies: Arc<dyn Copies>) -> Backups {
    Backups { copies, clock: desk.clock.clone(), signals: desk.signals.clone() }
}

#[tokio::test]
async fn what_is_no_backup_is_left_alone() {
    let desk = Desk::with(provider());
    let waits = desk.keeps(accepted(Default::default(), terms())).await;
    assert_eq!(backups(&desk, desk.memory.clone()).take_in().await.unwrap(), None);
    assert_eq!(desk.read(waits.id).await, waits);
    assert_eq!(desk.memory.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_backup_rings_nobody_and_goes_on_with_what_comes_after_it() {
    let mut provider = provider();
    provider.expect_place().times(1).returning(|order| Placing::Dialed(crate::made::theirs(&order.attempt.to_string())));
    let desk = Desk::with(provider);
    let waits = desk.keeps(accepted(Default::default(), terms())).await;
    desk.memory.stamp(at(0)).await.unwrap();
    desk.pass(20);
    let restored = backups(&desk, desk.memory.clone()).take_in().await.unwrap().unwrap();
    assert_eq!((restored.made_at, restored.calls), (at(0), 1));
    assert_eq!(desk.signals.moved(), [(CallState::Queued, CallState::Unknown, By::Gateway)]);
    let hold = desk.memory.list().await.unwrap().pop().unwrap();
    assert_eq!((hold.what, hold.reason.as_str()), (OnHold::Everything, "restored from a backup of 2026-01-01T00:00:00Z"));
    assert_eq!(backups(&desk, desk.memory.clone()).take_in().await.unwrap(), None, "once");

    let new = desk.keeps(a_call().at(at(20)).accepted()).await;
    assert!(desk.dispatch().claim(10).await.unwrap().taken.is_empty());
    assert!(desk.memory.lift(&OnHold::Everything).await.unwrap());
    let taken = desk.dispatch().claim(10).await.unwrap().taken;
    assert_eq!(taken.iter().map(|call| call.id).collect::<Vec<_>>(), [new.id]);
    for call in taken {
        assert!(matches!(desk.dispatch().carry(call).await, Carried::Recorded(_)));
    }

    // Nobody is asked about what the backup knows no attempt of: the provider expects no look-up.
    desk.clock.pass(terms().longest());
    for call in desk.reconcile().take(10).await.unwrap().into_iter().filter(|call| call.id == waits.id) {
        desk.reconcile().look_after(call).await.unwrap();
    }
    let ended = desk.read(waits.id).await;
    assert_eq!((ended.state, ended.ended_reason), (CallState::Failed, Some(EndedReason::OutcomeUnknown)));
}

/// Every step's answer, in order.
fn answers(steps: Vec<Result<TakingIn, StoreError>>) -> MockCopies {
    let steps = Mutex::new(steps.into_iter());
    let mut copies = MockCopies::new();
    copies.expect_stamped_at().returning(|| Ok(Some(at(0))));
    copies.expect_take_in().returning(move |_, _| steps.lock().unwrap().next().expect("no more steps are taken"));
    copies
}

#[tokio::test]
async fn steps_are_taken_until_none_is_left_and_a_failure_ends_the_start() {
    let desk = Desk::with(provider());
    let marked = |state| Ok(TakingIn::Marked(vec![(state, in_state(CallState::Unknown))]));
    let unavailable = || Err(StoreError::Unavailable(std::io::Error::other("the disk is full").into()));
    let conflicts = |count| (0..count).map(|_| Err(StoreError::Conflict));

    let all = vec![marked(CallState::Queued), Err(StoreError::Conflict), marked(CallState::Sending), Ok(TakingIn::Done)];
    let restored = backups(&desk, Arc::new(answers(all))).take_in().await.unwrap().unwrap();
    assert_eq!(restored.calls, 2);
    assert_eq!(desk.signals.moved().len(), 2);

    let elsewhere = vec![marked(CallState::Queued), Ok(TakingIn::NoCopy)];
    assert_eq!(backups(&desk, Arc::new(answers(elsewhere))).take_in().await.unwrap().unwrap().calls, 1);

    for steps in [vec![marked(CallState::Queued), unavailable()], conflicts(7).collect()] {
        backups(&desk, Arc::new(answers(steps))).take_in().await.unwrap_err();
    }
}
