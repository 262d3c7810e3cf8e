//! How requests leave, and which failure of one means "surely not sent".
//!
//! Two clients: one for the single request that can ring, which must leave at most once, and a pooled one for
//! everything else. What an answer means is each provider's own business, in its `translate.rs`.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{AttemptId, ConnectionId, EndedReason, Placing, Retry};
use callgate_domain::ports::{Clock, ProviderError};
use jiff::Timestamp;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::Ports;
use super::their_clocks::TheirClocks;
use crate::sender::{Guard, Guarded, SystemLookup};

const AGENT: &str = concat!("callgate/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const DIAL_CAP: usize = 1024 * 1024;
const ASK_CAP: usize = 16 * 1024 * 1024;
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Installs ring as the process's TLS cryptography; without it, building a client panics. Harmless when repeated.
pub fn install_crypto() {
    // An error means that one is installed already.
    let _already = rustls::crypto::ring::default_provider().install_default();
}

/// The clients of a connection.
#[derive(Clone)]
pub struct Clients {
    dial: Client,
    ask: Client,
    /// For addresses that others than the operator chose; made when the first one is asked, which for most is never.
    outside: Arc<OnceLock<Client>>,
    way: Way,
    clock: Arc<dyn Clock>,
    their_clocks: Arc<TheirClocks>,
}

/// Whether requests leave.
#[derive(Debug, Clone, Default)]
pub enum Way {
    /// They do.
    #[default]
    Network,
    /// They are written down instead, so that somebody can read what would be sent: the one that can ring counts as not
    /// sent, and any other is answered with an empty object.
    Paper(Paper),
}

/// Requests that were written down instead of sent, in their order.
#[derive(Debug, Clone, Default)]
pub struct Paper {
    written: Arc<Mutex<Vec<Outgoing>>>,
}

impl Paper {
    /// What was written since the last time this was asked.
    #[must_use]
    pub fn take(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, request: Outgoing) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }
}

/// A request on its way out. Its headers and body hold keys and numbers: they do not print.
#[derive(Clone)]
pub struct Outgoing {
    /// `GET` or `POST`.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Beside those HTTP itself needs.
    pub headers: Vec<(&'static str, String)>,
    /// Byte for byte; empty is no body.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// A request without a body.
    #[must_use]
    pub fn bare(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: Vec::new() }
    }

    /// A `POST` of JSON.
    ///
    /// # Errors
    /// When `body` is no JSON; nothing was sent.
    pub fn json(url: Url, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::NotSent(error.into()))?;
        Ok(Self { body, ..Self::bare(Method::POST, url) }.with("content-type", "application/json"))
    }

    /// A `POST` of a form; a list is a name that repeats.
    #[must_use]
    pub fn form<'a>(url: Url, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        Self { body, ..Self::bare(Method::POST, url) }.with("content-type", "application/x-www-form-urlencoded")
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({}, {} bytes)", self.method, self.body.len())
    }
}

