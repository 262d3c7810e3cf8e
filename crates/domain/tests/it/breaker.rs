//! The circuit breaker: when it opens, for how long, and what closes it.

use std::time::Duration;

use callgate_domain::model::breaker::{Breaker, FAILURES, FIRST_OPEN, LONGEST_OPEN, PROBE_FORGOTTEN, Sign, Turn};
use callgate_domain::model::{EndedReason, Placing, Retry};

use crate::made::theirs;

const MS: Duration = Duration::from_millis(1);

/// What happens to a breaker at a moment.
#[derive(Clone, Copy)]
enum Step {
    Learn(Sign),
    Spend,
}
use Sign::{Fails, Silent, Works};
use Step::{Learn, Spend};

/// Runs steps, each at its moment in seconds, after which so many may be sent; returns the last turn.
fn check(steps: &[(u64, Step, u32)]) -> Option<Turn> {
    let (mut breaker, mut turn) = (Breaker::default(), None);
    for (nth, (at, step, may_send)) in steps.iter().enumerate() {
        let now = Duration::from_secs(*at);
        match step {
            Learn(sign) => turn = breaker.learn(*sign, now),
            Spend => breaker.spend(now),
        }
        assert_eq!(breaker.may_send(now), *may_send, "step {nth}");
    }
    turn
}

/// A breaker that has just opened.
fn opened(now: Duration) -> Breaker {
    let mut breaker = Breaker::default();
    for _ in 1..FAILURES {
        assert_eq!(breaker.learn(Fails, now), None);
    }
    assert_eq!(breaker.learn(Fails, now), Some(Turn::Opened(FIRST_OPEN)));
    breaker
}

const ANY: u32 = u32::MAX;
const FIFTH: [(u64, Step, u32); 5] =
    [(0, Learn(Fails), ANY), (0, Learn(Fails), ANY), (0, Learn(Fails), ANY), (0, Learn(Fails), ANY), (0, Learn(Fails), 0)];

#[test]
fn five_failures_in_a_row_open_it_and_an_answer_between_them_starts_the_count_anew() {
    assert_eq!(check(&FIFTH), Some(Turn::Opened(FIRST_OPEN)));
    let answered = [&FIFTH[..4], &[(0, Learn(Works), ANY)], &FIFTH[..4]].concat();
    assert_eq!(check(&answered), None);
    let silent = [&FIFTH[..4], &[(0, Learn(Silent), ANY)], &FIFTH[4..]].concat();
    assert_eq!(check(&silent), Some(Turn::Opened(FIRST_OPEN)), "what was never sent proves nothing");
}

#[test]
fn after_its_time_one_request_tries_it_out_and_closes_it() {
    let tried = [&FIFTH[..], &[(9, Spend, 0), (10, Spend, 0), (11, Spend, 0), (12, Learn(Works), ANY)]].concat();
    assert_eq!(check(&tried), Some(Turn::Closed));
    let breaker = opened(Duration::ZERO);
    assert_eq!([breaker.may_send(FIRST_OPEN - MS), breaker.may_send(FIRST_OPEN)], [0, 1]);
}

#[test]
fn each_failed_trial_opens_it_for_twice_as_long_up_to_two_minutes() {
    let (mut breaker, mut now, mut lengths) = (opened(Duration::ZERO), FIRST_OPEN, Vec::new());
    for _ in 0..6 {
        breaker.spend(now);
        let Some(Turn::Opened(length)) = breaker.learn(Fails, now) else { panic!("it opens") };
        assert_eq!([breaker.may_send(now + length - MS), breaker.may_send(now + length)], [0, 1]);
        now += length;
        lengths.push(length.as_secs());
    }
    assert_eq!(lengths, [20, 40, 80, 120, 120, 120]);
    assert_eq!(LONGEST_OPEN.as_secs(), 120);
    breaker.spend(now);
    assert_eq!(breaker.learn(Works, now), Some(Turn::Closed));
    assert_eq!(breaker, Breaker::default(), "nothing of it is left");
}

#[test]
fn requests_from_before_it_opened_neither_prolong_it_nor_are_overheard() {
    let late = [&FIFTH[..], &[(5, Learn(Fails), 0), (10, Learn(Fails), 1)]].concat();
    assert_eq!(check(&late), None);
    let good = [&FIFTH[..], &[(5, Learn(Works), ANY)]].concat();
    assert_eq!(check(&good), Some(Turn::Closed));
}

#[test]
fn a_trial_that_never_left_makes_way_for_the_next_and_a_forgotten_one_does_so_in_time() {
    check(&[&FIFTH[..], &[(10, Spend, 0), (11, Learn(Silent), 1), (11, Spend, 0)]].concat());
    let mut breaker = opened(Duration::ZERO);
    breaker.spend(FIRST_OPEN);
    let forgotten = FIRST_OPEN + PROBE_FORGOTTEN;
    assert_eq!([breaker.may_send(forgotten - MS), breaker.may_send(forgotten)], [0, 1]);
}

#[test]
fn no_connection_and_no_knowledge_are_failures_and_any_documented_answer_is_none() {
    let not_dialed = |reason, retry| Placing::NotDialed { reason, retry };
    let minute = Retry::After(Duration::from_mins(1));
    for (placing, sign) in [
        (Placing::Dialed(theirs("theirs-1")), Works),
        (Placing::default(), Fails),
        (Placing::Unknown { reason: EndedReason::ProviderTimeout }, Fails),
        (not_dialed(EndedReason::ProviderError, Retry::Backoff), Fails),
        (not_dialed(EndedReason::ProviderError, Retry::Never), Works),
        (not_dialed(EndedReason::ProviderError, minute), Works),
        (not_dialed(EndedReason::GatewayError, Retry::Backoff), Silent),
        (not_dialed(EndedReason::GatewayError, Retry::Never), Silent),
    ] {
        assert_eq!(Sign::of(&placing), sign, "{placing:?}");
    }
}
