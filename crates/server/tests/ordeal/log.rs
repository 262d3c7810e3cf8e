//! The log: one record for each request, and nothing in it that does not belong there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::process::Process;

/// The records of requests, once there are as many as are wanted.
async fn requests(log: &std::path::Path, wanted: usize) -> Vec<Value> {
    for _ in 0..200 {
        let text = std::fs::read_to_string(log).expect("a log");
        let records =
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        let found: Vec<_> = records
            .filter(|record| record["message"] == "request" || record["msg"] == "request")
            .filter(|record| record["route"] != "/readyz")
            .collect();
        if found.len() >= wanted {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the records do not come");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_leaves_one_record_without_its_target() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("callgate.toml"), "").expect("a file");
    let process = Process::start(folder.path(), &[("CALLGATE_LOG", "trace"), ("CALLGATE_LOG_FORMAT", "json")]).await;
    let id = process.place("+12025550142", "akylai").await;
    assert_eq!(process.post("/v1/calls?phone=%2B12025550143", &json!({})).await.0, 400);
    assert_eq!(process.post("/v1/webhooks/in/simulator/a-token-to-keep", &json!({})).await.0, 404);
    assert_eq!(process.post(&format!("/v1/calls/{id}/cancle"), &json!({})).await.0, 404);
    let records = requests(&folder.path().join("log"), 4).await;
    let of = |record: &Value| {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        assert!(text("request_id").starts_with("req_"), "{record}");
        assert!(record["took_ms"].is_u64() && record["bytes"].as_u64() > Some(0), "{record}");
        format!("{} {} {} {}", text("method"), text("route"), record["status"], text("code"))
    };
    assert_eq!(
        records.iter().map(of).collect::<Vec<_>>(),
        [
            "POST /v1/calls 201 ",
            "POST /v1/calls 400 invalid_query",
            "POST /v1/webhooks/in/{connection}/{token} 404 not_found",
            "POST unknown 404 not_found",
        ]
    );
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    let key = std::fs::read_to_string(folder.path().join("callgate-data/key")).expect("a key");
    for secret in ["2025550142", "2025550143", "a-token-to-keep", "cancle", key.trim()] {
        assert!(!log.contains(secret), "{secret}: {}", log.lines().find(|line| line.contains(secret)).unwrap_or_default());
    }
    process.kill();
}
