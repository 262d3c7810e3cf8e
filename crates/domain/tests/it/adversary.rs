//! Ways in which a call could ring twice, lose its result, or never end: each was a bug once, or nearly.

use std::time::Duration;

use callgate_domain::model::call::{Looks, Outcome, TranscriptStatus};
use callgate_domain::model::provider::Pace;
use callgate_domain::model::{
    Asked, Call, CallEvent, CallState, Deadline, EndedBy, EndedReason, Evidence, Placing, Retry, Seen, Source, Stale, Transition,
};
use callgate_domain::usecases::reconcile::{Step, step};
use jiff::Timestamp;

use crate::made::{
    Steps, about, accepted, after, at, attempt, connection, in_state, in_state_under, queued, seen, terms, theirs, with_retry,
    worker,
};

fn told(evidence: Evidence, change: impl FnOnce(&mut Evidence)) -> Evidence {
    let mut evidence = evidence;
    change(&mut evidence);
    evidence
}

// --- never twice -----------------------------------------------------------------------------------------------------

#[test]
fn a_call_that_was_declined_after_all_is_not_tried_again() {
    let waits = in_state_under(CallState::NoAnswer, with_retry());
    assert_eq!((waits.state, waits.try_number), (CallState::Scheduled, 2));
    let declined = told(seen(Seen::NoAnswer), |said| said.ended_reason = Some(EndedReason::Declined));
    let over = waits.learns(declined, 10);
    assert_eq!((over.state, over.ended_reason), (CallState::NoAnswer, Some(EndedReason::Declined)));
    assert_eq!((over.try_number, over.attempts, over.newest().outcome), (1, 1, Outcome::Over));
}

#[test]
fn an_opt_out_between_two_tries_ends_the_call_at_every_stage_of_the_wait() {
    let scheduled = in_state_under(CallState::Busy, with_retry());
    let due = after(&scheduled, &CallEvent::Due, at(100));
    let claimed = due.claimed(101);
    for waits in [scheduled, due, claimed] {
        let over = waits.learns(told(Evidence::new(Source::Webhook), |said| said.opt_out = true), 102);
        assert_eq!((over.state, over.fence > waits.fence, over.lease), (CallState::Busy, true, None), "{}", waits.state);
        assert!(over.result.opt_out);
    }
}

#[test]
fn somebody_who_talked_after_all_is_not_rung_again() {
    let waits = in_state_under(CallState::NoAnswer, with_retry());
    let talked = waits.learns(told(seen(Seen::Completed), |said| said.duration_s = Some(60)), 10);
    assert_eq!((talked.state, talked.try_number, talked.duration_s()), (CallState::Completed, 1, Some(60)));
    assert!(talked.newest().contradicted_at.is_some(), "an operator is told");
}

#[test]
fn somebody_who_answered_is_not_rung_again_whatever_word_their_provider_has_for_it() {
    let odd = told(seen(Seen::NoAnswer), |said| said.answered_at = Some(at(5)));
    let over = in_state_under(CallState::Ringing, with_retry()).learns(odd, 9);
    assert_eq!((over.state, over.try_number), (CallState::NoAnswer, 1));
}

#[test]
fn news_that_comes_after_its_tries_own_time_sets_no_further_try() {
    let rings = in_state_under(CallState::Ringing, with_retry());
    let longest = i64::try_from(rings.terms.longest().as_secs()).unwrap();
    assert_eq!(rings.learns(seen(Seen::Busy), 2 + longest).state, CallState::Scheduled);
    assert_eq!(rings.learns(seen(Seen::Busy), 3 + longest).state, CallState::Busy);
}

