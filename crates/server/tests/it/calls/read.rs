//! `GET /v1/calls/{call_id}`.

use std::time::Duration;

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_call_shows_every_field_in_the_order_of_the_contract() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai", "metadata": {"a": "b"}})).await;
    let answer = Answer::of(server.get(&format!("/v1/calls/{id}"))).await;
    let call = answer.json();
    let expected = format!(
        r#"{{"call_id":"{id}","status":"queued","transcript":null,"duration":null,"agent":"akylai","phone":"+12025550101","terminal":false,"ended_reason":null,"ended_by":null,"retryable":false,"transcript_status":"pending","turns":[],"reference":null,"metadata":{{"a":"b"}},"variables":{{}},"created_at":{},"dialed_at":null,"answered_at":null,"ended_at":null,"settles_by":{},"schedule":{{"not_before":null,"expires_at":null}},"cancel_requested_at":null,"cancel_supported":true,"resolved_status":null,"attempts":0,"revision":1,"summary":null,"extracted":{{}},"opt_out":false,"recording":null,"history_head":{},"test":true}}"#,
        call["created_at"], call["settles_by"], call["history_head"]
    );
    assert_eq!(answer.text, expected);
    assert!(call["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_call_shows_what_was_said() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let call = server.ended(&id).await;
    assert_eq!((&call["status"], &call["terminal"]), (&json!("completed"), &json!(true)));
    assert_eq!((&call["ended_reason"], &call["ended_by"]), (&json!("agent_hangup"), &json!("agent")));
    assert_eq!((&call["transcript_status"], &call["attempts"]), (&json!("available"), &json!(1)));
    assert_eq!((&call["retryable"], &call["settles_by"]), (&json!(false), &Value::Null));
    let turns = call["turns"].as_array().unwrap();
    let lines: Vec<String> =
        turns.iter().map(|turn| format!("{}: {}", turn["role"].as_str().unwrap(), turn["text"].as_str().unwrap())).collect();
    assert_eq!(call["transcript"].as_str().unwrap(), lines.join("\n"));
    assert!(turns.iter().enumerate().all(|(nth, turn)| turn["index"] == nth));
    assert!(call["duration"].as_u64().unwrap() > 0);
    for moment in ["dialed_at", "answered_at", "ended_at"] {
        assert!(call[moment].is_string(), "{moment}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_answered_took_no_time_and_may_be_tried_again() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    let call = server.ended(&id).await;
    assert_eq!((&call["status"], &call["duration"], &call["retryable"]), (&json!("busy"), &json!(0), &json!(true)));
    assert_eq!((&call["transcript"], &call["transcript_status"]), (&Value::Null, &json!("unavailable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_call_a_foreign_one_and_no_id_at_all_are_the_same_404() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let other = key_of("other", &[Scope::CallsRead]);
    let foreign = Answer::of(server.bare(Method::GET, &format!("/v1/calls/{id}")).bearer_auth(&other)).await;
    let detail = foreign.problem(404, "not_found")["detail"].clone();
    let simple = id.replace('-', "");
    for id in ["019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "7", "%00", "..", &simple, &format!("{{{id}}}"), "urn:uuid:1"] {
        let answer = Answer::of(server.get(&format!("/v1/calls/{id}"))).await;
        if answer.json()["detail"] != detail {
            // `..` never arrives as a path of its own.
            assert_eq!(id, "..");
        }
        answer.problem(404, "not_found");
    }
    let admin = key_of("other", &[Scope::Admin]);
    let seen = Answer::of(server.bare(Method::GET, &format!("/v1/calls/{id}")).bearer_auth(&admin)).await;
    assert_eq!((seen.status, &seen.json()["call_id"]), (200, &json!(id)));
}

async fn check_tag(server: &Server, id: &str, tag: &str, status: u16) {
    let answer = Answer::of(server.get(&format!("/v1/calls/{id}")).header("if-none-match", tag)).await;
    assert_eq!(answer.status, status, "{tag}");
    assert_eq!(answer.header("etag"), Some("\"1\""), "{tag}");
    assert_eq!(answer.text.is_empty(), status == 304, "{tag}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_call_is_304() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        check_tag(&server, &id, tag, 304).await;
    }
    for tag in ["\"2\"", "1", "\"\""] {
        check_tag(&server, &id, tag, 200).await;
    }
}

/// How long a waiting read takes, and its revision; 0 for 304.
async fn waited(server: &Server, target: &str, tag: Option<&str>) -> (Duration, u64) {
    let started = tokio::time::Instant::now();
    let mut request = server.get(target);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    let answer = Answer::of(request).await;
    let revision = if answer.status == 304 { 0 } else { answer.json()["revision"].as_u64().unwrap() };
    (started.elapsed(), revision)
}

const SHORT: Duration = Duration::from_millis(900);

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_the_call_changes() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let target = format!("/v1/calls/{id}?wait=30");
    let cancel = async {
        // The wait must be under way; were it not, it would find the call over and end as well.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Answer::of(server.post(&format!("/v1/calls/{id}/cancel"), &json!({}))).await
    };
    let ((took, revision), canceled) = tokio::join!(waited(&server, &target, None), cancel);
    assert_eq!((revision, canceled.status), (2, 200));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (took, revision) = waited(&server, &target, None).await;
    assert!(took < SHORT && revision == 2, "a call that is over is not waited for");
    let (took, revision) = waited(&server, &target, Some("\"2\"")).await;
    assert!(took < SHORT && revision == 0, "nor is one the client has whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_at_its_time_and_at_once_where_the_client_is_behind() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let target = format!("/v1/calls/{id}?wait=1");
    let (took, revision) = waited(&server, &target, None).await;
    assert!(took >= SHORT && revision == 1);
    let (took, revision) = waited(&server, &target, Some("\"1\"")).await;
    assert!(took >= SHORT && revision == 0);
    let (took, revision) = waited(&server, &target, Some("\"7\"")).await;
    assert!(took < SHORT && revision == 1);
    let (took, revision) = waited(&server, &format!("/v1/calls/{id}?wait=0"), None).await;
    assert!(took < SHORT && revision == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_is_cut_short_when_the_process_stops() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.gateway.stopping.cancel();
    };
    let target = format!("/v1/calls/{id}?wait=30");
    let ((took, revision), ()) = tokio::join!(waited(&server, &target, None), stop);
    assert!(took < Duration::from_secs(5) && revision == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_wait_or_another_parameter_is_400() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    for query in ["wait=61", "wait=-1", "wait=+1", "wait=", "wait=1.5", "wait=1&wait=1", "waits=1", "limit=1"] {
        Answer::of(server.get(&format!("/v1/calls/{id}?{query}"))).await.problem(400, "invalid_query");
    }
}
