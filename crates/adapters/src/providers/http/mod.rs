//! The `http` kind: engines that people write themselves, behind the small contract of `CONFIG.md`.
//!
//! Traffic only. What an engine's answers mean is in `translate.rs`, their JSON in `wire.rs`.

mod signature;
#[cfg(feature = "testing")]
pub(super) mod stub;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{AttemptId, ConnectionId, Placing, ProviderCallId, Route, Source};
use callgate_domain::ports::{
    Audio, Authentic, Chance, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::client::{Answer, Clients, Failure, Outgoing, Way};
use super::download;
use super::hmac::StandardWebhooks;
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};
use crate::trace::{TRACEPARENT, Trace};

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "http",
    is_test: false,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::Needed,
    settings: &[Setting { name: "secret", needed: true, secret: true }],
    build,
};

struct OwnEngine {
    id: ConnectionId,
    base_url: Url,
    webhook_url: Option<String>,
    signing: StandardWebhooks,
    clients: Clients,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    unknown: UnknownWords,
    trace: Trace,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let base_url =
        base_url(settings.base_url.as_deref().unwrap_or_default()).map_err(|fault| settings.fault("base_url", fault))?;
    if base_url.scheme() == "http" && matches!(ports.way, Way::Network) {
        tracing::warn!(connection = %settings.id, "base_url is http: calls and their transcripts travel in the clear");
    }
    let signing = StandardWebhooks::new(settings.secrets_of("secret")).map_err(|fault| settings.fault("secret", fault))?;
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(OwnEngine {
        id: settings.id.clone(),
        base_url,
        webhook_url: settings.webhook_url.clone(),
        signing,
        clients,
        clock: ports.clock,
        chance: ports.chance,
        unknown: UnknownWords::default(),
        trace: ports.trace,
    }))
}

fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no URL ({error}); write https://host or https://host/path"))?;
    match () {
        () if !matches!(url.scheme(), "http" | "https") => Err("must begin with https:// or http://".to_owned()),
        () if !url.username().is_empty() || url.password().is_some() => {
            Err("holds a name or password; requests are signed with secret instead".to_owned())
        }
        () if url.query().is_some() || url.fragment().is_some() => Err("must end before any '?' or '#'".to_owned()),
        () => Ok(url),
    }
}

impl OwnEngine {
    /// `<base_url>/calls`, and below it.
    fn calls(&self, below: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // Only a URL without a host has no path to extend, and `base_url` refused those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("calls").extend(below);
        }
        url
    }

    fn signed(&self, method: Method, url: Url, attempt: AttemptId, body: Vec<u8>) -> Outgoing {
        let mut headers = self.signing.sign(&attempt.to_string(), self.clock.now(), &body).to_vec();
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Outgoing { method, url, headers, body }
    }

    async fn ask_about(&self, attempt: AttemptId, id: Option<&ProviderCallId>) -> Result<Answer, Failure> {
        let url = match id {
            Some(id) => self.calls(&[id.as_str()]),
            None => {
                let mut url = self.calls(&[]);
                url.query_pairs_mut().append_pair("attempt_id", &attempt.to_string());
                url
            }
        };
        self.clients.ask(self.signed(Method::GET, url, attempt, Vec::new())).await
    }

    fn log_once(&self, unknown_status: Option<&str>) {
        if let Some(word) = unknown_status.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, status = word, "unknown status, ignored: look-ups will settle the call");
        }
    }
}

#[async_trait]
impl VoiceProvider for OwnEngine {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: true, by_window: false, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        if route.from.is_some() {
            let fault = format!("is not sent to {}, whose engine chooses the caller's number; remove it", self.id);
            return Err(InvalidSettings { field: "from".to_owned(), fault });
        }
        Ok(())
    }

    async fn probe(&self, _route: &Route) -> Result<Health, ProviderError> {
        let nobody = AttemptId::new(self.clock.now(), self.chance.for_id());
        let answer = self.ask_about(nobody, None).await?;
        Ok(translate::health(answer.status))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let body = match serde_json::to_vec(&wire::Order::of(order, self.webhook_url.as_deref())) {
            Ok(body) => body,
            Err(error) => return Failure::NotSent(error.into()).placing(),
        };
        let mut request = self.signed(Method::POST, self.calls(&[]), order.attempt, body);
        request.headers.extend((self.trace)(order.call).map(|parent| (TRACEPARENT, parent)));
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let url = self.calls(&[id.as_str(), "cancel"]);
        let answer = self.clients.ask(self.signed(Method::POST, url, order.attempt, Vec::new())).await?;
        translate::canceled(&answer, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let answer = self.ask_about(order.attempt, order.provider_call.as_ref()).await?;
        let found = translate::found(&answer, order.provider_call.as_ref(), self.clock.now())?;
        self.log_once(found.unknown_status.as_deref());
        if !found.unusable.is_empty() {
            tracing::warn!(connection = %self.id, attempt = %order.attempt, unusable = ?found.unusable, "parts of a look-up cannot be used");
        }
        Ok(found.found)
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.signing, webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let read = translate::webhook(&webhook.webhook().body, Source::Webhook);
        self.log_once(read.unknown_status.as_deref());
        if !read.unusable.is_empty() && read.unknown_status.is_none() {
            tracing::warn!(connection = %self.id, unusable = ?read.unusable, "parts of a webhook cannot be used");
        }
        translate::reading(read, &self.id)
    }

    /// Engines sign as we do, with the attempt's id as the message's: the same for all that is said of one call. So
    /// repeats are known by their body.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// Signed like every request; elsewhere it is asked for without.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let now = self.clock.now();
        let keys = self.signing.sign(&order.attempt.to_string(), now, &[]);
        download::recording(&self.clients, &self.base_url, &keys, order, now).await
    }
}
