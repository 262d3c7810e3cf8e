//! The `twilio` kind beyond the contract: its settings, who asks, lists of several pages, and the end of a call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callgate_adapters::providers::{ConnectionSettings, DIALECTS, kind};
use callgate_adapters::testing::stub;
use callgate_domain::model::{ConnectionId, Phone, Route, Seen};
use callgate_domain::ports::{Found, ProviderError, RawWebhook, Reading};
use callgate_domain::testing::provider_contract::{Answer, Engine, a_look_up, an_order, the_attempt};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bench::{all_of, open, ports, settings};
use super::engine::LocalEngine;

const ACCOUNT: &str = "AC00000000000000000000000000000000";
const SID: &str = "CA11111111111111111111111111111111";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn at(base_url: &str) -> ConnectionSettings {
    let values = [("account_sid", json!(ACCOUNT)), ("from", json!("+12025550100"))];
    settings(kind("twilio").unwrap(), base_url, &values, &[("auth_token", &["token", "old"])])
}

fn with(name: &str, value: Value) -> ConnectionSettings {
    let mut changed = at("https://api.twilio.example");
    changed.values.insert(name.to_owned(), value);
    changed
}

fn check(settings: &ConnectionSettings, field: &str, fault_has: &str) {
    let Err(fault) = kind("twilio").unwrap().open(settings, ports(&std::sync::Arc::default(), now())) else {
        panic!("{field} is refused");
    };
    assert_eq!(fault.field, format!("connections.own.{field}"));
    assert!(fault.fault.contains(fault_has), "{fault}");
}

fn route(remote_id: &str) -> Route {
    let from = Some(Phone::parse("+12025550101").unwrap());
    Route { connection: ConnectionId::new("own").unwrap(), remote_id: remote_id.to_owned(), from }
}

#[test]
fn faults_of_its_settings_name_the_setting() {
    for odd in ["SK0", "AC0/../AC1", "AC 0"] {
        check(&with("account_sid", json!(odd)), "account_sid", "begins with AC");
    }
    check(&with("from", json!("sales")), "from", "write it as");
    check(&with("machine_detection", json!("yes")), "machine_detection", "must be true or false");
    check(&with("result_wait", json!("11m")), "result_wait", "must be a duration");
    check(&with("api_key_sid", json!("SK1")), "api_key_secret", "is missing");
    let mut alone = at("https://api.twilio.example");
    alone.secrets.insert("api_key_secret".to_owned(), all_of(&["s"]));
    check(&alone, "api_key_sid", "is missing");
    let mut without = at("https://api.twilio.example");
    without.secrets.insert("auth_token".to_owned(), Vec::new());
    check(&without, "auth_token", "is missing");
}

#[test]
fn a_route_names_the_address_of_the_twiml() {
    let provider = open(kind("twilio").unwrap(), &at("https://api.twilio.example"), now());
    for good in ["https://a.example/twiml?x=1", "http://127.0.0.1:8080/twiml", "http://localhost/twiml"] {
        assert_eq!(provider.check_route(&route(good)), Ok(()), "{good}");
    }
    for bad in ["akylai", "http://a.example/twiml", "ftp://a.example", "a.example/twiml"] {
        assert_eq!(provider.check_route(&route(bad)).unwrap_err().field, "remote_id", "{bad}");
    }
}

