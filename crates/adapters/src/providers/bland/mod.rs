//! Bland.
//!
//! Traffic only. What its answers mean is in `translate.rs`, what its calls say in `told.rs`, their JSON in `wire.rs`. It
//! knows no call by our reference, so one whose id was lost is found in the list of calls to its number.

mod signature;
#[cfg(feature = "testing")]
mod stub;
pub(super) mod told;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::moment::earlier;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{AttemptId, ConnectionId, Evidence, Phone, Placing, ProviderCallId, Route, Secret, Source};
use callgate_domain::ports::{
    Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::client::{Answer, Clients, Failure, Outgoing};
use super::download;
use super::keys::{Keys, Sum};
use super::window::{Whose, Window};
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};
#[cfg(feature = "testing")]
pub(super) use stub::STUB;
use wire::{AgentField, Echo};

const ORIGIN: &str = "https://api.bland.ai";
/// Calls listed in one look-up, oldest first: ours is among the first after the moment it was asked for.
const LISTED: usize = 50;
/// That moment may be another by their clock.
const BEFORE: Duration = Duration::from_mins(1);

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "bland",
    is_test: false,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::Default(ORIGIN),
    settings: &[
        Setting { name: "api_key", needed: true, secret: true },
        Setting { name: "webhook_secret", needed: true, secret: true },
        Setting { name: "from", needed: false, secret: false },
        Setting { name: "agent_field", needed: false, secret: false },
    ],
    build,
};

struct Bland {
    id: ConnectionId,
    origin: Url,
    api_key: Secret,
    keys: Keys,
    from: Option<Phone>,
    agent_field: AgentField,
    webhook_url: Option<String>,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let clients = settings.clients(&ports)?;
    let agent_fields =
        [("agent_id", AgentField::Agent), ("pathway_id", AgentField::Pathway), ("persona_id", AgentField::Persona)];
    Ok(Arc::new(Bland {
        id: settings.id.clone(),
        origin: settings.origin(ORIGIN)?,
        api_key: settings.secret("api_key")?,
        keys: Keys::new(Sum::Sha256, settings.secrets_of("webhook_secret"))
            .map_err(|fault| settings.fault("webhook_secret", fault))?,
        from: settings.phone("from")?,
        agent_field: settings.choice("agent_field", AgentField::Agent, &agent_fields)?,
        // Bland refuses a call whose webhook has no TLS: then results come by polling alone.
        webhook_url: settings.webhook_url.clone().filter(|url| url.starts_with("https://")),
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

impl Bland {
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.origin.clone();
        // Only a URL without a host has no path to extend, and `origin` refused those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("v1").extend(path);
        }
        url
    }

    fn signed(&self, request: Outgoing) -> Outgoing {
        request.with("authorization", self.api_key.expose())
    }

    async fn ask(&self, method: Method, url: Url) -> Result<Answer, Failure> {
        self.clients.ask(self.signed(Outgoing::bare(method, url))).await
    }

    async fn call(&self, id: &ProviderCallId) -> Result<Option<wire::Call>, ProviderError> {
        let answer = self.ask(Method::GET, self.url(&["calls", id.as_str()])).await?;
        translate::call(&answer, id, self.clock.now())
    }

    fn evidence(&self, call: &wire::Call) -> Evidence {
        let told = told::told(call, Source::LookUp);
        self.log_once(told.unknown_status.as_deref());
        told.evidence
    }

    fn log_once(&self, unknown_status: Option<&str>) {
        if let Some(word) = unknown_status.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, status = word, "unknown status, ignored: look-ups will settle the call");
        }
    }

    async fn by_id(&self, order: &LookUpOrder, id: &ProviderCallId) -> Result<Found, ProviderError> {
        let Some(call) = self.call(id).await? else { return Ok(Found::Absent { complete: true }) };
        if whose(&call, order.attempt) == Whose::Anothers {
            return Err(ProviderError::Failed(anyhow::anyhow!("the call carries another attempt's reference")));
        }
        Ok(Found::Evidence(Box::new(self.evidence(&call))))
    }

    /// The calls to this number since it was sent, each asked for: nothing says that rows carry our reference.
    async fn by_window(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let answer = self.ask(Method::GET, self.list(order)).await?;
        let listed = translate::list(&answer, self.clock.now())?.calls;
        let mut window = Window::to(&order.phone);
        if listed.len() >= LISTED {
            window.misses_some();
        }
        for call in listed.iter().filter(|call| call.inbound.get() != Some(&true)) {
            window.lists(call.id(), call.to.text());
        }
        for id in window.to_ask() {
            let Some(call) = self.call(&id).await? else {
                window.misses_some();
                continue;
            };
            if let Some(found) = window.shows(self.evidence(&call), whose(&call, order.attempt), call.to.text()) {
                return Ok(found);
            }
        }
        Ok(window.rest())
    }

    fn list(&self, order: &LookUpOrder) -> Url {
        let mut url = self.url(&["calls"]);
        // `to_number`, not `to`: that is a place in the list.
        url.query_pairs_mut()
            .append_pair("to_number", order.phone.e164())
            .append_pair("start_date", &format!("{:.3}", earlier(order.sent_at, BEFORE)))
            .append_pair("sort_by", "created_at")
            .append_pair("ascending", "true")
            .append_pair("limit", &LISTED.to_string());
        url
    }
}

fn whose(call: &wire::Call, attempt: AttemptId) -> Whose {
    match call.echo() {
        Echo::Ours(held) => Whose::of(Some(held), attempt),
        Echo::Others => Whose::Anothers,
        Echo::Missing => Whose::Unsaid,
    }
}

#[async_trait]
impl VoiceProvider for Bland {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(5));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: false, by_window: true, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        if route.remote_id.trim().is_empty() {
            let fault = "is missing; write the id of the agent, pathway or persona over there".to_owned();
            return Err(InvalidSettings { field: "remote_id".to_owned(), fault });
        }
        Ok(())
    }

    async fn probe(&self, _route: &Route) -> Result<Health, ProviderError> {
        let answer = self.ask(Method::GET, self.url(&["me"])).await?;
        Ok(translate::health(answer.status, self.webhook_url.is_some()))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let from = order.from.as_ref().or(self.from.as_ref());
        let body = wire::Order::of(order, self.agent_field, from, self.webhook_url.as_deref());
        let request = match Outgoing::json(self.url(&["calls"]), &body) {
            Ok(request) => self.signed(request),
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let answer = self.ask(Method::POST, self.url(&["calls", id.as_str(), "stop"])).await?;
        translate::canceled(&answer, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        match &order.provider_call {
            Some(id) => self.by_id(order, id).await,
            None => self.by_window(order).await,
        }
    }

    fn verify(&self, webhook: &RawWebhook, _now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.keys, webhook)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let (reading, unknown_status) = translate::reading(&webhook.webhook().body, &self.id);
        self.log_once(unknown_status.as_deref());
        reading
    }

    /// There is none; what repeats has the same body.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// The audio at the address that was told; the key goes to the provider's own address alone.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [("authorization", self.api_key.expose().to_owned())];
        download::recording(&self.clients, &self.origin, &key, order, self.clock.now()).await
    }
}
