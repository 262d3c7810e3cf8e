//! What stands in the table and beside it, and what no fixture can show.

use serde_json::json;

use super::*;

const ID: &str = "7c1f3a52-9d5e-4b1a-8a3f-52d0a6b1c2d3";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn base() -> Url {
    "https://api.vapi.ai".parse().unwrap()
}

fn id() -> ProviderCallId {
    ProviderCallId::new(ID).unwrap()
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, retry_after: None, body: body.to_string().into_bytes() }
}

#[test]
fn of_all_statuses_only_those_of_the_table_mean_anything() {
    let never = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never };
    let waits = Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(USUAL_WAIT) };
    for status in 100..=599 {
        let refused = json!({ "message": "No.", "error": "No", "statusCode": status });
        let expected = match status {
            400..=404 | 422 => never.clone(),
            429 => waits.clone(),
            _ => Placing::default(),
        };
        assert_eq!(placing(&answer(status, &refused), now()), expected, "{status}");
        let taken = placing(&answer(status, &json!({ "id": ID, "status": "queued" })), now());
        let expected = if (200..300).contains(&status) { Placing::Dialed(id()) } else { Placing::default() };
        assert_eq!(taken, expected, "{status}");
        for odd in [
            json!({ "message": "No." }),
            json!({ "statusCode": status }),
            json!({ "message": "", "statusCode": status }),
            json!({ "message": 7, "statusCode": status }),
            json!({ "message": "No.", "statusCode": status.to_string() }),
            json!({ "message": "No.", "statusCode": status + 1 }),
            json!({ "message": "No.", "statusCode": status, "id": ID, "status": 7 }),
            json!([{ "message": "No.", "statusCode": status }]),
            json!([status, "No."]),
        ] {
            let is_taken = (200..300).contains(&status) && odd.get("id").is_some();
            let expected = if is_taken { Placing::Dialed(id()) } else { Placing::default() };
            assert_eq!(placing(&answer(status, &odd), now()), expected, "{status} {odd}");
        }
    }
}

#[test]
fn only_a_400_that_speaks_of_a_limit_asks_to_wait() {
    let said =
        |status: u16, message: Value| placing(&answer(status, &json!({ "message": message, "statusCode": status })), now());
    let means = |placing: &Placing| match placing {
        Placing::NotDialed { reason, retry: Retry::Never } => format!("{reason} never"),
        Placing::NotDialed { reason, retry: Retry::After(wait) } => format!("{reason} {}", wait.as_secs()),
        odd => format!("{odd:?}"),
    };
    for (status, message, expected) in [
        (400, json!("Over Concurrency Limit"), "provider_error 5"),
        (400, json!(["x", "daily LIMIT"]), "provider_error 5"),
        (403, json!("Over Concurrency Limit"), "provider_error never"),
        (400, json!("assistantId is unknown"), "provider_error never"),
        (400, json!(["customer.number must be a valid phone number in the E.164 format."]), "invalid_number never"),
        (400, json!("phoneNumber.number must be valid"), "provider_error never"),
        (404, json!("customer.number is not valid"), "provider_error never"),
    ] {
        assert_eq!(means(&said(status, message.clone())), expected, "{status} {message}");
    }
}

fn control(url: &str, base: &str) -> bool {
    theirs_alone(url, &base.parse().unwrap()).is_ok()
}

#[test]
fn a_control_address_is_theirs_or_is_not_followed() {
    for good in ["https://vapi.ai/c", "https://phone-call-websocket.aws-us-west-2-backend-production1.vapi.ai/1/control"] {
        assert!(control(good, "https://api.vapi.ai"), "{good}");
    }
    for odd in [
        "http://api.vapi.ai/c",
        "https://vapi.ai.evil.example/c",
        "https://evilvapi.ai/c",
        "https://u:p@vapi.ai/c",
        "https://169.254.169.254/",
        "http://127.0.0.1:80/c",
        "wss://vapi.ai/c",
        "/c",
        "",
    ] {
        assert!(!control(odd, "https://api.vapi.ai"), "{odd}");
    }
    assert!(control("http://127.0.0.1:4000/control/1", "http://127.0.0.1:4000"));
    assert!(!control("http://127.0.0.1:4001/control/1", "http://127.0.0.1:4000"));
    assert!(control("https://vapi.eu.example/c", "https://vapi.eu.example"));
}

