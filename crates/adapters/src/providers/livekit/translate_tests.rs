//! The tables of the page, and everything beside them.

use callgate_domain::model::Phone;
use serde_json::json;

use super::*;

const ATTEMPT: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const ROOM: &str = "call-019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn rooms() -> Rooms {
    Rooms { prefix: "call-".to_owned() }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn refusal(code: &str, msg: &str) -> String {
    json!({ "code": code, "msg": msg }).to_string()
}

#[test]
fn only_what_is_listed_is_not_dialed() {
    let codes = [
        "canceled",
        "unknown",
        "invalid_argument",
        "malformed",
        "deadline_exceeded",
        "not_found",
        "bad_route",
        "already_exists",
        "permission_denied",
        "unauthenticated",
        "resource_exhausted",
        "failed_precondition",
        "aborted",
        "out_of_range",
        "unimplemented",
        "internal",
        "unavailable",
        "data_loss",
        "brand_new",
    ];
    let listed: &[(u16, &str, &str, Retry)] = &[
        (400, "invalid_argument", "", Retry::Never),
        (400, "malformed", "", Retry::Never),
        (400, "out_of_range", "", Retry::Never),
        (401, "unauthenticated", "", Retry::Never),
        (403, "permission_denied", "", Retry::Never),
        (404, "not_found", "", Retry::Never),
        (404, "bad_route", "", Retry::Never),
        (429, "resource_exhausted", "", Retry::After(USUAL_WAIT)),
        (500, "internal", "sip not connected", Retry::Never),
        (500, "unknown", "sip not connected", Retry::Never),
        (503, "unavailable", "no response from servers", Retry::Backoff),
    ];
    for status in 100..=599 {
        for code in codes {
            for msg in ["text", "no response from servers", "sip not connected (redis required)"] {
                let row = listed.iter().find(|(s, c, needs, _)| (*s, *c) == (status, code) && msg.contains(needs));
                let expected = row.map_or_else(Placing::default, |(.., retry)| not_dialed(*retry));
                assert_eq!(placing(&answer(status, &refusal(code, msg)), ROOM, now()), expected, "{status} {code} {msg}");
                // The far end's own answer is an outcome, whatever code it comes with.
                let with_sip = json!({ "code": code, "msg": msg, "meta": { "sip_status_code": "486" } }).to_string();
                assert_eq!(placing(&answer(status, &with_sip), ROOM, now()), Placing::default(), "{status} {code} with SIP");
            }
        }
    }
}

#[test]
fn a_refusal_in_another_shape_is_none() {
    for body in [
        r#"{"code":"unauthenticated","code":"unauthenticated","msg":"x"}"#,
        r#"{"code":["unauthenticated"],"msg":"x"}"#,
        r#"{"code":"unauthenticated","msg":7}"#,
        r#"{"code":"unauthenticated","msg":"x","meta":{"sip_status_code":486}}"#,
        r#"{"code":"unauthenticated","msg":"x","meta":[]}"#,
        r#"[{"code":"unauthenticated","msg":"x"}]"#,
        r#"{"error":{"code":"unauthenticated","msg":"x"}}"#,
        r#"{"code":"unauthenticated","msg":"x"} {}"#,
        "<html>Unauthorized</html>",
    ] {
        assert_eq!(placing(&answer(401, body), ROOM, now()), Placing::default(), "{body}");
    }
}

#[test]
fn a_callee_counts_in_the_room_it_was_called_into() {
    let good = json!({ "participantId": "PA_1", "participantIdentity": "callee", "roomName": ROOM, "sipCallId": "SCL_1" });
    let dialed = Placing::Dialed(ProviderCallId::new(ROOM).unwrap());
    let snake = json!({ "participant_id": "PA_1", "participant_identity": "callee", "room_name": ROOM });
    for body in [&good, &snake] {
        assert_eq!(placing(&answer(200, &body.to_string()), ROOM, now()), dialed, "{body}");
        assert_eq!(placing(&answer(201, &body.to_string()), ROOM, now()), Placing::default(), "{body}");
    }
    for (field, value) in [
        ("participantId", json!("")),
        ("participantId", json!(null)),
        ("participantId", json!(7)),
        ("roomName", json!("call-1")),
        ("roomName", json!(null)),
        ("participantIdentity", json!("sip_+12025550199")),
    ] {
        let mut odd = good.clone();
        odd[field] = value;
        assert_eq!(placing(&answer(200, &odd.to_string()), ROOM, now()), Placing::default(), "{odd}");
    }
}

