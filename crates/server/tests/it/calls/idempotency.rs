//! `Idempotency-Key` on `POST /v1/calls`.

use std::sync::Arc;

use callgate_domain::ports::store::MockCallStore;
use callgate_domain::ports::{Scope, StoreError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup, key_of};

async fn sent(server: &Server, key: &str, body: &str) -> Answer {
    let request = server.request(Method::POST, "/v1/calls").header("content-type", "application/json");
    Answer::of(request.header("idempotency-key", key).body(body.to_owned())).await
}

const BODY: &str = r#"{"phone":"+12025550101","agent":"akylai","variables":{"a":1,"b":"x"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_wish_get_the_first_answer_again() {
    let server = Server::start().await;
    let first = sent(&server, "order-7", BODY).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let reordered = r#"{"agent":"akylai", "variables":{"b":"x","a":1}, "phone":"001 202 555 0101"}"#;
    for (key, body) in [("order-7", BODY), ("\"order-7\"", BODY), ("order-7", reordered)] {
        let again = sent(&server, key, body).await;
        assert_eq!((again.status, &again.text), (201, &first.text), "{key}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(server.read("/v1/calls").await["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_for_another_wish_is_422() {
    let server = Server::start().await;
    sent(&server, "order-7", BODY).await;
    let other = json!({"phone": "+12025550102", "agent": "akylai"}).to_string();
    sent(&server, "order-7", &other).await.problem(422, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_further_tries_belongs_to_the_wish_however_it_is_spelled() {
    let server = Server::start().await;
    let with = |plan: &str| format!(r#"{{"phone":"+12025550101","agent":"akylai","retry":{plan}}}"#);
    let first = sent(&server, "order-7", &with(r#"{"on":["no_answer","busy"],"max":1}"#)).await;
    assert_eq!(first.status, 201);
    let again = sent(&server, "order-7", &with(r#"{"delays_s":[900],"max":1.0,"on":["busy","no_answer"]}"#)).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    for other in [r#"{"on":["busy"],"max":1}"#, r#"{"on":["no_answer","busy"],"max":2}"#, "null"] {
        sent(&server, "order-7", &with(other)).await.problem(422, "idempotency_key_reused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_client() {
    let server = Server::start().await;
    let first = sent(&server, "order-7", BODY).await;
    let other = server.bare(Method::POST, "/v1/calls").bearer_auth(key_of("other", &[Scope::CallsWrite]));
    let other = other.header("idempotency-key", "order-7").header("content-type", "application/json").body(BODY);
    let other = Answer::of(other).await;
    assert_eq!(other.status, 201);
    assert_ne!(other.text, first.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_wish_does_not_use_up_its_key() {
    let server = Server::start().await;
    sent(&server, "order-7", "{}").await.problem(422, "required");
    assert_eq!(sent(&server, "order-7", BODY).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_make_one_call() {
    let server = Server::start().await;
    let twins = futures_util::future::join_all((0..32).map(|_| sent(&server, "twin", BODY))).await;
    assert!(twins.iter().all(|answer| answer.status == 201 && answer.text == twins[0].text));
    assert_eq!(twins.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_400() {
    let server = Server::start().await;
    for key in ["", "a b", "\"\"", "\"a", "\"a b\"", &"k".repeat(256)] {
        sent(&server, key, BODY).await.problem(400, "invalid_header");
    }
    let twice = server.post("/v1/calls", &serde_json::from_str::<Value>(BODY).unwrap());
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "a");
    Answer::of(twice).await.problem(400, "invalid_header");
    assert_eq!(sent(&server, &"k".repeat(255), BODY).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twin_that_is_not_done_in_time_is_409_and_says_when_to_come_back() {
    let server = Server::with(Setup {
        change: |gateway| {
            let mut store = MockCallStore::new();
            store.expect_insert().returning(|_, _, _| Err(StoreError::InProgress));
            gateway.calls.store = Arc::new(store);
        },
        ..Setup::default()
    })
    .await;
    let answer = sent(&server, "twin", BODY).await;
    answer.problem(409, "idempotency_in_progress");
    assert_eq!(answer.header("retry-after"), Some("1"));
}
