//! What a report may say, what of it is wrong, and what it means.

use callgate_domain::model::call::conversation::Role;
use callgate_domain::model::{EndedReason, Seen};
use serde_json::{Value, json};

use super::*;

fn report(with: Value) -> Value {
    let mut body = json!({"event_type": "call.completed", "provider_call_id": "eng-1", "status": "completed"});
    for (name, value) in with.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn parsed(with: Value) -> Report {
    Report::parse(report(with).to_string().as_bytes()).unwrap()
}

/// The faults of a body as `pointer code`, in order.
fn check(body: &str, expected: &[&str]) {
    let faults = match Report::parse(body.as_bytes()) {
        Err(Unreadable::Wrong(faults)) => faults,
        other => panic!("{body}: {other:?}"),
    };
    let shown: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(shown, expected, "{body}");
}

fn check_field(with: Value, expected: &[&str]) {
    check(&report(with).to_string(), expected);
}

fn check_field_text(field: &str, expected: &str) {
    let body = format!(r#"{{"event_type":"call.completed","provider_call_id":"eng-1","status":"busy",{field}}}"#);
    check(&body, &[expected]);
}

#[test]
fn the_example_of_the_contract_is_read() {
    let body = br#"{"event_type":"call.completed","provider_call_id":"internal-provider-reference","status":"completed","transcript":"agent: Hello\nuser: Hi","duration":120}"#;
    let report = Report::parse(body).unwrap();
    assert_eq!(report.provider_call.as_str(), "internal-provider-reference");
    assert_eq!(report.evidence.seen, Some(Seen::Completed));
    assert_eq!(report.evidence.transcript.as_deref(), Some("agent: Hello\nuser: Hi"));
    assert_eq!(report.evidence.duration_s, Some(120));
    assert!(report.evidence.words_final);
}

#[test]
fn all_optional_fields_are_read() {
    let attempt = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
    let report = parsed(json!({
        "ended_reason": "customer_hangup", "summary": "short", "extracted": {"date": "tomorrow", "n": 1}, "opt_out": true,
        "recording_url": "https://engine.example/1.wav", "connection": "own", "attempt_id": attempt,
        "turns": [{"role": "assistant", "text": "Hello", "start_ms": 0, "end_ms": 900.4, "index": 0}, {"role": "user", "text": ""}],
    }));
    assert_eq!(report.attempt.unwrap().to_string(), attempt);
    assert_eq!(report.connection.unwrap().as_str(), "own");
    let evidence = report.evidence;
    assert_eq!(evidence.ended_reason, Some(EndedReason::UserHangup));
    assert_eq!(evidence.extracted["date"], "tomorrow");
    assert_eq!((evidence.summary.as_deref(), evidence.opt_out), (Some("short"), true));
    assert_eq!(evidence.recording.as_deref(), Some("https://engine.example/1.wav"));
    assert_eq!((evidence.turns[0].role, evidence.turns[0].end_ms), (Role::Agent, Some(900)));
    assert!(evidence.words_final);
}

#[test]
fn null_is_the_same_as_left_out() {
    let nulls = json!({"transcript": null, "duration": null, "ended_reason": null, "turns": null, "summary": null,
        "extracted": null, "opt_out": null, "recording_url": null, "connection": null, "attempt_id": null});
    assert_eq!(parsed(nulls), parsed(json!({})));
    assert!(!parsed(json!({})).evidence.words_final);
}

#[test]
fn every_status_means_what_the_contract_says() {
    for (status, seen, reason) in [
        ("completed", Seen::Completed, None),
        ("no_answer", Seen::NoAnswer, None),
        ("busy", Seen::Busy, None),
        ("voicemail", Seen::Completed, Some(EndedReason::Voicemail)),
        ("canceled", Seen::Canceled, None),
        ("failed", Seen::Failed, None),
    ] {
        let evidence = parsed(json!({"status": status})).evidence;
        assert_eq!((evidence.seen, evidence.ended_reason), (Some(seen), reason), "{status}");
    }
    let declined = parsed(json!({"status": "no_answer", "ended_reason": "rejected"})).evidence;
    assert_eq!((declined.seen, declined.ended_reason), (Some(Seen::NoAnswer), Some(EndedReason::Declined)));
}

#[test]
fn a_duration_is_rounded_to_the_second_and_bounded() {
    for (duration, seconds) in
        [(json!(0), 0), (json!(0.4), 0), (json!(0.5), 1), (json!(119.6), 120), (json!(2_147_483_647), 2_147_483_647)]
    {
        assert_eq!(parsed(json!({"duration": duration})).evidence.duration_s, Some(seconds));
    }
    for duration in [json!(-1), json!(-0.1), json!(2_147_483_648_u64), json!(1e300), json!(u64::MAX)] {
        check_field(json!({"duration": duration}), &["/duration out_of_range"]);
    }
    check_field(json!({"duration": "120"}), &["/duration wrong_type"]);
}

#[test]
fn broken_json_is_malformed_and_other_json_is_wrong() {
    for body in ["", "{", "{\"a\":1,}", "{} {}", "{}x", "nul", "{\"a\":01}", "\u{feff}{}", "{\"a\":\"\n\"}"] {
        assert!(matches!(Report::parse(body.as_bytes()), Err(Unreadable::Malformed(_))), "{body}");
    }
    assert!(matches!(Report::parse(b"{\"a\":\"\xff\"}"), Err(Unreadable::Malformed(_))));
    assert!(matches!(Report::parse("[".repeat(1_000).as_bytes()), Err(Unreadable::Malformed(_))));
    check_field_text(r#""transcript":"\ud800""#, "/transcript invalid");
    check_field_text(r#""duration":1e400"#, "/duration invalid");
    let deep = format!(r#""extracted":{}{}"#, "[".repeat(1_000), "]".repeat(1_000));
    check_field_text(&deep, "/extracted invalid");
    for body in [r#"{"\ud800":1}"#, "[]", "null", "1", "\"call.completed\"", "true"] {
        check(body, &[" wrong_type"]);
    }
}

#[test]
fn every_fault_is_listed_in_the_order_of_the_body_and_missing_fields_last() {
    check("{}", &["/event_type required", "/provider_call_id required", "/status required"]);
    check(
        r#"{"transcipt":"a","duration":-1,"status":"done","event_type":"call.started","opt_out":1,"turns":{}}"#,
        &[
            "/transcipt unknown_field",
            "/duration out_of_range",
            "/status invalid",
            "/event_type invalid",
            "/opt_out wrong_type",
            "/turns wrong_type",
            "/provider_call_id required",
        ],
    );
}

#[test]
fn an_unknown_field_names_the_nearest_known_one() {
    let Err(Unreadable::Wrong(faults)) = Report::parse(report(json!({"transcipt": "a"})).to_string().as_bytes()) else {
        panic!("it is refused")
    };
    assert_eq!(faults[0].detail, "is not a known field; did you mean 'transcript'?");
    check_field(json!({"a/b~c": 1}), &["/a~1b~0c unknown_field"]);
}

#[test]
fn a_field_that_stands_there_twice_is_a_fault() {
    check(
        r#"{"event_type":"call.completed","provider_call_id":"a","status":"busy","status":"completed"}"#,
        &["/status duplicate_field"],
    );
}

#[test]
fn each_wrong_value_is_a_fault_of_its_field() {
    for (field, value, code) in [
        ("event_type", json!(null), "wrong_type"),
        ("event_type", json!("call.ringing"), "invalid"),
        ("provider_call_id", json!(null), "wrong_type"),
        ("provider_call_id", json!(""), "invalid"),
        ("provider_call_id", json!("a\u{1}"), "invalid"),
        ("provider_call_id", json!("a".repeat(257)), "too_long"),
        ("status", json!(null), "wrong_type"),
        ("status", json!("in_progress"), "invalid"),
        ("status", json!("Completed"), "invalid"),
        ("transcript", json!(["agent: Hello"]), "wrong_type"),
        ("transcript", json!("a\u{0}"), "nul"),
        ("ended_reason", json!(1), "wrong_type"),
        ("ended_reason", json!("a".repeat(65)), "too_long"),
        ("summary", json!({}), "wrong_type"),
        ("summary", json!("\u{0}"), "nul"),
        ("extracted", json!([]), "wrong_type"),
        ("extracted", json!({"a": [{"b\u{0}": 1}]}), "nul"),
        ("extracted", json!({"a": "a".repeat(256 * 1024)}), "too_long"),
        ("opt_out", json!("true"), "wrong_type"),
        ("recording_url", json!("file:///etc/passwd"), "invalid"),
        ("recording_url", json!("1.wav"), "invalid"),
        ("connection", json!("Own!"), "invalid"),
        ("attempt_id", json!("019ab0c2"), "invalid"),
        ("attempt_id", json!(7), "wrong_type"),
    ] {
        check_field(json!({ field: value }), &[&format!("/{field} {code}")]);
    }
}

#[test]
fn each_turn_is_checked() {
    check_field(
        json!({"turns": [{"role": "agent"}, "hello", {"role": "nobody", "text": 1, "start_ms": -1, "tex": ""}, {"role": null, "text": "a\u{0}"}]}),
        &[
            "/turns/0/text required",
            "/turns/1 wrong_type",
            "/turns/2/tex unknown_field",
            "/turns/2/text wrong_type",
            "/turns/2/role invalid",
            "/turns/2/start_ms out_of_range",
            "/turns/3/role wrong_type",
            "/turns/3/text nul",
        ],
    );
}

#[test]
fn faults_are_bounded() {
    let turns: Vec<Value> = (0..1_000).map(|_| json!(0)).collect();
    let Err(Unreadable::Wrong(faults)) = Report::parse(report(json!({"turns": turns})).to_string().as_bytes()) else {
        panic!("it is refused")
    };
    assert_eq!(faults.len(), 100);
}

#[test]
fn the_best_is_made_of_what_an_engine_says() {
    let body = report(json!({"mood": "good", "summary": 7, "transcript": "agent: Hello", "extracted": {"a": "\u{0}"}}));
    let read = Report::make_the_best_of(body.to_string().as_bytes(), Words::Engine, Source::Webhook);
    assert_eq!(read.unusable, ["/extracted", "/summary"]);
    let evidence = read.report.unwrap().evidence;
    assert_eq!((evidence.transcript.as_deref(), evidence.words_final), (Some("agent: Hello"), true));
}

#[test]
fn an_engine_may_say_that_it_rings_with_an_id_alone() {
    for (event, seen) in [("call.ringing", Seen::Ringing), ("call.answered", Seen::Answered)] {
        let body = json!({"event_type": event, "provider_call_id": "eng-1"}).to_string();
        let read = Report::make_the_best_of(body.as_bytes(), Words::Engine, Source::Webhook);
        assert_eq!(read.report.unwrap().evidence.seen, Some(seen));
        assert!(read.unusable.is_empty());
        assert!(matches!(Report::parse(body.as_bytes()), Err(Unreadable::Wrong(_))));
    }
}

#[test]
fn an_unknown_status_says_nothing() {
    let body = report(json!({"status": "teleported", "duration": 7})).to_string();
    let read = Report::make_the_best_of(body.as_bytes(), Words::Engine, Source::Webhook);
    assert_eq!((read.report, read.unknown_status.as_deref()), (None, Some("teleported")));
}
