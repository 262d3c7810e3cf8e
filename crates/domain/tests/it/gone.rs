//! Providers without a record of calls: what is only gone, a talk that is measured by its moments, and a result that
//! somebody else reports.

use std::time::Duration;

use callgate_domain::model::call::{Outcome, TranscriptStatus};
use callgate_domain::model::{Call, CallEvent, CallState, Deadline, EndedReason, Evidence, Seen, Source, Transition};

use crate::made::{Steps, accepted, after, at, queued, seen, with_retry};

fn gone() -> Evidence {
    seen(Seen::Gone)
}

fn check(call: &Call, state: CallState, reason: EndedReason, duration: Option<u32>) {
    assert_eq!((call.state, call.ended_reason, call.duration_s()), (state, Some(reason), duration));
    assert!(!call.is_retryable(), "it may have been answered unseen");
}

fn dialed() -> Call {
    queued().claimed(1).marked(1, 2).dialed(3)
}

#[test]
fn what_is_gone_is_over_in_the_way_it_was_last_seen() {
    check(&dialed().learns(gone(), 9), CallState::NoAnswer, EndedReason::Unknown, None);
    check(&dialed().learns(seen(Seen::Ringing), 4).learns(gone(), 9), CallState::NoAnswer, EndedReason::Unknown, None);
    check(&dialed().learns(seen(Seen::Answered), 4).learns(gone(), 9), CallState::Completed, EndedReason::Unknown, None);
}

#[test]
fn what_is_gone_after_its_end_was_asked_for_is_canceled_unless_somebody_answered() {
    let asked = |call: &Call| after(call, &CallEvent::CancelRequested, at(5));
    check(&asked(&dialed()).learns(gone(), 9), CallState::Canceled, EndedReason::CanceledByClient, Some(0));
    let talking = dialed().learns(seen(Seen::Answered), 4);
    check(&asked(&talking).learns(gone(), 9), CallState::Completed, EndedReason::CanceledByClient, None);
}

#[test]
fn what_was_never_seen_there_is_not_gone() {
    let unknown = queued().claimed(1).marked(1, 2).placed(callgate_domain::model::Placing::default(), false, 3);
    assert!(matches!(unknown.tries(&crate::made::about(&unknown, gone()), 9), Transition::Ignored(_)));
}

#[test]
fn what_is_only_gone_is_no_reason_for_another_try() {
    let call = accepted(callgate_domain::model::Asked::default(), with_retry()).0.claimed(1).marked(1, 2).dialed(3);
    let over = call.learns(gone(), 9);
    check(&over, CallState::NoAnswer, EndedReason::Unknown, None);
    assert_eq!(over.newest().outcome, Outcome::Over);
}

#[test]
fn gone_contradicts_nothing() {
    let busy = dialed().learns(seen(Seen::Busy), 5);
    assert!(matches!(busy.tries(&crate::made::about(&busy, gone()), 9), Transition::Ignored(_)));
    let refused = queued().claimed(1).marked(1, 2).not_dialed(3);
    assert!(matches!(refused.tries(&crate::made::about(&refused, gone()), 9), Transition::Ignored(_)));
}

#[test]
fn a_talk_without_a_told_duration_is_measured_from_its_answer_to_its_end() {
    let talking = dialed().learns(seen(Seen::Answered), 10);
    let left = Evidence { measures_talk: true, ended_at: Some(at(72)), ..seen(Seen::Completed) };
    assert_eq!(talking.learns(left.clone(), 75).duration_s(), Some(62));
    // Nobody saw the answer, so nobody knows.
    assert_eq!(dialed().learns(left.clone(), 75).duration_s(), None);
    let told = Evidence { duration_s: Some(60), ..Evidence::new(Source::Webhook) };
    assert_eq!(talking.learns(told, 74).learns(left, 75).duration_s(), Some(60));
}

#[test]
fn a_result_that_somebody_else_reports_is_awaited_for_as_long_as_was_said() {
    let talking = dialed().learns(seen(Seen::Answered), 10);
    let over = Evidence { result_within: Some(Duration::from_secs(30)), words_final: true, ..seen(Seen::Completed) };
    let waits = talking.learns(over, 70);
    assert_eq!((waits.state, waits.settles_by), (CallState::Processing, Some(at(100))));
    let reported = Evidence { transcript: Some("agent: Hi".to_owned()), words_final: true, ..seen(Seen::Completed) };
    let done = waits.learns(reported.clone(), 80);
    assert_eq!((done.state, done.transcript_status), (CallState::Completed, TranscriptStatus::Available));
    let nobody_did = after(&waits, &CallEvent::DeadlinePassed(Deadline::Settle), at(100));
    assert_eq!((nobody_did.state, nobody_did.transcript_status), (CallState::Completed, TranscriptStatus::Unavailable));
    // What comes after that is taken in all the same.
    assert_eq!(nobody_did.learns(reported, 200).transcript_status, TranscriptStatus::Available);
}

#[test]
fn words_that_will_never_come_are_not_awaited() {
    let over = Evidence { words_final: true, ..seen(Seen::Completed) };
    assert_eq!(dialed().learns(over, 70).transcript_status, TranscriptStatus::Unavailable);
    assert_eq!(dialed().learns(seen(Seen::Completed), 70).transcript_status, TranscriptStatus::Pending);
}
