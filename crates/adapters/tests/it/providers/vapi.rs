//! The `vapi` kind beyond the contract: which requests end a call, what a probe asks, and what each way of proof sends.

use std::sync::Arc;

use callgate_adapters::providers::kind;
use callgate_domain::model::{ConnectionId, Phone, Route};
use callgate_domain::ports::{ProviderError, VoiceProvider};
use callgate_domain::testing::provider_contract::{Answer, Asked, Engine, a_look_up, an_order};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{open, settings};
use super::engine::LocalEngine;

const ID: &str = "7c1f3a52-9d5e-4b1a-8a3f-52d0a6b1c2d3";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn provider(base_url: &str, values: &[(&str, Value)]) -> Arc<dyn VoiceProvider> {
    let values: Vec<(&str, Value)> = [("number_id", json!("number-1"))].into_iter().chain(values.iter().cloned()).collect();
    let kind = kind("vapi").unwrap();
    open(kind, &settings(kind, base_url, &values, &[("api_key", &["the-key"]), ("webhook_secret", &["the-secret"])]), now())
}

fn route(from: Option<&str>) -> Route {
    let from = from.map(|from| Phone::parse(from).unwrap());
    Route { connection: ConnectionId::new("own").unwrap(), remote_id: "assistant-1".to_owned(), from }
}

fn key_of(asked: &Asked) -> Option<&str> {
    asked.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.as_str())
}

/// Cancels a call that is in this state there, whose control address answers `control`, and tells what was asked.
async fn canceled(status: &str, control: Option<u16>, deleted: u16) -> (Result<(), ProviderError>, Vec<Asked>) {
    let engine = LocalEngine::start().await;
    let monitor = control.map(|_| json!({ "controlUrl": format!("{}/control", engine.url) }));
    let call = json!({ "id": ID, "status": status, "monitor": monitor });
    let refused = json!({ "message": "No.", "statusCode": control.unwrap_or(404) });
    engine.answer_aside(vec![("/control".to_owned(), Answer::is(control.unwrap_or(404), &refused.to_string()))]);
    // The look and the deletion have one path; only where the latter must not come does its answer matter.
    engine.answer(Answer::is(if deleted == 0 { 200 } else { deleted }, &call.to_string()));
    let done = provider(&engine.url, &[]).cancel(&a_look_up(Some(ID))).await;
    (done, engine.asked().into_iter().chain(engine.asked_aside()).collect())
}

fn shown(asked: &[Asked]) -> Vec<String> {
    asked.iter().map(|asked| format!("{} {} {}", asked.method, asked.path, asked.body)).collect()
}

#[tokio::test]
async fn a_live_call_is_ended_at_its_own_address_which_gets_no_key() {
    for status in ["ringing", "in-progress", "forwarding", "queued"] {
        let (done, asked) = canceled(status, Some(200), 0).await;
        assert!(done.is_ok(), "{status}");
        assert_eq!(shown(&asked), [format!("GET /call/{ID} "), r#"POST /control {"type":"end-call"}"#.to_owned()]);
        assert_eq!(asked.iter().map(key_of).collect::<Vec<_>>(), [Some("Bearer the-key"), None]);
    }
}

#[tokio::test]
async fn only_a_call_that_waits_is_deleted() {
    for (status, control) in [("queued", None), ("scheduled", None), ("scheduled", Some(404))] {
        let (done, asked) = canceled(status, control, 0).await;
        assert!(done.is_ok(), "{status}");
        assert!(shown(&asked).contains(&format!("DELETE /call/{ID} {{}}")), "{status}");
    }
    for (status, control) in [("ringing", None), ("in-progress", None), ("ringing", Some(404)), ("in-progress", Some(500))] {
        let (done, asked) = canceled(status, control, 0).await;
        assert!(matches!(done, Err(ProviderError::Failed(_))), "{status}");
        assert!(asked.iter().all(|asked| asked.method != "DELETE"), "{status}");
    }
}

#[tokio::test]
async fn what_is_over_or_unknown_there_is_not_ended() {
    let (done, asked) = canceled("ended", Some(200), 0).await;
    assert!(matches!(done, Err(ProviderError::Gone)));
    assert_eq!(asked.len(), 1);
    let (done, asked) = canceled("ringing", Some(200), 500).await;
    assert!(matches!(done, Err(ProviderError::Failed(_))));
    assert_eq!(asked.len(), 1);
    let nobody = provider("http://127.0.0.1:9", &[]).cancel(&a_look_up(None)).await;
    assert!(matches!(nobody, Err(ProviderError::Unsupported)));
}

#[tokio::test]
async fn webhooks_are_sent_along_only_where_a_secret_proves_them() {
    for (way, is_sent) in [("secret", true), ("bearer", false), ("hmac", false)] {
        let engine = LocalEngine::start().await;
        engine.answer(Answer::is(201, &json!({ "id": ID }).to_string()));
        provider(&engine.url, &[("webhook_auth", json!(way))]).place(&an_order()).await;
        let asked = engine.asked();
        let body: Value = serde_json::from_str(&asked[0].body).unwrap();
        let overrides = &body["assistantOverrides"];
        assert_eq!(overrides.get("server").is_some(), is_sent, "{way}");
        assert_eq!(overrides.get("serverMessages").is_some(), is_sent, "{way}");
        assert_eq!(asked[0].body.contains("the-secret"), is_sent, "{way}");
        assert_eq!(key_of(&asked[0]), Some("Bearer the-key"));
    }
}

#[tokio::test]
async fn a_talk_is_as_long_as_they_permit() {
    for (asked_for, sent) in [(1, 10), (600, 600), (100_000, 43_200)] {
        let engine = LocalEngine::start().await;
        engine.answer(Answer::is(201, &json!({ "id": ID }).to_string()));
        let order = callgate_domain::model::provider::PlaceOrder {
            max_duration: std::time::Duration::from_secs(asked_for),
            ..an_order()
        };
        provider(&engine.url, &[]).place(&order).await;
        let body: Value = serde_json::from_str(&engine.asked()[0].body).unwrap();
        assert_eq!(body["assistantOverrides"]["maxDurationSeconds"], sent);
    }
}

#[tokio::test]
async fn a_probe_asks_for_the_assistant_and_the_number_and_rings_nobody() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, "{}"));
    let provider = provider(&engine.url, &[]);
    assert!(provider.probe(&route(None)).await.unwrap().ready);
    assert_eq!(shown(&engine.asked()), ["GET /assistant/assistant-1 ", "GET /phone-number/number-1 "]);
    engine.answer_aside(vec![("/phone-number".to_owned(), Answer::is(404, "{}"))]);
    let health = provider.probe(&route(None)).await.unwrap();
    assert!(!health.ready && health.detail.contains("number_id"), "{}", health.detail);
}

#[test]
fn the_callers_number_is_the_connections() {
    let provider = provider("https://api.vapi.ai", &[]);
    assert!(provider.check_route(&route(None)).is_ok());
    assert_eq!(provider.check_route(&route(Some("+12025550100"))).unwrap_err().field, "from");
}
