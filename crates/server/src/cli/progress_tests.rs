//! A call as it goes, at every pace a stream can have.

use serde_json::json;

use super::*;
use crate::cli::out::plain;

fn call(status: &str, more: &Value) -> Value {
    let mut call = json!({
        "status": status, "agent": "akylai", "created_at": "2026-01-02T15:55:00.2Z", "turns": [], "terminal": false,
    });
    for (name, value) in more.as_object().unwrap() {
        call[name] = value.clone();
    }
    call
}

fn turns(how_many: usize) -> Value {
    let all = [
        json!({"role": "agent", "text": "Hello, this is a practice call. How are you today?", "start_ms": 0}),
        json!({"role": "user", "text": "Fine, thank you.", "start_ms": 3_000}),
        json!({"role": "agent", "text": "Good to hear. This call never left your machine. Goodbye.", "start_ms": 5_000}),
    ];
    Value::from(all[..how_many].to_vec())
}

/// The calls as they come, each with the second it comes at.
fn check(seen: &[(u32, Value)], expected: &str) {
    let mut progress = Progress::default();
    let lines = seen.iter().flat_map(|(second, call)| {
        let now = format!("2026-01-02T15:55:{second:02}.9Z").parse().unwrap();
        progress.lines(call, now)
    });
    let text: Vec<String> = lines.map(|line| line.text(&plain())).collect();
    assert_eq!(text.join("\n"), expected.trim_matches('\n'));
}

const DIALED: &str = "2026-01-02T15:55:00.4Z";
const ANSWERED: &str = "2026-01-02T15:55:03.3Z";
const ENDED: &str = "2026-01-02T15:55:11.4Z";

const WHOLE: &str = "
  0:00  queued
  0:00  dialing
  0:01  ringing
  0:03  in_progress
  0:03  akylai   Hello, this is a practice call. How are you today?
  0:06  user     Fine, thank you.
  0:08  akylai   Good to hear. This call never left your machine. Goodbye.
  0:11  completed     8 s, 3 turns";

#[test]
fn a_call_is_told_as_it_goes() {
    let answered = |turns: Value| call("in_progress", &json!({"dialed_at": DIALED, "answered_at": ANSWERED, "turns": turns}));
    check(
        &[
            (0, call("queued", &json!({}))),
            (0, call("dialing", &json!({"dialed_at": DIALED}))),
            (1, call("ringing", &json!({"dialed_at": DIALED}))),
            (3, answered(turns(0))),
            (3, answered(turns(1))),
            (6, answered(turns(2))),
            (11, completed()),
        ],
        WHOLE,
    );
}

fn completed() -> Value {
    call(
        "completed",
        &json!({"dialed_at": DIALED, "answered_at": ANSWERED, "ended_at": ENDED, "turns": turns(3), "duration": 8, "terminal": true}),
    )
}

#[test]
fn what_a_stream_skipped_is_told_from_the_calls_own_moments() {
    check(&[(40, completed())], &WHOLE.replace("  0:01  ringing\n", ""));
}

#[test]
fn words_come_before_the_state_that_follows_them() {
    let processing = json!({"dialed_at": DIALED, "answered_at": ANSWERED, "turns": turns(1)});
    check(
        &[(12, call("processing", &processing))],
        "
  0:00  queued
  0:00  dialing
  0:03  in_progress
  0:03  akylai   Hello, this is a practice call. How are you today?
  0:12  processing",
    );
}

#[test]
fn a_call_nobody_answered_says_why_where_its_state_does_not() {
    let ended = |status: &str, reason: &str| {
        call(status, &json!({"dialed_at": DIALED, "ended_at": ENDED, "ended_reason": reason, "duration": 0, "terminal": true}))
    };
    check(&[(12, ended("no_answer", "no_answer"))], "\n  0:00  queued\n  0:00  dialing\n  0:11  no_answer");
    check(&[(12, ended("no_answer", "declined"))], "\n  0:00  queued\n  0:00  dialing\n  0:11  no_answer     declined");
}

#[test]
fn a_scheduled_call_begins_scheduled_and_may_go_back() {
    check(
        &[
            (0, call("scheduled", &json!({}))),
            (5, call("queued", &json!({}))),
            (6, call("dialing", &json!({}))),
            (9, call("queued", &json!({}))),
        ],
        "\n  0:00  scheduled\n  0:05  queued\n  0:06  dialing\n  0:09  queued",
    );
}

#[test]
fn nothing_is_told_twice_and_words_cannot_steer_the_terminal() {
    let words = json!([{"role": "user", "text": "a\u{1b}[2J\nb", "start_ms": null}]);
    let talking = call("in_progress", &json!({"answered_at": ANSWERED, "turns": words}));
    check(&[(3, talking.clone()), (4, talking)], "\n  0:00  queued\n  0:03  in_progress\n  0:03  user     a [2J b");
}
