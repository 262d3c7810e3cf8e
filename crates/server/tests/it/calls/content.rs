//! `DELETE /v1/calls/{call_id}/content`.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

const CANARY: &str = "Канарейка-7f3e";

async fn erased(server: &Server, id: &str) -> Answer {
    Answer::of(server.request(Method::DELETE, &format!("/v1/calls/{id}/content"))).await
}

/// A call that talked and is over, with everything a client can send along.
async fn talked(server: &Server, phone: &str) -> (String, Value) {
    let wish = json!({
        "phone": phone, "agent": "akylai", "reference": "order-7",
        "variables": {"name": CANARY}, "metadata": {"note": CANARY},
    });
    let id = server.create(&wish).await;
    server.ended(&id).await;
    let call = server.call_when(&id, |call| call["transcript_status"] == "available").await;
    (id, call)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_and_sent_is_gone_and_the_call_stays() {
    let server = Server::working().await;
    let (id, before) = talked(&server, "+12025550101").await;
    for _ in 0..2 {
        let answer = erased(&server, &id).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
    let after = server.read(&format!("/v1/calls/{id}")).await;
    let mut expected = before.clone();
    for (field, value) in [
        ("transcript", json!(null)),
        ("turns", json!([])),
        ("summary", json!(null)),
        ("extracted", json!({})),
        ("variables", json!({})),
        ("metadata", json!({})),
        ("recording", json!(null)),
        ("transcript_status", json!("erased")),
        ("revision", json!(before["revision"].as_u64().expect("a number") + 1)),
        ("history_head", after["history_head"].clone()),
    ] {
        expected[field] = value;
    }
    assert_eq!(after, expected);
    let timeline = server.read(&format!("/v1/calls/{id}/timeline")).await;
    let last = timeline["data"].as_array().and_then(|lines| lines.last()).expect("a line").clone();
    assert_eq!((&last["what"], &last["by"], &last["hash"]), (&json!("erased"), &json!("client"), &after["history_head"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_data_folder_holds_it() {
    let server = Server::working().await;
    let (id, call) = talked(&server, "+12025550101").await;
    let said = call["turns"][0]["text"].as_str().expect("words").to_owned();
    let found = || -> Vec<_> {
        let files = std::fs::read_dir(server.folder()).expect("a folder").map(|entry| entry.expect("a file").path());
        let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        let files = files.filter(|file| file.is_file() && !file.ends_with("callgate.toml"));
        files.filter(|file| std::fs::read(file).is_ok_and(|bytes| holds(&bytes, CANARY) || holds(&bytes, &said))).collect()
    };
    assert!(!found().is_empty());
    assert_eq!(erased(&server, &id).await.status, 204);
    // Where somebody reads at that moment, the next sweep comes back to it.
    for _ in 0..100 {
        if found().is_empty() {
            return;
        }
        server.gateway.retain.sweep().await.expect("a sweep");
    }
    assert_eq!(found(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_not_over_keeps_its_content() {
    let server = Server::start().await;
    let wish = json!({"phone": "+12025550101", "agent": "akylai", "variables": {"name": CANARY}});
    let id = server.create(&wish).await;
    let problem = erased(&server, &id).await.problem(409, "not_terminal");
    assert_eq!(problem["detail"], "The call is not over yet: it is queued. Cancel it, or wait for its end.");
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["variables"]["name"], CANARY);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clients_call_cannot_be_erased() {
    let server = Server::working().await;
    let (id, before) = talked(&server, "+12025550101").await;
    let path = format!("/v1/calls/{id}/content");
    let other = server.bare(Method::DELETE, &path).bearer_auth(key_of("other", &[Scope::CallsWrite]));
    Answer::of(other).await.problem(404, "not_found");
    erased(&server, "7").await.problem(404, "not_found");
    Answer::of(server.request(Method::DELETE, &format!("{path}?now=1"))).await.problem(400, "invalid_query");
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await, before);
}
