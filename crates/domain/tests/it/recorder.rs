//! Applying an event, durably: read again on conflict, stop when fenced, tell who waits.

use callgate_domain::model::call::By;
use callgate_domain::model::{Asked, Call, CallEvent, CallState, Evidence, Fence, Placing, Seen, Source, Stale};
use callgate_domain::ports::{AttemptRef, Inbox, Progress, StoreError, Work};
use callgate_domain::testing::builders::{a_parcel, change};
use callgate_domain::usecases::record::{RecordError, Recorded};

use crate::desk::{Desk, Fault, provider};
use crate::made::{Steps, about, accepted, after, at, attempt, connection, seen, terms, theirs, with_retry};

async fn at_sending(desk: &Desk) -> Call {
    let first = accepted(Asked::default(), terms());
    let sending = first.0.claimed(0).marked(1, 0);
    desk.keeps_at(first, sending).await
}

#[tokio::test]
async fn what_came_between_is_read_and_the_event_applied_to_that() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let ringing = change(&sending, &about(&sending, seen(Seen::Ringing)), at(1));
    desk.store.fails([Fault::Overtaken(Box::new(ringing))]);
    let answered = about(&sending, seen(Seen::Answered));
    let Recorded::Moved(call, entry) = desk.recorder().record(sending, &answered).await.unwrap() else { panic!("it moves") };
    assert_eq!(
        (call.state, entry.revision, call.revision),
        (CallState::InProgress, call.revision, desk.read(call.id).await.revision)
    );
    assert_eq!(desk.signals.moved(), [(CallState::Ringing, CallState::InProgress, By::Provider)]);
}

#[tokio::test]
async fn what_came_between_may_have_made_it_known() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let event = about(&sending, seen(Seen::Ringing));
    desk.store.fails([Fault::Overtaken(Box::new(change(&sending, &event, at(1))))]);
    let recorded = desk.recorder().record(sending, &event).await.unwrap();
    assert!(matches!(recorded, Recorded::Ignored(ref call, Stale::Known) if call.state == CallState::Ringing));
    assert_eq!(desk.signals.moved(), []);
}

#[tokio::test]
async fn conflicts_without_end_are_given_up_after_six() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    desk.store.fails((0..100).map(|_| Fault::Conflict));
    let event = about(&sending, seen(Seen::Ringing));
    let given_up = desk.recorder().record(sending, &event).await;
    assert!(matches!(given_up, Err(RecordError::Store(StoreError::Conflict))));
    assert_eq!(desk.store.saved().len(), 6);
}

#[tokio::test]
async fn a_worker_that_lost_its_fence_stops() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let event = CallEvent::Placed { attempt: attempt(1), placing: Placing::default(), other_route: false };
    let stale = desk.recorder().record_under(Fence(0), sending.clone(), &event).await;
    assert!(matches!(stale, Err(RecordError::Fenced)));
    assert_eq!(desk.store.saved().len(), 0);
    let waits = change(&sending, &CallEvent::Placed { attempt: attempt(1), placing: refused(), other_route: false }, at(1));
    let claimed = waits.call.claimed(2);
    desk.moves(&sending, claimed).await;
    let overtaken = desk.recorder().record_under(sending.fence, sending, &event).await;
    assert!(matches!(overtaken, Err(RecordError::Fenced)));
}

fn refused() -> Placing {
    Placing::NotDialed {
        reason: callgate_domain::model::EndedReason::ProviderError,
        retry: callgate_domain::model::Retry::Backoff,
    }
}

#[tokio::test]
async fn a_mistake_of_ours_is_told_as_one() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let mark = CallEvent::SendMarked { attempt: attempt(2), until: at(60) };
    assert!(matches!(desk.recorder().record(sending, &mark).await, Err(RecordError::Forbidden(_))));
}