#[test]
fn an_opt_out_told_of_an_earlier_try_stops_the_tries_to_come() {
    let waits = in_state_under(CallState::NoAnswer, with_retry());
    let first = waits.newest();
    let second = after(&waits, &CallEvent::Due, at(100)).claimed(101).marked(2, 102);
    let opted = told(Evidence::new(Source::Webhook), |said| said.opt_out = true);
    let event = CallEvent::Evidence { attempt: first, evidence: Box::new(opted) };
    let out = after(&second, &event, at(103));
    assert_eq!((out.state, out.result.opt_out), (CallState::Sending, true));
    assert_eq!(out.learns(seen(Seen::NoAnswer), 104).state, CallState::NoAnswer, "no third try");
    assert!(matches!(out.tries(&event, 105), Transition::Ignored(_)), "told once");
}

#[test]
fn facts_of_a_talk_before_the_answer_not_dialed_keep_the_call_from_the_queue() {
    let sending = in_state(CallState::Sending);
    let facts: [fn(&mut Evidence); 4] = [
        |said| said.answered_at = Some(at(3)),
        |said| said.transcript = Some("agent: Hello".to_owned()),
        |said| said.duration_s = Some(3),
        |said| said.provider_call = Some(theirs("theirs-1")),
    ];
    for fact in facts {
        let told = sending.learns(told(Evidence::new(Source::Webhook), fact), 3);
        assert_eq!(told.state, CallState::Sending);
        assert_eq!(told.not_dialed(4).state, CallState::Unknown);
    }
}

#[test]
fn facts_of_a_talk_prove_a_dial_where_nothing_was_seen() {
    let waits = in_state(CallState::Sending).not_dialed(3);
    let adopted = waits.learns(told(Evidence::new(Source::LookUp), |said| said.answered_at = Some(at(3))), 4);
    assert_eq!((adopted.state, adopted.attempts, adopted.newest().outcome), (CallState::Unknown, 1, Outcome::Open));
}

#[test]
fn an_attempt_before_the_last_that_rang_after_all_ends_the_wait_too() {
    let first = in_state(CallState::Sending).not_dialed(3);
    let second = first.claimed(5).marked(2, 6).not_dialed(7);
    let event = CallEvent::Evidence { attempt: first.newest(), evidence: Box::new(seen(Seen::Answered)) };
    let adopted = after(&second, &event, at(8));
    assert_eq!((adopted.state, adopted.newest().id, adopted.attempts), (CallState::InProgress, attempt(1), 1));
    assert_eq!(adopted.dialed_at, Some(at(2)));
}

#[test]
fn a_try_before_the_last_that_was_declined_after_all_ends_the_wait_too() {
    let first = in_state_under(CallState::NoAnswer, with_retry());
    let second = after(&first, &CallEvent::Due, at(100)).claimed(101).marked(2, 102).not_dialed(103);
    let declined = told(seen(Seen::NoAnswer), |said| said.ended_reason = Some(EndedReason::Declined));
    let event = CallEvent::Evidence { attempt: first.newest(), evidence: Box::new(declined) };
    let over = after(&second, &event, at(104));
    assert_eq!((over.state, over.ended_reason, over.attempts), (CallState::NoAnswer, Some(EndedReason::Declined), 1));
}

#[test]
fn the_send_mark_is_refused_once_the_wait_is_over() {
    let window = accepted(Asked { expires_at: Some(at(20)), ..Asked::default() }, terms()).0.claimed(19);
    let ttl = queued().claimed(899);
    for (claimed, late) in [(window, 20), (ttl, 900)] {
        let mark = CallEvent::SendMarked { attempt: attempt(1), until: at(2_000) };
        assert!(matches!(claimed.tries(&mark, late - 1), Transition::Moved { .. }));
        assert_eq!(claimed.tries(&mark, late), Transition::Ignored(Stale::Passed));
    }
}

#[test]
fn the_send_mark_is_refused_while_an_attempt_is_not_proven_over() {
    let waits = in_state(CallState::Sending).not_dialed(3).claimed(5);
    for (outcome, may) in [
        (Outcome::NotDialed, true),
        (Outcome::NoAnswer, true),
        (Outcome::Busy, true),
        (Outcome::Open, false),
        (Outcome::Over, false),
    ] {
        let mut call = waits.clone();
        call.attempt.as_mut().unwrap().outcome = outcome;
        let marked = call.apply(&CallEvent::SendMarked { attempt: attempt(2), until: at(50) }, at(6));
        assert_eq!(marked.is_ok(), may, "{outcome}");
    }
}

