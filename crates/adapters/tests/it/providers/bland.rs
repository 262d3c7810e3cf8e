//! The `bland` kind beyond the contract: its settings, and what it sends.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::providers::{ConnectionSettings, kind};
use callgate_domain::model::provider::{Cancel, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Phone, Route, Voicemail};
use callgate_domain::ports::{ProviderError, VoiceProvider};
use callgate_domain::testing::provider_contract::{Answer, Engine, a_look_up, an_order};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{open, ports, settings};
use super::engine::LocalEngine;

fn held(base_url: &str, values: &[(&str, Value)]) -> ConnectionSettings {
    settings(kind("bland").unwrap(), base_url, values, &[("api_key", &["sk-1"]), ("webhook_secret", &["new", "old"])])
}

fn provider(settings: &ConnectionSettings) -> Arc<dyn VoiceProvider> {
    open(kind("bland").unwrap(), settings, Timestamp::UNIX_EPOCH)
}

/// What is sent to place this call.
async fn sent(engine: &LocalEngine, settings: &ConnectionSettings, order: &PlaceOrder) -> Value {
    engine.answer(Answer::is(200, r#"{"status":"success","call_id":"c-1"}"#));
    provider(settings).place(order).await;
    let asked = engine.asked().remove(0);
    assert!(asked.headers.contains(&("authorization".to_owned(), "sk-1".to_owned())));
    serde_json::from_str(&asked.body).unwrap()
}

#[tokio::test]
async fn an_agent_is_named_by_what_it_is() {
    let engine = LocalEngine::start().await;
    for field in ["agent_id", "pathway_id", "persona_id"] {
        let body = sent(&engine, &held(&engine.url, &[("agent_field", json!(field))]), &an_order()).await;
        for name in ["agent_id", "pathway_id", "persona_id"] {
            assert_eq!(body.get(name).is_some(), name == field, "{body}");
        }
    }
    let wrong = held(&engine.url, &[("agent_field", json!("task"))]);
    let fault = kind("bland").unwrap().open(&wrong, ports(&Arc::default(), Timestamp::UNIX_EPOCH)).err().unwrap();
    assert!(fault.field.ends_with("agent_field") && fault.fault.contains("\"pathway_id\""), "{fault}");
}

/// It refuses a call with any other, so that none would ring.
#[tokio::test]
async fn a_webhook_is_asked_for_over_https_only() {
    let engine = LocalEngine::start().await;
    for webhook_url in [None, Some("http://callgate.example/in".to_owned())] {
        let settings = ConnectionSettings { webhook_url, ..held(&engine.url, &[]) };
        assert_eq!(sent(&engine, &settings, &an_order()).await.get("webhook"), None);
    }
}

#[tokio::test]
async fn limits_are_whole_minutes_and_never_shorter() {
    let engine = LocalEngine::start().await;
    for (seconds, minutes) in [(0, 1), (10, 1), (60, 1), (61, 2), (3_600, 60)] {
        let order = PlaceOrder { max_duration: Duration::from_secs(seconds), ..an_order() };
        let body = sent(&engine, &held(&engine.url, &[]), &order).await;
        assert_eq!(body["max_duration"], json!(minutes), "{seconds} s");
    }
}

#[tokio::test]
async fn only_properties_that_are_known_are_sent() {
    let engine = LocalEngine::start().await;
    let from = Some(Phone::from_stored("+12025550100".to_owned()));
    let order = PlaceOrder { from, voicemail: Voicemail::Leave, ..an_order() };
    let body = sent(&engine, &held(&engine.url, &[("from", json!("+12025550101"))]), &order).await;
    assert_eq!((&body["from"], &body["voicemail"]), (&json!("+12025550100"), &json!({ "action": "ignore" })));
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let known = ["agent_id", "from", "max_duration", "metadata", "phone_number", "request_data", "voicemail", "webhook"];
    assert_eq!(fields, known);
}

#[tokio::test]
async fn a_call_can_be_ended_at_any_time() {
    let engine = LocalEngine::start().await;
    let provider = provider(&held(&engine.url, &[]));
    let capabilities = provider.capabilities();
    assert_eq!((capabilities.cancel, capabilities.poll), (Cancel::Always, Pace::every(Duration::from_secs(5))));
    engine.answer(Answer::is(200, r#"{"status":"success","message":"Call ended successfully."}"#));
    assert!(provider.cancel(&a_look_up(Some("c-1"))).await.is_ok());
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/calls/c-1/stop"));
    engine.answer(Answer::is(400, r#"{"status":"error","message":"SID not found for the given c_id."}"#));
    assert!(matches!(provider.cancel(&a_look_up(Some("c-1"))).await, Err(ProviderError::Gone)));
    assert!(matches!(provider.cancel(&a_look_up(None)).await, Err(ProviderError::Unsupported)));
}

#[tokio::test]
async fn a_probe_asks_for_the_account_and_rings_nobody() {
    let engine = LocalEngine::start().await;
    let provider = provider(&held(&engine.url, &[]));
    let route =
        |remote_id: &str| Route { connection: ConnectionId::new("own").unwrap(), remote_id: remote_id.to_owned(), from: None };
    engine.answer(Answer::is(200, "{}"));
    assert!(provider.probe(&route("a-1")).await.unwrap().ready);
    let asked = engine.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/v1/me"));
    assert!(provider.check_route(&route("a-1")).is_ok());
    assert!(provider.check_route(&route("")).is_err_and(|fault| fault.field == "remote_id"));
}
