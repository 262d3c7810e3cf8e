//! Forgetting a call's content: what goes, what stays, and that nothing of it comes back.

use callgate_domain::model::call::{By, What};
use callgate_domain::model::{Call, CallEvent, CallState, Erasure, Evidence, Seen, Source, Stale, Transition};
use callgate_domain::testing::builders::{after, change, object};

use crate::made::{Steps, about, at, in_state, seen};

const CONTENT: CallEvent = CallEvent::Erased(Erasure { by: By::Client, person: false });
const PERSON: CallEvent = CallEvent::Erased(Erasure { by: By::Gateway, person: true });

/// A call that has everything a call can have.
fn full() -> Call {
    let mut call = in_state(CallState::InProgress);
    call.asked.reference = Some("order-7".to_owned());
    call.asked.variables = object("name", "canary");
    call.asked.metadata = object("note", "canary");
    let told = Evidence {
        transcript: Some("agent: canary".to_owned()),
        words_final: true,
        duration_s: Some(12),
        summary: Some("canary".to_owned()),
        extracted: object("city", "canary"),
        recording: Some("https://recordings.example/canary".to_owned()),
        opt_out: true,
        ..seen(Seen::Completed)
    };
    call.learns(told, 60)
}

/// Everything of a call that could hold a word somebody said or sent.
fn held(call: &Call) -> String {
    let words = call.result.transcript.as_ref().map(|words| (words.text.clone(), words.turns.len()));
    let sent = (&call.asked.reference, &call.asked.variables, &call.asked.metadata);
    format!("{sent:?} {words:?} {:?} {:?} {:?}", call.result.summary, call.result.extracted, call.result.recording)
}

#[test]
fn what_was_said_and_sent_goes_and_the_facts_stay() {
    let call = full();
    let moved = change(&call, &CONTENT, at(100));
    let erased = &moved.call;
    assert_eq!(held(erased), r#"(Some("order-7"), {}, {}) None None {} None"#);
    assert!(erased.is_erased() && erased.result.opt_out && erased.result.duration_s == Some(12));
    assert_eq!((erased.phone.clone(), erased.state, erased.ended_at), (call.phone.clone(), call.state, call.ended_at));
    assert_eq!((moved.entry.what, moved.entry.by), (What::Erased, By::Client));
    assert_eq!(erased.look_at, None);
}

#[test]
fn by_person_the_number_and_the_reference_go_too() {
    let call = full();
    for call in [after(&call, &CONTENT, at(100)), call] {
        let erased = after(&call, &PERSON, at(101));
        assert!(erased.phone.is_erased() && erased.is_erased());
        assert_eq!(held(&erased), "(None, {}, {}) None None {} None");
    }
}

#[test]
fn nobody_is_told_since_nothing_is_learned() {
    let content = change(&full(), &CONTENT, at(100));
    assert_eq!(content.notice, None);
    assert_eq!(change(&content.call, &PERSON, at(101)).notice, None);
}

#[test]
fn twice_is_once() {
    let content = after(&full(), &CONTENT, at(100));
    assert_eq!(content.apply(&CONTENT, at(101)), Ok(Transition::Ignored(Stale::Known)));
    let person = after(&content, &PERSON, at(101));
    for event in [CONTENT, PERSON] {
        assert_eq!(person.apply(&event, at(102)), Ok(Transition::Ignored(Stale::Known)));
    }
}

#[test]
fn a_call_that_is_not_over_cannot_be_erased() {
    for state in CallState::ALL.iter().filter(|state| !state.is_terminal()) {
        for event in [CONTENT, PERSON] {
            assert!(in_state(*state).apply(&event, at(100)).is_err(), "{state}");
        }
    }
}

#[test]
fn content_that_comes_later_is_dropped_and_a_wish_for_no_more_calls_is_not() {
    let silent = in_state(CallState::InProgress).learns(seen(Seen::Completed), 60);
    let erased = after(&silent, &CONTENT, at(100));
    let late = Evidence {
        transcript: Some("agent: canary".to_owned()),
        summary: Some("canary".to_owned()),
        extracted: object("city", "canary"),
        recording: Some("https://recordings.example/canary".to_owned()),
        words_final: true,
        ..Evidence::new(Source::LookUp)
    };
    assert_eq!(erased.apply(&about(&erased, late.clone()), at(101)), Ok(Transition::Ignored(Stale::Known)));
    let opted_out = after(&erased, &about(&erased, Evidence { opt_out: true, ..late }), at(101));
    assert!(opted_out.result.opt_out && opted_out.is_erased());
    assert_eq!(held(&opted_out), held(&erased));
    assert!(!opted_out.lacks_words());
}
