//! `POST /v1/admin/backup`.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn ask(server: &Server, body: &Value) -> Answer {
    Answer::of(server.post("/v1/admin/backup", body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_new_file_while_calls_are_placed() {
    let server = Server::working().await;
    let call = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let answer = ask(&server, &json!({ "file": file })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    assert_eq!((&made["file"], made["bytes"].as_u64()), (&json!(file), Some(file.metadata().unwrap().len())));
    assert!(made["made_at"].is_string(), "{made}");
    server.ended(&call).await;

    let kept = std::fs::read(&file).unwrap();
    let again = ask(&server, &json!({ "file": file })).await;
    let detail = again.problem(409, "file_exists")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("is there already"), "{detail}");
    assert_eq!(std::fs::read(&file).unwrap(), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_new_file_is_refused_by_name() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/copy.db");
    for (body, code, fault) in [
        (json!({}), "required", "/file required"),
        (json!({"file": null}), "required", "/file required"),
        (json!({"file": 1}), "wrong_type", "/file wrong_type"),
        (json!({"file": ""}), "invalid", "/file invalid"),
        (json!({"file": "copy.db"}), "invalid", "/file invalid"),
        (json!({"file": "/"}), "invalid", "/file invalid"),
        (json!({"file": nowhere}), "invalid", "/file invalid"),
        (json!({"file": "/proc/copy.db"}), "invalid", "/file invalid"),
        (json!({"file": "/tmp/a\u{0}b"}), "nul", "/file nul"),
        (json!({"path": "/tmp/copy.db"}), "unknown_field", "/path unknown_field"),
    ] {
        let answer = ask(&server, &body).await;
        answer.problem(422, code);
        assert_eq!(answer.faults(), [fault], "{body}");
    }
}
