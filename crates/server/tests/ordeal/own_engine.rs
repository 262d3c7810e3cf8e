//! Bring your own engine: a call over an `http` connection, completed by the customer's own webhook body.

use callgate_adapters::providers::install_crypto;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::engine::read;
use crate::process::Process;

/// An engine that takes one call, gives it the customer's reference, and says nothing more.
async fn engine() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its number");
    let running = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(request) = read(&mut stream).await else { continue };
            let (status, body) = if (request.method.as_str(), request.path.as_str()) == ("POST", "/calls") {
                ("201 Created", json!({ "provider_call_id": "internal-provider-reference" }))
            } else {
                ("200 OK", json!({ "provider_call_id": "internal-provider-reference", "status": "in_progress" }))
            };
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = stream.write_all(answer.as_bytes()).await;
        }
    });
    (format!("http://{address}"), running)
}

/// The customer's body, word for word.
fn customers_body() -> Value {
    serde_json::from_str(
        r#"{"event_type": "call.completed", "provider_call_id": "internal-provider-reference", "status": "completed",
 "transcript": "agent: Hello\nuser: Hi", "duration": 120}"#,
    )
    .expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_webhook_completes_the_call_of_ones_own_engine() {
    install_crypto();
    let (base_url, engine) = engine().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[calls]\nallow_numbers = [\"+996\"]\n[connections.dialer]\nkind = \"http\"\nbase_url = \"{base_url}\"\nsecret = {{ env = \"DIALER_SECRET\" }}\n\
         [agents.akylai]\nconnection = \"dialer\"\nremote_id = \"assistant-7\"\n"
    );
    std::fs::write(folder.path().join("callgate.toml"), config).expect("a configuration");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let loud = [("DIALER_SECRET", secret), ("CALLGATE_LOG", "trace"), ("CALLGATE_LOG_FORMAT", "json")];
    let callgate = Process::start(folder.path(), &loud).await;

    // An id that no call has yet is kept, each time.
    let parked = callgate.post("/v1/webhooks/call-completed", &customers_body()).await;
    assert_eq!(parked, (202, json!({ "status": "parked" })));
    assert_eq!(callgate.post("/v1/webhooks/call-completed", &customers_body()).await, (202, json!({ "status": "parked" })));

    let id = callgate.place("+996700000000", "akylai").await;
    let call = callgate.when(&id, |call| call["terminal"] == true).await;
    assert_eq!(call["status"], "completed");
    assert_eq!(call["transcript"], "agent: Hello\nuser: Hi");
    assert_eq!(call["duration"], 120);
    assert_eq!(call["test"], false);
    assert!(!call.to_string().contains("internal-provider-reference") && !call.to_string().contains("dialer"));

    // The same again, and the same facts in other bytes, are known; another end is on record and changes nothing.
    let repeat = callgate.post("/v1/webhooks/call-completed", &customers_body()).await;
    assert_eq!(repeat, (200, json!({ "status": "duplicate" })));
    let mut other = customers_body();
    other["status"] = json!("failed");
    assert_eq!(callgate.post("/v1/webhooks/call-completed", &other).await, (200, json!({ "status": "ignored" })));
    let mut more = customers_body();
    more["summary"] = json!("They said hello.");
    assert_eq!(callgate.post("/v1/webhooks/call-completed", &more).await, (200, json!({ "status": "applied" })));
    let call = callgate.call(&id).await;
    assert_eq!((&call["status"], &call["summary"]), (&json!("completed"), &json!("They said hello.")));

    // However loud it is, what was said and to whom is in no record, and no secret.
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    let key = std::fs::read_to_string(folder.path().join("callgate-data/key")).expect("a key");
    for private in ["996700000000", "700000000", "Hello", "hello", &secret[6..], key.trim(), "internal-provider-reference"] {
        assert!(!log.contains(private), "{private}: {}", log.lines().find(|line| line.contains(private)).unwrap_or_default());
    }
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let marks: Vec<_> = lines.iter().filter_map(|line| line["phone"].as_str()).collect();
    assert!(marks.len() == 2 && marks[0] == marks[1], "{marks:?}");
    assert!(marks[0].starts_with("h:") && marks[0].ends_with("…00"), "{marks:?}");

    drop(callgate);
    engine.abort();
}
