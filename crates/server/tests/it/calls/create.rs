//! `POST /v1/calls`.

use std::time::Duration;

use callgate_domain::model::{CallState, RetryPlan};
use callgate_domain::ports::Reader;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn sent(server: &Server, body: impl Into<String>) -> Answer {
    Answer::of(server.request(Method::POST, "/v1/calls").header("content-type", "application/json").body(body.into())).await
}

/// What is wrong with a body: its faults as `pointer code`, in order.
async fn check(server: &Server, body: &str, code: &str, faults: &[&str]) -> Value {
    let answer = sent(server, body).await;
    let problem = answer.problem(422, code);
    assert_eq!(answer.faults(), faults, "{body}");
    problem
}

async fn check_detail(server: &Server, body: Value, detail: &str) {
    assert_eq!(sent(server, body.to_string()).await.json()["detail"], detail, "{body}");
}

/// A body that is good but for one field.
fn with(field: &str, value: Value) -> String {
    let mut body = json!({"phone": "+12025550101", "agent": "akylai"});
    body[field] = value;
    body.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_with_exactly_its_id() {
    let server = Server::start().await;
    let answer = sent(&server, r#"{ "phone": "+996700000000", "agent": "akylai" }"#).await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["call_id"].as_str().unwrap().to_owned();
    assert_eq!(answer.text, format!("{{\"call_id\":\"{id}\"}}"));
    assert_eq!(answer.header("location"), Some(format!("/v1/calls/{id}").as_str()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("idempotency-replayed"), None);
    assert_eq!(uuid_version(&id), '7');
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["phone"], "+996700000000");
}

fn uuid_version(id: &str) -> char {
    id.chars().nth(14).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_kept_as_it_was_sent() {
    let server = Server::start().await;
    let body = json!({
        "phone": "00 1 (202) 555-01-01", "agent": "altai", "reference": "order-7", "max_duration": 60,
        "variables": {"name": "Aida", "items": 3, "price": 1.5, "vip": true}, "metadata": {"shop": "7", "": "empty"},
        "schedule": {"not_before": "2090-01-31T09:30:00+06:00", "expires_at": "2090-02-01T00:00:00Z"},
    });
    let id = server.create(&body).await;
    let call = server.read(&format!("/v1/calls/{id}")).await;
    assert_eq!((&call["phone"], &call["status"]), (&json!("+12025550101"), &json!("scheduled")));
    for field in ["agent", "reference", "variables", "metadata"] {
        assert_eq!(call[field], body[field], "{field}");
    }
    assert_eq!(call["schedule"], json!({"not_before": "2090-01-31T03:30:00Z", "expires_at": "2090-02-01T00:00:00Z"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_left_out_may_be_null() {
    let server = Server::start().await;
    let body = json!({"phone": "+12025550101", "agent": "akylai", "reference": null, "variables": null, "metadata": null,
        "schedule": {"not_before": null, "expires_at": null}, "retry": null, "max_duration": null});
    server.create(&body).await;
    server.create(&json!({"phone": "+12025550101", "agent": "akylai", "schedule": null})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_themselves_are_within() {
    let server = Server::start().await;
    let many: serde_json::Map<String, Value> = (0..50).map(|nth| (nth.to_string(), json!(""))).collect();
    for (field, value) in [
        ("reference", json!("я".repeat(128))),
        ("variables", Value::Object(many)),
        ("retry", json!({"on": ["busy"], "max": 1})),
        ("retry", json!({"on": ["no_answer", "busy"], "max": 5, "delays_s": [1, 60.0, 604_800, 1, 1]})),
        ("retry", json!({"on": ["no_answer"], "max": 2.0, "delays_s": null})),
        ("max_duration", json!(10)),
        ("max_duration", json!(60.0)),
        ("max_duration", json!(3600)),
        ("metadata", json!({"a": "b".repeat(16_000)})),
    ] {
        let answer = sent(&server, with(field, value)).await;
        assert_eq!(answer.status, 201, "{field}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_are_listed_at_once_in_the_order_of_the_body() {
    let server = Server::start().await;
    check(&server, "{}", "required", &["/phone required", "/agent required"]).await;
    check(
        &server,
        r#"{"max_duration": 301, "agnet": "akylai", "reference": 7, "agent": "altai", "schedule": {"expires_at": "2020-01-01T00:00:00Z", "until": 1},
            "variables": {"a": [], "b": {"c": 1}, "d": null}, "phone": "12", "metadata": {"x/y~z": 1}, "retry": {"on": ["declined"]}}"#,
        "invalid_body",
        &[
            "/max_duration out_of_range",
            "/agnet unknown_field",
            "/reference wrong_type",
            "/schedule/until unknown_field",
            "/schedule/expires_at window_passed",
            "/variables/a wrong_type",
            "/variables/b wrong_type",
            "/variables/d wrong_type",
            "/phone invalid_phone",
            "/metadata/x~1y~0z wrong_type",
            "/retry/on/0 invalid",
            "/retry/max required",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_place_and_code() {
    let server = Server::start().await;
    let long = "a".repeat(129);
    for (field, value, code, pointer) in [
        ("phone", json!(null), "wrong_type", "/phone"),
        ("phone", json!(12_025_550_101_u64), "wrong_type", "/phone"),
        ("phone", json!("+1202555\u{0}0101"), "nul", "/phone"),
        ("agent", json!(null), "wrong_type", "/agent"),
        ("agent", json!("nobody"), "unknown_agent", "/agent"),
        ("agent", json!("hidden"), "unknown_agent", "/agent"),
        ("agent", json!(""), "unknown_agent", "/agent"),
        ("agent", json!("a\u{0}"), "nul", "/agent"),
        ("reference", json!(long), "too_long", "/reference"),
        ("reference", json!("\u{0}"), "nul", "/reference"),
        ("reference", json!([]), "wrong_type", "/reference"),
        ("variables", json!([]), "wrong_type", "/variables"),
        ("variables", json!({"a": "\u{0}"}), "nul", "/variables/a"),
        ("variables", json!({"a\u{0}": "b"}), "nul", "/variables/a\u{fffd}"),
        ("variables", json!({"a": "b".repeat(17_000)}), "too_long", "/variables"),
        ("metadata", json!({"a": true}), "wrong_type", "/metadata/a"),
        ("metadata", json!({"a": null}), "wrong_type", "/metadata/a"),
        ("metadata", json!("a"), "wrong_type", "/metadata"),
        ("max_duration", json!(9), "out_of_range", "/max_duration"),
        ("max_duration", json!(-60), "out_of_range", "/max_duration"),
        ("max_duration", json!(3601), "out_of_range", "/max_duration"),
        ("max_duration", json!(1e300), "out_of_range", "/max_duration"),
        ("max_duration", json!(u64::MAX), "out_of_range", "/max_duration"),
        ("max_duration", json!(60.5), "wrong_type", "/max_duration"),
        ("max_duration", json!("60"), "wrong_type", "/max_duration"),
        ("schedule", json!([]), "wrong_type", "/schedule"),
        ("schedule", json!({"not_before": 1}), "wrong_type", "/schedule/not_before"),
        ("schedule", json!({"not_before": "tomorrow"}), "invalid", "/schedule/not_before"),
        ("schedule", json!({"expires_at": "2090-01-01"}), "invalid", "/schedule/expires_at"),
        ("schedule", json!({"expires_at": "2020-01-01T00:00:00Z"}), "window_passed", "/schedule/expires_at"),
        (
            "schedule",
            json!({"not_before": "2090-01-01T00:00:00Z", "expires_at": "2090-01-01T00:00:00Z"}),
            "invalid",
            "/schedule/expires_at",
        ),
        ("connection", json!("own"), "unknown_field", "/connection"),
    ] {
        check(&server, &with(field, value), code, &[&format!("{pointer} {code}")]).await;
    }
    let many: serde_json::Map<String, Value> = (0..51).map(|nth| (nth.to_string(), json!("a"))).collect();
    check(&server, &with("metadata", Value::Object(many)), "too_long", &["/metadata too_long"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_plan_for_further_tries_has_its_place_and_code() {
    let server = Server::start().await;
    let plan = |field: &str, value: Value| {
        let mut plan = json!({"on": ["busy"], "max": 2, "delays_s": [60]});
        plan[field] = value;
        plan
    };
    for (plan, code, pointers) in [
        (json!([]), "wrong_type", &["/retry"][..]),
        (json!("busy"), "wrong_type", &["/retry"]),
        (json!({}), "required", &["/retry/on", "/retry/max"]),
        (plan("on", json!(null)), "wrong_type", &["/retry/on"]),
        (plan("on", json!("busy")), "wrong_type", &["/retry/on"]),
        (plan("on", json!([])), "invalid", &["/retry/on"]),
        (plan("on", json!([null, "busy"])), "wrong_type", &["/retry/on/0"]),
        (plan("on", json!(["busy", "declined"])), "invalid", &["/retry/on/1"]),
        (plan("on", json!(["failed", "Busy", ""])), "invalid", &["/retry/on/0", "/retry/on/1", "/retry/on/2"]),
        (plan("on", json!(["busy", "no_answer", "busy"])), "invalid", &["/retry/on/2"]),
        (plan("on", json!(["\u{0}"])), "nul", &["/retry/on/0"]),
        (plan("max", json!(null)), "wrong_type", &["/retry/max"]),
        (plan("max", json!("1")), "wrong_type", &["/retry/max"]),
        (plan("max", json!(1.5)), "wrong_type", &["/retry/max"]),
        (plan("max", json!(0)), "out_of_range", &["/retry/max"]),
        (plan("max", json!(-1)), "out_of_range", &["/retry/max"]),
        (plan("max", json!(6)), "out_of_range", &["/retry/max"]),
        (plan("max", json!(65_537)), "out_of_range", &["/retry/max"]),
        (plan("max", json!(u64::MAX)), "out_of_range", &["/retry/max"]),
        (plan("delays_s", json!(60)), "wrong_type", &["/retry/delays_s"]),
        (plan("delays_s", json!([])), "invalid", &["/retry/delays_s"]),
        (plan("delays_s", json!([60, 60, 60])), "too_long", &["/retry/delays_s"]),
        (plan("delays_s", json!(["60", null])), "wrong_type", &["/retry/delays_s/0", "/retry/delays_s/1"]),
        (plan("delays_s", json!([60, 0.5])), "wrong_type", &["/retry/delays_s/1"]),
        (plan("delays_s", json!([0, 604_801])), "out_of_range", &["/retry/delays_s/0", "/retry/delays_s/1"]),
        (plan("delays_s", json!([-60, 1e300])), "out_of_range", &["/retry/delays_s/0", "/retry/delays_s/1"]),
        (plan("delay_s", json!([60])), "unknown_field", &["/retry/delay_s"]),
    ] {
        let faults: Vec<_> = pointers.iter().map(|pointer| format!("{pointer} {code}")).collect();
        check(&server, &with("retry", plan), code, &faults.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    let of = |retry: Value| json!({"phone": "+12025550101", "agent": "akylai", "retry": retry});
    check_detail(&server, of(plan("max", json!(6))), "/retry/max must be 1 to 5.").await;
    let detail = "/retry/delays_s must not have more entries than max, 2.";
    check_detail(&server, of(plan("delays_s", json!([1, 2, 3]))), detail).await;
    let detail = "/retry/on/0 must be no_answer or busy: nothing else is tried again.";
    check_detail(&server, of(plan("on", json!(["declined"]))), detail).await;
    assert_eq!(server.read("/v1/calls").await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_further_tries_is_part_of_what_was_accepted() {
    let server = Server::start().await;
    for (retry, on, max, delays) in [
        (json!({"on": ["busy", "no_answer"], "max": 3, "delays_s": [1, 604_800]}), &RetryPlan::ENDS[..], 3, &[1, 604_800][..]),
        (json!({"on": ["busy"], "max": 1}), &[CallState::Busy], 1, &[900]),
    ] {
        let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai", "retry": retry})).await;
        let call = server.gateway.calls.get(id.parse().unwrap(), &Reader::All).await.unwrap();
        let delays = delays.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
        assert_eq!(call.terms.retry, Some(RetryPlan { on: on.to_vec(), max, delays }), "{retry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_stands_there_twice_is_refused() {
    let server = Server::start().await;
    let twice = r#"{"phone":"+12025550101","agent":"akylai","phone":"+12025550102","variables":{"a":1,"a":2},"schedule":{"not_before":null,"not_before":null},"retry":{"on":["busy"],"max":1,"max":1}}"#;
    check(
        &server,
        twice,
        "duplicate_field",
        &[
            "/phone duplicate_field",
            "/variables/a duplicate_field",
            "/schedule/not_before duplicate_field",
            "/retry/max duplicate_field",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_none_is_told_how_to_be_one() {
    let server = Server::start().await;
    for phone in [
        "",
        " ",
        "202-555-0142",
        "+",
        "+0",
        "+999123456789",
        "+1202",
        "+12025550101999",
        "tel:+12025550101",
        "+1202555O101",
        "+1202555٠101",
        "+12025550101;ext=1",
    ] {
        check(&server, &with("phone", json!(phone)), "invalid_phone", &["/phone invalid_phone"]).await;
    }
    let of = |phone: &str| json!({"phone": phone, "agent": "akylai"});
    let detail = "'202-555-0142' has no country code. Write + and the country code before it, as in +996700000000.";
    check_detail(&server, of("202-555-0142"), detail).await;
    check_detail(&server, of(""), "The phone number is empty. Write it as + and digits, as in +996700000000.").await;
    check_detail(&server, of("+1202"), "'+1202' is too short for its country.").await;
    let long = sent(&server, of(&"x\u{7}\u{202e}".repeat(5_000)).to_string()).await;
    assert!(long.text.len() < 700, "{}", long.text);
    assert!(!long.text.contains(['\u{7}', '\u{202e}']));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_public_agent_and_field_are_named_and_no_private_one() {
    let server = Server::start().await;
    let of = |agent: &str| json!({"phone": "+12025550101", "agent": agent});
    check_detail(&server, of("altay"), "There is no agent 'altay'. Did you mean 'altai'?").await;
    check_detail(&server, of("hidde"), "There is no agent 'hidde'.").await;
    check_detail(&server, of("hidden"), "There is no agent 'hidden'.").await;
    let body = json!({"phone": "+12025550101", "agent": "akylai", "refrence": "a"});
    check_detail(&server, body, "/refrence is not known here; did you mean 'reference'?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_may_not_be_called_from_here_is_403_and_nothing_is_stored() {
    let server = Server::start().await;
    let answer = Answer::of(server.post("/v1/calls", &json!({"phone": "+4930123456", "agent": "real"}))).await;
    answer.problem(403, "destination_not_allowed");
    assert_eq!(server.read("/v1/calls").await["data"], json!([]));
    // Whoever is simulated cannot ring anybody.
    server.create(&json!({"phone": "+4930123456", "agent": "akylai"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_400_and_other_json_is_422() {
    let server = Server::start().await;
    for body in
        ["", " ", "{", "{\"phone\":}", "{} {}", "{}x", "{'a':1}", "{\"a\":01}", "\u{feff}{}", "nul", "{\"a\":\"\\ud800\"}"]
    {
        sent(&server, body).await.problem(400, "malformed_json");
    }
    sent(&server, "[".repeat(60_000)).await.problem(400, "malformed_json");
    sent(&server, "{\"a\":".repeat(10_000)).await.problem(400, "malformed_json");
    let invalid =
        server.request(Method::POST, "/v1/calls").header("content-type", "application/json").body(vec![b'"', 0xff, b'"']);
    Answer::of(invalid).await.problem(400, "malformed_json");
    for body in ["[]", "null", "7", "\"a\"", "true"] {
        check(&server, body, "wrong_type", &[" wrong_type"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_in_utf_8_is_read() {
    let server = Server::start().await;
    let good = with("reference", json!("ы"));
    let typed =
        |content_type: &str| server.request(Method::POST, "/v1/calls").header("content-type", content_type).body(good.clone());
    assert_eq!(Answer::of(typed("application/json; charset=utf-8")).await.status, 201);
    Answer::of(typed("text/plain")).await.problem(415, "unsupported_media_type");
    Answer::of(typed("application/json; charset=latin1")).await.problem(415, "unsupported_media_type");
    Answer::of(typed("application/json").header("content-encoding", "gzip")).await.problem(415, "unsupported_media_type");
    let untyped = server.request(Method::POST, "/v1/calls").body(good.clone());
    Answer::of(untyped).await.problem(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_is_413() {
    let server = Server::start().await;
    let of = |length: usize| format!("{{\"a\":\"{}\"}}", "a".repeat(length - 8));
    check(&server, &of(64 * 1024), "invalid_body", &["/a unknown_field", "/phone required", "/agent required"]).await;
    sent(&server, of(64 * 1024 + 1)).await.problem(413, "body_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_is_refused_and_never_ignored() {
    let server = Server::start().await;
    let body = json!({"phone": "+12025550101", "agent": "akylai"});
    Answer::of(server.post("/v1/calls?dry_run=true", &body)).await.problem(422, "not_supported_yet");
    Answer::of(server.post("/v1/calls?dry=true", &body)).await.problem(400, "invalid_query");
    assert_eq!(server.read("/v1/calls").await["data"], json!([]));
}
