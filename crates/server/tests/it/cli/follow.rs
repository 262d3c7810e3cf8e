//! Following a call over a line that breaks, and placing one over it: nothing is lost, and nothing is placed twice.

use serde_json::{Value, json};

use super::Program;
use super::stub::{Asked, Stub, json, stream};

const ID: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const CALL: &str = "GET /v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const EVENTS: &str = "GET /v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/events";
const HELD: &str = "GET /v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d?wait=30";
const CREATE: &str = "POST /v1/calls";

fn call(revision: u32, status: &str) -> Value {
    json!({
        "call_id": ID, "status": status, "revision": revision, "terminal": status == "completed", "agent": "akylai",
        "created_at": "2026-01-02T15:55:00Z", "ended_at": "2026-01-02T15:55:11Z", "duration": 8, "turns": [],
        "text": "Саламатсызбы",
    })
}

fn event(revision: u32, status: &str) -> String {
    let name = if status == "completed" { "call.completed" } else { "call.updated" };
    format!("id: {revision}\nevent: {name}\ndata: {}\n\n", call(revision, status))
}

fn statuses(lines: &str) -> Vec<String> {
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["status"].as_str().expect("a word").to_owned())
        .collect()
}

fn watched(answers: super::stub::Answers) -> (super::Said, Stub) {
    let stub = Stub::start(answers);
    (Program::at(&stub.url).run(&["calls", "watch", ID, "--json"]), stub)
}

#[test]
fn a_stream_that_breaks_is_taken_up_where_it_broke() {
    let (said, stub) = watched(|nth, asked| match (asked.line.as_str(), nth) {
        (EVENTS, 1) => stream(&format!(": hello\n\n{}{}id: 3\ndata: {{\"cut", event(1, "queued"), event(2, "dialing"))),
        (EVENTS, _) => stream(&event(4, "completed")),
        _ => json("200 OK", &call(2, "dialing")),
    });
    assert_eq!(statuses(&said.check(0).stdout), ["queued", "dialing", "completed"]);
    let streams: Vec<_> = stub.asked().into_iter().filter(|asked| asked.line == EVENTS).collect();
    assert_eq!(
        streams.iter().map(|asked| asked.header("last-event-id").map(str::to_owned)).collect::<Vec<_>>(),
        [None, Some("2".to_owned())]
    );
}

#[test]
fn what_ended_while_the_line_was_broken_is_read_by_asking() {
    let (said, stub) = watched(|_, asked| match asked.line.as_str() {
        EVENTS => stream(&event(1, "queued")),
        _ => json("200 OK", &call(5, "completed")),
    });
    assert_eq!(statuses(&said.check(0).stdout), ["queued", "completed"]);
    assert_eq!(stub.lines(), [EVENTS, CALL]);
}

#[test]
fn a_stream_resumed_after_its_last_event_is_over() {
    let (said, _) = watched(|_, asked| match asked.line.as_str() {
        EVENTS => Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()),
        _ => json("200 OK", &call(5, "completed")),
    });
    assert_eq!(statuses(&said.check(0).stdout), ["completed"]);
}

#[test]
fn where_no_stream_comes_through_the_server_is_asked_to_hold_its_answer() {
    let (said, stub) = watched(|nth, asked| match (asked.line.as_str(), nth) {
        (EVENTS, _) => stream(""),
        (HELD, 1) => json("200 OK", &call(3, "ringing")),
        (HELD, _) => json("200 OK", &call(5, "completed")),
        _ => json("200 OK", &call(1, "queued")),
    });
    assert_eq!(statuses(&said.check(0).stdout), ["queued", "ringing", "completed"]);
    assert_eq!(stub.lines().iter().filter(|line| *line == EVENTS).count(), 3);
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let (said, _) = watched(|nth, asked| match (asked.line.as_str(), nth) {
        (EVENTS, 1) => stream(&event(1, "queued")),
        (EVENTS, 2) => json("503 Service Unavailable", &json!({"title": "It stops", "code": "unavailable"})),
        (EVENTS, _) => stream(&event(2, "completed")),
        (CALL, 1..=5) => None,
        _ => json("200 OK", &call(1, "queued")),
    });
    assert_eq!(statuses(&said.check(0).stdout), ["queued", "completed"]);
}

#[test]
fn the_words_of_a_stream_are_printed_as_they_came() {
    let (said, _) = watched(|_, _| stream(&event(1, "completed")));
    assert_eq!(said.check(0).stdout, format!("{}\n", call(1, "completed")));
    assert!(said.stdout.contains("Саламатсызбы"));
}

fn agents() -> Option<String> {
    json("200 OK", &json!({"data": [{"key": "akylai", "test": true, "available": true}]}))
}

/// The keys that creates came with.
fn keys(stub: &Stub) -> Vec<String> {
    let creates = stub.asked().into_iter().filter(|asked| asked.line == CREATE);
    creates.map(|asked: Asked| asked.header("idempotency-key").expect("a key").to_owned()).collect()
}

#[test]
fn a_create_without_an_answer_is_sent_again_under_the_same_key() {
    let stub = Stub::start(|nth, asked| match (asked.line.as_str(), nth) {
        (CREATE, 1) => None,
        (CREATE, 2) => json("503 Service Unavailable", &json!({"title": "Busy", "code": "unavailable"})),
        (CREATE, 3) => json("409 Conflict", &json!({"title": "It runs", "code": "idempotency_in_progress"})),
        (CREATE, _) => json("201 Created", &json!({"call_id": ID})),
        _ => agents(),
    });
    let said = Program::at(&stub.url).run(&["call", "+12025550101"]);
    assert_eq!(said.check(0).stdout, format!("{ID}\n"));
    let keys = keys(&stub);
    assert_eq!(keys.len(), 4);
    assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 36), "{keys:?}");
    let bodies: Vec<_> = stub.asked().into_iter().filter(|asked| asked.line == CREATE).map(|asked| asked.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[test]
fn a_create_that_never_gets_an_answer_says_how_to_find_out_safely() {
    let stub = Stub::start(|_, asked| if asked.line == CREATE { None } else { agents() });
    let said = Program::at(&stub.url).run(&["call", "+12025550101", "--idempotency-key", "mine"]);
    insta::assert_snapshot!(said.whole().replace(&stub.url, "http://SERVER"));
    assert_eq!(keys(&stub), ["mine", "mine", "mine", "mine"]);
}

#[test]
fn the_exchange_shows_neither_key_nor_number() {
    let stub = Stub::start(|_, asked| if asked.line == CREATE { json("201 Created", &json!({"call_id": ID})) } else { agents() });
    let program = Program::at(&stub.url);
    let said = program.run(&["call", "+12025550101", "-vv"]);
    said.check(0);
    assert!(said.stderr.contains("> POST /v1/calls {\"agent\":\"akylai\",\"phone\":\"+*01\"}\n< 201 Created"), "{}", said.stderr);
    assert!(!said.stderr.contains(crate::harness::KEY) && !said.stderr.contains("2025550101"), "{}", said.stderr);
}

#[test]
fn something_else_at_that_address_is_told_apart() {
    let stub = Stub::start(|_, _| Some("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n<html>".to_owned()));
    let said = Program::at(&stub.url).run(&["agents", "list"]);
    insta::assert_snapshot!(said.whole());
}