#[test]
fn a_contradicted_refusal_is_no_proof_that_nobody_was_rung() {
    let refused = Placing::NotDialed { reason: EndedReason::InvalidNumber, retry: Retry::Never };
    let failed = in_state(CallState::Sending).placed(refused, false, 3);
    assert!(failed.is_retryable());
    assert!(!failed.learns(seen(Seen::Answered), 4).is_retryable());
}

// --- nothing lost ----------------------------------------------------------------------------------------------------

#[test]
fn what_one_attempt_told_is_not_the_next_ones() {
    let no_answer = told(seen(Seen::NoAnswer), |said| {
        said.duration_s = Some(0);
        said.summary = Some("nobody".to_owned());
        said.recording = Some("https://one.example/ringing".to_owned());
        said.transcript = Some("agent: ...".to_owned());
        said.answered_at = None;
    });
    let again = in_state_under(CallState::Ringing, with_retry()).learns(no_answer, 9);
    assert_eq!((again.state, again.transcript_status), (CallState::Scheduled, TranscriptStatus::Pending));
    let second = after(&again, &CallEvent::Due, at(100)).claimed(101).marked(2, 102);
    let talk = told(seen(Seen::Completed), |said| said.duration_s = Some(120));
    let over = second.learns(talk, 300);
    assert_eq!((over.duration_s(), over.result.summary, over.result.recording), (Some(120), None, None));
    assert_eq!(over.result.transcript, None);
}

#[test]
fn what_a_refused_attempt_told_is_not_the_next_ones() {
    let told_why = told(Evidence::new(Source::Webhook), |said| {
        said.ended_reason = Some(EndedReason::CarrierRejected);
        said.ended_by = Some(EndedBy::Carrier);
        said.ended_at = Some(at(3));
    });
    let waits = in_state(CallState::Sending).learns(told_why, 3).not_dialed(4);
    assert_eq!((waits.state, waits.ended_reason, waits.ended_by, waits.ended_at), (CallState::Queued, None, None, None));
}

#[test]
fn a_lease_that_was_prolonged_meanwhile_does_not_pass() {
    for (state, until) in [(CallState::Claimed, 31), (CallState::Sending, 37)] {
        let call = in_state(state);
        let ends = CallEvent::DeadlinePassed(Deadline::Lease);
        assert_eq!(call.tries(&ends, until - 1), Transition::Ignored(Stale::NotYet), "{state}");
        assert_eq!(step(&call, at(until - 1)), Step::Nothing);
        assert_eq!(step(&call, at(until)), Step::Release);
        assert!(matches!(call.tries(&ends, until), Transition::Moved { .. }), "{state}");
    }
}

#[test]
fn a_call_canceled_unheard_is_not_taken_for_a_talk_when_its_end_was_not_known() {
    let lost = after(&in_state(CallState::Unknown), &CallEvent::DeadlinePassed(Deadline::Settle), at(9_000));
    assert_eq!((lost.state, lost.ended_reason), (CallState::Failed, Some(EndedReason::OutcomeUnknown)));
    let known = lost.learns(seen(Seen::Canceled), 9_001);
    assert_eq!((known.state, known.resolved), (CallState::Failed, Some(CallState::Canceled)));
}