#[tokio::test]
async fn an_api_key_asks_where_there_is_one_and_the_token_verifies() {
    let mut keyed = at("");
    keyed.values.insert("api_key_sid".to_owned(), json!("SK1"));
    keyed.secrets.insert("api_key_secret".to_owned(), all_of(&["key"]));
    for (settings, login) in [(at(""), format!("{ACCOUNT}:token")), (keyed, "SK1:key".to_owned())] {
        let engine = LocalEngine::start().await;
        engine.answer(Answer::is(200, r#"{"calls":[]}"#));
        let provider =
            open(kind("twilio").unwrap(), &ConnectionSettings { base_url: Some(engine.url.clone()), ..settings }, now());
        assert!(provider.probe(&route("https://a.example")).await.unwrap().ready);
        let asked = engine.asked().remove(0);
        assert_eq!(asked.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize=1"));
        let sent = asked.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.clone());
        assert_eq!(sent, Some(format!("Basic {}", STANDARD.encode(login))));
        // The first vector's token is not one of ours: nothing else is wrong with it.
        let headers = vec![("x-twilio-signature".to_owned(), "BI27sJpRw76q8F4hx7aEfa+FWcg=".to_owned())];
        let webhook = RawWebhook { url: Some("https://gw.example.com/".to_owned()), headers, body: Vec::new() };
        assert!(provider.verify(&webhook, now()).is_err());
    }
}

#[tokio::test]
async fn the_routes_number_goes_before_the_connections() {
    let engine = LocalEngine::start().await;
    engine.answer(Answer::is(201, &json!({ "sid": SID }).to_string()));
    let provider = open(kind("twilio").unwrap(), &at(&engine.url), now());
    let mut order = an_order();
    order.from = Some(Phone::parse("+12025550101").unwrap());
    provider.place(&order).await;
    assert!(engine.asked()[0].body.contains("From=%2B12025550101&"));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_up_to_three() {
    let path = |page: u32| format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?Page={page}");
    let row = json!({ "sid": SID, "to": "+12025550199", "direction": "outbound-api", "status": "ringing",
        "date_created": "Thu, 01 Jan 2026 00:00:00 +0000" });
    for (pages, expected) in [(2, 2), (3, 3), (4, 0)] {
        let engine = LocalEngine::start().await;
        let page = |number: u32| {
            let next = (number < pages).then(|| path(number + 1));
            Answer::is(200, &json!({ "calls": [row], "next_page_uri": next }).to_string())
        };
        engine.answer_aside((2..=pages).map(|number| (path(number), page(number))).collect());
        engine.answer(page(1));
        let provider = open(kind("twilio").unwrap(), &at(&engine.url), now());
        match provider.look_up(&a_look_up(None)).await.unwrap() {
            Found::Candidates(all) => assert_eq!(all.len(), expected),
            found => assert_eq!((found, expected), (Found::Absent { complete: false }, 0)),
        }
        assert_eq!(engine.asked_aside().len() + engine.asked().len(), usize::try_from(pages.min(3)).unwrap());
    }
}

#[tokio::test]
async fn the_end_of_a_call_is_asked_for_whatever_it_does() {
    let engine = LocalEngine::start().await;
    let provider = open(kind("twilio").unwrap(), &at(&engine.url), now());
    engine.answer(Answer::is(200, "{}"));
    assert!(provider.cancel(&a_look_up(Some(SID))).await.is_ok());
    let asked = engine.asked().remove(0);
    assert_eq!(asked.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}.json"));
    assert_eq!(asked.body, "Status=completed");
    engine.answer(Answer::is(400, r#"{"code":21220,"message":"x","status":400}"#));
    assert!(matches!(provider.cancel(&a_look_up(Some(SID))).await, Err(ProviderError::Gone)));
    assert!(matches!(provider.cancel(&a_look_up(None)).await, Err(ProviderError::Unsupported)));
}

/// What its stub engine says is what the adapter understands.
#[tokio::test]
async fn its_stub_engine_is_understood() {
    let dialect = DIALECTS.iter().find(|dialect| dialect.kind() == "twilio").unwrap();
    let secrets: Vec<(&str, &[&str])> = vec![("auth_token", &["stub-twilio-token"])];
    let settings = settings(
        kind("twilio").unwrap(),
        "https://own.example",
        &[("account_sid", json!(ACCOUNT)), ("from", json!("+12025550100"))],
        &secrets,
    );
    let provider = open(kind("twilio").unwrap(), &settings, now());
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
    for (stage, seen) in [(stub::Stage::Ringing, Seen::Ringing), (stub::Stage::Over, Seen::Completed)] {
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
