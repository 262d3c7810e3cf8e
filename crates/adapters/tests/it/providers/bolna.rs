//! The `bolna` kind beyond the contract: what it sends, and how far it looks for a call whose id was lost.

use std::sync::Arc;

use callgate_adapters::providers::kind;
use callgate_domain::model::provider::{Cancel, PlaceOrder};
use callgate_domain::model::{ConnectionId, Phone, Route};
use callgate_domain::ports::{ProviderError, VoiceProvider};
use callgate_domain::testing::provider_contract::{Answer, Engine, a_look_up, an_order, shown_found, the_attempt};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{open, settings};
use super::engine::LocalEngine;

fn provider(base_url: &str, values: &[(&str, Value)]) -> Arc<dyn VoiceProvider> {
    let kind = kind("bolna").unwrap();
    open(kind, &settings(kind, base_url, values, &[("api_key", &["bn-1"])]), Timestamp::UNIX_EPOCH)
}

fn route(remote_id: &str) -> Route {
    Route { connection: ConnectionId::new("own").unwrap(), remote_id: remote_id.to_owned(), from: None }
}

#[tokio::test]
async fn our_reference_stands_over_a_variable_of_its_name_and_nothing_is_asked_to_be_dialed_again() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, r#"{"status":"queued","execution_id":"ex-1"}"#));
    let mut order = PlaceOrder { from: Some(Phone::from_stored("+12025550100".to_owned())), ..an_order() };
    order.variables.insert("attempt_id".to_owned(), json!("another"));
    provider(&engine.url, &[("from", json!("+12025550101"))]).place(&order).await;
    let asked = engine.asked().remove(0);
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["user_data"]["attempt_id"], json!(the_attempt().to_string()));
    assert_eq!(body["from_phone_number"], json!("+12025550100"), "the route's number goes before the connection's");
    assert!(asked.headers.contains(&("authorization".to_owned(), "Bearer bn-1".to_owned())));
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["agent_id", "from_phone_number", "recipient_phone_number", "user_data"]);
}

#[tokio::test]
async fn without_a_number_the_agents_own_is_used() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, r#"{"status":"queued","execution_id":"ex-1"}"#));
    provider(&engine.url, &[]).place(&an_order()).await;
    assert!(!engine.asked().remove(0).body.contains("from_phone_number"));
}

#[tokio::test]
async fn a_list_without_an_end_is_read_for_five_pages_and_ten_calls() {
    let engine = LocalEngine::start().await;
    let rows: Vec<Value> =
        (0..50).map(|n| json!({"id": format!("ex-{n}"), "telephony_data": {"to_number": "+12025550199"}})).collect();
    engine.answer(Answer::is(200, &json!({ "data": rows, "has_more": true }).to_string()));
    let aside = |n: usize| {
        let id = format!("ex-{n}");
        let body = json!({ "id": id, "status": "busy", "context_details": {"recipient_phone_number": "+12025550199"} });
        (format!("/executions/{id}"), Answer::is(200, &body.to_string()))
    };
    // The longer ids first: the first that fits answers.
    engine.answer_aside((0..50).rev().map(aside).collect());
    let found = provider(&engine.url, &[]).look_up(&a_look_up(None)).await;
    assert_eq!(shown_found(&found), json!("absent, perhaps"), "of calls that were not all seen none is picked");
    let (pages, calls) = (engine.asked(), engine.asked_aside());
    assert_eq!((pages.len(), calls.len()), (5, 10));
    assert!(pages[4].path.contains("page_number=5&"));
    assert_eq!(calls[0].path, "/executions/ex-49", "they come newest first, and ours is among the oldest");
}

#[tokio::test]
async fn what_waits_is_stopped_and_nothing_else() {
    let engine = LocalEngine::start().await;
    let provider = provider(&engine.url, &[]);
    assert_eq!(provider.capabilities().cancel, Cancel::BeforeItRings);
    engine.answer(Answer::is(200, r#"{"message":"done","status":"stopped","execution_id":"ex-1"}"#));
    assert!(provider.cancel(&a_look_up(Some("ex-1"))).await.is_ok());
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/call/ex-1/stop"));
    engine.answer(Answer::is(400, r#"{"error":400,"message":"it runs"}"#));
    assert!(matches!(provider.cancel(&a_look_up(Some("ex-1"))).await, Err(ProviderError::Failed(_))));
    assert!(matches!(provider.cancel(&a_look_up(None)).await, Err(ProviderError::Unsupported)));
}

#[tokio::test]
async fn a_probe_asks_for_the_agent_and_rings_nobody() {
    let engine = LocalEngine::start().await;
    let provider = provider(&engine.url, &[]);
    engine.answer(Answer::is(200, r#"{"id":"a-1","agent_status":"processed"}"#));
    assert!(provider.probe(&route("a-1")).await.unwrap().ready);
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v2/agent/a-1"));
    assert!(provider.check_route(&route("a-1")).is_ok());
    assert!(provider.check_route(&route(" ")).is_err_and(|fault| fault.field == "remote_id"));
}
