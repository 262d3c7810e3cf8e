//! `callgate listen`: what a local receiver gets, and what the person at the terminal sees.
#![expect(clippy::disallowed_methods, reason = "the program is waited for while the server beside it goes on")]

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::stub::{Asked, Stub, json as answer, stream};
use super::{Program, Running};
use crate::harness::{Answer, Server};

const ID: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const EVENTS: &str = "GET /v1/events";

fn taken() -> Option<String> {
    Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned())
}

/// Starts listening, and waits until it does; the secret comes back.
fn listening(program: &Program, arguments: &[&str]) -> (Running, String) {
    let mut running = program.start(&[&["listen"], arguments].concat());
    let secret = running.note().strip_prefix("Signing secret  ").expect("a secret").to_owned();
    assert!(running.note().ends_with("Ctrl-C stops."));
    (running, secret)
}

fn stopped(running: Running) -> super::Said {
    running.signal("INT");
    running.said()
}

fn call(revision: u32, status: &str) -> Value {
    json!({
        "call_id": ID, "status": status, "revision": revision, "terminal": status == "completed", "phone": "+12025550142",
        "ended_at": "2999-01-02T15:55:11Z", "history_head": format!("sha256:{}", "ab".repeat(32)),
    })
}

fn event(revision: u32, status: &str) -> String {
    format!("id: {ID}.{revision}\nevent: call.updated\ndata: {}\n\n", call(revision, status))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_is_posted_as_a_real_notice_is() {
    let receiver = Stub::start(|_, _| taken());
    let server = Server::working().await;
    let program = Program::of(&server);
    let to = format!("{}/hook", receiver.url);
    let (mut running, secret) = tokio::task::block_in_place(|| listening(&program, &["--forward-to", &to]));
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let ended = server.ended(&id).await;
    let line = tokio::task::block_in_place(|| running.first_line());
    assert_eq!(line, format!("✓ completed  call.completed  {id}  +1 202 ••• 0101  204 No Content"));
    let posted = receiver.asked().remove(0);
    assert_eq!((posted.line.as_str(), posted.header("content-type")), ("POST /hook", Some("application/json")));
    verify(&secret, &posted);
    let body: Value = serde_json::from_str(&posted.body).expect("JSON");
    assert_eq!(body["data"]["call_id"], ended["call_id"]);
    let fields: Vec<_> = posted.body.split("\":").map(|part| part.rsplit('"').next().unwrap_or_default()).take(3).collect();
    assert_eq!(fields, ["type", "timestamp", "data"]);
    let said = tokio::task::block_in_place(|| stopped(running));
    said.check(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_notice_has_the_same_shape() {
    let receiver = Stub::start(|_, _| taken());
    let server = Server::working().await;
    let endpoint = json!({"url": format!("{}/real", receiver.url)});
    let endpoint = Answer::of(server.post("/v1/webhook-endpoints", &endpoint)).await.json();
    let program = Program::of(&server);
    let to = format!("{}/local", receiver.url);
    let (running, secret) = tokio::task::block_in_place(|| listening(&program, &["--forward-to", &to]));
    let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    server.ended(&id).await;
    let both = async {
        while receiver.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("both come");
    tokio::task::block_in_place(|| stopped(running));
    let mut asked = receiver.asked();
    asked.sort_by_key(|asked| asked.line.clone());
    let [local, real] = asked.as_slice() else { panic!("one each: {asked:?}") };
    verify(&secret, local);
    verify(endpoint["secret"].as_str().expect("a secret"), real);
    let names = |asked: &Asked| {
        let mut names: Vec<_> = asked.headers.iter().map(|(name, _)| name.clone()).filter(|name| name != "host").collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(local), names(real));
    let bodies = [local, real].map(|asked| serde_json::from_str::<Value>(&asked.body).expect("JSON"));
    let fields = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&bodies[0]), fields(&bodies[1]));
    assert_eq!((&bodies[0]["type"], &bodies[0]["data"]), (&bodies[1]["type"], &bodies[1]["data"]));
    let order = |body: &str| ["{\"type\":", ",\"timestamp\":", ",\"data\":{\"call_id\":"].map(|part| body.find(part));
    assert!(order(&local.body).is_sorted() && order(&local.body)[0] == Some(0), "{}", local.body);
    assert_eq!(order(&local.body)[1], order(&real.body)[1]);
    let is_moment = |body: &Value| body["timestamp"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok());
    assert!(bodies.iter().all(is_moment), "{bodies:?}");
}

/// As any receiver would.
fn verify(secret: &str, posted: &Asked) {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, posted.header(name).expect("it is signed").parse().expect("a header"));
    }
    Webhook::new(secret).expect("a secret").verify(posted.body.as_bytes(), &headers).expect("a good signature");
}

