//! Bolna's hosted API.
//!
//! Traffic only. What its answers mean is in `translate.rs`, their JSON in `wire.rs`. Its webhooks are unsigned and only
//! make us ask; it knows no call by our reference, so one whose id was lost is found in the list of its agent's calls.

mod signature;
#[cfg(feature = "testing")]
mod stub;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Evidence, Phone, Placing, ProviderCallId, Route, Secret};
use callgate_domain::ports::{
    Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::client::{Answer, Clients, Failure, Outgoing};
use super::download;
use super::window::{Whose, Window};
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};
#[cfg(feature = "testing")]
pub(super) use stub::STUB;

const ORIGIN: &str = "https://api.bolna.ai";
/// Calls on a page of a list, the most there may be.
const PAGE: usize = 50;
/// Pages read in one look-up.
const MAX_PAGES: usize = 5;
/// A call that we asked for is listed at about the moment of asking, by a clock that may differ from ours.
const BEFORE: Duration = Duration::from_mins(1);
const AFTER: Duration = Duration::from_hours(1);

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "bolna",
    is_test: false,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::Default(ORIGIN),
    settings: &[Setting { name: "api_key", needed: true, secret: true }, Setting { name: "from", needed: false, secret: false }],
    build,
};

struct Bolna {
    id: ConnectionId,
    origin: Url,
    api_key: Secret,
    from: Option<Phone>,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(Bolna {
        id: settings.id.clone(),
        origin: settings.origin(ORIGIN)?,
        api_key: settings.secret("api_key")?,
        from: settings.phone("from")?,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

impl Bolna {
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.origin.clone();
        // Only a URL without a host has no path to extend, and `origin` refused those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        url
    }

    fn signed(&self, request: Outgoing) -> Outgoing {
        request.with("authorization", format!("Bearer {}", self.api_key.expose()))
    }

    async fn ask(&self, method: Method, url: Url) -> Result<Answer, Failure> {
        self.clients.ask(self.signed(Outgoing::bare(method, url))).await
    }

    async fn execution(&self, id: &ProviderCallId) -> Result<Option<wire::Execution>, ProviderError> {
        let answer = self.ask(Method::GET, self.url(&["executions", id.as_str()])).await?;
        translate::execution(&answer, id, self.clock.now())
    }

    fn evidence(&self, execution: &wire::Execution) -> Evidence {
        let told = translate::told(execution);
        if let Some(word) = told.unknown_status.and_then(|word| self.unknown.news(&word)) {
            tracing::warn!(connection = %self.id, status = word, "unknown status, ignored: look-ups will settle the call");
        }
        if told.is_dialed_again && self.unknown.news("auto-retry").is_some() {
            tracing::warn!(connection = %self.id, "Bolna dials unanswered calls again by itself: switch the agent's auto-retry off");
        }
        told.evidence
    }

    async fn by_id(&self, order: &LookUpOrder, id: &ProviderCallId) -> Result<Found, ProviderError> {
        let Some(execution) = self.execution(id).await? else { return Ok(Found::Absent { complete: true }) };
        if Whose::of(execution.reference(), order.attempt) == Whose::Anothers {
            return Err(ProviderError::Failed(anyhow::anyhow!("the call carries another attempt's reference")));
        }
        Ok(Found::Evidence(Box::new(self.evidence(&execution))))
    }

    /// The agent's calls around the moment it was sent, each asked for: rows do not carry our reference.
    async fn by_window(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let mut window = Window::to(&order.phone);
        let mut rows = Vec::new();
        for number in 1..=MAX_PAGES {
            let answer = self.ask(Method::GET, self.list(order, number)).await?;
            let page = translate::page(&answer, self.clock.now())?;
            let more = page.has_more.get().copied().unwrap_or(page.data.len() >= PAGE);
            rows.extend(page.data);
            match more {
                false => break,
                true if number == MAX_PAGES => window.misses_some(),
                true => {}
            }
        }
        // They come newest first, and ours is one of those that began first.
        rows.iter().rev().for_each(|row| window.lists(row.id(), row.to()));
        for id in window.to_ask() {
            let Some(execution) = self.execution(&id).await? else {
                window.misses_some();
                continue;
            };
            let whose = Whose::of(execution.reference(), order.attempt);
            if let Some(found) = window.shows(self.evidence(&execution), whose, execution.to()) {
                return Ok(found);
            }
        }
        Ok(window.rest())
    }

    fn list(&self, order: &LookUpOrder, page: usize) -> Url {
        let mut url = self.url(&["v2", "agent", &order.remote_id, "executions"]);
        url.query_pairs_mut()
            .append_pair("from", &format!("{:.3}", earlier(order.sent_at, BEFORE)))
            .append_pair("to", &format!("{:.3}", later(order.sent_at, AFTER)))
            .append_pair("page_number", &page.to_string())
            .append_pair("page_size", &PAGE.to_string());
        url
    }
}

#[async_trait]
impl VoiceProvider for Bolna {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::BeforeItRings, by_id: true, by_reference: false, by_window: true, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        if route.remote_id.trim().is_empty() {
            let fault = "is missing; write the id of the agent over there".to_owned();
            return Err(InvalidSettings { field: "remote_id".to_owned(), fault });
        }
        Ok(())
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        let answer = self.ask(Method::GET, self.url(&["v2", "agent", &route.remote_id])).await?;
        Ok(translate::health(&answer, &route.remote_id))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let from = order.from.as_ref().or(self.from.as_ref());
        let request = match Outgoing::json(self.url(&["call"]), &wire::Order::of(order, from)) {
            Ok(request) => self.signed(request),
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let answer = self.ask(Method::POST, self.url(&["call", id.as_str(), "stop"])).await?;
        translate::canceled(&answer, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        match &order.provider_call {
            Some(id) => self.by_id(order, id).await,
            None => self.by_window(order).await,
        }
    }

    fn verify(&self, webhook: &RawWebhook, _now: Timestamp) -> Result<Authentic, WebhookError> {
        Ok(signature::verify(webhook))
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        translate::reading(&webhook.webhook().body, &self.id)
    }

    /// There is none; what repeats has the same body.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// The audio at the address that was told; the key goes to the provider's own address alone.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [("authorization", format!("Bearer {}", self.api_key.expose()))];
        download::recording(&self.clients, &self.origin, &key, order, self.clock.now()).await
    }
}
