//! The `http` kind beyond the contract: its settings, its signatures, and requests that ring nobody.

use std::time::Duration;

use callgate_adapters::providers::{ConnectionSettings, kind};
use callgate_domain::model::{ConnectionId, Phone, Route};
use callgate_domain::ports::{InvalidSettings, ProviderError, RawWebhook, WebhookError};
use callgate_domain::testing::provider_contract::{Answer, Asked, Engine, a_look_up, an_order, the_attempt};
use jiff::Timestamp;
use serde_json::json;

use super::bench::{all_of, open, ports, settings};
use super::engine::{LocalEngine, nobody};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn at(base_url: &str) -> ConnectionSettings {
    settings(kind("http").unwrap(), base_url, &[], &[("secret", &[SECRET])])
}

fn fault(settings: &ConnectionSettings) -> InvalidSettings {
    match kind("http").unwrap().open(settings, ports(&std::sync::Arc::default(), now())) {
        Ok(_) => panic!("it is refused"),
        Err(fault) => fault,
    }
}

fn check(settings: &ConnectionSettings, field: &str, fault_has: &str) {
    let fault = fault(settings);
    assert_eq!(fault.field, format!("connections.own.{field}"));
    assert!(fault.fault.contains(fault_has), "{fault}");
}

fn route(from: Option<&str>) -> Route {
    let from = from.map(|from| Phone::parse(from).unwrap());
    Route { connection: ConnectionId::new("own").unwrap(), remote_id: String::new(), from }
}

/// A request is signed over its exact body, with the attempt as the message's id.
fn check_signature(asked: &Asked) {
    let header = |name: &str| asked.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap();
    assert_eq!(header("webhook-id"), the_attempt().to_string());
    let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
    assert!((timestamp - now().as_second()).abs() <= 60);
    let oracle = standardwebhooks::Webhook::new(SECRET).unwrap();
    assert_eq!(header("webhook-signature"), oracle.sign(&header("webhook-id"), timestamp, asked.body.as_bytes()).unwrap());
}

#[test]
fn faults_of_its_settings_name_the_setting() {
    let good = at("https://engine.example");
    check(&ConnectionSettings { base_url: None, ..good.clone() }, "base_url", "is missing");
    for (url, fault) in [
        ("engine", "is no URL"),
        ("ftp://engine.example", "must begin with https://"),
        ("https://user:pw@engine.example", "holds a name or password"),
        ("https://engine.example/?a=1", "must end before any '?'"),
    ] {
        check(&at(url), "base_url", fault);
    }
    let with = |secrets: &[&str]| ConnectionSettings { secrets: [("secret".to_owned(), all_of(secrets))].into(), ..good.clone() };
    check(&ConnectionSettings { secrets: [].into(), ..good.clone() }, "secret", "is missing");
    check(&with(&[]), "secret", "is missing");
    check(&with(&["plain"]), "secret", "is not 'whsec_' and base64");
    check(&with(&["whsec_"]), "secret", "is a key of 0 bytes");
    check(&with(&[SECRET; 4]), "secret", "has 4 secrets; keep at most 3");
    let mut typo = good.clone();
    typo.secrets.insert("secrte".to_owned(), all_of(&[SECRET]));
    check(&typo, "secrte", "did you mean 'secret'?");
    let mut plain = good.clone();
    plain.values.insert("secret".to_owned(), json!(SECRET));
    check(&plain, "secret", "holds the secret itself");
}

#[test]
fn a_callers_number_on_a_route_is_refused_because_it_would_not_be_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let provider = open(kind("http").unwrap(), &at("https://engine.example"), now());
    assert!(provider.check_route(&route(None)).is_ok());
    assert_eq!(provider.check_route(&route(Some("+12025550100"))).unwrap_err().field, "from");
}

#[tokio::test]
async fn every_request_is_signed_over_its_exact_body() {
    let engine = LocalEngine::start().await;
    let provider = open(kind("http").unwrap(), &at(&format!("{}/deep/", engine.url)), now());
    engine.answer(Answer::is(202, ""));
    provider.place(&an_order()).await;
    provider.cancel(&a_look_up(Some("eng/1 ?"))).await.unwrap();
    drop(provider.look_up(&a_look_up(Some("eng-1"))).await);
    drop(provider.look_up(&a_look_up(None)).await);
    let asked = engine.asked();
    asked.iter().for_each(check_signature);
    let paths: Vec<String> = asked.iter().map(|asked| format!("{} {} {}", asked.method, asked.path, asked.body.len())).collect();
    assert!(paths[0].starts_with("POST /deep/calls "));
    assert_eq!(paths[1], "POST /deep/calls/eng%2F1%20%3F/cancel 0");
    assert_eq!(paths[2], "GET /deep/calls/eng-1 0");
    assert_eq!(paths[3], format!("GET /deep/calls?attempt_id={} 0", the_attempt()));
}

