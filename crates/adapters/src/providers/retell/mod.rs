//! Retell AI: calls from a number that is named by itself, with our reference as their metadata.
//!
//! Traffic only. What the answers mean is in `translate.rs` and `outcome.rs`, their JSON in `wire.rs`.

mod outcome;
mod signature;
#[cfg(feature = "testing")]
pub(super) mod stub;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Phone, Placing, ProviderCallId, Route, Secret};
use callgate_domain::ports::{
    Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::client::{Answer, Clients, Failure, Outgoing};
use super::download;
use super::keys::{Keys, Sum};
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};
use translate::LookedUp;

const ORIGIN: &str = "https://api.retellai.com";
/// More calls than this to one number by one agent at one time are no help in finding ours.
const MAX_CANDIDATES: usize = 5;

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "retell",
    is_test: false,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::Default(ORIGIN),
    settings: &[
        Setting { name: "api_key", needed: true, secret: true },
        Setting { name: "from", needed: true, secret: false },
        Setting { name: "webhook_secret", needed: false, secret: true },
    ],
    build,
};

struct Retell {
    id: ConnectionId,
    origin: Url,
    api_key: Secret,
    from: Phone,
    keys: Keys,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    // They sign with the API key that carries the webhook badge, which may be another than the one that we call with.
    let badge = if settings.secrets.contains_key("webhook_secret") { "webhook_secret" } else { "api_key" };
    let keys = Keys::new(Sum::Sha256, settings.secrets_of(badge)).map_err(|fault| settings.fault(badge, fault))?;
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(Retell {
        id: settings.id.clone(),
        origin: settings.origin(ORIGIN)?,
        api_key: settings.secret("api_key")?,
        from: settings.phone("from")?.ok_or_else(|| settings.fault("from", "is missing"))?,
        keys,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

impl Retell {
    /// `<origin>/…`, each part escaped.
    fn path(&self, parts: &[&str]) -> Url {
        let mut url = self.origin.clone();
        // Only a URL without a host has no path to extend, and `origin` refuses those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(parts);
        }
        url
    }

    fn authorized(&self, request: Outgoing) -> Outgoing {
        request.with("authorization", format!("Bearer {}", self.api_key.expose()))
    }

    async fn get(&self, parts: &[&str]) -> Result<Answer, Failure> {
        self.clients.ask(self.authorized(Outgoing::bare(Method::GET, self.path(parts)))).await
    }

    async fn post(&self, parts: &[&str], body: &impl Serialize) -> Result<Answer, Failure> {
        self.clients.ask(self.authorized(Outgoing::json(self.path(parts), body)?)).await
    }

    async fn call(&self, id: &ProviderCallId) -> Result<Option<LookedUp>, ProviderError> {
        let answer = self.get(&["v2", "get-call", id.as_str()]).await?;
        let found = translate::call(&answer, id, self.clock.now())?;
        if let Some(found) = &found {
            self.log_once(found.unknown.as_deref());
        }
        Ok(found)
    }

    async fn by_reference(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let answer = self.post(&["v3", "list-calls"], &wire::List::by_reference(order.attempt)).await?;
        let list = translate::list(&answer, self.clock.now())?;
        for id in list.ours(order.attempt) {
            if let Some(found) = self.call(&id).await? {
                return Ok(Found::Evidence(Box::new(found.evidence)));
            }
        }
        self.by_window(order, list.is_whole).await
    }

    /// A call that never connected has been seen without its metadata: then number, agent and time are all there is.
    async fn by_window(&self, order: &LookUpOrder, is_whole: bool) -> Result<Found, ProviderError> {
        let answer = self.post(&["v3", "list-calls"], &wire::List::by_window(order)).await?;
        let list = translate::list(&answer, self.clock.now())?;
        let nameless = list.nameless(&order.phone);
        let is_whole = is_whole && list.is_whole;
        if nameless.len() > MAX_CANDIDATES {
            return Ok(Found::Absent { complete: false });
        }
        let mut candidates = Vec::new();
        for id in nameless {
            match self.call(&id).await? {
                Some(found) if found.reference == Some(order.attempt) => return Ok(Found::Evidence(Box::new(found.evidence))),
                Some(found) if found.reference.is_none() => candidates.push(found.evidence),
                _ => {}
            }
        }
        // With pages left unseen, one candidate may be one of several.
        let none = candidates.is_empty() || !is_whole;
        Ok(if none { Found::Absent { complete: is_whole } } else { Found::Candidates(candidates) })
    }

    fn log_once(&self, unknown: Option<&str>) {
        if let Some(word) = unknown.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, word, "an unknown word, ignored: look-ups will settle the call");
        }
    }
}

#[async_trait]
impl VoiceProvider for Retell {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: true, by_window: true, poll }
    }

    /// Any number may call, as long as it is one of the account: the probe finds out.
    fn check_route(&self, _route: &Route) -> Result<(), InvalidSettings> {
        Ok(())
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        let from = route.from.as_ref().unwrap_or(&self.from);
        let number = self.get(&["get-phone-number", from.e164()]).await?;
        let agent = self.get(&["get-agent", &route.remote_id]).await?;
        translate::health(&number, &agent, self.clock.now())
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let from = order.from.as_ref().unwrap_or(&self.from);
        let url = self.path(&["v2", "create-phone-call"]);
        let request = match Outgoing::json(url, &wire::Order::of(order, from)) {
            Ok(request) => self.authorized(request),
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let request = Outgoing::bare(Method::POST, self.path(&["v2", "stop-call", id.as_str()]));
        let answer = self.clients.ask(self.authorized(request)).await?;
        translate::canceled(&answer, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let Some(id) = &order.provider_call else { return self.by_reference(order).await };
        let found = self.call(id).await?;
        Ok(found.map_or(Found::Absent { complete: true }, |found| Found::Evidence(Box::new(found.evidence))))
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.keys, webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let read = translate::webhook(&webhook.webhook().body, &self.id);
        self.log_once(read.unknown.as_deref());
        read.reading
    }

    /// They send none.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// The audio at the address that was told; the key goes to the provider's own address alone.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [("authorization", format!("Bearer {}", self.api_key.expose()))];
        download::recording(&self.clients, &self.origin, &key, order, self.clock.now()).await
    }
}