#[test]
fn a_room_that_did_not_open_rang_nobody() {
    assert_eq!(opened(&answer(200, "{}"), now()), None);
    let never = Some(not_dialed(Retry::Never));
    assert_eq!(opened(&answer(401, &refusal("unauthenticated", "x")), now()), never);
    assert_eq!(opened(&answer(403, &refusal("permission_denied", "x")), now()), never);
    let busy = Answer { retry_after: Some("9".to_owned()), ..answer(429, "") };
    assert_eq!(opened(&busy, now()), Some(not_dialed(Retry::After(Duration::from_secs(9)))));
    for (status, body) in [(401, "<html>"), (500, ""), (503, "{}"), (301, ""), (404, "{}"), (408, "")] {
        assert_eq!(opened(&answer(status, body), now()), Some(not_dialed(Retry::Backoff)), "{status}");
    }
}

#[test]
fn a_cancel_is_taken_or_the_call_is_over() {
    assert!(canceled(&answer(200, "{}"), now()).is_ok());
    assert!(matches!(canceled(&answer(404, &refusal("not_found", "x")), now()), Err(ProviderError::Gone)));
    for (status, body) in [(404, "<html>"), (404, "{\"code\":\"bad_route\"}"), (500, "{}"), (401, "{}")] {
        assert!(matches!(canceled(&answer(status, body), now()), Err(ProviderError::Failed(_))), "{status} {body}");
    }
}

fn order(id: Option<&str>, sent_ago: i64) -> LookUpOrder {
    LookUpOrder {
        attempt: ATTEMPT.parse().unwrap(),
        provider_call: id.and_then(ProviderCallId::new),
        phone: Phone::from_stored("+12025550199".to_owned()),
        remote_id: "sales".to_owned(),
        sent_at: Timestamp::from_second(now().as_second() - sent_ago).unwrap(),
    }
}

#[test]
fn nobody_there_is_an_end_only_where_somebody_was_and_after_a_while() {
    let nobody = answer(404, &refusal("not_found", "participant does not exist"));
    let look = |order: &LookUpOrder| found(&nobody, ROOM, order, None, now()).unwrap().0;
    assert_eq!(look(&order(None, 3_600)), Found::Absent { complete: true });
    for ago in [-5, 0, 9] {
        assert_eq!(look(&order(Some(ROOM), ago)), Found::Absent { complete: false }, "{ago}");
    }
    let Found::Evidence(gone) = look(&order(Some(ROOM), 10)) else { panic!("it is gone") };
    assert_eq!((gone.seen, gone.words_final, gone.ended_at, gone.measures_talk), (Some(Seen::Gone), true, None, false));
    assert!(matches!(found(&answer(404, "<html>"), ROOM, &order(Some(ROOM), 60), None, now()), Err(ProviderError::Failed(_))));
}

fn left_for(reason: &str, event: &str) -> Option<(Seen, Option<EndedReason>, bool)> {
    let participant = json!({ "identity": "callee", "kind": "SIP", "disconnectReason": reason });
    let body = json!({ "event": event, "room": { "name": ROOM }, "participant": participant, "createdAt": "1767225700" });
    let (_, room, evidence) = heard(body.to_string().as_bytes(), &rooms(), Some(Duration::from_secs(9))).says?;
    assert_eq!((room.as_str(), evidence.words_final, evidence.ended_at.is_some()), (ROOM, true, true), "{reason}");
    let waits = matches!(evidence.seen, Some(Seen::Completed | Seen::Gone));
    assert_eq!(evidence.result_within.is_some(), waits, "{reason}");
    Some((evidence.seen.unwrap(), evidence.ended_reason, evidence.measures_talk))
}

