//! Answers of Bland as tables.

use callgate_domain::model::Seen;
use callgate_domain::testing::provider_contract::{UNLISTED_BODIES, shown_placing, shown_reading};
use serde_json::json;

use super::*;

const UNKNOWN: &str = "unknown outcome_unknown";
const NEVER: &str = "not_dialed provider_error never";
const REJECTED: &str = "not_dialed carrier_rejected never";
const WAITS: &str = "not_dialed provider_error 10s";

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn check(status: u16, body: &str, expected: &str) {
    assert_eq!(shown_placing(&placing(&answer(status, body), Timestamp::UNIX_EPOCH)), expected, "{status} {body}");
}

#[test]
fn a_documented_status_needs_a_documented_body() {
    let no_refusals = [
        r#"{"status":"error"}"#,
        r#"{"status":"error","message":""}"#,
        r#"{"status":"error","message":7}"#,
        r#"{"status":"error","status":"error","message":"text"}"#,
        r#"{"status":"success","message":"text"}"#,
        r#"{"status":"error","message":"text","call_id":"c-1"}"#,
        r#"{"status":"error","message":"text","call_id":""}"#,
        r#"{"status":"error","message":"text","error":"X"}"#,
        r#"{"error":"OBJECTIVE_VALIDATION_ERROR","details":null}"#,
        r#"{"error":"","details":"text"}"#,
        r#"{"data":null,"errors":[]}"#,
        r#"{"data":null,"errors":[{"message":"text"}]}"#,
        r#"{"data":null,"errors":{"error":"X"}}"#,
    ];
    for status in [400, 401, 402, 403, 404, 418] {
        for body in UNLISTED_BODIES.iter().chain(&no_refusals) {
            check(status, body, UNKNOWN);
        }
    }
}

