//! The state machine, whole: every state against every event, as one table that a reviewer reads beside
//! `RELIABILITY.md` section 2.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use callgate_domain::model::call::{By, Looks, Outcome};
use callgate_domain::model::{
    Call, CallEvent, CallState, Deadline, EndedReason, Erasure, Evidence, Placing, Retry, Seen, Source, Stale, Transition,
};

use crate::made::{
    Steps, about, after, at, attempt, connection, earlier_attempt, in_state, in_state_under, queued, seen, theirs, with_retry,
    worker,
};

/// An event as the table names it, and when it happens.
type Happening = (String, CallEvent, i64);

/// Late enough for every deadline, and early enough for none.
const LATE: i64 = 900_000;
const EARLY: i64 = 20;

/// Every state, and the waiting ones again with an attempt behind them.
fn subjects() -> Vec<(String, Call)> {
    let mut subjects: Vec<_> = CallState::ALL.iter().map(|state| (state.to_string(), in_state(*state))).collect();
    let not_dialed = in_state(CallState::Sending).not_dialed(3);
    subjects.push(("queued, not dialed".to_owned(), not_dialed.clone()));
    subjects.push(("claimed, not dialed".to_owned(), not_dialed.claimed(5)));
    for state in [CallState::Sending, CallState::Unknown, CallState::Placed, CallState::Ringing, CallState::InProgress] {
        subjects.push((format!("{state}, tries left"), in_state_under(state, with_retry())));
    }
    let again = in_state_under(CallState::NoAnswer, with_retry());
    let due = after(&again, &CallEvent::Due, at(100));
    let restored = |call: &Call| after(call, &CallEvent::Restored, at(110));
    subjects.push(("unknown, restored unseen".to_owned(), restored(&queued())));
    subjects.push(("unknown, restored 2nd try".to_owned(), restored(&again)));
    let left = in_state_under(CallState::Placed, with_retry());
    subjects.push(("placed, restored".to_owned(), restored(&left)));
    subjects.push(("scheduled, 2nd try".to_owned(), again));
    subjects.push(("queued, 2nd try".to_owned(), due.clone()));
    subjects.push(("claimed, 2nd try".to_owned(), due.claimed(101)));
    subjects.push(("sending, 2nd try".to_owned(), due.claimed(101).marked(2, 102)));
    let asked = after(&in_state(CallState::Sending), &CallEvent::CancelRequested, at(3));
    subjects.push(("sending, cancel asked".to_owned(), asked.clone()));
    subjects.push(("in_progress, cancel asked".to_owned(), asked.dialed(4).learns(seen(Seen::Answered), 5)));
    let looked = Looks { count: 6, absent: 0 };
    subjects.push(("completed, all looks done".to_owned(), Call { looks: looked, ..in_state(CallState::Completed) }));
    let lost = CallEvent::DeadlinePassed(Deadline::Settle);
    subjects.push(("failed, outcome unknown".to_owned(), after(&in_state(CallState::Unknown), &lost, at(9_000))));
    subjects
}

fn happenings(call: &Call) -> Vec<Happening> {
    let mut all: Vec<Happening> = Vec::new();
    let mut happens = |name: String, event: CallEvent, seconds: i64| all.push((name, event, seconds));
    happens("due, before its moment".to_owned(), CallEvent::Due, EARLY);
    happens("due".to_owned(), CallEvent::Due, 200);
    let claim = CallEvent::Claimed { owner: worker(2), connection: connection("one"), until: at(150) };
    happens("claimed".to_owned(), claim, 120);
    happens("released".to_owned(), CallEvent::Released, EARLY);
    let mark = CallEvent::SendMarked { attempt: attempt(3), until: at(160) };
    happens("send mark".to_owned(), mark.clone(), 120);
    happens("send mark, its wait over".to_owned(), mark, LATE);
    answers(call, &mut happens);
    evidence(call, &mut happens);
    happens("cancel".to_owned(), CallEvent::CancelRequested, EARLY);
    for reason in [EndedReason::Suppressed, EndedReason::OutsideCallingHours, EndedReason::GatewayError] {
        happens(format!("refused: {reason}"), CallEvent::Refused(reason), EARLY);
    }
    happens("restored".to_owned(), CallEvent::Restored, EARLY);
    for by in [By::Client, By::Gateway] {
        happens(format!("erased by {by}"), CallEvent::Erased(Erasure { by, person: false }), LATE);
    }
    for deadline in Deadline::ALL {
        happens(format!("deadline {deadline}, before"), CallEvent::DeadlinePassed(*deadline), 10);
        happens(format!("deadline {deadline}"), CallEvent::DeadlinePassed(*deadline), LATE);
    }
    all
}

