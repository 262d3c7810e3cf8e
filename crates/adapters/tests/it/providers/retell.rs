//! The `retell` kind beyond the contract: its settings, and what it sends.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::providers::{ConnectionSettings, kind};
use callgate_domain::model::provider::PlaceOrder;
use callgate_domain::model::{ConnectionId, Phone, Route, Voicemail};
use callgate_domain::ports::{InvalidSettings, ProviderError, RawWebhook, VoiceProvider, WebhookError};
use callgate_domain::testing::provider_contract::{Answer, Engine, a_look_up, an_order, shown_placing};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{all_of, open, ports, settings};
use super::engine::LocalEngine;

const KEY: &str = "key_test_0123456789abcdef";
const ACCEPTED: &str = r#"{"call_id":"call_1","call_status":"registered"}"#;

fn at(base_url: &str, secrets: &[(&str, &[&str])]) -> ConnectionSettings {
    settings(kind("retell").unwrap(), base_url, &[("from", json!("+12025550100"))], secrets)
}

fn opened(base_url: &str) -> Arc<dyn VoiceProvider> {
    open(kind("retell").unwrap(), &at(base_url, &[("api_key", &[KEY])]), Timestamp::UNIX_EPOCH)
}

fn check(settings: &ConnectionSettings, field: &str, fault_has: &str) {
    let opened = kind("retell").unwrap().open(settings, ports(&Arc::default(), Timestamp::UNIX_EPOCH));
    let Err(InvalidSettings { field: named, fault }) = opened else { panic!("{field} is refused") };
    assert_eq!(named, format!("connections.own.{field}"));
    assert!(fault.contains(fault_has), "{fault}");
}

fn route(from: Option<&str>) -> Route {
    let from = from.map(|from| Phone::parse(from).unwrap());
    Route { connection: ConnectionId::new("own").unwrap(), remote_id: "agent-over-there".to_owned(), from }
}

#[test]
fn faults_of_its_settings_name_the_setting() {
    let here = "https://api.retellai.com";
    let good = at(here, &[("api_key", &[KEY])]);
    check(&at("http://api.retellai.com", &[("api_key", &[KEY])]), "base_url", "must begin with https://");
    check(&at(here, &[]), "api_key", "is missing");
    check(&at(here, &[("api_key", &[KEY]), ("webhook_secret", &[])]), "webhook_secret", "is missing");
    let mut odd = good.clone();
    odd.values.insert("from".to_owned(), json!("12"));
    check(&odd, "from", "write it as");
    odd.values.clear();
    check(&odd, "from", "is missing");
    let mut many = good;
    many.secrets.insert("webhook_secret".to_owned(), all_of(&["a", "b", "c", "d"]));
    check(&many, "webhook_secret", "has 4 secrets");
}

async fn sent(order: &PlaceOrder) -> Value {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(201, ACCEPTED));
    assert_eq!(shown_placing(&opened(&engine.url).place(order).await), "dialed call_1");
    let asked = engine.asked();
    assert!(asked[0].headers.contains(&("authorization".to_owned(), format!("Bearer {KEY}"))));
    serde_json::from_str(&asked[0].body).unwrap()
}

#[tokio::test]
async fn a_route_may_have_a_number_of_its_own() {
    let order = PlaceOrder { from: Some(Phone::parse("+12025550101").unwrap()), ..an_order() };
    assert_eq!(sent(&order).await["from_number"], "+12025550101");
    assert!(opened("https://api.retellai.com").check_route(&route(Some("+12025550101"))).is_ok());
}

#[tokio::test]
async fn what_an_agent_is_told_for_a_call_is_within_what_they_permit() {
    for (ring, talk, sent_ring, sent_talk) in
        [(1, 10, 5_000, 60_000), (45, 600, 45_000, 600_000), (900, 90_000, 300_000, 7_200_000)]
    {
        let (ring_timeout, max_duration) = (Duration::from_secs(ring), Duration::from_secs(talk));
        let order = PlaceOrder { ring_timeout, max_duration, voicemail: Voicemail::Leave, ..an_order() };
        let expected = json!({ "agent": { "ring_duration_ms": sent_ring, "max_call_duration_ms": sent_talk } });
        assert_eq!(sent(&order).await["agent_override"], expected, "what is said to a machine is the agent's own");
    }
}

