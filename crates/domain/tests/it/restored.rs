//! A call that was open in a copy which is started again: looked up, never sent.

use std::time::Duration;

use callgate_domain::model::call::{By, Outcome, What};
use callgate_domain::model::provider::Pace;
use callgate_domain::model::{
    Asked, Call, CallEvent, CallState, Deadline, EndedReason, Placing, Retry, Seen, Stale, Status, Transition,
};

use crate::made::{
    Steps, accepted, after, at, attempt, connection, earlier_attempt, in_state, in_state_under, queued, seen, terms, theirs,
    with_retry, worker,
};

const PACE: Pace = Pace::every(Duration::from_secs(60));

fn restored(call: &Call, seconds: i64) -> Call {
    after(call, &CallEvent::Restored, at(seconds))
}

#[test]
fn what_waits_may_have_rung_since_and_cannot_be_asked_about() {
    for state in [CallState::Scheduled, CallState::Queued, CallState::Claimed] {
        let before = in_state(state);
        let call = restored(&before, 20);
        assert_eq!((call.state, call.status(), call.attempts), (CallState::Unknown, Status::Dialing, 1), "{state}");
        assert_eq!((call.restored_at, &call.lease, &call.connection), (Some(at(20)), &None, &None), "{state}");
        assert!(call.fence > before.fence, "a claim dies with its fence");
        assert!(call.may_have_rung_unseen());
        // The longest talk that can have begun by now, and the time evidence may take.
        assert_eq!(call.settles_by, Some(at(20) + terms().longest()), "{state}");
        assert_eq!(call.look_at, call.settles_by);
        assert_eq!(call.looks_next(PACE, 0.0, at(21)), call.settles_by, "there is nothing to ask by");
        let ended = after(&call, &CallEvent::DeadlinePassed(Deadline::Settle), at(20) + terms().longest());
        assert_eq!((ended.state, ended.ended_reason), (CallState::Failed, Some(EndedReason::OutcomeUnknown)), "{state}");
        assert!(!ended.is_retryable(), "{state}: nobody has proven that it did not ring");
        assert_eq!(ended.duration_s(), None);
    }
}

#[test]
fn a_wait_that_was_over_before_ends_no_later_for_it() {
    let call = restored(&queued(), 5_000);
    assert_eq!(call.settles_by, queued().settles_by);
    let window = accepted(Asked { expires_at: Some(at(60)), ..Asked::default() }, terms()).0;
    assert_eq!(restored(&window, 5_000).settles_by, Some(at(60) + terms().longest()));
}

#[test]
fn what_is_out_is_asked_about_at_once_and_keeps_its_attempt() {
    for state in [CallState::Sending, CallState::Unknown, CallState::Placed, CallState::Ringing, CallState::InProgress] {
        let before = in_state(state);
        let call = restored(&before, 20);
        let expected = if state == CallState::Sending { CallState::Unknown } else { state };
        assert_eq!((call.state, &call.attempt, call.attempts), (expected, &before.attempt, 1), "{state}");
        assert_eq!((call.look_at, call.lease), (Some(at(20)), None), "{state}");
        assert_eq!(call.settles_by, before.settles_by, "{state}");
        let ended = call.learns(seen(Seen::Completed), 30);
        assert_eq!(ended.state, CallState::Completed, "{state}");
    }
}

#[test]
fn a_late_answer_to_a_request_of_before_sends_nothing_again() {
    let call = restored(&in_state(CallState::Sending), 20);
    let refused = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Backoff };
    let answer = |placing| CallEvent::Placed { attempt: call.newest().id, placing, other_route: true };
    assert_eq!(call.tries(&answer(refused), 21), Transition::Ignored(Stale::Passed));
    let dialed = after(&call, &answer(Placing::Dialed(theirs("theirs-1"))), at(21));
    assert_eq!(dialed.state, CallState::Placed, "an id is always welcome");
}

