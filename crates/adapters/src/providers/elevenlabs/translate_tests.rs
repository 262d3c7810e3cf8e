//! The table of refusals and everything beside it; how conversations end; what webhooks say.

use callgate_domain::model::{EndedBy, Seen};
use serde_json::json;

use super::*;

const ATTEMPT: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn origin() -> Url {
    Url::parse("https://api.elevenlabs.io").unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Means {
    Dialed,
    Never(EndedReason),
    Wait,
    Unknown,
}

fn meaning(status: u16, body: &str) -> Means {
    match placing(&answer(status, body), now()) {
        Placing::Dialed(id) if id.as_str() == "conv_1" => Means::Dialed,
        Placing::NotDialed { reason, retry: Retry::Never } => Means::Never(reason),
        Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(USUAL_WAIT) } => Means::Wait,
        Placing::Unknown { reason: EndedReason::OutcomeUnknown } => Means::Unknown,
        odd => panic!("{status} {body}: {odd:?}"),
    }
}

/// Each body under every status: what it means under those of its row, and unknown under all others.
fn check(body: &str, statuses: &[u16], expected: Means) {
    for status in 100..=599 {
        let expected = match status {
            429 if matches!(expected, Means::Never(_)) => Means::Wait,
            _ if statuses.contains(&status) => expected,
            _ => Means::Unknown,
        };
        assert_eq!(meaning(status, body), expected, "{status} {body}");
    }
}

#[test]
fn accepted_is_a_success_with_the_id_of_a_conversation() {
    let success: Vec<u16> = (200..=299).collect();
    for body in [
        r#"{"success":true,"message":"Success","conversation_id":"conv_1","sip_call_id":"SCL_1"}"#,
        r#"{"success":true,"message":"Success","conversation_id":"conv_1","callSid":"CA1"}"#,
        r#"{"success":true,"message":null,"conversation_id":"conv_1","sip_call_id":null,"more":[1]}"#,
        r#"{"conversation_id":"conv_1","success":true}"#,
    ] {
        check(body, &success, Means::Dialed);
    }
}

#[test]
fn a_success_that_was_none_is_final_where_twilio_says_so_and_no_id_of_any_kind_is_told() {
    let never = Means::Never(EndedReason::ProviderError);
    for body in [
        r#"{"success":false,"message":"HTTP 401 error: Unable to create record: Authenticate","conversation_id":null,"callSid":null}"#,
        r#"{"success":false,"message":"","callSid":null}"#,
    ] {
        assert_eq!(meaning(200, body), never, "{body}");
        for status in (100..=599).filter(|status| *status != 200) {
            assert_eq!(meaning(status, body), Means::Unknown, "{status} {body}");
        }
    }
}

#[test]
fn half_a_success_is_unknown() {
    for body in [
        r#"{"success":true,"message":"Success","conversation_id":null,"sip_call_id":null}"#,
        r#"{"success":true,"message":"Success","conversation_id":"","sip_call_id":null}"#,
        r#"{"success":true,"message":"Success"}"#,
        r#"{"success":true,"conversation_id":7}"#,
        r#"{"success":"true","conversation_id":"conv_1"}"#,
        r#"{"success":true,"success":true,"conversation_id":"conv_1"}"#,
        r#"{"success":true,"conversation_id":"conv_1","conversation_id":"conv_2"}"#,
        r#"{"success":true,"conversation_id":"conv_1","message":{}}"#,
        r#"{"success":true,"conversation_id":"a\u0000"}"#,
        r#"{"success":false,"message":"odd","conversation_id":"conv_1"}"#,
        r#"{"success":false,"message":"odd","conversation_id":""}"#,
        r#"{"success":false,"message":"odd","conversation_id":null,"callSid":"CA1"}"#,
        r#"{"success":false,"message":"odd","conversation_id":null,"sip_call_id":"SCL_1"}"#,
        r#"{"success":false}"#,
        r#"{"success":false,"message":"INVITE failed: sip status: 603","conversation_id":null,"sip_call_id":null}"#,
        r#"{"success":false,"message":"no trunk"}"#,
        r#"{"success":null,"message":"odd"}"#,
        r#"{"conversation_id":"conv_1"}"#,
        r#"[{"success":true,"conversation_id":"conv_1"}]"#,
        r#"{"success":true,"conversation_id":"conv_1"} trailing"#,
        r#"{"success":true,"conversation_id":"conv_1""#,
        "<html>200</html>",
        "",
    ] {
        check(body, &[], Means::Unknown);
    }
    let not_text =
        Answer { body: b"{\"success\":true,\"conversation_id\":\"conv_1\",\"x\":\"\xff\"}".to_vec(), ..answer(200, "") };
    assert_eq!(placing(&not_text, now()), Placing::default());
}

