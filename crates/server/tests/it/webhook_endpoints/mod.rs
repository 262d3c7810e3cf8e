//! `/v1/webhook-endpoints` and `/v1/webhook-deliveries`.

mod add;
mod deliveries;
mod manage;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const PATH: &str = "/v1/webhook-endpoints";

/// An endpoint that was added, with its secret.
async fn added(server: &Server, body: &Value) -> Value {
    let answer = Answer::of(server.post(PATH, body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// One at a public address, where nothing is sent in tests.
async fn quiet(server: &Server) -> String {
    let endpoint = added(server, &json!({"url": "https://93.184.216.34/hooks"})).await;
    endpoint["id"].as_str().expect("an id").to_owned()
}

fn patch(server: &Server, id: &str, body: &Value) -> reqwest::RequestBuilder {
    server.request(Method::PATCH, &format!("{PATH}/{id}")).json(body)
}
