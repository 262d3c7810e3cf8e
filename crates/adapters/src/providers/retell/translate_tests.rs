//! The table of refusals and everything beside it; every reason for an end; what webhooks say.

use callgate_domain::model::EndedBy;
use serde_json::{Value, json};

use super::*;

const ATTEMPT: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Means {
    Dialed,
    Never,
    Wait,
    Unknown,
}

fn meaning(status: u16, body: &str) -> Means {
    match placing(&answer(status, body), now()) {
        Placing::Dialed(id) if id.as_str() == "call_1" => Means::Dialed,
        Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never } => Means::Never,
        Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(USUAL_WAIT) } => Means::Wait,
        Placing::Unknown { reason: EndedReason::OutcomeUnknown } => Means::Unknown,
        odd => panic!("{status} {body}: {odd:?}"),
    }
}

fn check(body: &str, expected: impl Fn(u16) -> Means) {
    for status in 100..=599 {
        assert_eq!(meaning(status, body), expected(status), "{status} {body}");
    }
}

#[test]
fn accepted_is_a_success_with_the_id_of_a_call() {
    for body in [
        r#"{"call_id":"call_1","call_status":"registered","call_type":"phone_call"}"#,
        r#"{"call_id":"call_1","call_status":"teleported"}"#,
        r#"{"call_id":"call_1","call_status":7,"more":[]}"#,
    ] {
        check(body, |status| if (200..=299).contains(&status) { Means::Dialed } else { Means::Unknown });
    }
}

#[test]
fn a_refusal_has_their_two_words_and_a_listed_status() {
    for body in [
        r#"{"status":"error","message":"API key is missing or invalid."}"#,
        r#"{"message":"cannot find requested asset","status":"error","more":1,"call_id":null}"#,
    ] {
        check(body, |status| match status {
            400 | 401 | 402 | 403 | 404 | 422 => Means::Never,
            429 => Means::Wait,
            _ => Means::Unknown,
        });
    }
}

#[test]
fn anything_else_is_unknown() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "<html>401</html>",
        r#"{"call_id":""}"#,
        r#"{"call_id":null}"#,
        r#"{"call_id":7}"#,
        r#"{"call_id":"a\u0000"}"#,
        r#"{"call_id":"call_1","call_id":"call_2"}"#,
        r#"{"call_id":"call_1""#,
        r#"{"call":{"call_id":"call_1"}}"#,
        r#"{"status":"error"}"#,
        r#"{"status":"error","message":""}"#,
        r#"{"status":"error","message":7}"#,
        r#"{"status":"failed","message":"no"}"#,
        r#"{"status":"error","status":"error","message":"no"}"#,
        r#"{"message":"no"}"#,
        r#"{"error":"no"}"#,
    ] {
        check(body, |_| Means::Unknown);
    }
    let both = r#"{"status":"error","message":"no","call_id":"call_1"}"#;
    check(both, |status| if (200..=299).contains(&status) { Means::Dialed } else { Means::Unknown });
    let not_text = Answer { body: b"{\"call_id\":\"call_1\",\"x\":\"\xff\"}".to_vec(), ..answer(201, "") };
    assert_eq!(placing(&not_text, now()), Placing::default());
}

