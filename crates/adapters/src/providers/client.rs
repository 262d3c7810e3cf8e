//! How requests leave, and which failure of one means "surely not sent".
//!
//! Two clients: one for the single request that can ring, which must leave at most once, and a pooled one for
//! everything else. What an answer means is each provider's own business, in its `translate.rs`.

use std::fmt;
use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{EndedReason, Placing, Retry};
use callgate_domain::ports::ProviderError;
use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::Url;

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

/// The two clients of a connection.
#[derive(Debug, Clone)]
pub struct Clients {
    dial: Client,
    ask: Client,
}

/// A request on its way out.
#[derive(Debug, Clone)]
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

/// What came back, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    /// The header as it came.
    pub retry_after: Option<String>,
    /// Up to the client's cap.
    pub body: Vec<u8>,
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
    pub fn new(request_timeout: Duration) -> anyhow::Result<Self> {
        install_crypto();
        let common = || {
            Client::builder()
                .user_agent(concat!("callgate/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(request_timeout)
        };
        // By default a request is sent again when a pooled connection turns out to be dead, and when HTTP/2 says that
        // the first one was not seen: a call must not depend on either being right.
        let dial = common().http1_only().retry(reqwest::retry::never()).pool_max_idle_per_host(0).build()?;
        Ok(Self { dial, ask: common().build()? })
    }

    /// Sends the one request that can ring, once.
    pub async fn dial(&self, request: Outgoing) -> Result<Answer, Failure> {
        exchange(&self.dial, request, DIAL_CAP).await
    }

    /// Sends any other request.
    pub async fn ask(&self, request: Outgoing) -> Result<Answer, Failure> {
        exchange(&self.ask, request, ASK_CAP).await
    }
}

async fn exchange(client: &Client, outgoing: Outgoing, cap: usize) -> Result<Answer, Failure> {
    let mut request = client.request(outgoing.method, outgoing.url);
    for (name, value) in outgoing.headers {
        request = request.header(name, value);
    }
    if !outgoing.body.is_empty() {
        request = request.body(outgoing.body);
    }
    let mut response = request.send().await.map_err(Failure::of)?;
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
