//! The tables of the page, and everything beside them.

use serde_json::{Value, json};

use super::*;

const SID: &str = "CA11111111111111111111111111111111";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn refusal(status: u16, code: u32) -> String {
    json!({ "code": code, "message": "text", "more_info": "https://www.twilio.com/docs/errors", "status": status }).to_string()
}

fn not_dialed(reason: EndedReason, retry: Retry) -> Placing {
    Placing::NotDialed { reason, retry }
}

#[test]
fn only_what_is_listed_is_not_dialed() {
    use EndedReason as R;
    let wait = Retry::After(USUAL_WAIT);
    let listed = [
        (400, 21211, R::InvalidNumber, Retry::Never),
        (400, 21217, R::InvalidNumber, Retry::Never),
        (400, 13224, R::InvalidNumber, Retry::Never),
        (400, 21210, R::ProviderError, Retry::Never),
        (400, 21212, R::ProviderError, Retry::Never),
        (400, 21215, R::CarrierRejected, Retry::Never),
        (400, 21216, R::CarrierRejected, Retry::Never),
        (400, 21626, R::ProviderError, Retry::Never),
        (401, 20003, R::ProviderError, Retry::Never),
        (404, 20404, R::ProviderError, Retry::Never),
        (429, 20429, R::ProviderError, wait),
        (400, 10004, R::ProviderError, wait),
        (403, 10004, R::ProviderError, wait),
        (429, 10004, R::ProviderError, wait),
        (400, 22005, R::ProviderError, Retry::Never),
        (403, 22005, R::ProviderError, Retry::Never),
        (429, 22005, R::ProviderError, Retry::Never),
    ];
    let codes = listed.iter().map(|(_, code, ..)| *code).chain([0, 20500, 21205, 99999]);
    for code in codes.collect::<Vec<_>>() {
        for status in 100..=599 {
            let row = listed.iter().find(|(held, named, ..)| (*held, *named) == (status, code));
            let expected = row.map_or_else(Placing::default, |(_, _, reason, retry)| not_dialed(*reason, *retry));
            assert_eq!(placing(&answer(status, &refusal(status, code)), now()), expected, "{status} {code}");
        }
    }
}

#[test]
fn a_refusal_in_another_shape_is_none() {
    for body in [
        refusal(404, 20003).as_str(),
        r#"{"code":"20003","message":"x","status":401}"#,
        r#"{"code":20003,"status":401}"#,
        r#"{"code":20003,"message":"x"}"#,
        r#"{"code":20003,"code":20003,"message":"x","status":401}"#,
        r#"{"code":-20003,"message":"x","status":401}"#,
        r#"[{"code":20003,"message":"x","status":401}]"#,
        "<html>Unauthorized</html>",
        "",
    ] {
        assert_eq!(placing(&answer(401, body), now()), Placing::default(), "{body}");
    }
}