#[tokio::test]
async fn without_a_public_address_there_is_no_callback() {
    let engine = LocalEngine::start().await;
    let settings = ConnectionSettings { webhook_url: None, ..at(&engine.url) };
    open(kind("http").unwrap(), &settings, now()).place(&an_order()).await;
    let body: serde_json::Value = serde_json::from_str(&engine.asked()[0].body).unwrap();
    assert_eq!(body["callback_url"], serde_json::Value::Null);
}

#[tokio::test]
async fn without_a_remote_id_the_agents_key_is_sent() {
    let engine = LocalEngine::start().await;
    let order = callgate_domain::model::provider::PlaceOrder { remote_id: String::new(), ..an_order() };
    open(kind("http").unwrap(), &at(&engine.url), now()).place(&order).await;
    let body: serde_json::Value = serde_json::from_str(&engine.asked()[0].body).unwrap();
    assert_eq!(body["agent"], "akylai");
}

#[tokio::test]
async fn a_cancel_says_whether_the_call_is_over() {
    let engine = LocalEngine::start().await;
    let provider = open(kind("http").unwrap(), &at(&engine.url), now());
    for (status, gone) in [(404, true), (409, true), (500, false)] {
        engine.answer(Answer::is(status, ""));
        let error = provider.cancel(&a_look_up(Some("eng-1"))).await.unwrap_err();
        assert_eq!(matches!(error, ProviderError::Gone), gone, "{status}");
    }
    let unknown = provider.cancel(&a_look_up(None)).await;
    assert!(matches!(unknown, Err(ProviderError::Unsupported)));
}

#[tokio::test]
async fn a_probe_rings_nobody_and_says_what_is_wrong() {
    let engine = LocalEngine::start().await;
    let provider = open(kind("http").unwrap(), &at(&engine.url), now());
    for (status, ready) in [(404, true), (200, true), (401, false), (403, false), (500, false)] {
        engine.answer(Answer::is(status, ""));
        let health = provider.probe(&route(None)).await.unwrap();
        assert_eq!(health.ready, ready, "{status}: {}", health.detail);
        assert!(engine.asked().iter().all(|asked| asked.method == "GET"));
    }
    let away = open(kind("http").unwrap(), &at(&nobody().await), now());
    assert!(matches!(away.probe(&route(None)).await, Err(ProviderError::Failed(_))));
}

#[tokio::test]
async fn a_long_look_up_is_read_whole() {
    let engine = LocalEngine::start().await;
    let settings = ConnectionSettings { request_timeout: Duration::from_secs(20), ..at(&engine.url) };
    let provider = open(kind("http").unwrap(), &settings, now());
    let transcript = format!("agent: {}", "ы".repeat(2 * 1024 * 1024));
    engine.answer(Answer::is(
        200,
        &json!({"provider_call_id": "eng-1", "status": "completed", "transcript": transcript}).to_string(),
    ));
    let found = provider.look_up(&a_look_up(Some("eng-1"))).await.unwrap();
    let callgate_domain::ports::Found::Evidence(evidence) = found else { panic!("{found:?}") };
    assert_eq!(evidence.transcript, Some(transcript));
    engine.answer(Answer::is(200, &" ".repeat(17 * 1024 * 1024)));
    assert!(matches!(provider.look_up(&a_look_up(Some("eng-1"))).await, Err(ProviderError::Failed(_))));
}

#[tokio::test]
async fn an_old_secret_verifies_while_it_is_replaced() {
    let body = r#"{"event_type":"call.ringing","provider_call_id":"eng-1"}"#;
    let signature = standardwebhooks::Webhook::new(SECRET).unwrap().sign("m", now().as_second(), body.as_bytes()).unwrap();
    let headers =
        [("webhook-id", "m".to_owned()), ("webhook-timestamp", now().as_second().to_string()), ("webhook-signature", signature)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let webhook = RawWebhook { url: None, headers, body: body.as_bytes().to_vec() };
    for (secrets, expected) in [(&[OTHER, SECRET][..], Ok(())), (&[OTHER], Err(WebhookError::BadSignature))] {
        let settings =
            ConnectionSettings { secrets: [("secret".to_owned(), all_of(secrets))].into(), ..at("https://engine.example") };
        assert_eq!(open(kind("http").unwrap(), &settings, now()).verify(&webhook, now()).map(drop), expected);
    }
}