#[test]
fn who_ended_it_is_what_was_told_rather_than_what_is_usual_whichever_came_first() {
    let reason = told(Evidence::new(Source::Webhook), |said| said.ended_reason = Some(EndedReason::MaxDuration));
    let by = told(Evidence::new(Source::LookUp), |said| said.ended_by = Some(EndedBy::Provider));
    let talks = in_state(CallState::InProgress);
    for order in [[&reason, &by], [&by, &reason]] {
        let told = talks.learns(order[0].clone(), 10).learns(order[1].clone(), 11);
        let over = told.learns(seen(Seen::Completed), 12);
        assert_eq!((over.ended_reason, over.ended_by), (Some(EndedReason::MaxDuration), Some(EndedBy::Provider)));
    }
}

#[test]
fn a_reason_told_late_brings_who_usually_ends_for_it() {
    let over = in_state(CallState::InProgress).learns(seen(Seen::Completed), 12);
    assert_eq!((over.ended_reason, over.ended_by), (Some(EndedReason::Unknown), Some(EndedBy::Unknown)));
    let late = over.learns(told(Evidence::new(Source::LookUp), |said| said.ended_reason = Some(EndedReason::UserHangup)), 20);
    assert_eq!((late.ended_reason, late.ended_by), (Some(EndedReason::UserHangup), Some(EndedBy::User)));
}

#[test]
fn nobody_answered_is_no_seconds_of_talk_whatever_a_provider_counts() {
    let rang = told(seen(Seen::NoAnswer), |said| said.duration_s = Some(25));
    assert_eq!(in_state(CallState::Ringing).learns(rang, 30).duration_s(), Some(0));
}

#[test]
fn a_moment_from_before_the_request_is_not_believed() {
    let epoch = told(seen(Seen::Answered), |said| said.answered_at = Some(Timestamp::UNIX_EPOCH));
    let talks = in_state(CallState::Ringing).learns(epoch, 9);
    assert_eq!(talks.answered_at, Some(at(2)), "the send mark is the earliest there can be");
    assert!(talks.hang_up_at() > Some(at(600)));
}

#[test]
fn moments_are_kept_as_the_databases_keep_them() {
    let nanos = Timestamp::from_nanosecond(at(50).as_nanosecond() + 123).unwrap();
    let call = accepted(Asked { not_before: Some(nanos), expires_at: Some(nanos), ..Asked::default() }, terms()).0;
    assert_eq!((call.due_at, call.asked.not_before, call.asked.expires_at), (at(50), Some(at(50)), Some(at(50))));
}

// --- no loop without a bound, nothing stuck --------------------------------------------------------------------------

#[test]
fn a_provider_that_says_wait_no_time_at_all_is_not_asked_again_at_once() {
    let now = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(Duration::ZERO) };
    let waits = in_state(CallState::Sending).placed(now, false, 3);
    assert!(waits.due_at >= at(4), "{}", waits.due_at);
}

/// Reconciles forward from `call` with look-ups that find nothing, and counts how often it is looked at until it ends.
fn looked_at(mut call: Call, mut now: i64) -> (Call, u32) {
    let pace = Pace::every(Duration::from_secs(10));
    let mut times = 0;
    while times < 5_000 {
        let Some(look_at) = call.looks_next(pace, 0.0, at(now)) else { break };
        now = now.max(look_at.as_second() - at(0).as_second() + 1);
        times += 1;
        let event = match step(&call, at(now)) {
            Step::Due => CallEvent::Due,
            Step::Pass(deadline) => CallEvent::DeadlinePassed(deadline),
            Step::Release => CallEvent::DeadlinePassed(Deadline::Lease),
            Step::LookUp { .. } | Step::Nothing => {
                call.looks = Looks { count: call.looks.count.saturating_add(1), ..call.looks };
                continue;
            }
        };
        if let Transition::Moved { call: next, .. } = call.tries(&event, now) {
            call = *next;
        }
    }
    (call, times)
}

#[test]
fn every_call_ends_after_a_bounded_number_of_looks() {
    for state in CallState::ALL {
        let (call, times) = looked_at(in_state(*state), 1_000);
        assert!(call.state.is_terminal(), "{state} stays {}", call.state);
        assert!(times < 200, "{state}: looked at {times} times");
    }
}