/// What came back, whole. Its body may hold what people said: it does not print.
#[derive(Clone)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    /// The header as it came.
    pub retry_after: Option<String>,
    /// Up to the client's cap.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is 200 to 299.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as `T`, where it is one.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What a request that asks is to make of an answer it has no use for.
    #[must_use]
    pub fn unusable(&self, now: Timestamp) -> ProviderError {
        let retry_after = wait_of(self.retry_after.as_deref(), now);
        match self.status {
            429 => ProviderError::Busy { retry_after },
            503 if retry_after.is_some() => ProviderError::Busy { retry_after },
            status => ProviderError::Failed(anyhow!("the answer was {status}")),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why nothing came back.
#[derive(Debug)]
pub enum Failure {
    /// No byte of the request left: it could not be built, or no connection came about.
    NotSent(anyhow::Error),
    /// It may have arrived.
    MaybeSent {
        /// It took longer than the connection's `request_timeout`.
        timed_out: bool,
        /// For the operator.
        cause: anyhow::Error,
    },
}

impl Clients {
    /// Clients whose requests may take `request_timeout` in all.
    ///
    /// # Errors
    /// When the system's certificates cannot be loaded.
    pub fn new(request_timeout: Duration, ports: &Ports) -> anyhow::Result<Self> {
        install_crypto();
        let common = || {
            Client::builder()
                .user_agent(AGENT)
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                // Sooner than the whole: that no connection came about is proof that nothing left; that all of it took too
                // long is none.
                .connect_timeout(CONNECT_TIMEOUT.min(request_timeout / 2))
                .timeout(request_timeout)
        };
        // By default a request is sent again when a pooled connection turns out to be dead, and when HTTP/2 says that
        // the first one was not seen: a call must not depend on either being right.
        let dial = common().http1_only().retry(reqwest::retry::never()).pool_max_idle_per_host(0).build()?;
        Ok(Self {
            dial,
            ask: common().build()?,
            outside: Arc::default(),
            way: ports.way.clone(),
            clock: Arc::clone(&ports.clock),
            their_clocks: Arc::clone(&ports.their_clocks),
        })
    }

    async fn dial(&self, request: Outgoing) -> Result<Answer, Failure> {
        match &self.way {
            Way::Network => self.exchange(&self.dial, request, DIAL_CAP).await,
            Way::Paper(paper) => {
                paper.write(request);
                Err(Failure::NotSent(anyhow!("it was written down instead")))
            }
        }
    }

    /// Sends the one request that can ring, once, and says what became of it: by the kind's own table where an answer came.
    /// Whatever did not dial, or may have, is told to the operator.
    pub async fn place(
        &self,
        request: Outgoing,
        (connection, attempt): (&ConnectionId, AttemptId),
        table: impl FnOnce(&Answer) -> Placing,
    ) -> Placing {
        match self.dial(request).await {
            Ok(answer) => {
                let placing = table(&answer);
                if !matches!(placing, Placing::Dialed(_)) {
                    let status = answer.status;
                    tracing::warn!(%connection, %attempt, status, ?placing, "the call was not accepted");
                }
                placing
            }
            Err(failure) => {
                tracing::warn!(%connection, %attempt, %failure, "no answer to the request to place a call");
                failure.placing()
            }
        }
    }

    /// Sends any other request.
    pub async fn ask(&self, request: Outgoing) -> Result<Answer, Failure> {
        match &self.way {
            Way::Network => self.exchange(&self.ask, request, ASK_CAP).await,
            Way::Paper(paper) => {
                paper.write(request);
                Ok(Answer { status: 200, retry_after: None, body: b"{}".to_vec() })
            }
        }
    }

    async fn exchange(&self, client: &Client, outgoing: Outgoing, cap: usize) -> Result<Answer, Failure> {
        let host = outgoing.url.host_str().map(str::to_owned).unwrap_or_default();
        let mut request = client.request(outgoing.method, outgoing.url);
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        if !outgoing.body.is_empty() {
            request = request.body(outgoing.body);
        }
        let mut response = request.send().await.map_err(Failure::of)?;
        let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
        self.their_clocks.hear(&host, date, self.clock.now());
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failure::of_the_answer)? {
            if body.len() + chunk.len() > cap {
                return Err(Failure::MaybeSent { timed_out: false, cause: anyhow!("the answer is longer than {cap} bytes") });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after, body })
    }
}

/// The longest that a recording may take in all; its body has bounds of its own.
const FETCH_TIMEOUT: Duration = Duration::from_hours(1);

impl Clients {
    /// Asks the provider's own host for something whose body is read bit by bit.
    pub async fn fetch(&self, url: Url, headers: &[(&'static str, String)]) -> Result<Response, Failure> {
        open(&self.way, &self.ask, url, headers).await
    }

    /// The same of any other host, which has to be on the internet: names are checked as they are asked for.
    pub async fn fetch_outside(&self, url: Url, headers: &[(&'static str, String)]) -> Result<Response, Failure> {
        let outside = match self.outside.get() {
            Some(outside) => outside,
            None => {
                let made = outside().map_err(Failure::NotSent)?;
                self.outside.get_or_init(|| made)
            }
        };
        open(&self.way, outside, url, headers).await
    }
}

fn outside() -> anyhow::Result<Client> {
    let names = Guarded::new(Arc::new(SystemLookup::default()), Arc::new(Guard::default()), false);
    let common = Client::builder().user_agent(AGENT).redirect(Policy::none()).referer(false).no_proxy();
    let common = common.connect_timeout(CONNECT_TIMEOUT).http1_only().pool_max_idle_per_host(0);
    Ok(common.dns_resolver(names).https_only(true).build()?)
}

async fn open(way: &Way, client: &Client, url: Url, headers: &[(&'static str, String)]) -> Result<Response, Failure> {
    if matches!(way, Way::Paper(_)) {
        return Err(Failure::NotSent(anyhow!("nothing leaves")));
    }
    let mut request = client.get(url).timeout(FETCH_TIMEOUT);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.send().await.map_err(Failure::of)
}

impl Failure {
    /// Connecting covers the name, TCP and TLS; a certificate that does not verify is found there too. TLS early data
    /// is off, so no byte of a request leaves before.
    fn of(error: reqwest::Error) -> Self {
        if error.is_builder() || error.is_connect() || error.is_dns() {
            return Self::NotSent(cause(error));
        }
        Self::of_the_answer(error)
    }

    fn of_the_answer(error: reqwest::Error) -> Self {
        Self::MaybeSent { timed_out: error.is_timeout(), cause: cause(error) }
    }

    /// What became of the request that could ring.
    #[must_use]
    pub fn placing(&self) -> Placing {
        match self {
            Self::NotSent(_) => Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Backoff },
            Self::MaybeSent { timed_out: true, .. } => Placing::Unknown { reason: EndedReason::ProviderTimeout },
            Self::MaybeSent { timed_out: false, .. } => Placing::Unknown { reason: EndedReason::OutcomeUnknown },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(cause) => write!(f, "not sent: {cause:#}"),
            Self::MaybeSent { cause, .. } => write!(f, "{cause:#}"),
        }
    }
}

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(cause) | Failure::MaybeSent { cause, .. } => Self::Failed(cause),
        }
    }
}

/// The whole chain in one line, without the URL: it may carry a reference or a key.
fn cause(error: reqwest::Error) -> anyhow::Error {
    let error = anyhow::Error::new(error.without_url());
    anyhow!("{error:#}")
}

/// How long a `Retry-After` asks to wait, bounded to between a second and an hour: `0` must not become a loop, and a day
/// must not outlast every call that waits.
#[must_use]
pub fn wait_of(retry_after: Option<&str>, now: Timestamp) -> Option<Duration> {
    wait_within(retry_after, now, LONGEST_WAIT)
}

/// How long a `Retry-After` asks to wait, in seconds or as an HTTP date, bounded to between a second and `longest`.
#[must_use]
pub fn wait_within(retry_after: Option<&str>, now: Timestamp, longest: Duration) -> Option<Duration> {
    let text = retry_after?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(longest, Duration::from_secs)
    } else {
        elapsed(now, jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
    };
    Some(wait.clamp(SHORTEST_WAIT, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: Option<&str>, seconds: Option<u64>) {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(wait_of(header, now), seconds.map(Duration::from_secs), "{header:?}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        check(None, None);
        check(Some("7"), Some(7));
        check(Some(" 120 "), Some(120));
        check(Some("0"), Some(1));
        check(Some("86400"), Some(3_600));
        check(Some("99999999999999999999999"), Some(3_600));
        check(Some("Thu, 01 Jan 2026 00:00:30 GMT"), Some(30));
        check(Some("Wed, 31 Dec 2025 23:59:59 GMT"), Some(1));
        check(Some("Fri, 02 Jan 2026 00:00:00 GMT"), Some(3_600));
        for odd in ["", "-1", "1.5", "soon", "７"] {
            check(Some(odd), None);
        }
    }
}
