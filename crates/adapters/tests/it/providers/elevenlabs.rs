//! The `elevenlabs` kind beyond the contract: its settings, and what it sends.

use std::sync::Arc;

use callgate_adapters::providers::{ConnectionSettings, kind};
use callgate_domain::model::{ConnectionId, Phone, Route};
use callgate_domain::ports::{InvalidSettings, ProviderError, VoiceProvider};
use callgate_domain::testing::provider_contract::{Answer, Asked, Engine, a_look_up, an_order, shown_placing, the_attempt};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{all_of, open, ports, settings};
use super::engine::LocalEngine;

const ACCEPTED: &str = r#"{"success":true,"message":"Success","conversation_id":"conv_1"}"#;

fn at(base_url: &str, values: &[(&str, Value)]) -> ConnectionSettings {
    let secrets: [(&str, &[&str]); 2] = [("api_key", &["sk_test"]), ("webhook_secret", &["wsec_test"])];
    let values: Vec<_> = [("number_id", json!("phnum_1"))].into_iter().chain(values.iter().cloned()).collect();
    settings(kind("elevenlabs").unwrap(), base_url, &values, &secrets)
}

fn opened(base_url: &str, values: &[(&str, Value)]) -> Arc<dyn VoiceProvider> {
    open(kind("elevenlabs").unwrap(), &at(base_url, values), Timestamp::UNIX_EPOCH)
}

fn check(settings: &ConnectionSettings, field: &str, fault_has: &str) {
    let opened = kind("elevenlabs").unwrap().open(settings, ports(&Arc::default(), Timestamp::UNIX_EPOCH));
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
    let here = "https://api.elevenlabs.io";
    check(&at("http://api.elevenlabs.io", &[]), "base_url", "must begin with https://");
    check(&at("https://api.elevenlabs.io/v1", &[]), "base_url", "must be scheme and host alone");
    check(&at(here, &[("via", json!("exotel"))]), "via", "\"sip_trunk\", \"twilio\"");
    for odd in ["0s", "1000s", "soon"] {
        check(&at(here, &[("ring_timeout", json!(odd))]), "ring_timeout", "from 1s to 999s");
    }
    check(&at(here, &[("from", json!("+12025550100"))]), "from", "is not a setting of kind 'elevenlabs'");
    let mut bare = at(here, &[]);
    bare.values.clear();
    check(&bare, "number_id", "is missing");
    for secret in ["api_key", "webhook_secret"] {
        let mut bare = at(here, &[]);
        bare.secrets.insert(secret.to_owned(), Vec::new());
        check(&bare, secret, "is missing");
    }
    let mut many = at(here, &[]);
    many.secrets.insert("webhook_secret".to_owned(), all_of(&["a", "b", "c", "d"]));
    check(&many, "webhook_secret", "has 4 secrets");
    let no_url = ConnectionSettings { base_url: None, ..at(here, &[]) };
    drop(open(kind("elevenlabs").unwrap(), &no_url, Timestamp::UNIX_EPOCH));
}

#[tokio::test]
async fn a_number_of_twilio_has_a_request_of_its_own_and_the_connection_says_how_long_it_rings() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, ACCEPTED));
    let provider = opened(&engine.url, &[("via", json!("twilio")), ("ring_timeout", json!("20s"))]);
    let mut order = an_order();
    order.variables.insert("system__caller_id".to_owned(), json!("+1"));
    order.variables.insert("attempt_id".to_owned(), json!("mine"));
    assert_eq!(shown_placing(&provider.place(&order).await), "dialed conv_1");
    let asked: Vec<Asked> = engine.asked();
    let [sent] = asked.as_slice() else { panic!("one request") };
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/convai/twilio/outbound-call"));
    assert!(sent.headers.contains(&("xi-api-key".to_owned(), "sk_test".to_owned())));
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(body["telephony_call_config"], json!({ "ringing_timeout_secs": 20 }));
    let variables = json!({ "name": "Aida", "parcels": 2, "attempt_id": the_attempt().to_string() });
    assert_eq!(body["conversation_initiation_client_data"]["dynamic_variables"], variables);
}

#[tokio::test]
async fn how_long_it_rings_is_kept_within_what_they_permit() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, ACCEPTED));
    let provider = opened(&engine.url, &[]);
    for (asked, sent) in [(0, 1), (60, 60), (5_000, 999)] {
        let order =
            callgate_domain::model::provider::PlaceOrder { ring_timeout: std::time::Duration::from_secs(asked), ..an_order() };
        provider.place(&order).await;
        let body: Value = serde_json::from_str(&engine.asked()[0].body).unwrap();
        assert_eq!(body["telephony_call_config"]["ringing_timeout_secs"], sent);
    }
}

#[tokio::test]
async fn the_probe_asks_for_number_and_agent_and_rings_nobody() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, r#"{"provider":"sip_trunk"}"#));
    let health = opened(&engine.url, &[]).probe(&route(None)).await.unwrap();
    assert!(health.ready, "{}", health.detail);
    let asked: Vec<(String, String)> = engine.asked().into_iter().map(|asked| (asked.method, asked.path)).collect();
    let get = |path: &str| ("GET".to_owned(), path.to_owned());
    assert_eq!(asked, [get("/v1/convai/phone-numbers/phnum_1"), get("/v1/convai/agents/agent-over-there")]);
}

#[tokio::test]
async fn it_has_no_number_to_choose_and_no_end_to_ask_for() {
    let provider = opened("https://api.elevenlabs.io", &[]);
    assert!(provider.check_route(&route(None)).is_ok());
    assert!(provider.check_route(&route(Some("+12025550100"))).is_err_and(|fault| fault.field == "from"));
    assert!(matches!(provider.cancel(&a_look_up(Some("conv_1"))).await, Err(ProviderError::Unsupported)));
}

#[tokio::test]
async fn an_id_is_one_part_of_a_path_whatever_it_is() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(500, ""));
    let provider = opened(&engine.url, &[]);
    for (id, path) in [("a/../b?c#d", "/v1/convai/conversations/a%2F..%2Fb%3Fc%23d"), ("ы", "/v1/convai/conversations/%D1%8B")] {
        assert!(provider.look_up(&a_look_up(Some(id))).await.is_err());
        assert_eq!(engine.asked()[0].path, path);
    }
}