#[test]
fn a_talk_that_does_not_end_is_asked_about_at_its_pace_and_not_without_pause() {
    let talks = in_state(CallState::InProgress);
    let past = talks.hang_up_at().unwrap() + Duration::from_secs(1);
    assert_eq!(step(&talks, past), Step::LookUp { hang_up: true });
    let next = talks.looks_next(Pace::every(Duration::from_secs(10)), 0.0, past).unwrap();
    assert!(next >= past + Duration::from_secs(10), "{next}");
}

#[test]
fn a_talk_that_went_on_to_its_limit_was_ended_by_it_unless_somebody_ended_it() {
    let talks = in_state(CallState::InProgress);
    let check =
        |call: &Call, reason: Option<EndedReason>, by: Option<EndedBy>, seconds: i64, expected: (EndedReason, EndedBy)| {
            let over =
                call.learns(told(seen(Seen::Completed), |said| (said.ended_reason, said.ended_by) = (reason, by)), seconds);
            assert_eq!((over.ended_reason, over.ended_by), (Some(expected.0), Some(expected.1)), "{reason:?} at {seconds}");
        };
    let (limit, client) = (Some(EndedReason::MaxDuration), Some(EndedReason::CanceledByClient));
    let cut = (EndedReason::MaxDuration, EndedBy::Gateway);
    check(&talks, None, None, 606, cut);
    check(&talks, client, Some(EndedBy::Client), 606, cut);
    check(&talks, limit, Some(EndedBy::Provider), 606, (EndedReason::MaxDuration, EndedBy::Provider));
    check(&talks, Some(EndedReason::UserHangup), None, 606, (EndedReason::UserHangup, EndedBy::User));
    check(&talks, None, None, 604, (EndedReason::Unknown, EndedBy::Unknown));
    check(&talks, client, None, 604, (EndedReason::CanceledByClient, EndedBy::Client));
    let asked = after(&talks, &CallEvent::CancelRequested, at(50));
    check(&asked, client, None, 606, (EndedReason::CanceledByClient, EndedBy::Client));
}

#[test]
fn a_claim_whose_worker_beats_but_never_sends_ends_too() {
    let mut claimed = queued().claimed(1);
    claimed.lease.as_mut().unwrap().until = at(1_000_000);
    let settles_by = claimed.settles_by.unwrap();
    assert_eq!(step(&claimed, settles_by), Step::Pass(Deadline::Settle));
    let over = after(&claimed, &CallEvent::DeadlinePassed(Deadline::Settle), settles_by);
    assert_eq!((over.state, over.ended_reason), (CallState::Expired, Some(EndedReason::QueueTimeout)));
    let mark = CallEvent::SendMarked { attempt: attempt(1), until: at(2_000_000) };
    assert!(over.apply(&mark, settles_by).is_err());
}

#[test]
fn a_plan_without_measure_does_not_loop() {
    let mut terms = with_retry();
    terms.retry.as_mut().unwrap().max = u16::MAX;
    assert!(accepted(Asked::default(), terms).0.settles_by.is_some());
}

#[test]
fn a_pending_claim_dies_with_the_fence_when_an_attempt_is_adopted() {
    let waits = in_state(CallState::Sending).not_dialed(3);
    let claim = CallEvent::Claimed { owner: worker(2), connection: connection("two"), until: at(40) };
    let claimed = after(&waits, &claim, at(5));
    let adopted = claimed.learns(seen(Seen::Ringing), 6);
    assert_eq!((adopted.state, adopted.connection.clone(), adopted.lease), (CallState::Ringing, Some(connection("one")), None));
    assert!(adopted.fence > claimed.fence);
    assert!(adopted.apply(&CallEvent::SendMarked { attempt: attempt(2), until: at(50) }, at(7)).is_err());
    assert!(matches!(adopted.tries(&about(&adopted, seen(Seen::Ringing)), 8), Transition::Ignored(Stale::Known)));
}
