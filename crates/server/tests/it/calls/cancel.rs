//! `POST /v1/calls/{call_id}/cancel`.

use std::net::TcpListener;

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup, key_of};

async fn canceled(server: &Server, id: &str) -> Answer {
    Answer::of(server.request(Method::POST, &format!("/v1/calls/{id}/cancel"))).await
}

async fn check_waiting(schedule: Value) {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai", "schedule": schedule})).await;
    for _ in 0..2 {
        let answer = canceled(&server, &id).await;
        let call = answer.json();
        assert_eq!((answer.status, answer.header("etag")), (200, Some("\"2\"")));
        assert_eq!((&call["status"], &call["ended_reason"]), (&json!("canceled"), &json!("canceled_by_client")));
        assert_eq!((&call["ended_by"], &call["retryable"], &call["duration"]), (&json!("client"), &json!(true), &json!(0)));
        assert!(call["cancel_requested_at"].is_string());
        assert_eq!(call, server.read(&format!("/v1/calls/{id}")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_is_canceled_at_once_and_again() {
    check_waiting(json!(null)).await;
    check_waiting(json!({"not_before": "2090-01-01T00:00:00Z"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_call_that_may_have_been_sent_is_asked_for() {
    // Whoever takes the connection and never answers leaves it open what became of the request.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let setup = Setup { workers: true, own: Some(silent.local_addr().expect("an address")), ..Setup::default() };
    let server = Server::with(setup).await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "real"})).await;
    server.call_when(&id, |call| call["status"] == "dialing").await;
    for _ in 0..2 {
        let answer = canceled(&server, &id).await;
        let call = answer.json();
        assert_eq!((answer.status, &call["status"]), (202, &json!("dialing")), "{}", answer.text);
        assert!(call["cancel_requested_at"].is_string() && call["ended_reason"].is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_over_is_409() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    server.ended(&id).await;
    let problem = canceled(&server, &id).await.problem(409, "already_terminal");
    assert_eq!(problem["detail"], "The call is already over: it is busy.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_call_cannot_be_canceled() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let path = format!("/v1/calls/{id}/cancel");
    let other = server.bare(Method::POST, &path).bearer_auth(key_of("other", &[Scope::CallsWrite]));
    Answer::of(other).await.problem(404, "not_found");
    canceled(&server, "7").await.problem(404, "not_found");
    Answer::of(server.request(Method::POST, &format!("{path}?now=1"))).await.problem(400, "invalid_query");
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["status"], "queued");
}
