//! The `livekit` kind beyond the contract: its settings, the room before the call, and the end of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callgate_adapters::providers::{ConnectionSettings, DIALECTS, kind};
use callgate_adapters::testing::stub;
use callgate_domain::model::{ConnectionId, Route, Seen};
use callgate_domain::ports::{ProviderError, RawWebhook, Reading};
use callgate_domain::testing::provider_contract::{Answer, Asked, Engine, a_look_up, an_order, shown_placing, the_attempt};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{open, ports, settings};
use super::engine::{LocalEngine, nobody};

const ROOM: &str = "call-019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const SECRETS: [(&str, &[&str]); 2] = [("api_key", &["APInew", "APIold"]), ("api_secret", &["new", "old"])];

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn at(base_url: &str) -> ConnectionSettings {
    settings(kind("livekit").unwrap(), base_url, &[("trunk_id", json!("ST_1"))], &SECRETS)
}

fn check(settings: &ConnectionSettings, field: &str, fault_has: &str) {
    let Err(fault) = kind("livekit").unwrap().open(settings, ports(&std::sync::Arc::default(), now())) else {
        panic!("{field} is refused");
    };
    assert_eq!(fault.field, format!("connections.own.{field}"));
    assert!(fault.fault.contains(fault_has), "{fault}");
}

/// What a request's token claims.
fn claims(asked: &Asked) -> Value {
    let token = asked.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.as_str()).unwrap();
    let claims = token.strip_prefix("Bearer ").unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[test]
fn faults_of_its_settings_name_the_setting() {
    let good = at("https://p.livekit.cloud");
    check(&ConnectionSettings { base_url: None, ..good.clone() }, "base_url", "is missing");
    check(&at("http://p.livekit.cloud"), "base_url", "reaches this machine alone");
    check(&at("ws://p.livekit.cloud"), "base_url", "reaches this machine alone");
    check(&at("https://p.livekit.cloud/twirp"), "base_url", "scheme and host alone");
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed.values.insert(name.to_owned(), value);
        changed
    };
    check(&with("trunk_id", json!("")), "trunk_id", "must be a text");
    check(&with("from", json!("1")), "from", "write it as");
    check(&with("result_wait", json!("1h")), "result_wait", "must be a duration");
    for name in ["api_key", "api_secret"] {
        let mut without = good.clone();
        without.secrets.insert(name.to_owned(), Vec::new());
        check(&without, name, "is missing");
    }
}

#[tokio::test]
async fn the_address_of_clients_is_that_of_requests() {
    for scheme in ["ws", "http"] {
        let engine = LocalEngine::start().await;
        engine.answer(Answer::is(200, "{}"));
        let provider = open(kind("livekit").unwrap(), &at(&engine.url.replace("http", scheme)), now());
        assert!(provider.cancel(&a_look_up(Some(ROOM))).await.is_ok());
        let asked = engine.asked();
        assert_eq!(asked[0].path, "/twirp/livekit.RoomService/DeleteRoom");
        assert_eq!(asked[0].body, json!({ "room": ROOM }).to_string());
    }
}

#[tokio::test]
async fn the_agent_is_sent_to_the_room_before_anybody_is_called() {
    let engine = LocalEngine::start().await;
    engine.answer_aside(vec![("/twirp/livekit.RoomService/CreateRoom".to_owned(), Answer::is(200, "{}"))]);
    engine.answer(Answer::is(500, ""));
    let provider = open(kind("livekit").unwrap(), &at(&engine.url), now());
    assert_eq!(shown_placing(&provider.place(&an_order()).await), "unknown outcome_unknown");
    let (room, callee) = (engine.asked_aside().remove(0), engine.asked().remove(0));
    let body: Value = serde_json::from_str(&room.body).unwrap();
    assert_eq!((&body["name"], &body["agents"][0]["agentName"]), (&json!(ROOM), &json!("agent-over-there")));
    let told: Value = serde_json::from_str(body["agents"][0]["metadata"].as_str().unwrap()).unwrap();
    let expected = json!({
        "attempt_id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "provider_call_id": ROOM, "connection": "own",
        "agent": "akylai", "voicemail": "hangup", "variables": { "name": "Aida", "parcels": 2 },
    });
    assert_eq!(told, expected);
    assert!(!room.body.contains("5550199"), "the number is told to nobody but the trunk");
    assert_eq!(claims(&room)["video"], json!({ "roomCreate": true }));
    assert_eq!(claims(&room)["sip"], Value::Null);
    let claims = claims(&callee);
    assert_eq!((&claims["iss"], &claims["sip"], &claims["video"]), (&json!("APInew"), &json!({ "call": true }), &Value::Null));
    assert!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap() <= 600);
    let sent: Value = serde_json::from_str(&callee.body).unwrap();
    assert_eq!(sent.get("sipNumber"), None, "the trunk's own number");
}