#[test]
fn a_plan_has_no_further_tries_and_its_end_is_no_invitation() {
    for state in [CallState::Placed, CallState::Ringing, CallState::Unknown] {
        let call = restored(&in_state_under(state, with_retry()), 20);
        assert_eq!(call.settles_by, Some(at(2) + terms().longest()), "{state}: without the tries left");
        let ended = call.learns(seen(Seen::NoAnswer), 30);
        assert_eq!(ended.state, CallState::NoAnswer, "{state}");
        assert!(!ended.is_retryable(), "{state}: the next try may have been made");
    }
    let alone = restored(&in_state(CallState::Placed), 20).learns(seen(Seen::NoAnswer), 30);
    assert!(alone.is_retryable(), "without a plan nothing can have followed");
}

#[test]
fn news_of_the_try_before_is_not_taken_for_the_one_unseen() {
    let waits = in_state_under(CallState::NoAnswer, with_retry());
    assert_eq!((waits.state, waits.try_number), (CallState::Scheduled, 2));
    let call = restored(&waits, 20);
    assert_eq!((call.state, call.attempts), (CallState::Unknown, 2));
    let first = earlier_attempt(Outcome::NoAnswer);
    let again = CallEvent::Evidence { attempt: first.clone(), evidence: Box::new(seen(Seen::NoAnswer)) };
    assert_eq!(call.tries(&again, 30), Transition::Ignored(Stale::Known));
    let ended = after(&call, &CallEvent::DeadlinePassed(Deadline::Settle), at(90_000));
    assert_eq!(ended.tries(&again, 90_001), Transition::Ignored(Stale::Known));
    assert_eq!(ended.resolved, None);
    // What shows that somebody answered after all is this call's talk.
    let talked = CallEvent::Evidence { attempt: first, evidence: Box::new(seen(Seen::Answered)) };
    let adopted = after(&call, &talked, at(30));
    assert_eq!((adopted.state, adopted.newest().id), (CallState::InProgress, attempt(7)));
}

#[test]
fn a_dial_taken_for_none_is_the_one_unseen() {
    let call = restored(&in_state(CallState::Sending).not_dialed(3), 20);
    assert_eq!(call.attempts, 1);
    let wrong = earlier_attempt(Outcome::NotDialed);
    let rings = CallEvent::Evidence { attempt: wrong, evidence: Box::new(seen(Seen::Ringing)) };
    let adopted = after(&call, &rings, at(30));
    assert_eq!((adopted.state, adopted.attempts, adopted.is_contradicted()), (CallState::Ringing, 1, true));
}

#[test]
fn nobody_claims_marks_or_releases_it() {
    let call = restored(&in_state(CallState::Claimed), 20);
    let claim = CallEvent::Claimed { owner: worker(1), connection: connection("one"), until: at(90) };
    call.apply(&claim, at(30)).unwrap_err();
    call.apply(&CallEvent::SendMarked { attempt: attempt(3), until: at(90) }, at(21)).unwrap_err();
    for event in [CallEvent::Due, CallEvent::Released, CallEvent::DeadlinePassed(Deadline::Queue)] {
        assert_eq!(call.tries(&event, 2_000), Transition::Ignored(Stale::Passed), "{event:?}");
    }
    let asked = after(&call, &CallEvent::CancelRequested, at(30));
    assert_eq!((asked.state, asked.cancel_requested_at), (CallState::Unknown, Some(at(30))), "its end is not proven by asking");
}

#[test]
fn it_is_marked_once_and_what_is_over_never_is() {
    let once = in_state(CallState::Queued).tries(&CallEvent::Restored, 20);
    let Transition::Moved { call, entry, .. } = once else { panic!("{once:?}") };
    assert_eq!((entry.what, entry.by, entry.status), (What::Restored, By::Gateway, Status::Dialing));
    assert_eq!(call.tries(&CallEvent::Restored, 30), Transition::Ignored(Stale::Known));
    for state in CallState::ALL.iter().filter(|state| state.is_terminal()) {
        assert_eq!(in_state(*state).tries(&CallEvent::Restored, 20), Transition::Ignored(Stale::Passed), "{state}");
    }
}
