//! The contract's table, and everything beside it.

use callgate_domain::model::Seen;

use super::*;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn dialed() -> Placing {
    Placing::Dialed(ProviderCallId::new("eng-1").unwrap())
}

fn not_dialed(reason: EndedReason, retry: Retry) -> Placing {
    Placing::NotDialed { reason, retry }
}

fn check(status: u16, body: &str, expected: Placing) {
    assert_eq!(placing(&answer(status, body), now()), expected, "{status} {body}");
}

#[test]
fn the_table_of_the_contract() {
    let never = |reason| not_dialed(reason, Retry::Never);
    check(201, r#"{"provider_call_id":"eng-1"}"#, dialed());
    check(200, r#"{"provider_call_id":"eng-1","more":[1]}"#, dialed());
    check(409, r#"{"provider_call_id":"eng-1"}"#, dialed());
    check(400, r#"{"dialed":false}"#, never(EndedReason::ProviderError));
    check(422, r#"{"dialed":false,"reason":"invalid_number"}"#, never(EndedReason::InvalidNumber));
    check(403, r#"{"dialed":false,"reason":"we do not like it"}"#, never(EndedReason::ProviderError));
    check(429, r#"{"dialed":false}"#, not_dialed(EndedReason::ProviderError, Retry::After(USUAL_WAIT)));
}

#[test]
fn a_429_keeps_its_retry_after() {
    let busy = Answer { retry_after: Some("7".to_owned()), ..answer(429, r#"{"dialed":false}"#) };
    assert_eq!(placing(&busy, now()), not_dialed(EndedReason::ProviderError, Retry::After(Duration::from_secs(7))));
}

#[test]
fn a_cancel_is_taken_or_the_call_is_over() {
    for status in [200, 202, 204] {
        assert!(canceled(&answer(status, ""), now()).is_ok());
    }
    for status in [404, 409] {
        assert!(matches!(canceled(&answer(status, ""), now()), Err(ProviderError::Gone)));
    }
    assert!(matches!(canceled(&answer(429, ""), now()), Err(ProviderError::Busy { retry_after: None })));
    for status in [201, 301, 400, 401, 500, 503] {
        assert!(matches!(canceled(&answer(status, ""), now()), Err(ProviderError::Failed(_))), "{status}");
    }
}

fn looked_up(body: &str) -> Result<Found, ProviderError> {
    found(&answer(200, body), ProviderCallId::new("eng-1").as_ref(), now()).map(|found| found.found)
}

#[test]
fn every_status_of_a_look_up_is_seen() {
    for (status, seen) in [
        ("queued", Seen::Accepted),
        ("ringing", Seen::Ringing),
        ("in_progress", Seen::Answered),
        ("completed", Seen::Completed),
        ("no_answer", Seen::NoAnswer),
        ("busy", Seen::Busy),
        ("voicemail", Seen::Completed),
        ("canceled", Seen::Canceled),
        ("failed", Seen::Failed),
    ] {
        let body =
            format!(r#"{{"provider_call_id":"eng-1","status":"{status}","transcript":"agent: Hi","turns":[],"duration":3}}"#);
        let Ok(Found::Evidence(evidence)) = looked_up(&body) else { panic!("{status}") };
        let is_end = !matches!(seen, Seen::Accepted | Seen::Ringing | Seen::Answered);
        assert_eq!(evidence.seen, Some(seen));
        assert_eq!((evidence.words_final, evidence.duration_s), (is_end, is_end.then_some(3)), "{status}");
        assert_eq!(evidence.source, Source::LookUp);
    }
}

#[test]
fn an_unknown_status_of_a_look_up_says_only_that_the_call_is_there() {
    let body = r#"{"provider_call_id":"eng-1","status":"teleported","transcript":"agent: Hi","duration":3}"#;
    let found = found(&answer(200, body), None, now()).unwrap();
    let bare = Evidence { provider_call: ProviderCallId::new("eng-1"), ..Evidence::new(Source::LookUp) };
    assert_eq!(found.found, Found::Evidence(Box::new(bare)));
    assert_eq!(found.unknown_status.as_deref(), Some("teleported"));
}

#[test]
fn a_404_is_absence_and_anything_odd_is_a_failure() {
    let absent = found(&answer(404, "<html>"), None, now()).unwrap().found;
    assert_eq!(absent, Found::Absent { complete: true });
    for status in [201, 204, 302, 400, 401, 403, 410, 500, 502, 503] {
        assert!(matches!(found(&answer(status, "{}"), None, now()), Err(ProviderError::Failed(_))), "{status}");
    }
    for body in ["", "[]", "{}", "<html>", r#"{"status":"completed"}"#, r#"{"provider_call_id":"eng-1"}"#] {
        assert!(matches!(looked_up(body), Err(ProviderError::Failed(_))), "{body}");
    }
    let other = r#"{"provider_call_id":"eng-2","status":"completed"}"#;
    assert!(matches!(looked_up(other), Err(ProviderError::Failed(_))));
}

#[test]
fn an_engine_that_asks_to_wait_is_busy() {
    let wait = Some("30".to_owned());
    for status in [429, 503] {
        let busy = found(&Answer { retry_after: wait.clone(), ..answer(status, "") }, None, now());
        assert!(matches!(busy, Err(ProviderError::Busy { retry_after: Some(wait) }) if wait == Duration::from_secs(30)));
    }
}

#[test]
fn a_webhook_is_about_a_call_of_its_own_connection() {
    let own = ConnectionId::new("own").unwrap();
    let body = br#"{"event_type":"call.completed","provider_call_id":"eng-1","status":"busy","connection":"other"}"#;
    let Reading::Says { about, .. } = reading(webhook(body, Source::Webhook), &own) else { panic!("it says something") };
    assert_eq!(about.connection, Some(own));
}
