//! The `livekit` kind: agents that wait as workers, and people who are called into a room by SIP.
//!
//! Traffic only. A call is a room of its own, named by the attempt, into which the agent is sent and the phone is called;
//! what is seen there means what `translate.rs` says.

mod signature;
#[cfg(feature = "testing")]
pub(super) mod stub;
mod token;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::provider::{Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Phone, Placing, Route, Secret};
use callgate_domain::ports::{
    AttemptRef, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use self::token::Grants;
use self::translate::Rooms;
use super::client::{Answer, Clients, Failure, Outgoing};
use super::keys::{Keys, Sum};
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "livekit",
    is_test: false,
    request_timeout: Duration::from_secs(30),
    base_url: BaseUrl::Needed,
    settings: &[
        Setting { name: "api_key", needed: true, secret: true },
        Setting { name: "api_secret", needed: true, secret: true },
        Setting { name: "trunk_id", needed: true, secret: false },
        Setting { name: "from", needed: false, secret: false },
        Setting { name: "room_prefix", needed: false, secret: false },
        Setting { name: "result_wait", needed: false, secret: false },
    ],
    build,
};

/// A room is opened within this, or nobody is rung: the claim's lease leaves no more beside the request that rings.
const OPENED_WITHIN: Duration = Duration::from_secs(8);

const CREATE_ROOM: &str = "livekit.RoomService/CreateRoom";
const DELETE_ROOM: &str = "livekit.RoomService/DeleteRoom";
const GET_PARTICIPANT: &str = "livekit.RoomService/GetParticipant";
const CREATE_CALLEE: &str = "livekit.SIP/CreateSIPParticipant";
const LIST_TRUNKS: &str = "livekit.SIP/ListSIPOutboundTrunk";

struct LiveKit {
    id: ConnectionId,
    base_url: Url,
    keys: Vec<Secret>,
    secrets: Keys,
    trunk: String,
    from: Option<Phone>,
    rooms: Rooms,
    result_wait: Option<Duration>,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let secrets =
        Keys::new(Sum::Sha256, settings.secrets_of("api_secret")).map_err(|fault| settings.fault("api_secret", fault))?;
    settings.secret("api_key")?;
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(LiveKit {
        id: settings.id.clone(),
        base_url: base_url(settings)?,
        keys: settings.secrets_of("api_key").to_vec(),
        secrets,
        trunk: settings.needed("trunk_id")?,
        from: settings.phone("from")?,
        rooms: Rooms { prefix: settings.text("room_prefix")?.unwrap_or("call-").to_owned() },
        result_wait: settings.result_wait()?,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

/// LiveKit shows its address with the scheme that its clients use: `wss://` is the same host by `https://`.
fn base_url(settings: &ConnectionSettings) -> Result<Url, InvalidSettings> {
    let told = settings.base_url.as_deref().unwrap_or_default();
    let meant = match told.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) => format!("http://{rest}"),
        _ => told.to_owned(),
    };
    ConnectionSettings { base_url: Some(meant), ..settings.clone() }.origin("")
}

impl LiveKit {
    fn request(&self, method: &str, grants: &Grants<'_>, body: &impl Serialize) -> Result<Outgoing, Failure> {
        let mut url = self.base_url.clone();
        url.set_path(&format!("/twirp/{method}"));
        let key = self.keys.first().map(Secret::expose).unwrap_or_default();
        let token = token::token(key, &self.secrets, grants, self.clock.now());
        let token = token.map_err(|error| Failure::NotSent(error.into()))?;
        Ok(Outgoing::json(url, body)?.with("authorization", format!("Bearer {token}")))
    }

    async fn ask(&self, method: &str, grants: &Grants<'_>, body: &impl Serialize) -> Result<Answer, Failure> {
        self.clients.ask(self.request(method, grants, body)?).await
    }

    /// Opens the room and sends the agent there; `None` where that is done. The same name is the same room.
    async fn open_room(&self, order: &PlaceOrder, room: &str) -> Option<Placing> {
        let asking = async {
            let body = wire::NewRoom::of(order, room, &self.id).map_err(|error| Failure::NotSent(error.into()))?;
            self.ask(CREATE_ROOM, &Grants::rooms(), &body).await
        };
        let cause = match tokio::time::timeout(OPENED_WITHIN, asking).await {
            Ok(Ok(answer)) => match translate::opened(&answer, self.clock.now()) {
                Some(placing) => {
                    tracing::warn!(connection = %self.id, attempt = %order.attempt, status = answer.status, "the room was refused");
                    return Some(placing);
                }
                None => return None,
            },
            Ok(Err(Failure::NotSent(cause) | Failure::MaybeSent { cause, .. })) => cause,
            Err(elapsed) => elapsed.into(),
        };
        tracing::warn!(connection = %self.id, attempt = %order.attempt, %cause, "no answer to the request to open a room");
        // Whether or not the room is there: nobody was called into it.
        Some(Failure::NotSent(cause).placing())
    }

    async fn call_in(&self, order: &PlaceOrder, room: &str) -> Placing {
        let from = order.from.as_ref().or(self.from.as_ref()).map(Phone::e164);
        let body = wire::NewCallee::of(order, room, &self.trunk, from);
        let request = match self.request(CREATE_CALLEE, &Grants::to_call(), &body) {
            Ok(request) => request,
            Err(failure) => return failure.placing(),
        };
        self.clients.place(request, (&self.id, order.attempt), |answer| translate::placing(answer, room, self.clock.now())).await
    }

    fn log_once(&self, unknown: Option<&str>) {
        if let Some(word) = unknown.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, word, "an unknown word of LiveKit's, ignored");
        }
    }
}

#[async_trait]
impl VoiceProvider for LiveKit {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace { ringing: Duration::from_secs(2), talking: Duration::from_secs(15) };
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: true, by_window: false, poll }
    }

    fn check_route(&self, _: &Route) -> Result<(), InvalidSettings> {
        Ok(())
    }

    async fn probe(&self, _: &Route) -> Result<Health, ProviderError> {
        let body = wire::WhichTrunks { trunk_ids: [&self.trunk] };
        let answer = self.ask(LIST_TRUNKS, &Grants::trunks(), &body).await?;
        Ok(translate::health(&answer, &self.trunk))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let room = self.rooms.name(order.attempt);
        match self.open_room(order, &room).await {
            Some(placing) => placing,
            None => self.call_in(order, &room).await,
        }
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let room = self.rooms.of(order);
        let answer = self.ask(DELETE_ROOM, &Grants::rooms(), &wire::Room { room: &room }).await?;
        translate::canceled(&answer, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let room = self.rooms.of(order);
        let body = wire::Who { room: &room, identity: wire::CALLEE };
        let answer = self.ask(GET_PARTICIPANT, &Grants::inside(&room), &body).await?;
        let (found, unknown) = translate::found(&answer, &room, order, self.result_wait, self.clock.now())?;
        self.log_once(unknown.as_deref());
        Ok(found)
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.keys, &self.secrets, webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let heard = translate::heard(&webhook.webhook().body, &self.rooms, self.result_wait);
        self.log_once(heard.unknown.as_deref());
        heard.says.map_or(Reading::Nothing, |(attempt, room, evidence)| Reading::Says {
            about: AttemptRef { attempt: Some(attempt), provider_call: Some(room), connection: Some(self.id.clone()) },
            evidence: Box::new(evidence),
        })
    }

    fn event_id(&self, webhook: &Authentic) -> Option<String> {
        let event: wire::Event = serde_json::from_slice(&webhook.webhook().body).ok()?;
        event.id.text().map(str::to_owned)
    }
}
