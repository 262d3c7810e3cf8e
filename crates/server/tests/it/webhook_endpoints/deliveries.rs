//! What is really sent, to a receiver that listens, and what is said about it.

use std::time::Duration;

use callgate_domain::model::moment::earlier;
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{PATH, added, patch};
use crate::cli::stub::{Asked, Stub};
use crate::harness::{Answer, Server};

const DELIVERIES: &str = "/v1/webhook-deliveries";

fn receiver() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()))
}

fn refusing() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()))
}

/// The deliveries at a path, once they are as wanted.
async fn when(server: &Server, path: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let looked = async {
        loop {
            let page = server.read(path).await;
            let data = page["data"].as_array().expect("a list").clone();
            if wanted(&data) {
                return data;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("it comes")
}

fn all_are(result: &'static str, count: usize) -> impl Fn(&[Value]) -> bool {
    move |data| data.len() == count && data.iter().all(|held| held["result"] == result)
}

/// What a receiver was told, which its secret must verify.
fn told(asked: &Asked, secret: &str) -> Value {
    let header = |name: &str| asked.header(name).expect("a header").to_owned();
    let at = header("webhook-timestamp").parse().expect("a number");
    let signed = Webhook::new(secret).expect("a secret").sign(&header("webhook-id"), at, asked.body.as_bytes()).expect("signed");
    assert!(header("webhook-signature").split(' ').any(|signature| signature == signed), "it verifies");
    serde_json::from_str(&asked.body).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_is_told_as_it_is_shown() {
    let server = Server::working().await;
    let receiver = receiver();
    let endpoint = added(&server, &json!({"url": format!("{}/hooks", receiver.url)})).await;
    let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    let call = server.ended(&id).await;
    let deliveries = when(&server, &format!("{DELIVERIES}?call_id={id}"), all_are("delivered", 1)).await;
    let asked = receiver.asked();
    assert_eq!(asked.len(), 1);
    let notice = told(&asked[0], endpoint["secret"].as_str().expect("a secret"));
    assert_eq!(asked[0].line, "POST /hooks");
    assert_eq!((&notice["type"], &notice["data"]), (&json!("call.completed"), &call));
    let delivery = &deliveries[0];
    assert_eq!(delivery["event_id"].as_str(), asked[0].header("webhook-id"));
    for (field, expected) in [
        ("endpoint", endpoint["id"].clone()),
        ("call_id", json!(id)),
        ("type", json!("call.completed")),
        ("tries", json!(1)),
        ("last_status", json!(204)),
        ("last_fault", Value::Null),
        ("next_at", Value::Null),
        ("created_at", notice["timestamp"].clone()),
    ] {
        assert_eq!(delivery[field], expected, "{field}");
    }
    // Sent again, it is the same notice.
    let again =
        Answer::of(server.request(Method::POST, &format!("{DELIVERIES}/{}/resend", delivery["id"].as_str().expect("an id"))))
            .await;
    assert_eq!((again.status, again.json()["result"].clone()), (202, json!("pending")), "{}", again.text);
    when(&server, DELIVERIES, |data| data.len() == 1 && data[0]["tries"] == 2 && data[0]["result"] == "delivered").await;
    let asked = receiver.asked();
    assert_eq!(asked[0].header("webhook-id"), asked[1].header("webhook-id"));
    assert_eq!(asked[0].body, asked[1].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_signed_like_any_other_and_a_disabled_endpoint_gets_none() {
    let server = Server::working().await;
    let receiver = receiver();
    let endpoint = added(&server, &json!({"url": receiver.url, "events": ["call.updated"]})).await;
    let id = endpoint["id"].as_str().expect("an id").to_owned();
    let test = || server.request(Method::POST, &format!("{PATH}/{id}/test"));
    let answer = Answer::of(test()).await;
    assert_eq!((answer.status, answer.json()["type"].clone()), (202, json!("webhook.test")), "{}", answer.text);
    when(&server, &format!("{DELIVERIES}?endpoint={id}&status=delivered"), all_are("delivered", 1)).await;
    let notice = told(&receiver.asked()[0], endpoint["secret"].as_str().expect("a secret"));
    assert_eq!((&notice["type"], &notice["data"]), (&json!("webhook.test"), &json!({})));
    Answer::of(patch(&server, &id, &json!({"disabled": true}))).await;
    Answer::of(test()).await.problem(409, "endpoint_disabled");
    let recover = server.request(Method::POST, &format!("{PATH}/{id}/recover?since=2199-01-01T00:00:00Z"));
    Answer::of(recover).await.problem(409, "endpoint_disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_can_be_had() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    server.ended(&id).await;
    let receiver = receiver();
    let endpoint = added(&server, &json!({"url": receiver.url})).await["id"].as_str().expect("an id").to_owned();
    let recover = |since: &str| server.request(Method::POST, &format!("{PATH}/{endpoint}/recover?since={since}"));
    let long_ago = earlier(server.gateway.clock.now(), Duration::from_hours(30 * 24)).to_string();
    let answer = Answer::of(recover(&long_ago)).await;
    assert_eq!((answer.status, answer.json()), (202, json!({"count": 1, "complete": true})), "{}", answer.text);
    let told = when(&server, &format!("{DELIVERIES}?endpoint={endpoint}"), all_are("delivered", 1)).await;
    assert_eq!(told[0]["call_id"], id.as_str());
    let answer = Answer::of(recover(&long_ago)).await;
    assert_eq!(answer.json(), json!({"count": 0, "complete": true}), "what came through is not missed");
    for query in ["", "?since=yesterday", "?since=2020-01-01T00:00:00Z", "?from=2020-01-01T00:00:00Z"] {
        let request = server.request(Method::POST, &format!("{PATH}/{endpoint}/recover{query}"));
        Answer::of(request).await.problem(400, "invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_found_by_what_they_are() {
    let server = Server::working().await;
    let (receiver, refusing) = (receiver(), refusing());
    let good = added(&server, &json!({"url": receiver.url})).await["id"].as_str().expect("an id").to_owned();
    let gone = added(&server, &json!({"url": refusing.url})).await["id"].as_str().expect("an id").to_owned();
    for _ in 0..3 {
        let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
        server.ended(&id).await;
    }
    when(&server, &format!("{DELIVERIES}?endpoint={good}"), all_are("delivered", 3)).await;
    // 410 disables at once: what waits, waits on.
    when(&server, &format!("{DELIVERIES}?endpoint={gone}&status=failed"), |data| !data.is_empty()).await;
    assert!(server.read(&format!("{PATH}/{gone}")).await["disabled_at"].is_string());
    let failed = &server.read(&format!("{DELIVERIES}?status=failed")).await["data"][0].clone();
    assert_eq!((&failed["last_status"], &failed["endpoint"]), (&json!(410), &json!(gone)));
    let resend = server.request(Method::POST, &format!("{DELIVERIES}/{}/resend", failed["id"].as_str().expect("an id")));
    Answer::of(resend).await.problem(409, "endpoint_disabled");
    let first = server.read(&format!("{DELIVERIES}?endpoint={good}&limit=2")).await;
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = server.read(&format!("{DELIVERIES}?endpoint={good}&limit=2&cursor={cursor}")).await;
    assert_eq!((first["data"].as_array().map(Vec::len), second["data"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert!(second["next_cursor"].is_null());
    for query in ["status=lost", "endpoint=7", "call_id=x", "cursor=x", "limit=0", "result=failed"] {
        Answer::of(server.get(&format!("{DELIVERIES}?{query}"))).await.problem(400, "invalid_query");
    }
}
