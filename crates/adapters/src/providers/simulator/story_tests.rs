//! What is told of each number, moment by moment.

use std::fmt::Write;

use callgate_domain::model::{AttemptId, Phone};

use super::super::script::Script;
use super::*;

fn story(phone: &str, speed: f64, seed: Option<u64>) -> Story {
    let sent_at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let scenario = Script::new(Vec::new()).for_number(&Phone::parse(phone).unwrap());
    let attempt = AttemptId::new(sent_at, [7; 10]);
    Story { reference: Reference { attempt, ends: scenario.ends.clone(), speed, seed }, scenario, sent_at }
}

/// Moments in milliseconds, with what is told at each.
fn told(story: &Story) -> String {
    let mut told = String::new();
    for moment in story.moments() {
        let call = story.at(later(story.sent_at, moment));
        let reason = call.ended_reason.unwrap_or_default();
        write!(told, "{}:{}/{}/{reason} ", moment.as_millis(), call.status, call.turns.len()).unwrap();
    }
    told.trim_end().to_owned()
}

fn check(phone: &str, expected: &str) {
    assert_eq!(told(&story(phone, 1.0, None)), expected, "{phone}");
}

#[test]
fn the_numbers_of_the_simulator() {
    let usual = "1000:ringing/0/ 3000:in_progress/1/ 6000:in_progress/2/ 8000:in_progress/3/ 11000:completed/3/agent_hangup";
    for phone in ["+12025550101", "+996700000000", "+12025550105", "+12025550106", "+12025550108", "+12025550109"] {
        check(phone, usual);
    }
    check("+12025550102", "1000:ringing/0/ 3000:no_answer/0/");
    check("+12025550103", "1000:busy/0/");
    check("+12025550104", "1000:ringing/0/ 3000:no_answer/0/declined");
    check("+12025550107", "0:completed/3/agent_hangup");
}

#[test]
fn before_anything_is_told_the_call_is_there() {
    let story = story("+12025550101", 1.0, None);
    assert_eq!(story.at(story.sent_at).status, "queued");
    assert_eq!(story.at(later(story.sent_at, Duration::from_hours(24))), story.end());
}

#[test]
fn the_end_has_all_moments_and_the_duration_of_the_script_at_any_speed() {
    for (speed, ended_at) in [(1.0, "2026-01-01T00:00:11Z"), (100.0, "2026-01-01T00:00:00.11Z")] {
        let end = story("+12025550101", speed, None).end();
        assert_eq!(end.duration_s, Some(8));
        assert_eq!(end.ended_at.unwrap(), ended_at.parse().unwrap());
        let ends: Vec<_> = end.turns.iter().map(|turn| (turn.start_ms, turn.end_ms)).collect();
        assert_eq!(ends, [(0, Some(3_000)), (3_000, Some(5_000)), (5_000, Some(8_000))]);
    }
    assert_eq!(story("+12025550107", 1.0, None).end().turns.len(), 3);
    assert_eq!(story("+12025550102", 1.0, None).end().duration_s, None);
}

#[test]
fn a_turn_that_is_being_said_has_no_end() {
    let story = story("+12025550101", 1.0, None);
    let call = story.at(later(story.sent_at, Duration::from_secs(7)));
    let ends: Vec<_> = call.turns.iter().map(|turn| turn.end_ms).collect();
    assert_eq!(ends, [Some(3_000), None]);
    assert_eq!((call.duration_s, call.ended_at), (None, None));
}

#[test]
fn ended_on_request_it_is_canceled_before_the_answer_and_completed_after() {
    let story = story("+12025550101", 1.0, None);
    let canceled = |seconds| story.canceled(later(story.sent_at, Duration::from_secs(seconds)));
    let before = canceled(2).unwrap();
    assert_eq!((before.status.as_str(), before.duration_s, before.turns.len()), ("canceled", None, 0));
    let after = canceled(7).unwrap();
    assert_eq!((after.status.as_str(), after.duration_s, after.turns.len()), ("completed", Some(4), 2));
    assert_eq!(after.ended_reason.as_deref(), Some("canceled_by_client"));
    assert_eq!(after.turns[1].end_ms, Some(4_000));
    assert_eq!(canceled(11), None);
}

#[test]
fn a_seed_varies_how_long_it_rings_and_nothing_else() {
    let moment = |seed| story("+12025550102", 1.0, seed).moments()[1];
    assert_eq!(moment(None), Duration::from_secs(3));
    let seeds: std::collections::HashSet<_> = (0..50).map(|seed| moment(Some(seed))).collect();
    assert!(seeds.len() > 25);
    assert!(seeds.iter().all(|moment| (2_500..=3_500).contains(&moment.as_millis())));
    assert_eq!(moment(Some(7)), moment(Some(7)));
    assert_eq!(story("+12025550101", 1.0, Some(7)).end().duration_s, Some(8));
}