#[test]
fn a_refusal_has_their_detail_and_a_listed_status() {
    let listed = [400, 401, 402, 403, 404, 422];
    for body in [
        r#"{"detail":{"status":"invalid_api_key","message":"Invalid API key"}}"#,
        r#"{"detail":{"type":"payment_required","code":"quota_exceeded","message":"no"}}"#,
        r#"{"detail":"Not Found"}"#,
        r#"{"detail":[{"loc":["body","agent_id"],"msg":"Field required","type":"missing"}]}"#,
        r#"{"detail":[{"msg":"odd"}],"conversation_id":null}"#,
    ] {
        check(body, &listed, Means::Never(EndedReason::ProviderError));
    }
    let number = r#"{"detail":[{"loc":["body","to_number"],"msg":"no number","type":"value_error"}]}"#;
    check(number, &listed, Means::Never(EndedReason::InvalidNumber));
    for body in [
        r#"{"detail":null}"#,
        r#"{"detail":""}"#,
        r#"{"detail":{}}"#,
        r#"{"detail":[]}"#,
        r#"{"detail":[{}]}"#,
        r#"{"detail":true}"#,
        r#"{"detail":"a","detail":"b"}"#,
        r#"{"detail":"odd","conversation_id":"conv_1"}"#,
        r#"{"error":"invalid_api_key"}"#,
        "<html>401</html>",
    ] {
        check(body, &[], Means::Unknown);
    }
}

#[test]
fn a_429_keeps_its_retry_after() {
    let body = r#"{"detail":{"status":"system_busy","message":"busy"}}"#;
    let busy = Answer { retry_after: Some("7".to_owned()), ..answer(429, body) };
    let expected = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(Duration::from_secs(7)) };
    assert_eq!(placing(&busy, now()), expected);
}

fn read(fields: &Value) -> Evidence {
    let mut whole = json!({ "conversation_id": "conv_1" });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let asked = ProviderCallId::new("conv_1").unwrap();
    conversation_of(&whole, &asked).unwrap().unwrap().evidence
}

fn conversation_of(body: &Value, asked: &ProviderCallId) -> Result<Option<LookedUp>, ProviderError> {
    conversation(&answer(200, &body.to_string()), asked, &origin(), now())
}

fn ends(status: &str, metadata: &Value) -> (Option<Seen>, Option<EndedReason>) {
    let evidence = read(&json!({ "status": status, "metadata": metadata }));
    (evidence.seen, evidence.ended_reason)
}

fn check_end(status: &str, metadata: &Value, seen: Seen, reason: EndedReason) {
    assert_eq!(ends(status, metadata), (Some(seen), Some(reason)), "{status} {metadata}");
}

#[test]
fn prose_is_searched_for_pieces() {
    for (prose, reason) in [
        ("Call ended by remote party", EndedReason::UserHangup),
        ("Client disconnected: 1000", EndedReason::UserHangup),
        ("Client disconnected: 1005", EndedReason::UserHangup),
        ("end_call tool was called.", EndedReason::AgentHangup),
        ("transfer_to_number tool was called.", EndedReason::AgentHangup),
        ("Max inactive time reached", EndedReason::Silence),
        ("Max duration limit reached", EndedReason::MaxDuration),
        ("MAX DURATION LIMIT REACHED", EndedReason::MaxDuration),
        ("Ending conversation after 40 seconds of silence.", EndedReason::Silence),
        ("voicemail_detection tool was called.", EndedReason::Voicemail),
        ("Answering machine detected", EndedReason::Voicemail),
        ("", EndedReason::Unknown),
        ("It rained", EndedReason::Unknown),
    ] {
        check_end("done", &json!({ "termination_reason": prose }), Seen::Completed, reason);
    }
}

