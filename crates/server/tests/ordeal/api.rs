//! The program's HTTP as a client uses it. No answer is an answer too: the program may just have been killed.

use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A client of one address.
#[derive(Clone)]
pub struct Api {
    base: String,
    key: String,
    client: Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Api {
    pub fn new(base: &str, key: &str) -> Self {
        install_crypto();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { base: base.to_owned(), key: key.to_owned(), client }
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn is_ready(&self) -> bool {
        let request = self.client.get(format!("{}/readyz", self.base)).timeout(Duration::from_secs(2));
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Places a call; the same `key` is the same wish.
    pub async fn place(&self, phone: &str, key: &str) -> Result<Answer, reqwest::Error> {
        self.post("/v1/calls", &json!({ "phone": phone, "agent": "akylai" }), Some(key)).await
    }

    pub async fn cancel(&self, id: &str) -> Result<Answer, reqwest::Error> {
        sent(self.client.post(format!("{}/v1/calls/{id}/cancel", self.base)).bearer_auth(&self.key)).await
    }

    pub async fn call(&self, id: &str) -> Result<Answer, reqwest::Error> {
        self.get(&format!("/v1/calls/{id}")).await
    }

    pub async fn get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        sent(self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key)).await
    }

    pub async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.key).json(body);
        sent(match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        })
        .await
    }

    /// An answer that goes on, behind the event that was seen last.
    pub async fn stream(&self, path: &str, last: Option<&str>) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key).timeout(Duration::from_mins(5));
        let request = if let Some(last) = last { request.header("last-event-id", last) } else { request };
        request.send().await
    }

    pub async fn text(&self, path: &str) -> Result<String, reqwest::Error> {
        self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key).send().await?.text().await
    }
}

async fn sent(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Half an answer is none: the program was killed while it wrote it.
    let body = answer.bytes().await?;
    Ok(Answer { status, retry_after, body: serde_json::from_slice(&body).unwrap_or_default() })
}
