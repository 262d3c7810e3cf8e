//! Answers of Bolna as tables.

use callgate_domain::testing::provider_contract::{UNLISTED_BODIES, shown_placing, shown_reading};
use serde_json::{Value, json};

use super::*;

const UNKNOWN: &str = "unknown outcome_unknown";

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn check(status: u16, body: &str, expected: &str) {
    assert_eq!(shown_placing(&placing(&answer(status, body), Timestamp::UNIX_EPOCH)), expected, "{status} {body}");
}

#[test]
fn a_documented_status_needs_a_documented_body() {
    for status in [400, 401, 403, 404, 422, 429] {
        for body in UNLISTED_BODIES.iter().filter(|body| !body.contains("accepted")) {
            check(status, body, UNKNOWN);
        }
        for body in [
            r#"{"error":null,"message":null,"detail":null}"#,
            r#"{"error":400,"message":""}"#,
            r#"{"error":400,"message":7}"#,
            r#"{"error":true,"message":"text"}"#,
            r#"{"error":502,"message":"text"}"#,
            r#"{"error":-1,"message":"text"}"#,
            r#"{"error":400,"error":400,"message":"text"}"#,
            r#"{"error":400,"message":"text","execution_id":""}"#,
            r#"{"error":400,"message":"text","status":"queued"}"#,
            r#"{"detail":[]}"#,
            r#"{"detail":{}}"#,
            "{\"error\":400,\"message\":\"text\"} and more",
        ] {
            check(status, body, UNKNOWN);
        }
    }
}

#[test]
fn every_status_means_what_the_table_says() {
    let refusal = r#"{"error":400,"message":"text"}"#;
    for status in 100..600 {
        let expected = match status {
            400 | 401 | 403 | 404 | 422 => "not_dialed provider_error never",
            429 => "not_dialed provider_error 5s",
            _ => UNKNOWN,
        };
        check(status, refusal, expected);
        let expected = if (200..300).contains(&status) { "dialed ex-1" } else { UNKNOWN };
        check(status, r#"{"execution_id":"ex-1","status":"queued"}"#, expected);
    }
}

#[test]
fn bytes_that_are_no_text_are_no_answer() {
    let body = b"{\"error\":400,\"message\":\"text\",\"more\":\"\xff\"}".to_vec();
    let answer = Answer { status: 400, retry_after: None, body };
    assert_eq!(shown_placing(&placing(&answer, Timestamp::UNIX_EPOCH)), UNKNOWN);
}

#[test]
fn only_what_waits_is_stopped() {
    let check = |status: u16, body: &str, expected: &str| {
        let shown = match canceled(&answer(status, body), Timestamp::UNIX_EPOCH) {
            Ok(()) => "stopped",
            Err(ProviderError::Gone) => "gone",
            Err(ProviderError::Busy { .. }) => "busy",
            Err(ProviderError::Failed(_) | ProviderError::Unsupported) => "failed",
        };
        assert_eq!(shown, expected, "{status} {body}");
    };
    check(200, r#"{"message":"done","status":"stopped","execution_id":"ex-1"}"#, "stopped");
    check(200, r#"{"message":"done","status":"in-progress"}"#, "failed");
    check(200, "<html>", "failed");
    check(400, r#"{"error":400,"message":"cannot be stopped"}"#, "failed");
    check(404, "", "gone");
    check(429, "", "busy");
    check(500, "", "failed");
}

/// A list of words that may become longer: none of them may end a call by itself.
#[test]
fn a_status_we_do_not_know_says_nothing() {
    for status in ["", "Completed", "COMPLETED", "done", "completed ", "voicemail", "answered"] {
        let execution: Execution = serde_json::from_value(json!({ "id": "ex-1", "status": status, "summary": "x" })).unwrap();
        let told = told(&execution);
        assert_eq!((told.evidence.seen, told.evidence.summary), (None, None), "{status}");
        assert_eq!(told.unknown_status.as_deref(), Some(status));
    }
}

#[test]
fn fields_of_other_types_are_missing_and_nothing_else_is() {
    let odd = json!({
        "id": 7, "status": "completed", "conversation_duration": "41.6", "transcript": {"a": 1}, "answered_by_voice_mail": "yes",
        "telephony_data": [], "context_details": "none", "extracted_data": [1], "summary": 3,
    });
    let execution: Execution = serde_json::from_value(odd).unwrap();
    let evidence = told(&execution).evidence;
    assert_eq!(evidence.provider_call.as_ref().map(ProviderCallId::as_str), Some("7"));
    assert_eq!((evidence.seen, evidence.duration_s, evidence.transcript), (Some(Seen::Completed), Some(42), None));
}

/// Words prove that somebody answered, whatever the line says of it.
#[test]
fn whoever_was_talked_to_was_not_missed() {
    for reason in ["Call unanswered", "Call recipient rejected", "Call recipient was busy"] {
        let told_of = json!({
            "id": "ex-1", "status": "completed", "conversation_duration": 0, "transcript": "user: Hi",
            "telephony_data": {"hangup_reason": reason},
        });
        let execution: Execution = serde_json::from_value(told_of).unwrap();
        assert_eq!(told(&execution).evidence.seen, Some(Seen::Completed), "{reason}");
    }
}

#[test]
fn no_bytes_are_believed() {
    let connection = ConnectionId::new("own").unwrap();
    for body in UNLISTED_BODIES {
        assert_eq!(shown_reading(&reading(body.as_bytes(), &connection)), json!("nothing"), "{body}");
    }
    assert_eq!(reading(b"\xff\xfe", &connection), Reading::Nothing);
    let Reading::Ask(about) = reading(br#"{"id":"ex-1","status":"completed"}"#, &connection) else { panic!("it is a hint") };
    assert_eq!((about.connection, about.attempt), (Some(connection), None));
}

#[test]
fn a_probe_says_what_to_look_at() {
    let check = |status: u16, body: Value, ready: bool, part: &str| {
        let found = health(&answer(status, &body.to_string()), "A1");
        assert!(found.ready == ready && found.detail.contains(part), "{status}: {}", found.detail);
    };
    check(200, json!({"id": "a1", "agent_status": "processed"}), true, "the agent is there");
    check(200, json!({"id": "a1", "agent_status": "seeding"}), false, "still being prepared");
    check(200, json!({}), false, "another agent");
    check(403, json!({}), false, "api_key");
    check(404, json!({}), false, "remote_id");
    check(500, json!({}), false, "500");
}