#[test]
fn the_result_of_the_call_comes_first() {
    let result =
        |word: &str| json!({ "phone_call": { "type": "twilio", "call_result": word }, "termination_reason": "end_call" });
    for status in ["initiated", "processing", "done", "failed"] {
        check_end(status, &result("busy"), Seen::Busy, EndedReason::Busy);
        check_end(status, &result("no_answer"), Seen::NoAnswer, EndedReason::NoAnswer);
        check_end(status, &result("failed"), Seen::Failed, EndedReason::CarrierRejected);
    }
    check_end("done", &result("voicemail"), Seen::Completed, EndedReason::Voicemail);
    check_end("failed", &result("voicemail"), Seen::Completed, EndedReason::Voicemail);
    check_end("done", &result("answered"), Seen::Completed, EndedReason::AgentHangup);
    check_end("done", &result("teleported"), Seen::Completed, EndedReason::AgentHangup);
    assert_eq!(ends("initiated", &result("answered")), (Some(Seen::Accepted), None));
    assert_eq!(ends("in-progress", &result("busy")), (Some(Seen::Answered), None));
    assert_eq!(ends("processing", &result("voicemail")), (Some(Seen::Over), None));
}

#[test]
fn a_failure_is_one_whatever_was_said() {
    check_end("failed", &json!({}), Seen::Failed, EndedReason::Unknown);
    check_end("failed", &json!({ "error": null, "call_duration_secs": 0 }), Seen::Failed, EndedReason::Unknown);
    let error = json!({ "error": { "code": 1011, "reason": null }, "termination_reason": "Client disconnected: 1011" });
    check_end("failed", &error, Seen::Failed, EndedReason::AgentError);
    check_end(
        "done",
        &json!({ "features_usage": { "voicemail_detection": { "used": true } } }),
        Seen::Completed,
        EndedReason::Voicemail,
    );
    check_end(
        "done",
        &json!({ "features_usage": { "voicemail_detection": { "used": "yes" } } }),
        Seen::Completed,
        EndedReason::Unknown,
    );
}

#[test]
fn a_call_that_nobody_answered_tells_of_no_talk() {
    let metadata = json!({
        "phone_call": { "call_result": "no_answer" }, "accepted_time_unix_secs": 1_767_225_600, "call_duration_secs": 3,
    });
    let said = json!([{ "role": "agent", "message": "Hello?", "time_in_call_secs": 0 }]);
    let told = json!({ "status": "done", "metadata": metadata, "transcript": said, "has_audio": true });
    let evidence = read(&told);
    assert_eq!((evidence.seen, evidence.answered_at, evidence.duration_s), (Some(Seen::NoAnswer), None, None));
    assert!(evidence.turns.is_empty() && evidence.recording.is_none() && evidence.words_final);
}

#[test]
fn audio_is_fetched_from_the_conversation_where_there_is_any() {
    let address = "https://api.elevenlabs.io/v1/convai/conversations/conv_1/audio";
    for (has_audio, expected) in [(json!(true), Some(address)), (json!(false), None), (json!("true"), None), (Value::Null, None)]
    {
        assert_eq!(read(&json!({ "status": "done", "has_audio": has_audio })).recording.as_deref(), expected, "{has_audio}");
        assert_eq!(read(&json!({ "status": "processing", "has_audio": has_audio })).recording, None, "{has_audio}");
    }
}

#[test]
fn a_failure_in_a_talk_keeps_its_words() {
    let metadata = json!({ "call_duration_secs": 9, "accepted_time_unix_secs": 1_767_225_600, "error": { "code": 1 } });
    let said = json!([{ "role": "user", "message": "Hi", "time_in_call_secs": "1" }, { "role": "agent", "message": null }, 7]);
    let evidence = read(&json!({ "status": "failed", "metadata": metadata, "transcript": said }));
    assert_eq!((evidence.seen, evidence.duration_s, evidence.turns.len()), (Some(Seen::Failed), Some(9), 1));
    assert_eq!(evidence.turns[0].start_ms, Some(1_000));
    assert_eq!((evidence.answered_at, evidence.ended_by), (Some(now()), None::<EndedBy>));
}

