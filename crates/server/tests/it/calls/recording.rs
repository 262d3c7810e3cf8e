//! `GET /v1/calls/{call_id}/recording`.

use serde_json::json;

use crate::harness::{Answer, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_one_has_no_recording() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    Answer::of(server.get(&format!("/v1/calls/{id}/recording"))).await.problem(404, "no_recording");
    Answer::of(server.get("/v1/calls/7/recording")).await.problem(404, "not_found");
}
