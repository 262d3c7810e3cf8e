//! Walks the registry: every kind keeps the contract with its own fixtures. A new kind is tested by being there.

use std::sync::Arc;

use callgate_adapters::providers::{BaseUrl, DIALECTS, KINDS, Kind, kind};
use callgate_adapters::testing::document::Document;
use callgate_adapters::testing::stub;
use callgate_domain::ports::VoiceProvider;
use callgate_domain::testing::provider_contract as contract;
use callgate_domain::testing::provider_contract::{Answer, Engine};
use jiff::Timestamp;
use serde_json::Value;

use super::bench::{open, settings};
use super::engine::{LocalEngine, nobody};
use super::fixtures::{self, Proof};

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A connection of a kind, as its fixtures open it.
pub fn provider(kind: &Kind, base_url: &str) -> Arc<dyn VoiceProvider> {
    let held = fixtures::settings(kind.name);
    let values: Vec<(&str, Value)> = held.values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let secrets: Vec<(&str, Vec<&str>)> =
        held.secrets.iter().map(|(name, all)| (name.as_str(), all.iter().map(String::as_str).collect())).collect();
    let secrets: Vec<(&str, &[&str])> = secrets.iter().map(|(name, all)| (*name, all.as_slice())).collect();
    open(kind, &settings(kind, base_url, &values, &secrets), now())
}

/// An engine that answers aside as all fixtures of this kind do.
async fn engine_of(kind: &Kind) -> LocalEngine {
    let engine = LocalEngine::start().await;
    engine.answer_aside(fixtures::settings(kind.name).asides.iter().map(fixtures::AsideAnswer::aside).collect());
    engine
}

/// Those that send requests.
fn with_an_engine() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.base_url != BaseUrl::None)
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    for one in KINDS {
        assert_eq!(KINDS.iter().filter(|other| other.name == one.name).count(), 1, "{}", one.name);
        assert_eq!(kind(one.name).map(|found| found.name), Some(one.name));
    }
    assert!(kind("nobody").is_none());
}

#[test]
fn every_kind_has_enough_fixtures() {
    for kind in KINDS {
        let name = kind.name;
        assert_eq!(fixtures::of_no_sort(name), Vec::<String>::new(), "{name}: nobody reads a fixture that is called so");
        let webhooks = fixtures::webhooks(name);
        assert!(webhooks.len() >= 4, "{name} has {} webhook.*.json; four are wanted", webhooks.len());
        let nothing = webhooks.iter().any(|webhook| webhook.says == "nothing");
        assert!(
            nothing,
            "{name} has no webhook.*.json that says \"nothing\": one whose status is unknown, or that cannot be read"
        );
        if kind.base_url == BaseUrl::None {
            continue;
        }
        let place = fixtures::exchanges(name, "place.");
        for meaning in ["dialed ", "not_dialed ", "unknown "] {
            let is_there = place.iter().any(|exchange| exchange.meaning().starts_with(meaning));
            assert!(is_there, "{name} has no place.*.json that means \"{meaning}..\"");
        }
        let waits = place.iter().any(|exchange| exchange.meaning().split(' ').next_back().unwrap().ends_with('s'));
        assert!(waits, "{name} has no place.*.json that asks to wait: its meaning ends in seconds, such as \"5s\"");
        assert!(!fixtures::exchanges(name, "look_up.").is_empty(), "{name} has no look_up.*.json");
    }
}

#[test]
fn every_kind_that_sends_requests_has_a_stub_of_its_engine() {
    for kind in with_an_engine() {
        assert!(DIALECTS.iter().any(|dialect| dialect.kind() == kind.name), "{} has no Dialect in DIALECTS", kind.name);
    }
}

#[tokio::test]
async fn recorded_webhooks_are_believed_and_changed_or_old_ones_are_not() {
    for kind in KINDS {
        let provider = provider(kind, &nobody().await);
        let settings = fixtures::settings(kind.name);
        for recorded in fixtures::webhooks(kind.name) {
            contract::a_good_webhook_says_what_is_expected(&*provider, &recorded);
            if settings.proof == Proof::Signature {
                contract::one_changed_byte_is_refused(&*provider, &recorded);
            }
            if settings.proof == Proof::Nothing {
                contract::what_is_not_proven_only_makes_us_ask(&*provider, &recorded);
            } else {
                contract::no_signature_is_refused(&*provider, &recorded);
            }
            if settings.dated {
                contract::an_old_webhook_is_refused(&*provider, &recorded);
            }
        }
    }
}

#[tokio::test]
async fn recorded_answers_to_placing_mean_what_is_expected() {
    for kind in with_an_engine() {
        let engine = LocalEngine::start().await;
        let provider = provider(kind, &engine.url);
        let (settings, document) = (fixtures::settings(kind.name), Document::of(kind.name));
        for exchange in fixtures::exchanges(kind.name, "place.") {
            engine.answer_aside(exchange.asides(&settings));
            let of = (&*provider, &engine as &dyn Engine);
            let asked = contract::an_answer_means(of, &exchange.name, exchange.answer(), exchange.meaning()).await;
            check_request(&exchange, &asked);
            check_conformance(document.as_ref(), &engine, &[asked], &exchange.name);
        }
    }
}