#[test]
fn look_ups_are_about_the_call_that_was_asked_for() {
    let asked = ProviderCallId::new("conv_1").unwrap();
    let failed = |status: u16, body: &str| {
        let found = conversation(&answer(status, body), &asked, &origin(), now());
        matches!(found, Err(ProviderError::Failed(_)))
    };
    for body in ["", "[]", "{}", r#"{"status":"done"}"#, r#"{"conversation_id":"conv_1"}"#, "<html>"] {
        assert!(failed(200, body), "{body}");
    }
    assert!(failed(200, r#"{"conversation_id":"conv_2","status":"done"}"#));
    for status in [201, 204, 301, 400, 401, 403, 422, 500, 503] {
        assert!(failed(status, r#"{"detail":{"message":"no"}}"#), "{status}");
    }
    assert!(failed(404, "<html>Not found</html>"), "a proxy's page is no absence");
    let absent = conversation(&answer(404, r#"{"detail":{"message":"no"}}"#), &asked, &origin(), now());
    assert!(matches!(absent, Ok(None)));
}

#[test]
fn a_list_that_cannot_be_read_is_no_absence() {
    for body in ["{}", "[]", r#"{"conversations":[]}"#, r#"{"conversations":[{}],"has_more":false}"#, "<html>"] {
        assert!(matches!(page(&answer(200, body), now()), Err(ProviderError::Failed(_))), "{body}");
    }
    let more = page(&answer(200, r#"{"conversations":[],"has_more":true,"next_cursor":null}"#), now()).unwrap();
    assert!(!more.is_last && more.next.is_none(), "more that cannot be asked for is not seen");
    let last = page(&answer(200, r#"{"conversations":[],"has_more":false,"next_cursor":"c"}"#), now()).unwrap();
    assert!(last.is_last && last.next.is_none());
}

fn not_started(reason: &str, body: &Value) -> (Seen, EndedReason) {
    let data = json!({ "conversation_id": "conv_1", "failure_reason": reason, "metadata": { "type": "x", "body": body } });
    let event = json!({ "type": "call_initiation_failure", "event_timestamp": 1, "data": data }).to_string();
    let read = webhook(event.as_bytes(), &ConnectionId::new("own").unwrap(), &origin());
    let Reading::Says { about, evidence } = read.reading else { panic!("{event}") };
    assert_eq!((about.attempt, about.provider_call), (None, ProviderCallId::new("conv_1")));
    (evidence.seen.unwrap(), evidence.ended_reason.unwrap())
}

#[test]
fn what_could_not_be_connected_is_told_by_sip_and_by_word() {
    let busy = (Seen::Busy, EndedReason::Busy);
    let rang_out = (Seen::NoAnswer, EndedReason::NoAnswer);
    let declined = (Seen::NoAnswer, EndedReason::Declined);
    let invalid = (Seen::Failed, EndedReason::InvalidNumber);
    let refused = (Seen::Failed, EndedReason::CarrierRejected);
    for (word, code, expected) in [
        ("busy", 486, busy),
        ("busy", 600, busy),
        ("no-answer", 408, rang_out),
        ("no-answer", 480, rang_out),
        ("no-answer", 487, rang_out),
        ("unknown", 486, busy),
        ("unknown", 600, busy),
        ("unknown", 480, rang_out),
        ("unknown", 487, rang_out),
        ("busy", 603, declined),
        ("no-answer", 603, declined),
        ("unknown", 607, declined),
        ("unknown", 404, invalid),
        ("unknown", 484, invalid),
        ("unknown", 604, invalid),
        ("unknown", 401, refused),
        ("unknown", 403, refused),
        ("unknown", 407, refused),
        ("unknown", 503, refused),
        ("unknown", 488, refused),
        ("teleported", 486, busy),
    ] {
        assert_eq!(not_started(word, &json!({ "sip_status_code": code })), expected, "{word} {code}");
        assert_eq!(not_started(word, &json!({ "sip_status_code": code.to_string() })), expected, "{word} \"{code}\"");
    }
    for (word, body, expected) in [
        ("unknown", json!({ "CallStatus": "no-answer" }), rang_out),
        ("unknown", json!({ "CallStatus": "busy" }), busy),
        ("unknown", json!({ "CallStatus": "failed", "SipResponseCode": "404" }), invalid),
        ("unknown", json!({ "CallStatus": "failed" }), refused),
        ("unknown", json!({ "CallStatus": "canceled" }), refused),
        ("unknown", json!({}), refused),
        ("no-answer", json!({}), rang_out),
        ("teleported", json!({}), (Seen::Failed, EndedReason::Unknown)),
        ("", json!({ "sip_status_code": 200 }), (Seen::Failed, EndedReason::Unknown)),
    ] {
        assert_eq!(not_started(word, &body), expected, "{word} {body}");
    }
}

#[test]
fn a_webhook_without_the_words_makes_us_ask() {
    let data = |transcript: Value, seconds: u32| {
        let metadata = json!({ "call_duration_secs": seconds });
        json!({ "conversation_id": "conv_1", "user_id": ATTEMPT, "status": "done", "metadata": metadata, "transcript": transcript })
    };
    let reading = |data: Value| {
        let event = json!({ "type": "post_call_transcription", "data": data }).to_string();
        webhook(event.as_bytes(), &ConnectionId::new("own").unwrap(), &origin()).reading
    };
    for empty in [json!([]), Value::Null] {
        let Reading::Ask(about) = reading(data(empty, 12)) else { panic!("it has no words") };
        assert_eq!(about.attempt.map(|attempt| attempt.to_string()).as_deref(), Some(ATTEMPT));
    }
    assert!(matches!(reading(data(json!([]), 0)), Reading::Says { .. }), "nobody spoke");
    let tool_only = json!([{ "role": "agent", "message": null }]);
    assert!(matches!(reading(data(tool_only, 12)), Reading::Says { .. }), "there are turns, and none has words");
}

#[test]
fn unknown_words_are_told_to_the_operator_and_say_nothing() {
    let own = ConnectionId::new("own").unwrap();
    for (body, unknown) in [
        (r#"{"type":"call_scored","data":{"conversation_id":"conv_1"}}"#, Some("call_scored")),
        (r#"{"type":"post_call_transcription","data":{"conversation_id":"conv_1","status":"teleported"}}"#, Some("teleported")),
        (r#"{"type":"post_call_audio","data":{"conversation_id":"conv_1","full_audio":""}}"#, None),
        (r#"{"type":"answering_machine_detection","data":{"conversation_id":"conv_1","answered_by":"human"}}"#, None),
        (r#"{"type":"post_call_transcription","data":{"status":"done"}}"#, None),
        (r#"{"type":"post_call_transcription","data":[]}"#, None),
        (r#"{"type":"call_initiation_failure"}"#, None),
        (r#"{"type":7}"#, None),
        ("[]", None),
        ("done!", None),
    ] {
        let read = webhook(body.as_bytes(), &own, &origin());
        assert_eq!((read.reading, read.unknown.as_deref()), (Reading::Nothing, unknown), "{body}");
    }
}

#[test]
fn health_names_what_to_mend() {
    let sip = || answer(200, r#"{"provider":"sip_trunk"}"#);
    let refused = r#"{"detail":{"message":"no"}}"#;
    let detail = |number: Answer, agent: Answer| health(&number, &agent, Via::SipTrunk, now()).unwrap();
    assert!(detail(sip(), answer(200, "{}")).ready);
    for (number, agent, word) in [
        (answer(401, refused), answer(401, refused), "api_key"),
        (answer(404, refused), answer(200, "{}"), "number_id"),
        (answer(200, r#"{"provider":"twilio"}"#), answer(200, "{}"), "via"),
        (sip(), answer(404, refused), "remote_id"),
    ] {
        let health = detail(number, agent);
        assert!(!health.ready && health.detail.contains(word), "{}", health.detail);
    }
    assert!(health(&answer(500, ""), &sip(), Via::SipTrunk, now()).is_err());
    assert!(health(&sip(), &answer(500, ""), Via::SipTrunk, now()).is_err());
}
