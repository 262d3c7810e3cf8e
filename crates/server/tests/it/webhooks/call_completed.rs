//! `POST /v1/webhooks/call-completed`.

use std::io::{Read, Write};
use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup};

const PATH: &str = "/v1/webhooks/call-completed";

fn result(of: &str) -> Value {
    json!({"event_type": "call.completed", "provider_call_id": of, "status": "completed",
        "transcript": "agent: Hello\nuser: Hi", "duration": 120.4})
}

async fn check(server: &Server, body: &Value, status: u16, became: &str) {
    let answer = Answer::of(server.post(PATH, body)).await;
    assert_eq!((answer.status, answer.text.as_str()), (status, format!("{{\"status\":\"{became}\"}}").as_str()));
}

/// An engine that takes one call after the other, always under the same id.
fn engine() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let read = stream.read(&mut request).expect("a request");
            let placing = request[..read].starts_with(b"POST");
            let (status, body) =
                if placing { ("201 Created", "{\"provider_call_id\":\"theirs-1\"}") } else { ("404 Not Found", "{}") };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).expect("an answer");
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_applied_and_its_repetition_is_a_duplicate() {
    let server = Server::with(Setup { workers: true, own: Some(engine()), ..Setup::default() }).await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "real"})).await;
    server.call_when(&id, |call| call["revision"].as_u64() >= Some(4)).await;
    check(&server, &result("theirs-1"), 200, "applied").await;
    let call = server.read(&format!("/v1/calls/{id}")).await;
    assert_eq!((&call["status"], &call["duration"]), (&json!("completed"), &json!(120)));
    assert_eq!(call["transcript"], "agent: Hello\nuser: Hi");
    assert_eq!(call["turns"].as_array().map(Vec::len), Some(2));
    check(&server, &result("theirs-1"), 200, "duplicate").await;
    let mut same = result("theirs-1");
    same["duration"] = json!(120);
    check(&server, &same, 200, "duplicate").await;
    let mut other = result("theirs-1");
    other["status"] = json!("busy");
    check(&server, &other, 200, "ignored").await;
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_before_its_call_is_parked_each_time_and_applied_when_the_id_appears() {
    let server = Server::with(Setup { workers: true, own: Some(engine()), ..Setup::default() }).await;
    check(&server, &result("theirs-1"), 202, "parked").await;
    check(&server, &result("theirs-1"), 202, "parked").await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "real"})).await;
    let call = server.ended(&id).await;
    assert_eq!((&call["status"], &call["duration"]), (&json!("completed"), &json!(120)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_result_is_refused_with_every_fault() {
    let server = Server::start().await;
    let send =
        |body: String| Answer::of(server.request(Method::POST, PATH).header("content-type", "application/json").body(body));
    send("{".to_owned()).await.problem(400, "malformed_json");
    send("[]".to_owned()).await.problem(422, "wrong_type");
    let answer = send(json!({"status": "done", "duration": -1, "transcipt": ""}).to_string()).await;
    answer.problem(422, "invalid_body");
    let faults = [
        "/status invalid",
        "/duration out_of_range",
        "/transcipt unknown_field",
        "/event_type required",
        "/provider_call_id required",
    ];
    let mut found = answer.faults();
    found.sort();
    let mut expected = faults.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(found, expected);
    let untyped = server.request(Method::POST, PATH).body("{}");
    Answer::of(untyped).await.problem(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_over_2_mib_is_413_and_one_below_is_kept() {
    let server = Server::start().await;
    let mut body = result("long");
    body["transcript"] = json!("a".repeat(2 * 1024 * 1024 - 200));
    check(&server, &body, 202, "parked").await;
    body["transcript"] = json!("a".repeat(2 * 1024 * 1024));
    Answer::of(server.post(PATH, &body)).await.problem(413, "body_too_large");
}
