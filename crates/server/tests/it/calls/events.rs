//! `GET /v1/calls/{call_id}/events`.

use serde_json::json;

use crate::harness::{Answer, KEY, Server};
use crate::stream::Stream;

async fn open(server: &Server, id: &str, last: Option<&str>) -> Stream {
    Stream::open(server, &format!("/v1/calls/{id}/events"), KEY, last).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_followed_to_its_end() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let events = open(&server, &id, None).await.rest().await;
    let (last, before) = events.split_last().expect("events");
    assert!(before.iter().all(|event| event.name == "call.updated" && event.call["terminal"] == false));
    assert_eq!((last.name.as_str(), &last.call["status"]), ("call.completed", &json!("completed")));
    assert!(events.iter().all(|event| event.id.parse().ok() == event.call["revision"].as_u64()));
    assert!(events.is_sorted_by_key(|event| event.call["revision"].as_u64()));
    assert_eq!(last.call, server.read(&format!("/v1/calls/{id}")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_as_it_is_comes_at_once_and_each_change_after_it() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let mut stream = open(&server, &id, None).await;
    let first = stream.next().await.expect("an event");
    assert_eq!((first.id.as_str(), first.name.as_str(), &first.call["status"]), ("1", "call.updated", &json!("queued")));
    Answer::of(server.post(&format!("/v1/calls/{id}/cancel"), &json!({}))).await;
    let rest = stream.rest().await;
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].id.as_str(), rest[0].name.as_str()), ("2", "call.completed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_stream_does_not_repeat_what_was_seen() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let mut resumed = open(&server, &id, Some("1")).await;
    Answer::of(server.post(&format!("/v1/calls/{id}/cancel"), &json!({}))).await;
    assert_eq!(resumed.next().await.map(|event| event.id), Some("2".to_owned()));
    assert_eq!(resumed.next().await, None);
    for last in [None, Some("1"), Some("7"), Some("nonsense")] {
        let events = open(&server, &id, last).await.rest().await;
        assert_eq!(events.len(), 1, "{last:?}");
        assert_eq!((events[0].id.as_str(), events[0].name.as_str()), ("2", "call.completed"));
    }
    let over = Answer::of(server.get(&format!("/v1/calls/{id}/events")).header("last-event-id", "2")).await;
    assert_eq!((over.status, over.text.as_str()), (204, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_process_stops() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let mut stream = open(&server, &id, None).await;
    stream.next().await.expect("an event");
    server.gateway.stopping.cancel();
    assert_eq!(stream.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_not_there_has_no_stream() {
    let server = Server::start().await;
    Answer::of(server.get("/v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/events")).await.problem(404, "not_found");
    Answer::of(server.get("/v1/calls/7/events")).await.problem(404, "not_found");
}
