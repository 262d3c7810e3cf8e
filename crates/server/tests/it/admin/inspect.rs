//! `GET /v1/admin/calls/{id}` and `/v1/admin/inbox`.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup};

fn result(of: &str) -> Value {
    json!({"event_type": "call.completed", "provider_call_id": of, "status": "completed", "transcript": "agent: Hello"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_shown_with_its_attempts_and_the_webhooks_about_them() {
    let server = Server::with(Setup { workers: true, ..Setup::default() }).await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    server.call_when(&id, |call| call["terminal"] == json!(true) && call["transcript"].is_string()).await;
    let seen = server.read(&format!("/v1/admin/calls/{id}")).await;
    assert_eq!(seen["call"], server.read(&format!("/v1/calls/{id}")).await);
    assert_eq!((&seen["client"], &seen["connection"]), (&json!("default"), &json!("simulator")));
    let attempts = seen["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 1);
    assert_eq!((&attempts[0]["connection"], &attempts[0]["try"]), (&json!("simulator"), &json!(1)));
    let theirs = attempts[0]["provider_call_id"].as_str().expect("an id");
    let webhooks = seen["webhooks"].as_array().expect("a list");
    assert!(!webhooks.is_empty());
    for webhook in webhooks {
        assert_eq!(webhook["provider_call_id"], theirs);
        let body = webhook["content"]["body"].as_str().expect("a body");
        assert!(body.contains(theirs), "{body}");
        // What signs is not shown.
        for header in webhook["content"]["headers"].as_array().expect("headers") {
            assert!(header[1].is_null() || !header[0].as_str().expect("a name").contains("signature"), "{header}");
        }
        let alone = server.read(&format!("/v1/admin/inbox/{}", webhook["id"].as_str().expect("an id"))).await;
        assert_eq!(&alone, webhook);
    }
    let missing = "/v1/admin/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
    Answer::of(server.get(missing)).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_call_is_listed_without_its_words_and_can_be_handled_again() {
    let server = Server::start().await;
    for of in ["nobodys-1", "nobodys-2", "nobodys-3"] {
        let answer = Answer::of(server.post("/v1/webhooks/call-completed", &result(of))).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let page = server.read("/v1/admin/inbox?limit=2").await;
    let listed = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().expect("a list");
        assert!(data.iter().all(|webhook| webhook["progress"] == "parked" && webhook.get("content").is_none()), "{page}");
        data.iter().map(|webhook| webhook["provider_call_id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(listed(&page), ["nobodys-3", "nobodys-2"]);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = server.read(&format!("/v1/admin/inbox?progress=parked&limit=2&cursor={cursor}")).await;
    assert_eq!((listed(&rest), &rest["next_cursor"]), (vec!["nobodys-1".to_owned()], &Value::Null));
    assert_eq!(server.read("/v1/admin/inbox?progress=quarantined").await["data"], json!([]));
    let odd = Answer::of(server.get("/v1/admin/inbox?progress=applied")).await;
    odd.problem(400, "invalid_query");

    let id = page["data"][0]["id"].as_str().expect("an id");
    let replay = format!("/v1/admin/inbox/{id}/replay");
    let answer = Answer::of(server.post(&replay, &json!({}))).await;
    assert_eq!((answer.status, answer.json()["progress"].as_str()), (202, Some("waiting")), "{}", answer.text);
    Answer::of(server.post(&replay, &json!({}))).await.problem(409, "not_replayable");
    let audited = server.read("/v1/admin/audit?limit=1").await["data"][0].clone();
    assert_eq!((&audited["action"], &audited["object"]), (&json!("webhook.replayed"), &json!(id)), "{audited}");
    let missing = "/v1/admin/inbox/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
    Answer::of(server.get(missing)).await.problem(404, "not_found");
    Answer::of(server.post(&format!("{missing}/replay"), &json!({}))).await.problem(404, "not_found");
}
