//! Which call is meant: one connection's reference never reaches another's call.

use std::time::Duration;

use jiff::Timestamp;

use super::{Trial, step};
use crate::model::call::{Attempt, Outcome};
use crate::model::moment::{earlier, later};
use crate::model::{AttemptId, Call};
use crate::ports::{AttemptRef, Match};
use crate::testing::builders::{a_call, connection, provider_call, unique};

pub async fn our_id_matches_first(trial: &Trial) {
    let ours = placed(trial, "simulator", "one").await;
    placed(trial, "simulator", "two").await;
    let mut about = AttemptRef { attempt: id(&ours), ..AttemptRef::default() };
    check(trial, &about, Some(&ours)).await;
    about.provider_call = Some(provider_call("two"));
    about.connection = Some(connection("simulator"));
    check(trial, &about, Some(&ours)).await;
}

pub async fn their_id_matches_on_its_connection(trial: &Trial) {
    let one = placed(trial, "simulator", "same").await;
    let other = placed(trial, "second", "same").await;
    check(trial, &theirs("same", Some("simulator")), Some(&one)).await;
    check(trial, &theirs("same", Some("second")), Some(&other)).await;
    let alone = placed(trial, "second", "alone").await;
    check(trial, &theirs("alone", None), Some(&alone)).await;
}

pub async fn one_connections_reference_never_matches_anothers_call(trial: &Trial) {
    let call = placed(trial, "simulator", "one").await;
    check(trial, &theirs("one", Some("second")), None).await;
    let echoed = AttemptRef { attempt: id(&call), provider_call: None, connection: Some(connection("second")) };
    check(trial, &echoed, None).await;
    check(trial, &AttemptRef { provider_call: Some(provider_call("one")), ..echoed }, None).await;
}

pub async fn their_id_under_several_connections_is_ambiguous(trial: &Trial) {
    placed(trial, "simulator", "same").await;
    placed(trial, "second", "same").await;
    assert_eq!(trial.calls.find(&theirs("same", None)).await.expect("an answer"), Match::Ambiguous);
}

pub async fn an_unknown_reference_matches_nothing(trial: &Trial) {
    placed(trial, "simulator", "one").await;
    check(trial, &AttemptRef::default(), None).await;
    check(trial, &theirs("two", None), None).await;
    check(trial, &theirs("two", Some("simulator")), None).await;
    let strange = AttemptId::new(trial.now(), unique());
    check(trial, &AttemptRef { attempt: Some(strange), ..AttemptRef::default() }, None).await;
}

pub async fn an_earlier_attempt_is_found_too(trial: &Trial) {
    let mut first = a_call().at(trial.now()).placed("first");
    if let Some(attempt) = first.attempt.as_mut() {
        attempt.outcome = Outcome::NoAnswer;
    }
    trial.hold(&first).await;
    let earlier = first.attempt.clone().expect("an attempt");
    let newest = Attempt {
        id: AttemptId::new(trial.now(), unique()),
        try_number: 2,
        outcome: Outcome::Open,
        provider_call: None,
        ..earlier.clone()
    };
    let second = Call { attempt: Some(newest), try_number: 2, revision: first.revision.next(), ..first.clone() };
    trial.calls.save(step(&first, &second)).await.expect("the second try");
    let found = trial.calls.find(&theirs("first", Some("simulator"))).await.expect("an answer");
    assert_eq!(found, Match::One(Box::new(second), earlier));
}

pub async fn a_call_without_our_reference_is_contested_while_another_attempt_could_have_made_it(trial: &Trial) {
    let began = trial.now();
    let number = "+12025550142";
    let ours = a_call().at(began).to(number).unknown();
    trial.hold(&ours).await;
    for innocent in [
        a_call().at(began).to(number).queued(),
        a_call().at(began).to(number).placed("known"),
        a_call().at(began).to(number).over("second").unknown(),
        a_call().at(began).to("+12025550143").unknown(),
        a_call().at(earlier(began, Duration::from_mins(10))).to(number).unknown(),
        over(a_call().at(began).to(number).unknown(), Outcome::NotDialed),
    ] {
        trial.hold(&innocent).await;
        assert!(!is_contested(trial, &ours, began).await, "{innocent:?}");
    }
    for rival in [
        a_call().at(began).to(number).by("another").unknown(),
        a_call().at(later(began, Duration::from_mins(10))).to(number).sending(),
        over(a_call().at(began).to(number).unknown(), Outcome::Over),
    ] {
        trial.hold(&rival).await;
        assert!(is_contested(trial, &ours, began).await, "{rival:?}");
        let known = attempt_of(&rival, |attempt| attempt.provider_call = Some(provider_call(&rival.id.to_string())));
        trial.calls.save(step(&rival, &known)).await.expect("its id is known");
        assert!(!is_contested(trial, &ours, began).await, "{known:?}");
    }
}

async fn is_contested(trial: &Trial, ours: &Call, began: Timestamp) -> bool {
    let attempt = ours.attempt.as_ref().expect("an attempt");
    let since = earlier(began, Duration::from_mins(5));
    trial.calls.is_contested(attempt.id, &attempt.connection, &ours.phone, since).await.expect("an answer")
}

fn over(call: Call, outcome: Outcome) -> Call {
    attempt_of(&call, |attempt| attempt.outcome = outcome)
}

fn attempt_of(call: &Call, change: impl FnOnce(&mut Attempt)) -> Call {
    let mut next = Call { revision: call.revision.next(), ..call.clone() };
    if let Some(attempt) = next.attempt.as_mut() {
        change(attempt);
    }
    next
}

async fn placed(trial: &Trial, over: &str, id: &str) -> Call {
    let call = a_call().at(trial.now()).over(over).placed(id);
    trial.hold(&call).await;
    call
}

fn id(call: &Call) -> Option<AttemptId> {
    call.attempt.as_ref().map(|attempt| attempt.id)
}

fn theirs(id: &str, of: Option<&str>) -> AttemptRef {
    AttemptRef { attempt: None, provider_call: Some(provider_call(id)), connection: of.map(connection) }
}

async fn check(trial: &Trial, about: &AttemptRef, expected: Option<&Call>) {
    let expected =
        expected.map_or(Match::None, |call| Match::One(Box::new(call.clone()), call.attempt.clone().expect("an attempt")));
    assert_eq!(trial.calls.find(about).await.expect("an answer"), expected);
}