#[test]
fn a_call_is_ended_by_what_it_is() {
    let way = |body: Value| way_to_end(&answer(200, &body), &id(), &base(), now());
    let live = way(json!({ "id": ID, "status": "in-progress", "monitor": { "controlUrl": "https://a.vapi.ai/c" } })).unwrap();
    assert!(live.control.is_some() && !live.has_not_begun);
    let waits = way(json!({ "id": ID, "status": "queued" })).unwrap();
    assert!(waits.control.is_none() && waits.has_not_begun);
    let rings = way(json!({ "id": ID, "status": "ringing" })).unwrap();
    assert!(rings.control.is_none() && !rings.has_not_begun);
    assert!(matches!(way(json!({ "id": ID, "status": "ended" })), Err(ProviderError::Gone)));
    assert!(matches!(way(json!({ "id": "other", "status": "ringing" })), Err(ProviderError::Failed(_))));
    let elsewhere = json!({ "id": ID, "status": "queued", "monitor": { "controlUrl": "https://evil.example/c" } });
    assert!(matches!(way(elsewhere), Err(ProviderError::Failed(_))));
    let gone = answer(404, &json!({ "message": "Couldn't get call.", "statusCode": 404 }));
    assert!(matches!(way_to_end(&gone, &id(), &base(), now()), Err(ProviderError::Gone)));
}

#[test]
fn audio_is_known_by_the_address_that_asks_for_it() {
    let recording = |artifact: Value| {
        let call = json!({ "id": ID, "status": "ended", "endedReason": "customer-ended-call", "artifact": artifact });
        match found(&answer(200, &call), &id(), &base(), now()).unwrap().found {
            Found::Evidence(evidence) => evidence.recording,
            odd => panic!("{odd:?}"),
        }
    };
    let expected = format!("https://api.vapi.ai/call/{ID}/mono-recording");
    for there in [
        json!({ "recordingUrl": "https://storage.vapi.ai/1.wav" }),
        json!({ "stereoRecordingUrl": "https://storage.vapi.ai/1.wav" }),
        json!({ "presignedMonoUrl": "https://storage.vapi.ai/1.wav?sig=1" }),
        json!({ "recording": { "mono": { "combinedUrl": "https://storage.vapi.ai/1.wav" } } }),
    ] {
        assert_eq!(recording(there.clone()).as_ref(), Some(&expected), "{there}");
    }
    for none in [json!({}), json!({ "recording": {} }), json!({ "recordingUrl": "" }), json!({ "recordingUrl": 7 }), json!(null)]
    {
        assert_eq!(recording(none.clone()), None, "{none}");
    }
}

#[test]
fn the_list_covers_the_send_mark() {
    let (from, to) = window("2026-01-01T00:00:00.123456Z".parse().unwrap());
    assert_eq!((from.as_str(), to.as_str()), ("2025-12-31T23:59:00.123Z", "2026-01-01T00:05:00.123Z"));
}

#[test]
fn unknown_words_are_told_and_known_ones_are_not() {
    let unknown = |status: &str, reason: &str| {
        let call = json!({ "id": ID, "status": status, "endedReason": reason });
        found(&answer(200, &call), &id(), &base(), now()).unwrap().unknown
    };
    assert_eq!(unknown("teleported", "customer-busy"), Some(Unknown::Status("teleported".to_owned())));
    assert_eq!(unknown("ended", "moon-phase"), Some(Unknown::Reason("moon-phase".to_owned())));
    assert_eq!(unknown("ended", "customer-busy"), None);
    assert_eq!(unknown("not-found", ""), None);
}

#[test]
fn a_probe_tells_what_is_wrong() {
    let ill = |status: u16| ill(&answer(status, &json!({})), "the assistant", "remote_id", now());
    assert_eq!(ill(200).unwrap(), None);
    assert!(ill(401).unwrap().unwrap().detail.contains("api_key"));
    assert!(ill(404).unwrap().unwrap().detail.contains("remote_id"));
    for odd in [302, 500] {
        assert!(matches!(ill(odd), Err(ProviderError::Failed(_))), "{odd}");
    }
    assert!(matches!(ill(429), Err(ProviderError::Busy { .. })));
}