/// Each arm of `Placing`, with another route left and with none, for the newest attempt and for one before it.
fn answers(call: &Call, happens: &mut impl FnMut(String, CallEvent, i64)) {
    let reason = EndedReason::CarrierRejected;
    let not_dialed = |retry| Placing::NotDialed { reason, retry };
    let placings = [
        ("dialed", Placing::Dialed(theirs("theirs-1"))),
        ("unknown", Placing::default()),
        ("not dialed, never", not_dialed(Retry::Never)),
        ("not dialed, back-off", not_dialed(Retry::Backoff)),
        ("not dialed, after 7 s", not_dialed(Retry::After(Duration::from_secs(7)))),
    ];
    for (word, placing) in placings {
        for other_route in [false, true] {
            let event = |attempt| CallEvent::Placed { attempt, placing: placing.clone(), other_route };
            let route = if other_route { ", other route" } else { "" };
            if let Some(newest) = &call.attempt {
                happens(format!("placed: {word}{route}"), event(newest.id), EARLY);
            }
            if !other_route {
                happens(format!("placed, earlier attempt: {word}"), event(attempt(7)), EARLY);
            }
        }
    }
}

/// Everything that can be seen, of the newest attempt and of one before it.
fn evidence(call: &Call, happens: &mut impl FnMut(String, CallEvent, i64)) {
    let mut said: Vec<(String, Evidence)> = Seen::ALL.iter().map(|what| (what.to_string(), seen(*what))).collect();
    said.push(("no_answer, declined".to_owned(), Evidence { ended_reason: Some(EndedReason::Declined), ..seen(Seen::NoAnswer) }));
    said.push(("busy, opts out".to_owned(), Evidence { opt_out: true, ..seen(Seen::Busy) }));
    said.push(("canceled, answered before".to_owned(), Evidence { answered_at: Some(at(6)), ..seen(Seen::Canceled) }));
    said.push(("a summary only".to_owned(), Evidence { summary: Some("..".to_owned()), ..Evidence::new(Source::LookUp) }));
    for (word, evidence) in &said {
        if call.attempt.is_some() {
            happens(format!("evidence: {word}"), about(call, evidence.clone()), EARLY);
        }
    }
    for (outcome, word) in [(Outcome::NotDialed, "not dialed"), (Outcome::NoAnswer, "no answer")] {
        for (said, evidence) in &said {
            let event = CallEvent::Evidence { attempt: earlier_attempt(outcome), evidence: Box::new(evidence.clone()) };
            happens(format!("evidence, earlier attempt ({word}): {said}"), event, EARLY);
        }
    }
}

/// What an event did, in a few words: next state and try, what, by.
fn did(call: &Call, event: &CallEvent, seconds: i64) -> (String, String, String) {
    match call.apply(event, at(seconds)) {
        Err(_forbidden) => ("FORBIDDEN".to_owned(), String::new(), String::new()),
        Ok(Transition::Ignored(stale)) => {
            let word = match stale {
                Stale::Known => "known",
                Stale::Contradiction => "contradiction on record",
                Stale::Passed => "passed",
                Stale::NotYet => "not yet",
            };
            (format!("- {word}"), String::new(), String::new())
        }
        Ok(Transition::Moved { call: next, entry, earlier }) => {
            (shown(call, &next, earlier.is_some()), entry.what.to_string(), entry.by.to_string())
        }
    }
}

