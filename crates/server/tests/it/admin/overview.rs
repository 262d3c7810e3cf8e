//! `GET /v1/admin/overview`.

use serde_json::json;

use crate::harness::{Answer, Server};

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_is_paused_and_how_today_went_are_told_in_numbers() {
    let server = Server::start().await;
    for agent in ["akylai", "altai"] {
        server.create(&json!({"phone": "+12025550101", "agent": agent})).await;
    }
    let canceled = server.create(&json!({"phone": "+12025550102", "agent": "akylai"})).await;
    assert_eq!(Answer::of(server.post(&format!("/v1/calls/{canceled}/cancel"), &json!({}))).await.status, 200);
    assert_eq!(Answer::of(server.post("/v1/admin/pause", &json!({"agent": "altai"}))).await.status, 200);
    let answer = Answer::of(server.get("/v1/admin/overview")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let seen = answer.json();
    assert_eq!((&seen["live"], &seen["unsettled"], &seen["overdue"]), (&json!(0), &json!(0), &json!(0)), "{seen}");
    assert_eq!(seen["today"]["by_status"], json!({"queued": 2, "canceled": 1}), "{seen}");
    assert_eq!((&seen["today"]["accepted"], &seen["today"]["time_to_answer"]), (&json!(3), &json!(null)), "{seen}");
    assert_eq!((&seen["holds"][0]["agent"], &seen["holds"][1]), (&json!("altai"), &json!(null)), "{seen}");
    assert_eq!((&seen["deliveries"]["retrying"], &seen["webhooks_left_over"]), (&json!(0), &json!(0)), "{seen}");
    Answer::of(server.get("/v1/admin/overview?day=1")).await.problem(400, "invalid_query");
}
