//! The `vapi` kind: assistants kept at Vapi, that talk over a number kept there too.
//!
//! Traffic only. What answers and webhooks mean is in `translate.rs`, their JSON in `wire.rs`, how a call ended in
//! `reasons.rs`.

mod reasons;
mod signature;
#[cfg(feature = "testing")]
pub(super) mod stub;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use async_trait::async_trait;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Placing, ProviderCallId, Route, Secret, Source};
use callgate_domain::ports::{
    Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use self::signature::Proof;
use super::client::{Answer, Clients, Failure, Outgoing};
use super::download;
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};

const ORIGIN: &str = "https://api.vapi.ai";

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "vapi",
    is_test: false,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::Default(ORIGIN),
    settings: &[
        Setting { name: "api_key", needed: true, secret: true },
        Setting { name: "webhook_secret", needed: true, secret: true },
        Setting { name: "number_id", needed: true, secret: false },
        Setting { name: "webhook_auth", needed: false, secret: false },
        Setting { name: "signature_header", needed: false, secret: false },
        Setting { name: "timestamp_header", needed: false, secret: false },
    ],
    build,
};

struct Vapi {
    id: ConnectionId,
    base_url: Url,
    api_key: Secret,
    number_id: String,
    /// Where each call's webhooks are to go and what they are to carry; `None` where the assistant's own server says so.
    hook: Option<(String, Secret)>,
    proof: Proof,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let proof = Proof::of(settings)?;
    // Only a secret that is sent as it stands can be handed over with a call; what signs is set up over there.
    let hook = match (&proof, &settings.webhook_url) {
        (Proof::Secret(_), Some(url)) => Some((url.clone(), settings.secret("webhook_secret")?)),
        _ => None,
    };
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(Vapi {
        id: settings.id.clone(),
        base_url: settings.origin(ORIGIN)?,
        api_key: settings.secret("api_key")?,
        number_id: settings.needed("number_id")?,
        hook,
        proof,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

impl Vapi {
    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // Only a URL without a host has no path to extend, and `origin` refused those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn keyed(&self, request: Outgoing) -> Outgoing {
        request.with("authorization", format!("Bearer {}", self.api_key.expose()))
    }

    async fn get(&self, url: Url) -> Result<Answer, Failure> {
        self.clients.ask(self.keyed(Outgoing::bare(Method::GET, url))).await
    }

    /// All calls of this number and assistant around the moment of the send mark: a list knows no filter by our reference.
    fn around(&self, order: &LookUpOrder) -> Url {
        let mut url = self.at(&["call"]);
        let (from, to) = translate::window(order.sent_at);
        url.query_pairs_mut()
            .append_pair("phoneNumberId", &self.number_id)
            .append_pair("assistantId", &order.remote_id)
            .append_pair("createdAtGe", &from)
            .append_pair("createdAtLe", &to)
            .append_pair("limit", &translate::LIMIT.to_string());
        url
    }

    /// The address has the right to end the call in it, and needs no key.
    async fn end_by_control(&self, control: Url) -> Result<(), ProviderError> {
        let answer = self.clients.ask(Outgoing::json(control, &wire::EndCall::default())?).await?;
        if answer.is_success() { Ok(()) } else { Err(answer.unusable(self.clock.now())) }
    }

    /// This erases the call, so it is for calls alone that have not begun.
    async fn delete(&self, id: &ProviderCallId) -> Result<(), ProviderError> {
        let request = Outgoing::json(self.at(&["call", id.as_str()]), &serde_json::json!({}))?;
        let answer = self.clients.ask(self.keyed(Outgoing { method: Method::DELETE, ..request })).await?;
        translate::deleted(&answer, self.clock.now())
    }

    fn log_once(&self, unknown: Option<&translate::Unknown>) {
        let Some(unknown) = unknown else { return };
        let (what, word) = unknown.parts();
        if let Some(word) = self.unknown.news(word) {
            tracing::warn!(connection = %self.id, what, word, "an unknown word; look-ups will settle the call");
        }
    }
}

#[async_trait]
impl VoiceProvider for Vapi {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: true, by_window: false, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        if route.from.is_some() {
            let fault = format!("is not sent to {}, which calls from its number_id; remove it", self.id);
            return Err(InvalidSettings { field: "from".to_owned(), fault });
        }
        Ok(())
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        let agent = self.get(self.at(&["assistant", &route.remote_id])).await?;
        if let Some(ill) = translate::ill(&agent, "the assistant", "remote_id", self.clock.now())? {
            return Ok(ill);
        }
        let number = self.get(self.at(&["phone-number", &self.number_id])).await?;
        let ill = translate::ill(&number, "the phone number", "number_id", self.clock.now())?;
        Ok(ill.unwrap_or_else(|| Health { ready: true, detail: "the assistant and the phone number are there".to_owned() }))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let hook = self.hook.as_ref().map(|(url, secret)| (url.as_str(), secret));
        let request = match Outgoing::json(self.at(&["call"]), &wire::Order::of(order, &self.number_id, hook)) {
            Ok(request) => self.keyed(request),
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let answer = self.get(self.at(&["call", id.as_str()])).await?;
        let way = translate::way_to_end(&answer, id, &self.base_url, self.clock.now())?;
        let ended = match way.control {
            Some(control) => self.end_by_control(control).await,
            None => Err(ProviderError::Failed(anyhow!("the call cannot be controlled yet"))),
        };
        match ended {
            Err(_) if way.has_not_begun => self.delete(id).await,
            ended => ended,
        }
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let now = self.clock.now();
        let found = match &order.provider_call {
            Some(id) => translate::found(&self.get(self.at(&["call", id.as_str()])).await?, id, &self.base_url, now)?,
            None => translate::listed(&self.get(self.around(order)).await?, order.attempt, &self.base_url, now)?,
        };
        self.log_once(found.unknown.as_ref());
        Ok(found.found)
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.proof, webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let read = translate::read(&webhook.webhook().body, &self.base_url, &self.id, Source::Webhook);
        self.log_once(read.unknown.as_ref());
        read.reading
    }

    /// None is sent. Repeats are known by their body; those whose addresses were made anew say nothing new.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// The address kept with the call's result asks for one that is good for minutes, and leads to it.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [("authorization", format!("Bearer {}", self.api_key.expose()))];
        download::recording(&self.clients, &self.base_url, &key, order, self.clock.now()).await
    }
}
