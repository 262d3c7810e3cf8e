//! The API as the command line uses it: which server, which key, and what its refusals mean here.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::Global;
use crate::config::{Environment, data_dir_of};
use crate::failure::{Exit, Failure};
use crate::hint;

/// Where a gateway is, unless somebody says otherwise.
const HERE: &str = "http://127.0.0.1:8010";
/// A request that holds its answer is given up after this; others much sooner.
const LONGEST: Duration = Duration::from_secs(75);
/// How often a request that got no answer is sent again. Safe: reads change nothing, and creates carry a key.
const TRIES: u32 = 3;

/// A running gateway, as its client.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// An answer that is no refusal.
pub struct Answer {
    /// Its JSON.
    pub body: Value,
    /// Its text, to the letter.
    pub text: String,
}

/// Runs a command that speaks HTTP.
///
/// # Errors
/// The command's own.
pub fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Exit::Other, format!("no thread can be started: {error}")))?.block_on(command)
}

impl Client {
    /// The server of `--url` or `CALLGATE_URL`, with the key of the environment or of the data folder.
    ///
    /// # Errors
    /// There is no key.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let environment = Environment::of_process();
        let url = global.url.clone().or_else(|| environment.get("CALLGATE_URL").map(str::to_owned));
        let base = url.unwrap_or_else(|| HERE.to_owned()).trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(5)).build();
        let http = http.map_err(|error| Failure::new(Exit::Other, "HTTP cannot be spoken here").because(&error))?;
        Ok(Self { http, base, key: key(&environment)? })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the server refuses, or that it cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(|| self.request(Method::GET, path)).await
    }

    /// Writes; `idempotency_key` makes it safe to send again.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, body: Option<&Value>, idempotency_key: Option<&str>) -> Result<Answer, Failure> {
        self.send(|| {
            let request = self.request(Method::POST, path);
            let request = if let Some(body) = body { request.json(body) } else { request };
            if let Some(key) = idempotency_key { request.header("Idempotency-Key", key) } else { request }
        })
        .await
    }

    /// Opens a stream of server-sent events, from `last` on.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn stream(&self, path: &str, last: Option<&str>) -> Result<Response, Failure> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
        let request = if let Some(last) = last { request.header("Last-Event-ID", last) } else { request };
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }

    /// The address of a page of this server.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key).timeout(LONGEST)
    }

    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            match request().send().await {
                Ok(response) if response.status().is_success() => return answer(response).await,
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE && tries < TRIES => {}
                Ok(response) => return Err(refusal(response).await),
                Err(error) if error.is_connect() || tries >= TRIES => return Err(self.unreachable(&error)),
                Err(_no_answer) => {}
            }
            tokio::time::sleep(Duration::from_millis(300) * tries).await;
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let what = format!("{} cannot be reached", self.base);
        Failure::new(Exit::Unreachable, what)
            .because(error)
            .then(format!("Start it: {}, or name another with --url", hint::command("serve")))
    }
}

async fn answer(response: Response) -> Result<Answer, Failure> {
    let text = response.text().await;
    let text = text.map_err(|error| Failure::new(Exit::Unreachable, "the answer broke off").because(&error))?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Answer { body, text })
}

/// What a refusal means here. Its words are the server's own.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let problem: Value = response.json().await.unwrap_or(Value::Null);
    let text = |field: &str| problem.get(field).and_then(Value::as_str).map(str::to_owned);
    let exit = match status {
        StatusCode::UNAUTHORIZED => Exit::Key,
        StatusCode::FORBIDDEN if text("code").as_deref() == Some("insufficient_scope") => Exit::Key,
        StatusCode::NOT_FOUND => Exit::Missing,
        status if status.is_client_error() => Exit::Refused,
        _ => Exit::Other,
    };
    let said = text("title").unwrap_or_else(|| format!("the server answered {status}"));
    let mut failure = Failure::new(exit, said.trim_end_matches('.'));
    if let Some(call) = text("call_id") {
        failure = failure.id("call", call);
    }
    if let Some(request) = text("request_id") {
        failure = failure.id("request", request);
    }
    match text("detail") {
        Some(detail) => failure.then(detail),
        None => failure,
    }
}

fn key(environment: &Environment) -> Result<String, Failure> {
    let file = match (environment.get("CALLGATE_KEY"), environment.get("CALLGATE_KEY_FILE")) {
        (Some(_), Some(_)) => {
            return Err(Failure::new(Exit::Key, "CALLGATE_KEY and CALLGATE_KEY_FILE are both set").then("Unset one of them"));
        }
        (Some(key), None) => return Ok(key.trim().to_owned()),
        (None, Some(file)) => PathBuf::from(file),
        (None, None) => data_dir_of(environment).join("key"),
    };
    let read = std::fs::read_to_string(&file).map(|text| text.trim().to_owned());
    read.map_err(|error| {
        Failure::new(Exit::Key, format!("there is no API key: {} cannot be read", file.display()))
            .because(&error)
            .then("Set CALLGATE_KEY, or run this where the gateway's data folder is")
    })
}
