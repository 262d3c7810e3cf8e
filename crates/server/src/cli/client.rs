//! The API as the command line uses it: requests, their repetition, and what their answers hold.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::body::Body;
use super::out::{Out, note_to_stderr};
use super::spinner::Spinner;
use super::{Global, exchange, key, refusal};
use crate::config::Environment;
use crate::failure::{Exit, Failure};
use crate::hint;

/// An ordinary request is given up after this.
const PATIENCE: Duration = Duration::from_secs(30);
/// One that holds its answer, after this; the server holds it for a minute at most.
const LONG_PATIENCE: Duration = Duration::from_secs(75);
/// How often a request is sent. Repeating is safe: reads and cancels change nothing twice, and creates carry a key.
const TRIES: u32 = 4;
/// Between two tries, times the number of tries.
const PAUSE: Duration = Duration::from_millis(300);

/// A running gateway, as its client.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
    moves: bool,
    exchange: bool,
}

/// An answer that is no refusal.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its JSON.
    pub body: Value,
    /// Its text, to the letter.
    pub text: String,
}

impl Answer {
    /// An answer's text; what is no JSON is `null`.
    #[must_use]
    pub fn of(text: String) -> Self {
        Self { body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// The text on one line. A line's end inside JSON stands between its parts only, so a space does as well.
    #[must_use]
    pub fn line(&self) -> String {
        self.text.trim_end().replace(['\n', '\r'], " ")
    }
}

impl Client {
    /// The server and the key that flags and environment name.
    ///
    /// # Errors
    /// There is no key, or what is named is no server.
    pub fn new(global: &Global, out: &Out) -> Result<Self, Failure> {
        let environment = Environment::of_process();
        let (base, is_here) = key::server(global.url.as_deref(), &environment)?;
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5));
        // A proxy of the environment is for other machines.
        let http = if is_here { http.no_proxy() } else { http };
        let http = http.build().map_err(|error| Failure::new(Exit::Other, "HTTP cannot be spoken here").because(&error))?;
        Ok(Self { http, base, key: key::key(&environment, is_here)?, moves: out.moves, exchange: out.exchange })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the server refuses, or that it cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        let request = || self.request(Method::GET, path).timeout(PATIENCE);
        spinner.during(self.send(&format!("GET {path}"), request, false)).await
    }