fn shown(before: &Call, next: &Call, earlier: bool) -> String {
    let mut text = if next.state == before.state { format!("= {}", next.state) } else { next.state.to_string() };
    if next.state.is_terminal() && !before.state.is_terminal() {
        text += &next.ended_reason.map(|reason| format!("/{reason}")).unwrap_or_default();
    }
    if next.try_number != before.try_number {
        let _ = write!(text, ", try {}", next.try_number);
    }
    if next.fence != before.fence {
        text += ", new fence";
    }
    let wait = next.due_at - at(EARLY);
    if next.state == CallState::Queued && next.due_at != before.due_at && wait.is_positive() {
        let _ = write!(text, ", in {} s", wait.as_secs());
    }
    if next.refusals.closed.len() > before.refusals.closed.len() {
        text += ", closes the route";
    }
    if next.is_contradicted() && !before.is_contradicted() || earlier {
        text += ", contradicted";
    }
    text
}

#[test]
fn every_state_meets_every_event_as_the_table_says() {
    let mut table =
        format!("{:<26} | {:<62} | {:<48} | {:<16} | by\n", "state", "event", "next state, = same, - ignored", "what");
    for (name, call) in subjects() {
        let _ = writeln!(table, "{}", "-".repeat(170));
        for (event, happening, seconds) in happenings(&call) {
            let (next, what, by) = did(&call, &happening, seconds);
            let line = format!("{name:<26} | {event:<62} | {next:<48} | {what:<16} | {by}");
            let _ = writeln!(table, "{}", line.trim_end_matches([' ', '|']));
        }
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("state_machine", table);
    });
}

/// The table of `RELIABILITY.md` section 2: from, to. `terminal` stands for every state that evidence can end a call in.
pub fn permitted(from: CallState, to: CallState) -> bool {
    use CallState as S;
    let by_evidence = matches!(to, S::Completed | S::NoAnswer | S::Busy | S::Failed | S::Canceled);
    match from {
        S::Scheduled => matches!(to, S::Queued | S::Canceled | S::Expired | S::Blocked | S::Failed) || adopted(to),
        S::Queued => matches!(to, S::Claimed | S::Expired | S::Canceled | S::Blocked | S::Failed) || adopted(to),
        // Expired: a claim that is never carried ends at `settles_by` too.
        // Blocked: an opt-out told of an attempt long past.
        S::Claimed => matches!(to, S::Sending | S::Queued | S::Canceled | S::Expired | S::Blocked) || adopted(to),
        S::Sending => {
            by_evidence || matches!(to, S::Queued | S::Unknown | S::Scheduled) || (to.is_out() && to.rank() > from.rank())
        }
        S::Unknown | S::Placed | S::Ringing => by_evidence || to == S::Scheduled || (to.is_out() && to.rank() > from.rank()),
        S::InProgress => by_evidence || to == S::Processing,
        // The rest beside completed and failed: providers that say "ended" before they say how.
        S::Processing => by_evidence,
        _ => false,
    }
}

/// Where a call goes when the attempt behind a waiting one was dialed, or talked, after all.
fn adopted(to: CallState) -> bool {
    use CallState as S;
    to.is_out() || matches!(to, S::Completed | S::NoAnswer | S::Busy | S::Failed | S::Canceled | S::Scheduled)
}

#[test]
fn no_event_takes_a_call_over_an_edge_that_does_not_exist() {
    let mut back = BTreeSet::new();
    for (name, call) in subjects() {
        for (event, happening, seconds) in happenings(&call) {
            let Ok(Transition::Moved { call: next, .. }) = call.apply(&happening, at(seconds)) else { continue };
            let (from, to) = (call.state, next.state);
            assert!(from == to || permitted(from, to), "{name}, {event}: {from} to {to}");
            if to.rank() < from.rank() {
                back.insert(format!("{from} to {to}"));
            }
        }
    }
    let expected = [
        "claimed to queued",
        "placed to scheduled",
        "ringing to scheduled",
        "sending to queued",
        "sending to scheduled",
        "unknown to scheduled",
    ];
    assert_eq!(back.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn only_a_released_claim_and_proof_go_back_to_the_queue() {
    for (name, call) in subjects() {
        for (event, happening, seconds) in happenings(&call) {
            let Ok(Transition::Moved { call: next, entry, .. }) = call.apply(&happening, at(seconds)) else { continue };
            if next.state == CallState::Queued && call.state.rank() > CallState::Queued.rank() {
                let proven = next.attempt.as_ref().is_none_or(|attempt| attempt.outcome.permits_another());
                assert!(proven, "{name}, {event}: {:?}", entry.what);
            }
        }
    }
}