#[tokio::test]
async fn without_a_room_nobody_is_called() {
    let refusal = |code: &str| json!({ "code": code, "msg": "x" }).to_string();
    let engine = LocalEngine::start().await;
    let provider = open(kind("livekit").unwrap(), &at(&engine.url), now());
    for (answer, means) in [
        (Answer::is(401, &refusal("unauthenticated")), "not_dialed provider_error never"),
        (Answer::is(403, &refusal("permission_denied")), "not_dialed provider_error never"),
        (Answer::is(429, &refusal("resource_exhausted")), "not_dialed provider_error 5s"),
        (Answer::is(503, "<html>"), "not_dialed provider_error backoff"),
        (Answer::is(307, ""), "not_dialed provider_error backoff"),
        (Answer::HangsUp, "not_dialed provider_error backoff"),
        (Answer::Silence, "not_dialed provider_error backoff"),
    ] {
        engine.answer_aside(vec![("/twirp/livekit.RoomService/CreateRoom".to_owned(), answer)]);
        assert_eq!(shown_placing(&provider.place(&an_order()).await), means);
        assert!(engine.asked().is_empty());
    }
}

#[tokio::test]
async fn a_call_that_is_over_cannot_be_ended() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(404, r#"{"code":"not_found","msg":"requested room does not exist"}"#));
    let provider = open(kind("livekit").unwrap(), &at(&engine.url), now());
    assert!(matches!(provider.cancel(&a_look_up(Some(ROOM))).await, Err(ProviderError::Gone)));
    let nobody = open(kind("livekit").unwrap(), &at(&nobody().await), now());
    assert!(matches!(nobody.cancel(&a_look_up(Some(ROOM))).await, Err(ProviderError::Failed(_))));
}

#[tokio::test]
async fn a_probe_asks_for_the_trunk() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(200, r#"{"items":[{"sipTrunkId":"ST_1"}]}"#));
    let provider = open(kind("livekit").unwrap(), &at(&engine.url), now());
    let route = Route { connection: ConnectionId::new("own").unwrap(), remote_id: "sales".to_owned(), from: None };
    assert_eq!(provider.check_route(&route), Ok(()));
    assert!(provider.probe(&route).await.unwrap().ready);
    let asked = engine.asked().remove(0);
    assert_eq!(asked.path, "/twirp/livekit.SIP/ListSIPOutboundTrunk");
    assert_eq!(claims(&asked)["sip"], json!({ "admin": true }));
}

/// What its stub engine says is what the adapter understands.
#[tokio::test]
async fn its_stub_engine_is_understood() {
    let dialect = DIALECTS.iter().find(|dialect| dialect.kind() == "livekit").unwrap();
    let secrets: Vec<(&str, &[&str])> =
        vec![("api_key", &["APIstubkey"]), ("api_secret", &["stub-livekit-secret-0123456789abcdef"])];
    let settings = settings(kind("livekit").unwrap(), "https://own.example", &[("trunk_id", json!("ST_stub"))], &secrets);
    let provider = open(kind("livekit").unwrap(), &settings, now());
    let order = stub::Order { attempt: Some(the_attempt().to_string()), to: "+12025550199".to_owned(), webhook: None };
    let mut call = stub::Call {
        id: dialect.id(0, &order),
        attempt: order.attempt,
        to: order.to,
        webhook: None,
        placed_at: now(),
        stage: stub::Stage::Ringing,
        ends: stub::Ends::Talk,
        is_canceled: false,
        recording: None,
    };
    for (stage, seen) in [(stub::Stage::Ringing, Seen::Accepted), (stub::Stage::Over, Seen::Completed)] {
        call.stage = stage;
        let url = format!("https://gw.example/in?attempt_id={}", the_attempt());
        let hook = dialect.tells(&call, &format!("{url}#rc=3"), now()).unwrap();
        let webhook = RawWebhook { url: Some(url), headers: hook.headers, body: hook.body };
        let Reading::Says { about, evidence } = provider.read(&provider.verify(&webhook, now()).unwrap()) else {
            panic!("it says")
        };
        assert_eq!((about.attempt, evidence.seen), (Some(the_attempt()), Some(seen)));
        assert_eq!(about.provider_call.unwrap().as_str(), call.id);
        assert!(provider.event_id(&provider.verify(&webhook, now()).unwrap()).is_some());
    }
}