#[test]
fn a_call_is_dialed_by_its_id_alone() {
    let dialed = Placing::Dialed(ProviderCallId::new(SID).unwrap());
    for status in 200..=299 {
        let expected = if status <= 201 { dialed.clone() } else { Placing::default() };
        assert_eq!(placing(&answer(status, &json!({ "sid": SID, "status": "queued" }).to_string()), now()), expected, "{status}");
    }
    let twice = format!(r#"{{"sid":"{SID}","sid":"{SID}"}}"#);
    let long = format!("{SID}1");
    for odd in [json!("CA1"), json!(long), json!("SM11111111111111111111111111111111"), json!(7), json!(null), json!([SID])] {
        assert_eq!(placing(&answer(201, &json!({ "sid": odd }).to_string()), now()), Placing::default());
    }
    for body in [twice.as_str(), "{}", "<html>", "", "null"] {
        assert_eq!(placing(&answer(201, body), now()), Placing::default(), "{body}");
    }
}

#[test]
fn a_cancel_is_taken_or_the_call_is_over() {
    assert!(canceled(&answer(200, &json!({ "sid": SID }).to_string()), now()).is_ok());
    for (status, code) in [(400, 21220), (404, 20404), (409, 21220)] {
        assert!(matches!(canceled(&answer(status, &refusal(status, code)), now()), Err(ProviderError::Gone)));
    }
    for (status, body) in
        [(404, "<html>".to_owned()), (400, refusal(400, 20001)), (401, refusal(401, 20003)), (500, String::new())]
    {
        assert!(matches!(canceled(&answer(status, &body), now()), Err(ProviderError::Failed(_))), "{status}");
    }
}

fn hook(fields: &str) -> (Evidence, Option<String>) {
    let body = format!("CallSid={SID}&{fields}");
    let (_, _, heard) = webhook(None, body.as_bytes(), Some(Duration::from_secs(9))).unwrap();
    (heard.evidence, heard.unknown)
}

#[test]
fn every_status_of_a_webhook_is_seen() {
    use EndedReason as R;
    for (fields, seen, reason) in [
        ("CallStatus=queued", Seen::Accepted, None),
        ("CallStatus=initiated", Seen::Accepted, None),
        ("CallStatus=ringing", Seen::Ringing, None),
        ("CallStatus=in-progress", Seen::Answered, None),
        ("CallStatus=completed", Seen::Completed, None),
        ("CallStatus=completed&AnsweredBy=human", Seen::Completed, None),
        ("CallStatus=completed&AnsweredBy=unknown", Seen::Completed, None),
        ("CallStatus=completed&AnsweredBy=machine_start", Seen::Completed, Some(R::Voicemail)),
        ("CallStatus=completed&AnsweredBy=machine_end_beep", Seen::Completed, Some(R::Voicemail)),
        ("CallStatus=completed&AnsweredBy=fax", Seen::Failed, Some(R::Unreachable)),
        ("CallStatus=busy", Seen::Busy, Some(R::Busy)),
        ("CallStatus=no-answer", Seen::NoAnswer, Some(R::NoAnswer)),
        ("CallStatus=canceled", Seen::Canceled, None),
        ("CallStatus=failed", Seen::Failed, Some(R::ProviderError)),
        ("CallStatus=failed&SipResponseCode=404", Seen::Failed, Some(R::InvalidNumber)),
        ("CallStatus=failed&SipResponseCode=410", Seen::Failed, Some(R::InvalidNumber)),
        ("CallStatus=failed&SipResponseCode=484", Seen::Failed, Some(R::InvalidNumber)),
        ("CallStatus=failed&SipResponseCode=604", Seen::Failed, Some(R::InvalidNumber)),
        ("CallStatus=failed&SipResponseCode=403", Seen::Failed, Some(R::CarrierRejected)),
        ("CallStatus=failed&SipResponseCode=603", Seen::Failed, Some(R::CarrierRejected)),
        ("CallStatus=failed&SipResponseCode=607", Seen::Failed, Some(R::CarrierRejected)),
        ("CallStatus=failed&SipResponseCode=608", Seen::Failed, Some(R::CarrierRejected)),
        ("CallStatus=failed&SipResponseCode=503", Seen::Failed, Some(R::ProviderError)),
    ] {
        let (evidence, unknown) = hook(&format!("{fields}&CallDuration=42&Duration=1"));
        assert_eq!((evidence.seen, evidence.ended_reason, unknown), (Some(seen), reason, None), "{fields}");
        let was_talk = seen == Seen::Completed;
        assert_eq!(evidence.duration_s, was_talk.then_some(42), "{fields}");
        assert_eq!(evidence.result_within.is_some(), was_talk, "{fields}");
        let is_end = !matches!(seen, Seen::Accepted | Seen::Ringing | Seen::Answered);
        assert_eq!(evidence.words_final, is_end, "{fields}");
    }
}

#[test]
fn what_is_not_a_status_is_facts_alone_or_nothing() {
    let (verdict, _) = hook("AnsweredBy=machine_start&MachineDetectionDuration=3100");
    assert_eq!((verdict.seen, verdict.ended_reason), (None, Some(EndedReason::Voicemail)));
    let (recorded, _) = hook("RecordingUrl=https%3A%2F%2Fapi.twilio.com%2Fr&RecordingStatus=completed");
    assert_eq!((recorded.seen, recorded.recording.as_deref()), (None, Some("https://api.twilio.com/r")));
    let (unknown, word) = hook("CallStatus=teleported&AnsweredBy=machine_start&CallDuration=7");
    assert_eq!((unknown.seen, unknown.ended_reason, unknown.duration_s), (None, None, None));
    assert_eq!(word.as_deref(), Some("teleported"));
    for body in ["", "CallStatus=completed", "CallSid=&CallStatus=completed", "CallSid=CA1&CallStatus=busy", "{}"] {
        assert!(webhook(None, body.as_bytes(), None).is_none(), "{body}");
    }
}

#[test]
fn numbers_that_are_none_are_left_out() {
    for odd in ["-1", "1.5", "", "soon", "99999999999999999999", "4294967296"] {
        assert_eq!(hook(&format!("CallStatus=completed&CallDuration={odd}")).0.duration_s, None, "{odd}");
    }
}

#[test]
fn our_reference_is_in_the_address_that_was_called() {
    let ours = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
    let base = "https://gw.example/v1/webhooks/in/own/token";
    assert_eq!(attempt(Some(&format!("{base}?attempt_id={ours}"))), ours.parse().ok());
    assert_eq!(attempt(Some(&format!("{base}?x=1&attempt_id={ours}&y"))), ours.parse().ok());
    for url in [Some(base.to_owned()), Some(format!("{base}?attempt_id=7")), Some(format!("{base}?other={ours}")), None] {
        assert_eq!(attempt(url.as_deref()), None);
    }
}

#[test]
fn an_event_is_a_calls_place_in_order() {
    assert_eq!(event_id(format!("CallSid={SID}&SequenceNumber=3").as_bytes()), Some(format!("{SID}/3")));
    for body in [format!("CallSid={SID}"), format!("CallSid={SID}&SequenceNumber=x"), "SequenceNumber=3".to_owned()] {
        assert_eq!(event_id(body.as_bytes()), None, "{body}");
    }
}

fn row(sid: &str, to: &str, direction: &str, created: &str) -> Value {
    json!({ "sid": sid, "to": to, "direction": direction, "date_created": created, "status": "queued" })
}

#[test]
fn of_a_list_only_what_we_placed_since_then_counts() {
    let sent_at = now();
    let (new, old) = ("Wed, 31 Dec 2025 23:59:00 +0000", "Wed, 31 Dec 2025 23:58:59 +0000");
    let list = |calls: Value| {
        let body = json!({ "calls": calls, "next_page_uri": "/2010-04-01/Accounts/AC1/Calls.json?Page=1" });
        listed(&answer(200, &body.to_string()), "+12025550199", sent_at, None, now()).unwrap()
    };
    let ours = row(SID, "+12025550199", "outbound-api", new);
    let all = list(json!([ours, row(SID, "+12025550100", "outbound-api", new), row(SID, "+12025550199", "inbound", new)]));
    assert_eq!((all.calls.len(), all.next.is_some(), all.is_partly_unread), (1, true, false));
    let older = list(json!([ours, row(SID, "+12025550199", "outbound-api", old)]));
    assert_eq!((older.calls.len(), older.next, older.is_partly_unread), (1, None, false));
    for odd in [row("x", "+12025550199", "outbound-api", new), row(SID, "+12025550199", "outbound-api", "yesterday"), json!({})] {
        assert!(list(json!([odd])).is_partly_unread);
    }
    for body in ["{}", "[]", "<html>", r#"{"calls":{}}"#, r#"{"calls":[7]}"#] {
        assert!(listed(&answer(200, body), "+1", sent_at, None, now()).is_err(), "{body}");
    }
}

#[test]
fn the_next_page_is_of_the_same_list_or_none() {
    let list: Url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json".parse().unwrap();
    let next = "/2010-04-01/Accounts/AC1/Calls.json?Page=1&PageToken=PA1";
    assert_eq!(next_page(&list, next).unwrap().as_str(), format!("https://api.twilio.com{next}"));
    for odd in
        ["https://evil.example/2010-04-01/Accounts/AC1/Calls.json", "//evil.example/x", "/2010-04-01/Accounts/AC2/Calls.json", ""]
    {
        let followed = next_page(&list, odd);
        assert!(followed.is_none_or(|url| url == list), "{odd}");
    }
}

#[test]
fn health_is_the_account() {
    assert!(health(&answer(200, r#"{"calls":[]}"#)).ready);
    for (answer, names) in
        [(answer(401, ""), "auth_token"), (answer(404, ""), "account_sid"), (answer(200, "<html>"), "base_url")]
    {
        let health = health(&answer);
        assert!(!health.ready && health.detail.contains(names), "{}", health.detail);
    }
}
