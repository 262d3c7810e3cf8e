//! One notice on its way to one endpoint: a small machine of pending, delivered and failed.
//!
//! Delivered at least once: whoever dies between sending and writing it down sends again, under the same id.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::ids::{CallId, ClientId, DeliveryId, EndpointId, NoticeId};
use super::moment::later;
use super::notice::{Notice, NoticeType};
use super::words::words;

/// How long after the try before it each try comes, without its jitter: 75.6 hours in all.
pub const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// A delay is longer or shorter by up to this part of it.
const JITTER: f64 = 0.2;
/// A receiver may ask us to wait so long.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Notices stay replayable for so long.
pub const REPLAYABLE: Duration = Duration::from_hours(30 * 24);

words! {
    /// What became of a delivery.
    pub enum DeliveryResult {
        /// It is tried, or tried again.
        Pending = "pending",
        /// The receiver answered 2xx.
        Delivered = "delivered",
        /// It was tried as often as it may be, or the endpoint is gone. It can be sent again on request.
        Failed = "failed",
    }
}

words! {
    /// Why nothing was answered.
    pub enum NotSent {
        /// The address must not be reached; nothing was sent.
        Blocked = "blocked_address",
        /// No name, no connection, no TLS, or it broke.
        NoConnection = "no_connection",
        /// No answer in time.
        TimedOut = "timed_out",
        /// The call it tells of is not there any more; nothing was sent.
        NoCall = "no_call",
    }
}

/// What one request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The receiver answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long it asks us to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// It did not.
    Not(NotSent),
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has come through: 2xx, and nothing else.
    Accepted,
    /// It is tried again.
    Refused,
    /// Never again: the receiver says that nobody is there (410).
    Gone,
    /// There is nothing to send. Says nothing about the endpoint.
    Void,
}

impl Sent {
    /// What it means.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Answered { status: 200..=299, .. } => Verdict::Accepted,
            Self::Answered { status: 410, .. } => Verdict::Gone,
            Self::Not(NotSent::NoCall) => Verdict::Void,
            Self::Answered { .. } | Self::Not(_) => Verdict::Refused,
        }
    }

    /// How long the receiver may ask us to wait: only with an answer that says "later", and a day at most.
    fn wait(self) -> Duration {
        match self {
            Self::Answered { status: 429 | 502 | 503 | 504, retry_after: Some(wait) } => wait.min(LONGEST_WAIT),
            _ => Duration::ZERO,
        }
    }
}

/// One notice on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Follows from notice and endpoint.
    pub id: DeliveryId,
    /// What is told: the `webhook-id`.
    pub notice: NoticeId,
    /// Where.
    pub endpoint: EndpointId,
    /// Whose.
    pub client: ClientId,
    /// Of which call; `None` for a test.
    pub call: Option<CallId>,
    /// What the notice tells.
    pub kind: NoticeType,
    /// When the notice was made.
    pub created_at: Timestamp,
    /// What became of it.
    pub result: DeliveryResult,
    /// How often it was tried.
    pub tries: u16,
    /// How many of these belong to the schedule under way: a resend begins it anew.
    pub step: u16,
    /// When it is tried next; `None` when it is not.
    pub next_at: Option<Timestamp>,
    /// What the receiver answered last.
    pub last_status: Option<u16>,
    /// Why it last answered nothing.
    pub last_fault: Option<NotSent>,
    /// When it came through.
    pub delivered_at: Option<Timestamp>,
}

impl Delivery {
    /// A notice that is to go to an endpoint, from `at` on.
    #[must_use]
    pub fn of(notice: &Notice, endpoint: EndpointId, at: Timestamp) -> Self {
        Self {
            id: Self::id_of(notice.id, notice.created_at, endpoint),
            notice: notice.id,
            endpoint,
            client: notice.client.clone(),
            call: notice.call,
            kind: notice.kind,
            created_at: notice.created_at,
            result: DeliveryResult::Pending,
            tries: 0,
            step: 0,
            next_at: Some(at),
            last_status: None,
            last_fault: None,
            delivered_at: None,
        }
    }

    /// The notice it carries.
    #[must_use]
    pub fn notice(&self) -> Notice {
        let client = self.client.clone();
        Notice { id: self.notice, client, call: self.call, kind: self.kind, created_at: self.created_at }
    }

    /// The same for the same notice and endpoint, so that there are never two; sorts by when the notice was made.
    fn id_of(notice: NoticeId, created_at: Timestamp, endpoint: EndpointId) -> DeliveryId {
        let hash: [u8; 32] = Sha256::new().chain_update(notice.as_uuid()).chain_update(endpoint.as_uuid()).finalize().into();
        let mut own = [0; 10];
        own.iter_mut().zip(hash).for_each(|(own, byte)| *own = byte);
        DeliveryId::new(created_at, own)
    }

    /// It after one try at `at`. `spread` is from -1 to 1.
    #[must_use]
    pub fn tried(&self, sent: Sent, spread: f64, at: Timestamp) -> Self {
        let (last_status, last_fault) = match sent {
            Sent::Answered { status, .. } => (Some(status), None),
            Sent::Not(fault) => (None, Some(fault)),
        };
        let tries = self.tries.saturating_add(1);
        let step = self.step.saturating_add(1);
        let next = SCHEDULE.get(usize::from(step)).map(|delay| delay.mul_f64(1.0 + JITTER * spread.clamp(-1.0, 1.0)));
        let (result, next_at) = match (sent.verdict(), next) {
            (Verdict::Accepted, _) => (DeliveryResult::Delivered, None),
            (Verdict::Refused, Some(delay)) => (DeliveryResult::Pending, Some(later(at, delay.max(sent.wait())))),
            (Verdict::Refused | Verdict::Gone | Verdict::Void, _) => (DeliveryResult::Failed, None),
        };
        let delivered_at = if result == DeliveryResult::Delivered { Some(at) } else { self.delivered_at };
        Self { result, tries, step, next_at, last_status, last_fault, delivered_at, ..self.clone() }
    }

    /// It when its client wants it sent again: due at once, its schedule anew, under the same notice.
    #[must_use]
    pub fn resent(&self, at: Timestamp) -> Self {
        Self { result: DeliveryResult::Pending, step: 0, next_at: Some(at), ..self.clone() }
    }
}
