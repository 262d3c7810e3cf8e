//! `POST /v1/admin/erase`: a person is forgotten by the number.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

async fn erase(server: &Server, body: &Value) -> Answer {
    Answer::of(server.post("/v1/admin/erase", body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_with_the_number_is_erased_with_the_number_whoever_made_it() {
    let server = Server::working().await;
    let mut ids = Vec::new();
    for phone in ["+12025550103", "+1 (202) 555-0103", "+12025550102"] {
        let id = server.create(&json!({"phone": phone, "agent": "akylai", "reference": "r", "metadata": {"a": "b"}})).await;
        server.ended(&id).await;
        ids.push(id);
    }
    let wish = json!({"phone": "+12025550103", "agent": "akylai"});
    let foreign = server.bare(Method::POST, "/v1/calls").bearer_auth(key_of("other", &[Scope::CallsWrite])).json(&wish);
    let foreign = Answer::of(foreign).await.json()["call_id"].as_str().expect("an id").to_owned();
    server.ended(&foreign).await;
    let waits = json!({"phone": "+12025550103", "agent": "akylai", "schedule": {"not_before": "2090-01-01T00:00:00Z"}});
    let waits = server.create(&waits).await;

    let answer = erase(&server, &json!({"phone": "+1 202 555 0103"})).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"erased": 3, "open": [waits], "more": false})));
    for id in [&ids[0], &ids[1], &foreign] {
        let call = server.read(&format!("/v1/calls/{id}")).await;
        assert_eq!((&call["phone"], &call["reference"], &call["metadata"]), (&json!(null), &json!(null), &json!({})));
        assert_eq!((&call["status"], &call["transcript_status"]), (&json!("busy"), &json!("erased")));
    }
    let untouched = server.read(&format!("/v1/calls/{}", ids[2])).await;
    assert_eq!((&untouched["phone"], &untouched["reference"]), (&json!("+12025550102"), &json!("r")));

    // What was open is erased by a repetition after its end; what was erased is erased once.
    assert_eq!(Answer::of(server.request(Method::POST, &format!("/v1/calls/{waits}/cancel"))).await.status, 200);
    let again = erase(&server, &json!({"phone": "+12025550103"})).await;
    assert_eq!(again.json(), json!({"erased": 1, "open": [], "more": false}));
    let listed = server.read("/v1/calls?phone=%2B12025550103").await;
    assert_eq!(listed["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_is_told_and_erases_nothing() {
    let server = Server::start().await;
    assert_eq!(erase(&server, &json!({})).await.faults(), ["/phone required"]);
    assert_eq!(erase(&server, &json!({"phone": "0103"})).await.faults(), ["/phone invalid_phone"]);
    assert_eq!(erase(&server, &json!({"phone": "+12025550103", "all": true})).await.faults(), ["/all unknown_field"]);
    let nobody = erase(&server, &json!({"phone": "+12025550103"})).await;
    assert_eq!(nobody.json(), json!({"erased": 0, "open": [], "more": false}));
}
