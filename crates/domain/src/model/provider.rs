//! What is said to and heard from a voice provider, in our words.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::agent::Voicemail;
use super::call::{CallState, EndedReason};
use super::ids::{AgentKey, AttemptId, CallId, ProviderCallId};
use super::phone::Phone;

/// One request that can make a phone ring.
#[derive(Clone)]
pub struct PlaceOrder {
    /// Ours, passed on as the provider's reference and idempotency key; adapters never invent one.
    pub attempt: AttemptId,
    /// What it is an attempt of. Whoever looks into what happened knows the call by it; providers know the attempt.
    pub call: CallId,
    /// Who is called.
    pub phone: Phone,
    /// Our key of the agent.
    pub agent: AgentKey,
    /// Theirs.
    pub remote_id: String,
    /// The caller's number, where the route names one.
    pub from: Option<Phone>,
    /// For the conversation: the agent's defaults with the call's own over them.
    pub variables: Map<String, Value>,
    /// What to do when a machine answers.
    pub voicemail: Voicemail,
    /// Hang up after this long.
    pub max_duration: Duration,
    /// Give up ringing after this long.
    pub ring_timeout: Duration,
}

impl fmt::Debug for PlaceOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceOrder")
            .field("attempt", &self.attempt)
            .field("phone", &self.phone)
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// Which call is meant, in every way a provider may know it.
#[derive(Debug, Clone)]
pub struct LookUpOrder {
    /// Our reference.
    pub attempt: AttemptId,
    /// The provider's id, once known.
    pub provider_call: Option<ProviderCallId>,
    /// For look-ups by window.
    pub phone: Phone,
    /// For look-ups by window.
    pub remote_id: String,
    /// The send mark.
    pub sent_at: Timestamp,
}

/// What became of a request to place a call. The default is `Unknown`.
///
/// `NotDialed` needs proof: nothing was sent, or an answer listed in the adapter's own pre-acceptance table with a
/// recorded fixture. Everything else is `Unknown`, and nothing unknown is ever dialed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// The provider has it.
    Dialed(ProviderCallId),
    /// Surely nobody was rung.
    NotDialed {
        /// Why, for the call's end if no try is left.
        reason: EndedReason,
        /// Whether and when the same connection may be asked again.
        retry: Retry,
    },
    /// It may have rung.
    Unknown {
        /// Why we do not know, for the operator.
        reason: EndedReason,
    },
}

impl Default for Placing {
    fn default() -> Self {
        Self::Unknown { reason: EndedReason::OutcomeUnknown }
    }
}

/// Whether a connection that proved not to have dialed may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Final on this connection.
    Never,
    /// After our own back-off.
    Backoff,
    /// The provider said when.
    After(Duration),
}

/// What a provider can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Until when the end of a call can be asked for.
    pub cancel: Cancel,
    /// A call can be asked for by the provider's id.
    pub by_id: bool,
    /// A call can be asked for by our reference.
    pub by_reference: bool,
    /// Calls can be listed by phone, agent and time.
    pub by_window: bool,
    /// How often to ask about a live call, before it is answered and after.
    pub poll: Pace,
}

/// Until when the end of a call can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// There is no such request.
    Never,
    /// While it waits over there: a phone that rings goes on ringing.
    BeforeItRings,
    /// Always.
    Always,
}

impl Cancel {
    /// Whether the end of a call in this state can be asked for.
    #[must_use]
    pub const fn reaches(self, state: CallState) -> bool {
        match self {
            Self::Never => false,
            Self::BeforeItRings => state.rank() < CallState::Ringing.rank(),
            Self::Always => true,
        }
    }
}

/// How often to ask about a live call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Until somebody answers.
    pub ringing: Duration,
    /// While they talk.
    pub talking: Duration,
}

impl Pace {
    /// The same interval all along.
    #[must_use]
    pub const fn every(interval: Duration) -> Self {
        Self { ringing: interval, talking: interval }
    }
}

/// Whether an agent is there and can dial out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// It can be called with.
    pub ready: bool,
    /// For the operator: what was found.
    pub detail: String,
}

/// A wish for the audio of a call.
#[derive(Clone)]
pub struct AudioOrder {
    /// Our reference.
    pub attempt: AttemptId,
    /// The provider's id, where it is known.
    pub provider_call: Option<ProviderCallId>,
    /// The address that was told with the call's result.
    pub told: Option<String>,
    /// A part of it; `None` is all.
    pub range: Option<ByteRange>,
}

impl fmt::Debug for AudioOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioOrder").field("attempt", &self.attempt).field("range", &self.range).finish_non_exhaustive()
    }
}

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From this one, through the other or to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(first, Some(last)) => write!(f, "bytes={first}-{last}"),
            Self::From(first, None) => write!(f, "bytes={first}-"),
            Self::Last(count) => write!(f, "bytes=-{count}"),
        }
    }
}

/// How much of the audio comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// The bytes from `first` through `last` of so many, where that is known.
    Part {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
        /// Of so many.
        total: Option<u64>,
    },
    /// There are no such bytes.
    Outside {
        /// There are so many.
        total: Option<u64>,
    },
}
