//! ElevenLabs Agents: a call is a conversation there, placed over a SIP trunk or a Twilio number that was imported.
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
use callgate_domain::model::moment::earlier;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Placing, ProviderCallId, Route, Secret};
use callgate_domain::ports::{
    Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::client::{Answer, Clients, Failure, Outgoing};
use super::download;
use super::keys::{Keys, Sum};
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};
use translate::LookedUp;
use wire::Via;

const ORIGIN: &str = "https://api.elevenlabs.io";
const KEY: &str = "xi-api-key";
/// What `ringing_timeout_secs` may be.
const SHORTEST_RING: Duration = Duration::from_secs(1);
const LONGEST_RING: Duration = Duration::from_secs(999);
/// A list by our reference has one row; where it has more, the filter was not heeded.
const MAX_PAGES: usize = 3;
const MAX_ROWS: usize = 10;
/// Their clock may be behind ours.
const BEFORE_SENT: Duration = Duration::from_secs(60);

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "elevenlabs",
    is_test: false,
    // A create over a SIP trunk may be answered only once it is clear whether somebody picks up.
    request_timeout: Duration::from_secs(100),
    base_url: BaseUrl::Default(ORIGIN),
    settings: &[
        Setting { name: "api_key", needed: true, secret: true },
        Setting { name: "webhook_secret", needed: true, secret: true },
        Setting { name: "number_id", needed: true, secret: false },
        Setting { name: "via", needed: false, secret: false },
        Setting { name: "ring_timeout", needed: false, secret: false },
    ],
    build,
};

struct ElevenLabs {
    id: ConnectionId,
    origin: Url,
    api_key: Secret,
    number_id: String,
    via: Via,
    ring_timeout: Option<Duration>,
    keys: Keys,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let secrets = settings.secrets_of("webhook_secret");
    let keys = Keys::new(Sum::Sha256, secrets).map_err(|fault| settings.fault("webhook_secret", fault))?;
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(ElevenLabs {
        id: settings.id.clone(),
        origin: settings.origin(ORIGIN)?,
        api_key: settings.secret("api_key")?,
        number_id: settings.needed("number_id")?,
        via: settings.choice("via", Via::SipTrunk, &[("sip_trunk", Via::SipTrunk), ("twilio", Via::Twilio)])?,
        ring_timeout: settings.duration("ring_timeout", SHORTEST_RING, LONGEST_RING)?,
        keys,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

/// `<origin>/v1/convai/…`, each part escaped.
fn path(origin: &Url, parts: &[&str]) -> Url {
    let mut url = origin.clone();
    // Only a URL without a host has no path to extend, and `origin` refuses those.
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(["v1", "convai"]).extend(parts);
    }
    url
}

impl ElevenLabs {
    async fn get(&self, url: Url) -> Result<Answer, Failure> {
        self.clients.ask(Outgoing::bare(Method::GET, url).with(KEY, self.api_key.expose())).await
    }

    async fn conversation(&self, id: &ProviderCallId) -> Result<Option<LookedUp>, ProviderError> {
        let answer = self.get(path(&self.origin, &["conversations", id.as_str()])).await?;
        let found = translate::conversation(&answer, id, &self.origin, self.clock.now())?;
        if let Some(found) = &found {
            self.log_once(found.unknown.as_deref());
        }
        Ok(found)
    }

    /// The list takes our reference as a filter and does not show it: each row is asked for until one carries it.
    async fn by_reference(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let mut rows = 0;
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let answer = self.get(self.list(order, cursor.as_deref())).await?;
            let page = translate::page(&answer, self.clock.now())?;
            for id in page.ids {
                rows += 1;
                if rows > MAX_ROWS {
                    return Ok(Found::Absent { complete: false });
                }
                let found = self.conversation(&id).await?;
                if let Some(found) = found.filter(|found| found.reference == Some(order.attempt)) {
                    return Ok(Found::Evidence(Box::new(found.evidence)));
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(Found::Absent { complete: page.is_last }),
            }
        }
        Ok(Found::Absent { complete: false })
    }

    fn list(&self, order: &LookUpOrder, cursor: Option<&str>) -> Url {
        let mut url = path(&self.origin, &["conversations"]);
        let since = earlier(order.sent_at, BEFORE_SENT).as_second().to_string();
        let mut query = url.query_pairs_mut();
        query.append_pair("user_id", &order.attempt.to_string());
        if !order.remote_id.is_empty() {
            query.append_pair("agent_id", &order.remote_id);
        }
        query.append_pair("call_start_after_unix", &since).append_pair("page_size", "100");
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        drop(query);
        url
    }

    fn log_once(&self, unknown: Option<&str>) {
        if let Some(word) = unknown.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, word, "an unknown word, ignored: look-ups will settle the call");
        }
    }
}

#[async_trait]
impl VoiceProvider for ElevenLabs {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::Never, by_id: true, by_reference: true, by_window: false, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        if route.from.is_some() {
            let fault = format!("is not sent over {}: the caller's number is its number_id; remove it", self.id);
            return Err(InvalidSettings { field: "from".to_owned(), fault });
        }
        Ok(())
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        let number = self.get(path(&self.origin, &["phone-numbers", &self.number_id])).await?;
        let agent = self.get(path(&self.origin, &["agents", &route.remote_id])).await?;
        translate::health(&number, &agent, self.via, self.clock.now())
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let ring = self.ring_timeout.unwrap_or(order.ring_timeout).clamp(SHORTEST_RING, LONGEST_RING);
        let url = path(&self.origin, &[self.via.part(), "outbound-call"]);
        let request = match Outgoing::json(url, &wire::Order::of(order, &self.number_id, ring)) {
            Ok(request) => request.with(KEY, self.api_key.expose()),
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, self.clock.now())).await
    }

    /// There is no such request: their documents have none that ends a conversation.
    async fn cancel(&self, _order: &LookUpOrder) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported)
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let Some(id) = &order.provider_call else { return self.by_reference(order).await };
        let found = self.conversation(id).await?;
        Ok(found.map_or(Found::Absent { complete: true }, |found| Found::Evidence(Box::new(found.evidence))))
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.keys, webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let read = translate::webhook(&webhook.webhook().body, &self.id, &self.origin);
        self.log_once(read.unknown.as_deref());
        read.reading
    }

    /// They send none.
    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }

    /// The audio at the address that was told; the key goes to the provider's own address alone.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [(KEY, self.api_key.expose().to_owned())];
        download::recording(&self.clients, &self.origin, &key, order, self.clock.now()).await
    }
}