#[test]
fn every_status_means_what_the_table_says() {
    let refusals = [
        r#"{"status":"error","message":"text","errors":["one"]}"#,
        r#"{"status":"error","message":null,"errors":["one"]}"#,
        r#"{"data":null,"errors":[{"error":"AUTH_FAILURE","message":"Unauthorized"}]}"#,
        r#"{"error":"OBJECTIVE_VALIDATION_ERROR","details":"text"}"#,
    ];
    for status in 100..600 {
        let expected = if matches!(status, 400..=404 | 418 | 429) { NEVER } else { UNKNOWN };
        refusals.iter().for_each(|refusal| check(status, refusal, expected));
        let expected = if (200..300).contains(&status) { "dialed c-1" } else { UNKNOWN };
        check(status, r#"{"status":"success","message":"queued","call_id":"c-1","batch_id":null}"#, expected);
    }
}

#[test]
fn the_text_of_a_400_decides() {
    let says = |text: &str, expected: &str| check(400, &json!({ "status": "error", "message": text }).to_string(), expected);
    says("Unable to save request body.", UNKNOWN);
    says("UNABLE TO QUEUE CALL.", UNKNOWN);
    says("Invalid phone number", "not_dialed invalid_number never");
    says("phone_number is invalid", "not_dialed invalid_number never");
    says("Invalid parameters: additional properties", NEVER);
    says("This number is on the do not call list", REJECTED);
    check(400, r#"{"status":"DNC Error","message":"text"}"#, REJECTED);
}

#[test]
fn the_text_of_a_429_decides() {
    let says = |text: &str, expected: &str| check(429, &json!({ "status": "error", "message": text }).to_string(), expected);
    says("Rate limit exceeded", WAITS);
    says("Too many requests", WAITS);
    says("You may call the same number once in 10 seconds", WAITS);
    says("This phone number is blocked", REJECTED);
    says("New customers: daily limit reached", NEVER);
    says("International call limit: too many calls", NEVER);
    says("Something else altogether", NEVER);
    // One that cannot be read means one of the four, and none of them is a call.
    for body in UNLISTED_BODIES {
        check(429, body, WAITS);
    }
    for body in [
        r#"{"call_id":"c-1"}"#,
        r#"{"call_id":7,"status":"error","message":"Rate limit"}"#,
        r#"{"call_id":"a","call_id":"b"}"#,
        r#"{"status":"success"}"#,
        r#"{"status":"error","message":"Rate limit","call_id":"c-1"}"#,
    ] {
        check(429, body, UNKNOWN);
    }
}

#[test]
fn an_end_that_was_asked_for_is_said_to_be_one() {
    let check = |status: u16, body: &str, expected: &str| {
        let shown = match canceled(&answer(status, body), Timestamp::UNIX_EPOCH) {
            Ok(()) => "ended",
            Err(ProviderError::Gone) => "gone",
            Err(ProviderError::Busy { .. }) => "busy",
            Err(ProviderError::Failed(_) | ProviderError::Unsupported) => "failed",
        };
        assert_eq!(shown, expected, "{status} {body}");
    };
    check(200, r#"{"status":"success","message":"Call ended successfully."}"#, "ended");
    check(200, r#"{"status":"error","message":"SID not found for the given c_id."}"#, "gone");
    check(400, r#"{"status":"error","message":"SID not found for the given c_id."}"#, "gone");
    check(404, "", "gone");
    check(200, "{}", "failed");
    check(200, "<html>", "failed");
    check(400, "", "failed");
    check(429, "", "busy");
    check(500, "", "failed");
}

#[test]
fn no_word_that_we_do_not_know_moves_a_call() {
    for call in [
        json!({ "call_id": "c-1" }),
        json!({ "call_id": "c-1", "completed": false, "queue_status": "pondering" }),
        json!({ "call_id": "c-1", "completed": false, "status": "completed" }),
        json!({ "call_id": "c-1", "completed": true, "status": "teleported", "corrected_duration": "3" }),
        json!({ "call_id": "c-1", "completed": true, "status": null }),
        json!({ "call_id": "c-1", "completed": "true", "status": "completed" }),
    ] {
        let told = told::told(&serde_json::from_value(call.clone()).unwrap(), Source::LookUp);
        assert_eq!(told.evidence.seen, None, "{call}");
        assert!(told.unknown_status.is_some(), "{call}");
        let (reading, word) = reading(call.to_string().as_bytes(), &ConnectionId::new("own").unwrap());
        assert!(reading == Reading::Nothing && word.is_some(), "{call}");
    }
}

#[test]
fn durations_are_seconds_or_else_minutes() {
    let check = |call: Value, expected: Option<u32>| {
        let read: Call = serde_json::from_value(call.clone()).unwrap();
        assert_eq!(read.duration_s(), expected, "{call}");
    };
    check(json!({ "corrected_duration": "147", "call_length": 9.9 }), Some(147));
    check(json!({ "corrected_duration": 147.4 }), Some(147));
    check(json!({ "corrected_duration": null, "call_length": 2.45 }), Some(147));
    check(json!({ "corrected_duration": "soon", "call_length": "1" }), Some(60));
    check(json!({ "call_length": -1 }), None);
    check(json!({ "call_length": 1e300 }), None);
    check(json!({}), None);
}

#[test]
fn what_was_found_out_is_not_what_we_sent() {
    let call = json!({
        "analysis": { "mood": "good", "none": null },
        "citations": [{ "field": "date" }],
        "disposition_tag": "BOOKED",
        "request_data": "{\"name\":\"Aida\"}",
        "variables": { "name": "Aida", "date": "tomorrow" },
    });
    let read: Call = serde_json::from_value(call).unwrap();
    let expected = json!({
        "mood": "good", "citations": [{ "field": "date" }], "disposition_tag": "BOOKED", "variables": { "date": "tomorrow" },
    });
    assert_eq!(Value::Object(read.extracted()), expected);
    let many = json!({ "analysis": { "mood": "good" }, "variables": { "page": "x".repeat(1 << 20) } });
    let read: Call = serde_json::from_value(many).unwrap();
    assert_eq!(Value::Object(read.extracted()), json!({ "mood": "good" }));
}

/// `NoAnswer` lets a client's plan go on to the next try: a line that failed in another way must not.
#[test]
fn a_failed_line_says_why() {
    let check = |error: &str, seen: Seen, reason: EndedReason| {
        let call = json!({ "call_id": "c-1", "completed": true, "status": "failed", "error_message": error });
        let evidence = told::told(&serde_json::from_value(call).unwrap(), Source::LookUp).evidence;
        assert_eq!((evidence.seen, evidence.ended_reason), (Some(seen), Some(reason)), "{error}");
    };
    check("Number NOT FOUND", Seen::Failed, EndedReason::InvalidNumber);
    check("Temporarily Unavailable", Seen::NoAnswer, EndedReason::NoAnswer);
    check("Line busy", Seen::Busy, EndedReason::Busy);
    check("Spam or Number Reputation", Seen::Failed, EndedReason::CarrierRejected);
    check("Account not allowed to call this", Seen::Failed, EndedReason::CarrierRejected);
    for theirs in ["database error", "Unable to start call", "Call failed.", "unknown", "", "a new text"] {
        check(theirs, Seen::Failed, EndedReason::ProviderError);
    }
}

#[test]
fn unreadable_webhooks_say_nothing() {
    let connection = ConnectionId::new("own").unwrap();
    for body in UNLISTED_BODIES.iter().chain(&[r#"{"call_id":7}"#, r#"{"call_id":"a","call_id":"b","completed":true}"#]) {
        assert_eq!(shown_reading(&reading(body.as_bytes(), &connection).0), json!("nothing"), "{body}");
    }
    assert_eq!(reading(b"\xff\xfe", &connection).0, Reading::Nothing);
}

#[test]
fn a_probe_says_what_to_look_at() {
    let check = |status: u16, has_webhook: bool, ready: bool, part: &str| {
        let found = health(status, has_webhook);
        assert!(found.ready == ready && found.detail.contains(part), "{status}: {}", found.detail);
    };
    check(200, true, true, "the key is good");
    check(200, false, true, "https public_url");
    check(401, true, false, "api_key");
    check(500, true, false, "500");
}