#[test]
fn webhooks_are_signed_with_the_key_that_carries_the_badge() {
    let body = include_str!("../../../src/providers/retell/fixtures/webhook.of_the_page.json");
    let recorded: Value = serde_json::from_str(body).unwrap();
    let header = recorded["headers"][0][1].as_str().unwrap().to_owned();
    let webhook = RawWebhook {
        url: None,
        headers: vec![("x-retell-signature".to_owned(), header)],
        body: recorded["body"].as_str().unwrap().as_bytes().to_vec(),
    };
    let now: Timestamp = recorded["at"].as_str().unwrap().parse().unwrap();
    for (secrets, expected) in [
        (vec![("api_key", vec![KEY])], Ok(())),
        (vec![("api_key", vec!["new", KEY])], Ok(())),
        (vec![("api_key", vec!["other"]), ("webhook_secret", vec![KEY])], Ok(())),
        (vec![("api_key", vec![KEY]), ("webhook_secret", vec!["other"])], Err(WebhookError::BadSignature)),
    ] {
        let secrets: Vec<(&str, &[&str])> = secrets.iter().map(|(name, all)| (*name, all.as_slice())).collect();
        let provider = open(kind("retell").unwrap(), &at("https://api.retellai.com", &secrets), now);
        assert_eq!(provider.verify(&webhook, now).map(drop), expected, "{secrets:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_call_is_asked_for_by_its_id() {
    let engine = LocalEngine::start().await;
    let provider = opened(&engine.url);
    engine.answer(Answer::is(204, ""));
    assert!(provider.cancel(&a_look_up(Some("call_1"))).await.is_ok());
    let asked = engine.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/v2/stop-call/call_1"));
    engine.answer(Answer::is(422, r#"{"status":"error","message":"it is over"}"#));
    assert!(matches!(provider.cancel(&a_look_up(Some("call_1"))).await, Err(ProviderError::Gone)));
    engine.asked();
    assert!(matches!(provider.cancel(&a_look_up(None)).await, Err(ProviderError::Unsupported)));
    assert!(engine.asked().is_empty());
}

#[tokio::test]
async fn a_call_without_our_reference_is_looked_for_by_number_agent_and_time() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, r#"{"items":[],"has_more":false}"#));
    opened(&engine.url).look_up(&a_look_up(None)).await.unwrap();
    let asked = engine.asked();
    assert_eq!(asked.len(), 2, "by reference first");
    let sent_at = a_look_up(None).sent_at.as_millisecond();
    let expected = json!({
        "filter_criteria": {
            "agent": [{ "agent_id": "agent-over-there" }],
            "to_number": { "type": "string", "op": "eq", "value": "+12025550199" },
            "start_timestamp": { "type": "range", "op": "bt", "value": [sent_at - 60_000, sent_at + 600_000] },
        },
        "limit": 50,
    });
    assert_eq!(serde_json::from_str::<Value>(&asked[1].body).unwrap(), expected);
}

#[tokio::test]
async fn the_probe_asks_for_number_and_agent_and_rings_nobody() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, "{}"));
    let provider = opened(&engine.url);
    for (from, number) in [(None, "+12025550100"), (Some("+12025550101"), "+12025550101")] {
        let health = provider.probe(&route(from)).await.unwrap();
        assert!(health.ready, "{}", health.detail);
        let asked: Vec<(String, String)> = engine.asked().into_iter().map(|asked| (asked.method, asked.path)).collect();
        let get = |path: String| ("GET".to_owned(), path);
        assert_eq!(asked, [get(format!("/get-phone-number/{number}")), get("/get-agent/agent-over-there".to_owned())]);
    }
}
