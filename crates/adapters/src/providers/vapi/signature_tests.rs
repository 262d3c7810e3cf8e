//! The vectors of the default plan, and what is not believed.

use std::collections::BTreeMap;

use callgate_domain::model::ConnectionId;
use serde_json::{Value, json};

use super::*;

const BODY: &str = r#"{"message":{"type":"status-update","status":"ringing","timestamp":1767225600123,"call":{"id":"11111111-2222-3333-4444-555555555555"}}}"#;
const MILLIS: (&str, &str) = ("1767225600123", "05c421ebf7868de13c52d7f13ac3837769892ee93c9706455ec1465fcd0d2853");
const SECONDS: (&str, &str) = ("1767225600", "d89027508b249381356d818bb7531c931bc175a95b8d14cc8b6cada2d3c65b48");

fn settings(values: &[(&str, Value)], secrets: &[&str]) -> ConnectionSettings {
    let secrets: Vec<Secret> = secrets.iter().filter_map(|secret| Secret::new(*secret)).collect();
    ConnectionSettings {
        id: ConnectionId::new("own").unwrap(),
        base_url: None,
        webhook_url: None,
        request_timeout: Duration::from_secs(1),
        values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        secrets: BTreeMap::from([("webhook_secret".to_owned(), secrets)]),
    }
}

fn proof(values: &[(&str, Value)], secrets: &[&str]) -> Proof {
    Proof::of(&settings(values, secrets)).unwrap()
}

fn fault(values: &[(&str, Value)], secrets: &[&str]) -> InvalidSettings {
    Proof::of(&settings(values, secrets)).map(drop).unwrap_err()
}

fn signed() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn check(proof: &Proof, headers: &[(&str, &str)], now: Timestamp, expected: Result<(), WebhookError>) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let webhook = RawWebhook { url: None, headers, body: BODY.as_bytes().to_vec() };
    assert_eq!(verify(proof, &webhook, now).map(drop), expected, "{:?}", webhook.headers);
}

#[test]
fn the_default_plan_verifies_with_a_time_in_seconds_and_in_milliseconds() {
    let hmac = proof(&[("webhook_auth", json!("hmac"))], &["new", "vapi_test_secret"]);
    for (time, signature) in [MILLIS, SECONDS] {
        let headers = [("x-timestamp", time), ("x-signature", signature)];
        check(&hmac, &headers, signed(), Ok(()));
        for off in [-301, 302] {
            check(&hmac, &headers, signed() + jiff::SignedDuration::from_secs(off), Err(WebhookError::TooOld));
        }
        for off in [-299, 299] {
            check(&hmac, &headers, signed() + jiff::SignedDuration::from_secs(off), Ok(()));
        }
    }
}

#[test]
fn its_headers_are_named_by_the_connection() {
    let values = [("webhook_auth", json!("hmac")), ("signature_header", json!("X-Ours")), ("timestamp_header", json!("X-When"))];
    let hmac = proof(&values, &["vapi_test_secret"]);
    check(&hmac, &[("x-when", SECONDS.0), ("x-ours", SECONDS.1)], signed(), Ok(()));
    check(&hmac, &[("x-timestamp", SECONDS.0), ("x-signature", SECONDS.1)], signed(), Err(WebhookError::BadSignature));
}

#[test]
fn a_forged_signature_is_not_believed() {
    let bad = Err(WebhookError::BadSignature);
    let hmac = proof(&[("webhook_auth", json!("hmac"))], &["vapi_test_secret"]);
    let (time, signature) = SECONDS;
    check(&hmac, &[], signed(), bad);
    check(&hmac, &[("x-signature", signature)], signed(), bad);
    check(&hmac, &[("x-timestamp", MILLIS.0), ("x-signature", signature)], signed(), bad);
    check(&hmac, &[("x-timestamp", time), ("x-signature", MILLIS.1)], signed(), bad);
    check(&hmac, &[("x-timestamp", time), ("x-signature", signature), ("x-signature", signature)], signed(), bad);
    for odd in ["", "zz", "d8", &format!("sha1={signature}")] {
        check(&hmac, &[("x-timestamp", time), ("x-signature", odd)], signed(), bad);
    }
    let other = proof(&[("webhook_auth", json!("hmac"))], &["other"]);
    check(&other, &[("x-timestamp", time), ("x-signature", signature)], signed(), bad);
}

#[test]
fn a_secret_stands_in_its_own_header_and_a_token_in_that_of_its_kind() {
    let bad = Err(WebhookError::BadSignature);
    let secret = proof(&[], &["new", "old"]);
    for good in ["new", "old"] {
        check(&secret, &[("x-vapi-secret", good)], signed(), Ok(()));
    }
    for odd in [
        &[("x-vapi-secret", "")][..],
        &[("x-vapi-secret", "ne")],
        &[("authorization", "Bearer new")],
        &[("x-vapi-secret", "new"), ("x-vapi-secret", "new")],
    ] {
        check(&secret, odd, signed(), bad);
    }
    let bearer = proof(&[("webhook_auth", json!("bearer"))], &["new", "old"]);
    for good in ["Bearer new", "bearer old"] {
        check(&bearer, &[("authorization", good)], signed(), Ok(()));
    }
    for odd in ["new", "Basic new", "Bearer", "Bearer ", "Bearer neww"] {
        check(&bearer, &[("authorization", odd)], signed(), bad);
    }
    check(&bearer, &[("x-vapi-secret", "new")], signed(), bad);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let field = |fault: InvalidSettings| fault.field;
    assert_eq!(field(fault(&[("webhook_auth", json!("none"))], &["a"])), "connections.own.webhook_auth");
    assert_eq!(field(fault(&[("signature_header", json!("x-a"))], &["a"])), "connections.own.signature_header");
    let odd = [("webhook_auth", json!("hmac")), ("timestamp_header", json!("x a"))];
    assert_eq!(field(fault(&odd, &["a"])), "connections.own.timestamp_header");
    for way in ["secret", "bearer", "hmac"] {
        let many = fault(&[("webhook_auth", json!(way))], &["a", "b", "c", "d"]);
        assert!(many.fault.contains("has 4 secrets"), "{many}");
    }
    assert!(fault(&[], &["a b"]).fault.contains("visible ASCII"));
    assert!(fault(&[("webhook_auth", json!("hmac"))], &[]).fault.contains("is missing"));
}
