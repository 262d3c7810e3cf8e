//! Voice providers, all behind one port, and what comes in from them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::{ProviderError, WebhookError};
use crate::model::moment::later;
use crate::model::provider::{AudioOrder, Capabilities, Extent, Health, LookUpOrder, Pace, PlaceOrder, Placing};
use crate::model::{AttemptId, Call, ConnectionId, Evidence, ProviderCallId, ProviderId, Route};

/// An agent's settings that a provider cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {fault}")]
pub struct InvalidSettings {
    /// Which setting.
    pub field: String,
    /// What is wrong with it and what to do, as the end of a sentence.
    pub fault: String,
}

/// A webhook as it came, not believed yet.
#[derive(Clone)]
pub struct RawWebhook {
    /// The configured public URL it was sent to, never one from its headers; `None` where none is configured.
    pub url: Option<String>,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: Vec<u8>,
}

impl RawWebhook {
    /// The values of a header, by its name in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for RawWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawWebhook({} bytes)", self.body.len())
    }
}

/// A webhook that is proven to come from where it says.
///
/// Made by a provider's `signature.rs`, by the result webhook once its key is checked, and by the inbox from a row it
/// kept; `house.rs` checks that it is made nowhere else.
#[derive(Clone)]
pub struct Authentic {
    webhook: RawWebhook,
}

impl Authentic {
    /// States that `webhook` was verified.
    #[must_use]
    pub fn verified(webhook: RawWebhook) -> Self {
        Self { webhook }
    }

    /// What is left of one that was cleared: it says nothing.
    #[must_use]
    pub const fn emptied() -> Self {
        Self { webhook: RawWebhook { url: None, headers: Vec::new(), body: Vec::new() } }
    }

    /// What was verified.
    #[must_use]
    pub fn webhook(&self) -> &RawWebhook {
        &self.webhook
    }
}

impl fmt::Debug for Authentic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authentic({} bytes)", self.webhook.body.len())
    }
}

/// Which attempt is meant: by our id, by theirs, or both. Ours matches first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptRef {
    /// Ours, echoed.
    pub attempt: Option<AttemptId>,
    /// Theirs.
    pub provider_call: Option<ProviderCallId>,
    /// Whose id it is; without one it must be theirs under one connection only.
    pub connection: Option<ConnectionId>,
}

impl AttemptRef {
    /// Whether no attempt could ever be found by it.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.attempt.is_none() && self.provider_call.is_none()
    }
}

/// What an authentic webhook says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Facts about an attempt. `event_id` is the provider's own, where it has one.
    Says {
        /// Whom it is about.
        about: AttemptRef,
        /// The facts.
        evidence: Box<Evidence>,
    },
    /// Only a hint: ask about this attempt.
    Ask(AttemptRef),
    /// Nothing we act on: an unknown event, an unknown status, a body that cannot be read.
    Nothing,
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// This attempt.
    Evidence(Box<Evidence>),
    /// Calls that could be ours, without our reference; the domain picks, since only it knows which belong to others.
    Candidates(Vec<Evidence>),
    /// Nothing. `complete` says whether every page was seen: only then does it count.
    Absent {
        /// Every page was seen.
        complete: bool,
    },
}

/// The audio of a call, as it comes.
pub struct Audio {
    /// As the provider says: not to be believed.
    pub content_type: Option<String>,
    /// All, or a part.
    pub extent: Extent,
    /// Bytes of the body, where the provider says.
    pub length: Option<u64>,
    /// The bytes.
    pub body: Box<dyn AudioBody>,
}

impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio").field("extent", &self.extent).field("length", &self.length).finish_non_exhaustive()
    }
}

/// Bytes that come bit by bit.
#[async_trait]
pub trait AudioBody: Send {
    /// The next ones; `None` after the last. MUST fail where they break off, and MUST end: in size, and in time while
    /// nothing comes.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ProviderError>;
}

/// A voice provider.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait VoiceProvider: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether an agent's route can work, when agents are loaded.
    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings>;

    /// Is the agent there, and can it dial out? Rings nobody.
    async fn probe(&self, route: &Route) -> Result<Health, ProviderError>;

    /// Places a call: at most one request that can ring. Never a `Result`: see [`Placing`]. MUST be `NotDialed` only
    /// with proof, and MUST carry the order's attempt id as the provider's reference.
    async fn place(&self, order: &PlaceOrder) -> Placing;

    /// Asks for the end of a call.
    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError>;

    /// By the provider's id, by our reference, or by phone, agent and the moment it was sent.
    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError>;

    /// Are these bytes really theirs? Pure: bytes, headers, configured URL and time are all it sees.
    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError>;

    /// What an authentic webhook says, in our words. Unknown things yield nothing; this cannot fail.
    fn read(&self, webhook: &Authentic) -> Reading;

    /// The provider's own id of the event, where it sends one: what repeats are known by.
    fn event_id(&self, webhook: &Authentic) -> Option<String>;

    /// The audio of a call, from where it was told to be. [`ProviderError::Gone`] where it is there no more. MUST NOT send
    /// a key to any address but the provider's own, nor ask at one that is not public.
    async fn recording(&self, _order: &AudioOrder) -> Result<Audio, ProviderError> {
        Err(ProviderError::Unsupported)
    }
}

