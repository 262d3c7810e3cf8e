//! How notices leave: one request each, to where a client said, and never to anywhere it must not reach.
//!
//! When one is sent, and again, is the outbox's business (`usecases/deliver.rs`); here is how, and what came of it.

mod address;
mod answer;
mod destination;
mod resolver;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::{EndpointUrl, NotSent, Sent, Verdict};
use callgate_domain::ports::outbox::SEND_TIMEOUT;
use callgate_domain::ports::{Message, NoticeSender, Reply, Target, UrlFault};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use tokio::time::timeout;

pub use self::address::{Blocked, Guard, Reach};
pub use self::destination::Destination;
pub use self::resolver::{Guarded, Lookup, SystemLookup, Unresolved};
use crate::providers::client::wait_within;
use crate::providers::hmac::sign_with_all;
use crate::providers::install_crypto;
use crate::trace::{TRACEPARENT, Trace, untraced};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer counts when its status is there. Its body is waited for no longer than this.
const BODY_WITHIN: Duration = Duration::from_secs(1);
/// The longest wait that is passed on.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Sends notices over HTTP.
pub struct HttpSender {
    guard: Arc<Guard>,
    public: Way,
    listed: Way,
    trace: Trace,
}

/// A client, and the resolver it asks.
struct Way {
    client: Client,
    names: Guarded,
}

impl HttpSender {
    /// One that reaches what `guard` lets through and asks `lookup` for names. It trusts the system's certificates.
    ///
    /// # Errors
    /// When these cannot be loaded.
    pub fn new(guard: Guard, lookup: Arc<dyn Lookup>) -> anyhow::Result<Self> {
        Self::with(guard, lookup, |builder| builder)
    }

    /// One that trusts these certificates alone.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn trusting(guard: Guard, lookup: Arc<dyn Lookup>, roots: &[Certificate]) -> anyhow::Result<Self> {
        Self::with(guard, lookup, |builder| builder.tls_certs_only(roots.iter().cloned()))
    }

    fn with(guard: Guard, lookup: Arc<dyn Lookup>, trust: impl Fn(ClientBuilder) -> ClientBuilder) -> anyhow::Result<Self> {
        install_crypto();
        let guard = Arc::new(guard);
        let way = |only_listed: bool| -> anyhow::Result<Way> {
            let names = Guarded::new(Arc::clone(&lookup), Arc::clone(&guard), only_listed);
            // No connection is kept: each one is checked when it is made, and a secret is never sent over one that
            // was made for somebody else.
            let client = Client::builder()
                .user_agent(concat!("callgate/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(names.clone())
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                .http1_only()
                .https_only(!only_listed)
                .retry(reqwest::retry::never())
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT_TIMEOUT);
            Ok(Way { client: trust(client).build()?, names })
        };
        let (public, listed) = (way(false)?, way(true)?);
        Ok(Self { guard, public, listed, trace: untraced })
    }

    /// The same, where receivers may add to the traces of calls.
    #[must_use]
    pub fn traced(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    fn way(&self, to: &Destination) -> &Way {
        if to.only_listed() { &self.listed } else { &self.public }
    }

    async fn exchange(&self, to: &Target, message: &Message) -> Result<Reply, NotSent> {
        // Each time: what may be reached can have changed, and no resolver is asked about an address.
        let to = Destination::parse(to.url.as_str(), &self.guard).map_err(|_fault| NotSent::Blocked)?;
        let headers = sign_with_all(&message.secrets, &message.id.to_string(), message.at, &message.body).map_err(|fault| {
            tracing::error!(notice = %message.id, "a secret of its endpoint {fault}");
            NotSent::NoConnection
        })?;
        let mut request = self.way(&to).client.post(to.url().clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(parent) = message.call.and_then(self.trace) {
            request = request.header(TRACEPARENT, parent);
        }
        let response = request.body(message.body.clone()).send().await.map_err(|error| {
            tracing::debug!(notice = %message.id, error = %cause(&error), "a notice was not answered");
            reason(&error)
        })?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wait_within(retry_after, message.at, LONGEST_WAIT);
        let answer = answer::read(response, BODY_WITHIN).await;
        let sent = Sent::Answered { status, retry_after };
        Ok(Reply { sent, answer: Some(answer).filter(|_| sent.verdict() != Verdict::Accepted) })
    }
}

#[async_trait]
impl NoticeSender for HttpSender {
    async fn check(&self, url: &EndpointUrl) -> Result<(), UrlFault> {
        let to = Destination::parse(url.as_str(), &self.guard)?;
        let Some(name) = to.name() else { return Ok(()) };
        match self.way(&to).names.addresses(name).await {
            Err(Unresolved::Blocked(Blocked::Private)) => Err(UrlFault::Blocked),
            Err(Unresolved::Blocked(Blocked::Never)) => Err(UrlFault::Never(None)),
            // Names come and go; each sending asks again.
            Ok(_) | Err(Unresolved::NotFound(_) | Unresolved::TimedOut) => Ok(()),
        }
    }

    async fn send(&self, to: &Target, message: &Message) -> Reply {
        match timeout(SEND_TIMEOUT, self.exchange(to, message)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(not)) => Sent::Not(not).into(),
            Err(_elapsed) => Sent::Not(NotSent::TimedOut).into(),
        }
    }
}

fn reason(error: &reqwest::Error) -> NotSent {
    let mut causes = causes(error);
    let unresolved = causes.find_map(|cause| cause.downcast_ref::<Unresolved>());
    match unresolved {
        Some(Unresolved::Blocked(_)) => NotSent::Blocked,
        Some(Unresolved::TimedOut) => NotSent::TimedOut,
        Some(Unresolved::NotFound(_)) => NotSent::NoConnection,
        None if error.is_timeout() => NotSent::TimedOut,
        None => NotSent::NoConnection,
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// What went wrong at the bottom of it, without the URL, which may hold a token.
fn cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
