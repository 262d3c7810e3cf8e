//! `GET /v1/calls/{call_id}/timeline`.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Answer, Server, key_of};

/// The hash of an entry, from what a client can see alone.
fn hashed(before: &str, call_id: &str, entry: &Value) -> String {
    let word = |name: &str| entry[name].as_str().expect("text").to_owned();
    let lines = [
        before.to_owned(),
        call_id.to_owned(),
        entry["revision"].to_string(),
        word("at"),
        word("status"),
        word("what"),
        word("by"),
    ];
    let digest = Sha256::digest(lines.join("\n"));
    digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_verify_the_whole_of_it() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let call = server.ended(&id).await;
    let timeline = server.read(&format!("/v1/calls/{id}/timeline?limit=200")).await;
    let entries = timeline["data"].as_array().unwrap();
    assert_eq!(timeline["next_cursor"], Value::Null);
    assert_eq!((&entries[0]["what"], &entries[0]["by"]), (&json!("created"), &json!("client")));
    let mut before = String::new();
    for (nth, entry) in entries.iter().enumerate() {
        assert_eq!(entry["revision"], nth + 1);
        assert_eq!(entry["hash"], hashed(&before, &id, entry));
        before = entry["hash"].as_str().unwrap().to_owned();
    }
    let last = entries.last().unwrap();
    assert_eq!((&last["hash"], &last["revision"]), (&call["history_head"], &call["revision"]));
    assert!(entries.iter().any(|entry| entry["what"] == "ended" && entry["status"] == "completed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_to_the_end() {
    let server = Server::working().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    server.ended(&id).await;
    let whole = server.read(&format!("/v1/calls/{id}/timeline")).await["data"].clone();
    let mut seen = Vec::new();
    let mut target = format!("/v1/calls/{id}/timeline?limit=2");
    loop {
        let page = server.read(&target).await;
        seen.extend(page["data"].as_array().unwrap().clone());
        let Value::String(cursor) = &page["next_cursor"] else { break };
        target = format!("/v1/calls/{id}/timeline?limit=2&cursor={cursor}");
    }
    assert_eq!(Value::Array(seen), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_refused() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    for query in ["limit=0", "limit=201", "cursor=x", "cursor=AAAA", "wait=1"] {
        Answer::of(server.get(&format!("/v1/calls/{id}/timeline?{query}"))).await.problem(400, "invalid_query");
    }
    let other = server.bare(Method::GET, &format!("/v1/calls/{id}/timeline")).bearer_auth(key_of("other", &[Scope::CallsRead]));
    Answer::of(other).await.problem(404, "not_found");
}