    /// Reads, and lets the server hold the answer until something has changed.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_held(&self, path: &str) -> Result<Answer, Failure> {
        let path = format!("{path}?wait=30");
        self.send(&format!("GET {path}"), || self.request(Method::GET, &path).timeout(LONG_PATIENCE), false).await
    }

    /// Asks for something that may be asked for again.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        let request = || self.request(Method::POST, path).timeout(PATIENCE);
        spinner.during(self.send(&format!("POST {path}"), request, false)).await
    }

    /// Asks for something with a body that may be asked for again.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn tell(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        let request = || self.request(Method::POST, path).timeout(PATIENCE).json(body);
        spinner.during(self.send(&format!("POST {path} {body}"), request, false)).await
    }

    /// Changes something; the same twice is the same once.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn change(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        let request = || self.request(Method::PATCH, path).timeout(PATIENCE).json(body);
        spinner.during(self.send(&format!("PATCH {path} {body}"), request, false)).await
    }

    /// Takes something away. Sent once: a second time it would be gone already.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn remove(&self, path: &str) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        spinner.during(self.once(&format!("DELETE {path}"), self.request(Method::DELETE, path).timeout(PATIENCE))).await
    }

    /// Makes something that takes as long as it takes. Sent once: a second time it would be there already.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn make(&self, path: &str, body: &Value, awaited: &str) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, awaited.to_owned());
        spinner.during(self.once(&format!("POST {path} {body}"), self.request(Method::POST, path).json(body))).await
    }

    /// Asks for something that may take as long as `patience`. Sent once: what is under way is not begun a second time.
    ///
    /// # Errors
    /// As [`Self::get`]; `TimeRanOut` when the time is over first.
    pub async fn ask_once(&self, path: &str, patience: Duration) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        spinner.during(self.once(&format!("POST {path}"), self.request(Method::POST, path).timeout(patience))).await
    }

    /// Makes something, once: a request that got no answer is sent again under the same key.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn create(&self, path: &str, body: &Value, idempotency_key: &str) -> Result<Answer, Failure> {
        let spinner = Spinner::new(self.moves, format!("Waiting for {}", self.base));
        let request = || self.request(Method::POST, path).timeout(PATIENCE).header("Idempotency-Key", idempotency_key).json(body);
        spinner.during(self.send(&format!("POST {path} {body}"), request, true)).await
    }

    /// Opens a stream of server-sent events that goes on after `last`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn stream(&self, path: &str, last: Option<&str>) -> Result<Response, Failure> {
        let request = self.request(Method::GET, path);
        let request = if let Some(last) = last { request.header("Last-Event-ID", last) } else { request };
        let answered = tokio::time::timeout(PATIENCE, request.send()).await;
        let response = answered.map_err(|_late| self.silent())?.map_err(|error| self.unreachable(&error))?;
        if self.exchange {
            note_to_stderr(&format!("> GET {path}\n< {}", response.status()));
        }
        if response.status().is_success() { Ok(response) } else { Err(refusal::of(response).await) }
    }

    /// The address of a page of this server.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// ` --url …`, where a later command needs it to find this server.
    #[must_use]
    pub fn flag(&self, global: &Global) -> String {
        if global.url.is_some() { format!(" --url {}", hint::quoted(&self.base)) } else { String::new() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    async fn once(&self, shown: &str, request: RequestBuilder) -> Result<Answer, Failure> {
        let begun = begun();
        let sent = request.send().await;
        if self.exchange {
            note_to_stderr(&exchange::shown(shown, &sent, begun.elapsed()));
        }
        let response = sent.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { self.answer(response).await } else { Err(refusal::of(response).await) }
    }

    async fn send(&self, shown: &str, request: impl Fn() -> RequestBuilder, creates: bool) -> Result<Answer, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let is_last = tries >= TRIES;
            let begun = begun();
            let sent = request().send().await;
            if self.exchange {
                note_to_stderr(&exchange::shown(shown, &sent, begun.elapsed()));
            }
            match sent {
                Ok(response) if response.status().is_success() => return self.answer(response).await,
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE && !is_last => {}
                Ok(response) => {
                    let failure = refusal::of(response).await;
                    // A twin of this create is still being written: the next try gets what it made.
                    if is_last || !failure.is(refusal::IN_PROGRESS) {
                        return Err(failure);
                    }
                }
                Err(error) if error.is_builder() => {
                    return Err(Failure::new(Exit::Usage, "that cannot be sent over HTTP").because(&error));
                }
                Err(error) if is_last || (error.is_connect() && !creates) => return Err(self.unreachable(&error)),
                Err(_no_answer) => {}
            }
            tokio::time::sleep(PAUSE * tries).await;
        }
    }

    async fn answer(&self, response: Response) -> Result<Answer, Failure> {
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        if self.exchange {
            note_to_stderr(&exchange::discreet(&text));
        }
        Ok(Answer::of(text))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return self.silent().because(error);
        }
        Failure::new(Exit::Unreachable, format!("{} cannot be reached", self.base))
            .because(error)
            .then(format!("Start it: {}, or name another server: --url, CALLGATE_URL", hint::command("serve")))
    }

    fn silent(&self) -> Failure {
        Failure::new(Exit::TimeRanOut, format!("{} did not answer in time", self.base)).then("Try again; its log says more")
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a person waited at this machine")]
fn begun() -> Instant {
    Instant::now()
}

/// The id that placing a call answers with.
///
/// # Errors
/// When the answer holds none, as no gateway's does.
pub fn call_id(placed: &Answer) -> Result<String, Failure> {
    placed.body.text("call_id").map(str::to_owned).ok_or_else(|| {
        Failure::new(Exit::Other, "the answer names no call").then("Check that --url names a gateway, and not something else")
    })
}
