//! `GET /v1/admin/audit`.

use std::time::Duration;

use callgate_domain::ports::Scope;
use callgate_server::http::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup, key_of};

async fn lines(server: &Server) -> Vec<Value> {
    server.read("/v1/admin/audit?limit=200").await["data"].as_array().expect("a list").clone()
}

/// `action result object times`, newest first.
fn told(lines: &[Value]) -> Vec<String> {
    let line = |line: &Value| {
        let word = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", word("action"), word("result"), word("object"), line["times"])
    };
    lines.iter().map(line).collect()
}

/// The lines once there are so many: failures are written after their answer.
async fn lines_when(server: &Server, count: usize) -> Vec<Value> {
    let looked = async {
        loop {
            let lines = lines(server).await;
            if lines.len() >= count {
                return lines;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looked).await.expect("they come")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_do_is_written_down_with_key_and_request() {
    let server = Server::start().await;
    let post = async |path: &str, body: Value| {
        let request = server.post(path, &body).header("x-request-id", "ticket-7");
        Answer::of(request).await.json()
    };
    let key = post("/v1/admin/keys", json!({"scopes": ["calls:read"]})).await;
    let id = key["id"].as_str().expect("an id").to_owned();
    let new = post(&format!("/v1/admin/keys/{id}/rotate"), json!({})).await["id"].as_str().expect("an id").to_owned();
    post(&format!("/v1/admin/keys/{new}/revoke"), json!({})).await;
    post(&format!("/v1/admin/keys/{new}/revoke"), json!({})).await;
    post(&format!("/v1/admin/keys/{new}/rotate"), json!({})).await;
    post("/v1/admin/keys/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/revoke", json!({})).await;
    post("/v1/admin/pause", json!({"agent": "akylai"})).await;
    post("/v1/admin/resume", json!({"agent": "nobody"})).await;
    let lines = lines(&server).await;
    let first = lines.last().expect("the first key").clone();
    assert_eq!(
        told(&lines),
        [
            "dialing.resumed refused agent nobody 1".to_owned(),
            "dialing.paused done agent akylai 1".to_owned(),
            "key.revoked not_found 019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d 1".to_owned(),
            format!("key.rotated refused {new} 1"),
            format!("key.revoked done {new} 1"),
            format!("key.rotated done {id} replaced by {new} 1"),
            format!("key.created done {id} 1"),
            format!("key.first_set done {} 1", first["object"].as_str().expect("an id")),
        ]
    );
    assert_eq!((&first["key_id"], &first["request_id"]), (&Value::Null, &Value::Null));
    let by: Vec<_> = lines.iter().rev().skip(1).map(|line| (&line["key_id"], &line["request_id"])).collect();
    assert!(by.iter().all(|by| *by == (&first["object"], &json!("ticket-7"))), "{by:?}");
    let text = Answer::of(server.get("/v1/admin/audit")).await.text;
    assert!(!text.contains(key["key"].as_str().expect("a key")), "no key stands in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_authentications_are_one_line_and_good_requests_none() {
    let options = Options { failed_auth_per_minute: 0, ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() }).await;
    let may_not = key_of("default", &[Scope::AgentsRead]);
    for _ in 0..30 {
        for key in ["cg_wrong", "cg_another", may_not.as_str()] {
            Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(key)).await;
        }
        assert_eq!(Answer::of(server.get("/v1/calls")).await.status, 200);
        // Nobody is accused who shows no key at all.
        Answer::of(server.bare(Method::GET, "/v1/calls")).await.problem(401, "missing_credentials");
    }
    let mut seen = told(&lines_when(&server, 3).await);
    seen.retain(|line| !line.starts_with("key.first_set"));
    seen.sort();
    assert_eq!(seen, ["auth.failed insufficient_scope 127.0.0.1 1", "auth.failed invalid_token 127.0.0.1 1"]);
    let lines = lines(&server).await;
    let of = |result: &str| lines.iter().find(|line| line["result"] == result).expect("a line").clone();
    assert_eq!(of("invalid_token")["key_id"], Value::Null);
    assert!(of("insufficient_scope")["key_id"].is_string());
    assert!(lines.iter().filter(|line| line["action"] == "auth.failed").all(|line| line["request_id"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_comes_in_pages() {
    let server = Server::start().await;
    for _ in 0..5 {
        Answer::of(server.post("/v1/admin/pause", &json!({}))).await;
    }
    let whole = lines(&server).await;
    let (mut path, mut paged) = ("/v1/admin/audit?limit=2".to_owned(), Vec::new());
    loop {
        let page = server.read(&path).await;
        paged.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/admin/audit?limit=2&cursor={cursor}");
    }
    assert_eq!((whole.len(), paged), (6, whole));
    Answer::of(server.get("/v1/admin/audit?action=key.created")).await.problem(400, "invalid_query");
}