#[test]
fn a_stream_that_breaks_is_taken_up_and_nothing_is_sent_twice() {
    let gateway = Stub::start(|nth, asked| match (asked.line.as_str(), nth) {
        (EVENTS, 1) => stream(&format!(": following\nid: {ID}.0\n\n{}{}", event(4, "ringing"), event(5, "completed"))),
        (EVENTS, 2) => None,
        (EVENTS, 3) => stream(&format!("{}{}", event(5, "completed"), event(6, "completed"))),
        (EVENTS, _) => None,
        _ => taken(),
    });
    let to = format!("{}/hook", gateway.url);
    let (mut running, _) = listening(&Program::at(&gateway.url), &["--forward-to", &to, "--json"]);
    let lines: Vec<Value> = (0..2).map(|_| serde_json::from_str(&running.first_line()).expect("JSON")).collect();
    let told = |kind: &str, line: &Value| json!({"type": kind, "webhook_id": line["webhook_id"], "call_id": ID, "status": 204, "error": null});
    assert_eq!(lines, [told("call.completed", &lines[0]), told("call.updated", &lines[1])]);
    assert_eq!(
        running.note(),
        format!("The stream broke off: {} cannot be reached. Trying again until it is back.", gateway.url)
    );
    assert_eq!(running.note(), "The gateway is back; nothing was missed.");
    let opened: Vec<_> = gateway.asked().into_iter().filter(|asked| asked.line == EVENTS).collect();
    let last = |nth: usize| opened[nth].header("last-event-id").map(str::to_owned);
    assert_eq!((last(0), last(1), last(2)), (None, Some(format!("{ID}.5")), Some(format!("{ID}.5"))));
    assert_eq!(gateway.lines().iter().filter(|line| *line == "POST /hook").count(), 2);
    stopped(running).check(130);
}

#[test]
fn a_receiver_that_is_away_is_said_to_be_and_bodies_are_shown_where_they_are_wanted() {
    let gateway = Stub::start(|nth, asked| match (asked.line.as_str(), nth) {
        (EVENTS, 1) => stream(&event(5, "completed")),
        _ => None,
    });
    let program = Program::at(&gateway.url);
    let (mut running, _) = listening(&program, &["--forward-to", "127.0.0.1:9/hook", "--print"]);
    let line = running.first_line();
    assert_eq!(line, format!("✓ completed  call.completed  {ID}  +1 202 ••• 0142  not received: nobody listens there"));
    let mut body = String::new();
    while serde_json::from_str::<Value>(&body).is_err() {
        body += &running.first_line();
    }
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&body["type"], &body["data"]), (&json!("call.completed"), &call(5, "completed")));
    stopped(running).check(130);
}

#[test]
fn what_the_server_refuses_ends_it_at_once() {
    let refused = json!({"title": "The key is not valid", "code": "invalid_token", "detail": "Send a good one."});
    let gateway = Stub::start(|_, _| {
        answer(
            "401 Unauthorized",
            &json!({"title": "The key is not valid", "code": "invalid_token", "detail": "Send a good one."}),
        )
    });
    let said = Program::at(&gateway.url).run(&["listen", "--print"]);
    said.check(4);
    assert!(said.stderr.contains(refused["detail"].as_str().expect("words")), "{}", said.stderr);
    Program::at("http://127.0.0.1:9").run(&["listen", "--print"]).check(7);
    let said = Program::new().run(&["listen"]);
    assert!(said.check(2).stderr.contains("--forward-to <URL>"), "{}", said.stderr);
    Program::new().run(&["listen", "--forward-to", "ftp://h"]).check(2);
}