#[tokio::test]
async fn recorded_answers_to_look_ups_mean_what_is_expected() {
    for kind in with_an_engine() {
        let engine = LocalEngine::start().await;
        let provider = provider(kind, &engine.url);
        let (settings, document) = (fixtures::settings(kind.name), Document::of(kind.name));
        for exchange in fixtures::exchanges(kind.name, "look_up.") {
            engine.answer(exchange.answer());
            engine.answer_aside(exchange.asides(&settings));
            // A fixture about a call whose id is not known yet asks by our reference, or for all that it could be.
            let known = !exchange.name.contains("by_reference") && !exchange.name.contains("by_window");
            let id = known.then_some(settings.provider_call.as_str());
            let found = provider.look_up(&contract::a_look_up(id)).await;
            contract::assert_same(&contract::shown_found(&found), &exchange.means, &exchange.name);
            let asked = engine.asked();
            let first = asked.first().unwrap_or_else(|| panic!("{}: `look_up` asked nobody", exchange.name));
            check_request(&exchange, first);
            check_conformance(document.as_ref(), &engine, &asked, &exchange.name);
        }
    }
}

/// Every request is one of the provider's own document, where that is given.
fn check_conformance(document: Option<&Document>, engine: &LocalEngine, asked: &[contract::Asked], name: &str) {
    let Some(document) = document else { return };
    for asked in asked.iter().chain(&engine.asked_aside()) {
        let contract::Asked { method, path, headers, body, .. } = asked.clone();
        let faults = document.faults(&stub::Asked { method, path, headers, body: body.into_bytes() });
        assert_eq!(faults, Vec::<String>::new(), "{name}");
    }
}

fn check_request(exchange: &fixtures::Exchange, asked: &contract::Asked) {
    let Some(request) = &exchange.request else { return };
    let body = serde_json::from_str(&asked.body).unwrap_or_else(|_no_json| form(asked));
    let sent = serde_json::json!({ "method": asked.method, "path": asked.path, "body": body });
    contract::assert_same(&sent, request, &format!("{}: the request", exchange.name));
}

/// A form as a list of its fields, so that a fixture can be read; anything else as it came.
fn form(asked: &contract::Asked) -> Value {
    let is_form = asked.headers.iter().any(|(name, value)| name == "content-type" && value.contains("x-www-form-urlencoded"));
    if !is_form {
        return Value::String(asked.body.clone());
    }
    url::form_urlencoded::parse(asked.body.as_bytes()).map(|(name, value)| serde_json::json!([name, value])).collect()
}

#[tokio::test]
async fn whatever_stands_in_no_table_is_unknown() {
    for kind in with_an_engine() {
        let engine = engine_of(kind).await;
        let listed = fixtures::settings(kind.name).listed_statuses;
        let provider = provider(kind, &engine.url);
        contract::unlisted_answers_are_unknown((&*provider, &engine), kind.name, &|status| listed.contains(&status)).await;
    }
}

#[tokio::test]
async fn trouble_after_sending_is_unknown_and_nothing_is_sent_again() {
    for kind in with_an_engine() {
        let engine = engine_of(kind).await;
        let exchanges = fixtures::exchanges(kind.name, "place.");
        let good = exchanges.iter().find(|exchange| exchange.meaning().starts_with("dialed "));
        let good = good.unwrap_or_else(|| panic!("{} has no place.*.json that means \"dialed ..\"", kind.name));
        let provider = provider(kind, &engine.url);
        let of = (&*provider, &engine as &dyn Engine);
        contract::trouble_after_sending_is_unknown(of, kind.name, &good.answer()).await;
        contract::no_connection_is_used_twice(of, kind.name, &good.answer(), good.meaning()).await;
    }
}

#[tokio::test]
async fn no_connection_is_not_dialed() {
    for kind in with_an_engine() {
        contract::no_connection_is_not_dialed(&*provider(kind, &nobody().await)).await;
        contract::no_connection_is_no_absence(&*provider(kind, &nobody().await)).await;
        // A name that no resolver asks anybody about: it is longer than names are.
        let nowhere = format!("https://{}.invalid", "a".repeat(64));
        contract::no_connection_is_not_dialed(&*provider(kind, &nowhere)).await;
        // A server without TLS where TLS is expected: the handshake fails before any byte of the request.
        let engine = LocalEngine::start().await;
        engine.answer(Answer::is(201, ""));
        contract::no_connection_is_not_dialed(&*provider(kind, &engine.url.replace("http:", "https:"))).await;
        assert!(engine.asked().is_empty());
    }
}