/// A configured account with a provider.
#[derive(Clone)]
pub struct Connection {
    /// Its permanent identity.
    pub id: ConnectionId,
    /// Which kind.
    pub kind: ProviderId,
    /// How it is reached.
    pub provider: Arc<dyn VoiceProvider>,
    /// Calls that may be live; `None` is no limit.
    pub max_live: Option<u32>,
    /// Requests to place a call per second; `None` is no limit.
    pub max_per_second: Option<u32>,
    /// The longest one request may take.
    pub request_timeout: Duration,
    /// Overrides the adapter's own.
    pub poll_interval: Option<Duration>,
    /// Simulated: never dials.
    pub test: bool,
}

impl Connection {
    /// How often to ask about a live call.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.poll_interval.map_or_else(|| self.provider.capabilities().poll, Pace::every)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Reads a result in the words of `API.md` section 3.
pub type ReadReport = fn(&Authentic) -> Reading;

/// The connections this process knows. They are replaced as a whole when the configuration is read again.
pub struct Connections {
    held: RwLock<Held>,
    /// How the result webhook is read: its words are ours, whichever provider stands behind a call.
    pub read_report: ReadReport,
}

#[derive(Default)]
struct Held {
    by_id: BTreeMap<ConnectionId, Connection>,
    /// No longer configured, and until when their webhooks are still taken.
    retired: BTreeMap<ConnectionId, (Connection, Timestamp)>,
}

/// So long the webhooks of a connection that was removed are still taken.
pub const RETIRED_FOR: Duration = Duration::from_hours(72);

impl Connections {
    /// These connections.
    #[must_use]
    pub fn new(connections: impl IntoIterator<Item = Connection>, read_report: ReadReport) -> Self {
        let by_id = connections.into_iter().map(|held| (held.id.clone(), held)).collect();
        Self { held: RwLock::new(Held { by_id, retired: BTreeMap::new() }), read_report }
    }

    /// These from now on. The webhooks of one that is gone are still taken for [`RETIRED_FOR`].
    pub fn replace(&self, connections: impl IntoIterator<Item = Connection>, now: Timestamp) {
        let by_id: BTreeMap<_, _> = connections.into_iter().map(|held| (held.id.clone(), held)).collect();
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let gone = std::mem::replace(&mut held.by_id, by_id);
        held.retired.extend(gone.into_iter().map(|(id, connection)| (id, (connection, later(now, RETIRED_FOR)))));
        let Held { by_id, retired } = &mut *held;
        retired.retain(|id, (_, until)| now < *until && !by_id.contains_key(id));
    }

    /// One connection.
    #[must_use]
    pub fn get(&self, id: &ConnectionId) -> Option<Connection> {
        self.held().by_id.get(id).cloned()
    }

    /// One whose webhooks are taken: also for a while after it was removed.
    #[must_use]
    pub fn heard(&self, id: &ConnectionId, now: Timestamp) -> Option<Connection> {
        let held = self.held();
        let retired = held.retired.get(id).filter(|(_, until)| now < *until).map(|(connection, _)| connection);
        held.by_id.get(id).or(retired).cloned()
    }

    /// Whether the end of this call can be asked for: false where it is with a provider that has no such thing.
    #[must_use]
    pub fn can_cancel(&self, call: &Call) -> bool {
        let connection = call.connection.as_ref().and_then(|id| self.get(id));
        connection.is_none_or(|connection| connection.provider.capabilities().cancel.reaches(call.state))
    }

    /// All of them, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<Connection> {
        self.held().by_id.values().cloned().collect()
    }

    /// Their ids.
    #[must_use]
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.held().by_id.keys().cloned().collect()
    }

    /// The ids of those whose webhooks are taken.
    #[must_use]
    pub fn heard_ids(&self, now: Timestamp) -> Vec<ConnectionId> {
        let held = self.held();
        let retired = held.retired.iter().filter(|(_, (_, until))| now < *until).map(|(id, _)| id);
        held.by_id.keys().chain(retired).cloned().collect()
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        // Whoever panicked while writing left whole maps.
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}