#[test]
fn a_429_keeps_its_retry_after() {
    let busy = Answer { retry_after: Some("7".to_owned()), ..answer(429, r#"{"status":"error","message":"slow"}"#) };
    let expected = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(Duration::from_secs(7)) };
    assert_eq!(placing(&busy, now()), expected);
}

#[test]
fn a_cancel_is_taken_or_the_call_is_over() {
    assert!(canceled(&answer(204, ""), now()).is_ok());
    for status in [400, 404, 409, 422] {
        assert!(matches!(canceled(&answer(status, ""), now()), Err(ProviderError::Gone)), "{status}");
    }
    assert!(matches!(canceled(&answer(429, ""), now()), Err(ProviderError::Busy { retry_after: None })));
    for status in [301, 401, 403, 500, 503] {
        assert!(matches!(canceled(&answer(status, ""), now()), Err(ProviderError::Failed(_))), "{status}");
    }
}

fn read(fields: &Value) -> Evidence {
    let mut whole = json!({ "call_id": "call_1" });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let asked = ProviderCallId::new("call_1").unwrap();
    call(&answer(200, &whole.to_string()), &asked, now()).unwrap().unwrap().evidence
}

fn check_end(status: &str, reason: &str, seen: Seen, ended: EndedReason) {
    let evidence = read(&json!({ "call_status": status, "disconnection_reason": reason }));
    assert_eq!((evidence.seen, evidence.ended_reason), (Some(seen), Some(ended)), "{status} {reason}");
    assert!(evidence.words_final);
}

const ENDS: [(&str, Seen, EndedReason); 41] = [
    ("user_hangup", Seen::Completed, EndedReason::UserHangup),
    ("agent_hangup", Seen::Completed, EndedReason::AgentHangup),
    ("call_transfer", Seen::Completed, EndedReason::AgentHangup),
    ("transfer_bridged", Seen::Completed, EndedReason::AgentHangup),
    ("call_take_over", Seen::Completed, EndedReason::AgentHangup),
    ("transfer_cancelled", Seen::Completed, EndedReason::Unknown),
    ("inactivity", Seen::Completed, EndedReason::Silence),
    ("max_duration_reached", Seen::Completed, EndedReason::MaxDuration),
    ("user_requested_dnc", Seen::Completed, EndedReason::Suppressed),
    ("user_requested_callback", Seen::Completed, EndedReason::Unknown),
    ("ivr_reached", Seen::Completed, EndedReason::AgentHangup),
    ("voicemail_reached", Seen::Completed, EndedReason::Voicemail),
    ("machine_detected", Seen::Completed, EndedReason::Voicemail),
    ("manual_stopped", Seen::Canceled, EndedReason::CanceledByClient),
    ("dial_no_answer", Seen::NoAnswer, EndedReason::NoAnswer),
    ("user_declined", Seen::NoAnswer, EndedReason::Declined),
    ("dial_busy", Seen::Busy, EndedReason::Busy),
    ("invalid_destination", Seen::Failed, EndedReason::InvalidNumber),
    ("marked_as_spam", Seen::Failed, EndedReason::CarrierRejected),
    ("network_blocked", Seen::Failed, EndedReason::CarrierRejected),
    ("scam_detected", Seen::Failed, EndedReason::CarrierRejected),
    ("dial_failed", Seen::Failed, EndedReason::CarrierRejected),
    ("sip_routing_error", Seen::Failed, EndedReason::CarrierRejected),
    ("telephony_provider_unavailable", Seen::Failed, EndedReason::CarrierRejected),
    ("telephony_provider_permission_denied", Seen::Failed, EndedReason::CarrierRejected),
    ("concurrency_limit_reached", Seen::Failed, EndedReason::ProviderError),
    ("no_concurrency_fallback", Seen::Failed, EndedReason::ProviderError),
    ("no_valid_payment", Seen::Failed, EndedReason::ProviderError),
    ("credit_exhausted", Seen::Failed, EndedReason::ProviderError),
    ("budget_reached", Seen::Failed, EndedReason::ProviderError),
    ("error_llm_websocket_open", Seen::Failed, EndedReason::AgentError),
    ("error_llm_websocket_lost_connection", Seen::Failed, EndedReason::AgentError),
    ("error_llm_websocket_runtime", Seen::Failed, EndedReason::AgentError),
    ("error_llm_websocket_corrupt_payload", Seen::Failed, EndedReason::AgentError),
    ("error_asr", Seen::Failed, EndedReason::AgentError),
    ("error_no_audio_received", Seen::Failed, EndedReason::Unknown),
    ("error_user_not_joined", Seen::Failed, EndedReason::Unknown),
    ("registered_call_timeout", Seen::Failed, EndedReason::ProviderTimeout),
    ("error_retell", Seen::Failed, EndedReason::ProviderError),
    ("error_unknown", Seen::Failed, EndedReason::ProviderError),
    ("error_inbound_webhook", Seen::Failed, EndedReason::ProviderError),
];

#[test]
fn every_reason_means_the_same_under_every_status_of_an_end() {
    for status in ["ended", "not_connected", "error"] {
        for (reason, seen, ended) in ENDS {
            check_end(status, reason, seen, ended);
        }
    }
}

#[test]
fn without_a_reason_that_we_know_the_status_decides() {
    for reason in ["", "teleported"] {
        check_end("ended", reason, Seen::Completed, EndedReason::Unknown);
        check_end("not_connected", reason, Seen::Failed, EndedReason::CarrierRejected);
        check_end("error", reason, Seen::Failed, EndedReason::ProviderError);
    }
    for (status, seen) in [("registered", Seen::Accepted), ("ongoing", Seen::Answered)] {
        let evidence = read(&json!({ "call_status": status, "disconnection_reason": "user_hangup" }));
        assert_eq!((evidence.seen, evidence.ended_reason), (Some(seen), None), "{status}");
    }
}

#[test]
fn stopped_in_a_talk_is_a_talk() {
    let evidence = read(&json!({ "call_status": "ended", "disconnection_reason": "manual_stopped", "duration_ms": 4_000 }));
    assert_eq!((evidence.seen, evidence.ended_reason), (Some(Seen::Completed), Some(EndedReason::CanceledByClient)));
}

#[test]
fn who_wants_no_calls_is_believed() {
    let evidence = read(&json!({ "call_status": "ended", "disconnection_reason": "user_requested_dnc" }));
    assert!(evidence.opt_out);
    assert_eq!((evidence.ended_reason, evidence.ended_by), (Some(EndedReason::Suppressed), Some(EndedBy::User)));
    assert!(!read(&json!({ "call_status": "ended", "disconnection_reason": "user_requested_callback" })).opt_out);
}

#[test]
fn the_analysis_may_find_a_machine_later() {
    let found = |reason: &str| {
        let call = json!({ "call_status": "ended", "disconnection_reason": reason, "call_analysis": { "in_voicemail": true } });
        read(&call).ended_reason
    };
    assert_eq!(found("user_hangup"), Some(EndedReason::Voicemail));
    assert_eq!(found("teleported"), Some(EndedReason::Voicemail));
    assert_eq!(found("dial_no_answer"), Some(EndedReason::NoAnswer));
    assert_eq!(found("user_requested_dnc"), Some(EndedReason::Suppressed));
}

#[test]
fn a_call_that_never_connected_has_no_talk() {
    let start = 1_767_225_600_000_i64;
    let evidence = read(&json!({
        "call_status": "not_connected", "disconnection_reason": "dial_no_answer", "start_timestamp": start, "end_timestamp": start,
        "duration_ms": 0, "transcript": "", "call_analysis": { "call_summary": "Nobody answered." },
    }));
    assert_eq!((evidence.answered_at, evidence.duration_s, evidence.summary), (None, None, None));
    assert_eq!(evidence.ended_at, Some(now()));
}

#[test]
fn a_failure_in_a_talk_keeps_its_words() {
    let evidence = read(&json!({
        "call_status": "error", "disconnection_reason": "error_asr", "start_timestamp": 1_767_225_600_000_i64, "duration_ms": 2_499,
        "transcript": "Agent: Hello\nUser: Hi\nthere\n", "recording_url": "https://a.example/1.wav",
    }));
    assert_eq!((evidence.seen, evidence.duration_s, evidence.answered_at), (Some(Seen::Failed), Some(2), Some(now())));
    let said: Vec<_> = evidence.turns.iter().map(|turn| (turn.role.as_str(), turn.text.as_str())).collect();
    assert_eq!(said, [("agent", "Hello"), ("user", "Hi\nthere")]);
    assert_eq!(evidence.recording.as_deref(), Some("https://a.example/1.wav"));
}

#[test]
fn turns_have_the_moments_of_their_words() {
    let evidence = read(&json!({
        "call_status": "ended", "transcript": "Agent: other words",
        "transcript_object": [
            { "role": "agent", "content": "Hello", "words": [{ "word": "Hello", "start": 0.7, "end": 1.25 }] },
            { "role": "transfer_target", "content": "Sales here", "words": [] },
            { "role": "user", "content": "Hi", "words": [] },
            { "role": "user", "content": "", "words": [] },
            { "role": "dtmf", "digit": "1" }, 7,
        ],
    }));
    let said: Vec<_> = evidence.turns.iter().map(|turn| (turn.text.as_str(), turn.start_ms, turn.end_ms)).collect();
    assert_eq!(said, [("Hello", Some(700), Some(1_250)), ("Hi", None, None)]);
}

#[test]
fn an_account_that_keeps_no_names_still_tells_the_rest() {
    let evidence = read(&json!({
        "call_status": "ended", "scrubbed_recording_url": "https://a.example/2.wav",
        "scrubbed_transcript_with_tool_calls": [
            { "role": "agent", "content": "Hello [NAME]" }, { "role": "tool_call_result", "content": "{}" }, { "role": "user", "content": "Hi" },
        ],
    }));
    assert_eq!(evidence.turns.len(), 2);
    assert_eq!(evidence.recording.as_deref(), Some("https://a.example/2.wav"));
}

#[test]
fn look_ups_are_about_the_call_that_was_asked_for() {
    let asked = ProviderCallId::new("call_1").unwrap();
    let failed = |status: u16, body: &str| matches!(call(&answer(status, body), &asked, now()), Err(ProviderError::Failed(_)));
    for body in ["", "[]", "{}", r#"{"call_status":"ended"}"#, r#"{"call_id":"call_1"}"#, "<html>"] {
        assert!(failed(200, body), "{body}");
    }
    assert!(failed(200, r#"{"call_id":"call_2","call_status":"ended"}"#));
    let refusal = r#"{"status":"error","message":"cannot find requested asset under given api key"}"#;
    for status in [201, 204, 301, 400, 401, 403, 500, 503] {
        assert!(failed(status, refusal), "{status}");
    }
    for status in [404, 422] {
        assert!(failed(status, "<html>Not found</html>"), "a proxy's page is no absence");
        assert!(matches!(call(&answer(status, refusal), &asked, now()), Ok(None)));
    }
}

#[test]
fn lists_are_read_whole_or_not_at_all() {
    for body in
        ["", "[]", "{}", r#"{"items":{}}"#, r#"{"items":[{}]}"#, r#"{"items":[{"call_id":""}]}"#, r#"{"items":[],"has_more":1}"#]
    {
        assert!(matches!(list(&answer(200, body), now()), Err(ProviderError::Failed(_))), "{body}");
    }
    for (rest, is_whole) in [
        ("", true),
        (r#","has_more":false,"pagination_key":"k""#, true),
        (r#","has_more":true"#, false),
        (r#","pagination_key":"k""#, false),
    ] {
        let body = format!(r#"{{"items":[]{rest}}}"#);
        assert_eq!(list(&answer(200, &body), now()).unwrap().is_whole, is_whole, "{body}");
    }
    let items = json!({ "items": [
        { "call_id": "ours", "metadata": { "attempt_id": ATTEMPT }, "to_number": "+12025550199" },
        { "call_id": "others", "metadata": { "attempt_id": "019ab0c2-0000-7a51-9d2c-3f0d6a1b2c3d" }, "to_number": "+12025550199" },
        { "call_id": "odd", "metadata": { "attempt_id": 7 }, "to_number": "+12025550199" },
        { "call_id": "nameless", "metadata": {}, "to_number": "+12025550199", "call_status": "not_connected" },
        { "call_id": "bare", "call_status": "error" },
        { "call_id": "answered", "to_number": "+12025550199", "call_status": "ended" },
        { "call_id": "unheard", "to_number": "+12025550199" },
        { "call_id": "elsewhere", "to_number": "+12025550198", "call_status": "not_connected" },
    ]});
    let list = list(&answer(200, &items.to_string()), now()).unwrap();
    let names = |ids: Vec<ProviderCallId>| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(list.ours(ATTEMPT.parse().unwrap())), ["ours"]);
    assert_eq!(names(list.nameless(&Phone::from_stored("+12025550199".to_owned()))), ["nameless", "bare"]);
}

fn told(event: &str, call: &Value) -> Read {
    let body = json!({ "event": event, "call": call }).to_string();
    webhook(body.as_bytes(), &ConnectionId::new("own").unwrap())
}

#[test]
fn an_event_and_a_status_that_disagree_make_us_ask_or_say_no_more_than_both() {
    let call = |status: &str| json!({ "call_id": "call_1", "call_status": status, "transcript": "Agent: Hi" });
    for event in ["call_ended", "call_analyzed"] {
        for status in ["registered", "ongoing"] {
            assert!(matches!(told(event, &call(status)).reading, Reading::Ask(_)), "{event} {status}");
        }
    }
    for status in ["registered", "ongoing", "ended"] {
        let Reading::Says { evidence, .. } = told("call_started", &call(status)).reading else { panic!("{status}") };
        assert_eq!((evidence.seen, evidence.ended_reason, evidence.turns.len()), (Some(Seen::Answered), None, 0), "{status}");
    }
    let Reading::Says { evidence, .. } = told("transcript_updated", &call("ongoing")).reading else { panic!("they talk") };
    assert_eq!((evidence.seen, evidence.words_final, evidence.turns.len()), (Some(Seen::Answered), false, 1));
    assert_eq!(told("transcript_updated", &call("ended")).reading, Reading::Nothing, "the end is told by its own event");
}

#[test]
fn unknown_words_are_told_to_the_operator() {
    let call = |status: &str, reason: &str| json!({ "call_id": "call_1", "call_status": status, "disconnection_reason": reason });
    for (event, call, says, unknown) in [
        ("call_ended", call("teleported", "user_hangup"), false, Some("teleported")),
        ("call_started", call("teleported", ""), false, Some("teleported")),
        ("call_ended", call("ended", "bored"), true, Some("bored")),
        ("call_scored", call("ended", "user_hangup"), false, Some("call_scored")),
        ("transfer_started", call("ongoing", ""), false, None),
        ("transfer_ended", call("ended", "call_transfer"), false, None),
        ("call_ended", json!({ "call_status": "ended" }), false, None),
        ("call_ended", json!([]), false, None),
        ("", call("ended", "user_hangup"), false, None),
    ] {
        let read = told(event, &call);
        assert_eq!((matches!(read.reading, Reading::Says { .. }), read.unknown.as_deref()), (says, unknown), "{event} {call}");
    }
    for body in ["", "[]", "{}", "ended!", r#"{"event":7,"call":{"call_id":"call_1","call_status":"ended"}}"#] {
        let read = webhook(body.as_bytes(), &ConnectionId::new("own").unwrap());
        assert_eq!(read.reading, Reading::Nothing, "{body}");
    }
}

#[test]
fn health_names_what_to_mend() {
    let refused = r#"{"status":"error","message":"no"}"#;
    let good = || answer(200, "{}");
    assert!(health(&good(), &good(), now()).unwrap().ready);
    for (number, agent, word) in [
        (answer(401, refused), answer(401, refused), "api_key"),
        (answer(422, refused), good(), "from"),
        (good(), answer(422, refused), "remote_id"),
        (good(), answer(403, refused), "api_key"),
    ] {
        let health = health(&number, &agent, now()).unwrap();
        assert!(!health.ready && health.detail.contains(word), "{}", health.detail);
    }
    assert!(health(&answer(500, ""), &good(), now()).is_err());
    assert!(health(&good(), &answer(429, ""), now()).is_err());
}