#[test]
fn every_reason_to_leave_is_an_end_but_a_migration() {
    use EndedReason as R;
    for (word, seen, reason, measures) in [
        ("CLIENT_INITIATED", Seen::Completed, Some(R::UserHangup), true),
        ("PARTICIPANT_REMOVED", Seen::Gone, None, true),
        ("ROOM_DELETED", Seen::Gone, None, true),
        ("ROOM_CLOSED", Seen::Gone, None, true),
        ("USER_UNAVAILABLE", Seen::NoAnswer, Some(R::NoAnswer), false),
        ("USER_REJECTED", Seen::NoAnswer, Some(R::Declined), false),
        ("AGENT_ERROR", Seen::Failed, Some(R::AgentError), false),
        ("SIP_TRUNK_FAILURE", Seen::Failed, Some(R::ProviderError), false),
        ("MEDIA_FAILURE", Seen::Failed, Some(R::ProviderError), false),
        ("CONNECTION_TIMEOUT", Seen::Failed, Some(R::ProviderError), false),
        ("JOIN_FAILURE", Seen::Failed, Some(R::ProviderError), false),
        ("SERVER_SHUTDOWN", Seen::Failed, Some(R::ProviderError), false),
        ("DUPLICATE_IDENTITY", Seen::Failed, Some(R::ProviderError), false),
        ("UNKNOWN_REASON", Seen::Gone, None, false),
        ("STATE_MISMATCH", Seen::Gone, None, false),
        ("SIGNAL_CLOSE", Seen::Gone, None, false),
        ("BRAND_NEW", Seen::Gone, None, false),
    ] {
        assert_eq!(left_for(word, "participant_left"), Some((seen, reason, measures)), "{word}");
    }
    assert_eq!(left_for("MIGRATION", "participant_left"), None);
    let aborted = |word| left_for(word, "participant_connection_aborted");
    let failed = Some((Seen::Failed, Some(R::ProviderError), false));
    assert_eq!((aborted("UNKNOWN_REASON"), aborted("CLIENT_INITIATED"), aborted("BRAND_NEW")), (failed, failed, failed));
    assert_eq!(aborted("USER_UNAVAILABLE"), Some((Seen::NoAnswer, Some(R::NoAnswer), false)));
}

#[test]
fn rooms_and_people_that_are_not_ours_say_nothing() {
    let callee = json!({ "identity": "callee", "kind": "SIP", "disconnectReason": "CLIENT_INITIATED" });
    let says = |room: &str, participant: serde_json::Value| {
        let body = json!({ "event": "participant_left", "room": { "name": room }, "participant": participant });
        heard(body.to_string().as_bytes(), &rooms(), None).says.is_some()
    };
    assert!(says(ROOM, callee.clone()));
    for room in ["", "call-", "call-01", "demo", ATTEMPT, &format!("x{ROOM}"), &format!("{ROOM}x")] {
        assert!(!says(room, callee.clone()), "{room}");
    }
    for other in [
        json!({ "identity": "agent-7", "kind": "AGENT" }),
        json!({ "identity": "callee", "kind": "STANDARD" }),
        json!({ "identity": "callee" }),
        json!({ "identity": "sip_+12025550100", "kind": "SIP" }),
        json!(null),
    ] {
        assert!(!says(ROOM, other.clone()), "{other}");
    }
}

#[test]
fn only_news_is_told_to_the_operator() {
    let unknown = |event: &str| {
        let body = json!({ "event": event, "room": { "name": ROOM }, "participant": { "identity": "agent", "kind": "AGENT" } });
        heard(body.to_string().as_bytes(), &rooms(), None).unknown
    };
    for word in ["room_started", "participant_joined", "track_published", "egress_ended", "agent_job_started"] {
        assert_eq!(unknown(word), None, "{word}");
    }
    assert_eq!(unknown("call_scored").as_deref(), Some("call_scored"));
}

#[test]
fn health_is_the_trunk() {
    let there = answer(200, r#"{"items":[{"sip_trunk_id":"ST_1"}]}"#);
    assert!(health(&there, "ST_1").ready);
    assert!(health(&answer(200, r#"{"items":[{"sipTrunkId":"ST_1"}]}"#), "ST_1").ready);
    for (answer, names) in [(there, "trunk_id"), (answer(401, "{}"), "api_key"), (answer(502, "<html>"), "base_url")] {
        let health = health(&answer, "ST_2");
        assert!(!health.ready && health.detail.contains(names), "{}", health.detail);
    }
}