#[tokio::test]
async fn an_id_that_becomes_known_wakes_what_is_parked_under_it() {
    let desk = Desk::with(provider());
    let parcel = a_parcel(Some("one"), "1", at(0));
    desk.memory.keep(parcel.clone()).await.unwrap();
    let parked = AttemptRef { provider_call: Some(theirs("theirs-1")), connection: Some(connection("one")), attempt: None };
    desk.memory.settle(parcel.id, Progress::Parked, Some(parked), Some(at(3_600))).await.unwrap();
    let sending = at_sending(&desk).await;
    let dialed = CallEvent::Placed { attempt: attempt(1), placing: Placing::Dialed(theirs("theirs-1")), other_route: false };
    let placed = desk.recorder().record(sending, &dialed).await.unwrap().call();
    assert!(desk.signals.work().contains(&Work::Intake));
    assert_eq!(desk.intake().take(10).await.unwrap().len(), 1);
    let rings = about(&placed, seen(Seen::Ringing));
    desk.recorder().record(placed, &rings).await.unwrap();
    assert!(!desk.signals.work().contains(&Work::Intake), "only when it is new");
}

#[tokio::test]
async fn a_cancel_is_asked_for_at_once_as_soon_as_the_id_is_known() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let recorder = desk.recorder();
    let asked = recorder.record(sending, &CallEvent::CancelRequested).await.unwrap().call();
    assert_eq!(asked.look_at, asked.lease.map(|lease| lease.until), "its worker is about to tell");
    // A webhook is faster than the answer, and does not say their id.
    let rings = about(&asked, seen(Seen::Ringing));
    let ringing = recorder.record(asked, &rings).await.unwrap().call();
    assert!(ringing.look_at > Some(at(0)));
    let dialed = CallEvent::Placed { attempt: attempt(1), placing: Placing::Dialed(theirs("theirs-1")), other_route: false };
    let known = recorder.record(ringing, &dialed).await.unwrap().call();
    assert_eq!(known.look_at, Some(at(0)));
    assert!(desk.signals.work().contains(&Work::Reconcile));
}

#[tokio::test]
async fn evidence_matched_before_its_attempt_was_left_behind_is_not_lost() {
    let desk = Desk::with(provider());
    let first = accepted(Asked::default(), with_retry());
    let sending = first.0.claimed(0).marked(1, 0);
    desk.keeps_at(first, sending.clone()).await;
    // Matched now; meanwhile the attempt is taken for not dialed, and the next one is on its way and refused too.
    let late = CallEvent::Evidence { attempt: sending.newest(), evidence: Box::new(seen(Seen::Answered)) };
    let first_refused = desk.moves(&sending, sending.not_dialed(1)).await;
    let second = desk.moves(&first_refused, first_refused.claimed(3).marked(2, 4)).await;
    let waits = desk.moves(&second, second.not_dialed(5)).await;
    let call = desk.recorder().record(sending, &late).await.unwrap().call();
    assert_eq!((call.state, call.newest().id), (CallState::InProgress, attempt(1)), "{}", waits.state);
    let claim = CallEvent::Claimed { owner: crate::made::worker(1), connection: connection("one"), until: at(60) };
    assert!(call.apply(&claim, at(20)).is_err(), "nobody is rung again");
}

#[tokio::test]
async fn facts_that_move_nothing_are_told_without_a_look_being_put_off() {
    let desk = Desk::with(provider());
    let sending = at_sending(&desk).await;
    let unknown = after(&sending, &CallEvent::Released, at(1));
    desk.moves(&sending, unknown.clone()).await;
    let facts = Evidence { summary: Some("..".to_owned()), ..Evidence::new(Source::Webhook) };
    let event = about(&unknown, facts);
    let call = desk.recorder().record(unknown, &event).await.unwrap().call();
    let soon = call.look_at.unwrap().duration_since(at(0)).as_millis();
    assert!((1_600..=2_400).contains(&soon), "the first look-up of an unknown call: {soon} ms");
    assert_eq!(desk.signals.moved(), [(CallState::Unknown, CallState::Unknown, By::Provider)]);
}
