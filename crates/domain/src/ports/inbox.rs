//! The inbox: authentic webhooks, kept before they are understood.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::provider::{AttemptRef, Authentic};
use crate::model::moment::later;
use crate::model::{ConnectionId, InboxId, ProviderCallId};

crate::model::words::words! {
    /// How far a kept webhook has come.
    pub enum Progress {
        /// Not understood yet.
        Waiting = "waiting",
        /// No call has its id yet.
        Parked = "parked",
        /// It is in its call.
        Applied = "applied",
        /// Everything in it was known.
        Duplicate = "duplicate",
        /// It contradicts what is final, or says nothing we act on.
        Ignored = "ignored",
        /// It could not be handled five times; an operator looks at it.
        Quarantined = "quarantined",
        /// No call ever had its id.
        Orphaned = "orphaned",
    }
}

/// An authentic webhook on its way into the inbox.
#[derive(Clone)]
pub struct Parcel {
    /// Made for the moment of arrival.
    pub id: InboxId,
    /// Where it came in; `None` for the result webhook that names no connection.
    pub connection: Option<ConnectionId>,
    /// Whether it is in the words of `API.md` section 3 (the result webhook) or in the provider's own.
    pub is_report: bool,
    /// The provider's event id, or the SHA-256 of the body in hex: unique per connection.
    pub dedupe_key: String,
    /// As it came.
    pub webhook: Authentic,
    /// When.
    pub received_at: Timestamp,
    /// What it is about, where that was looked for on the way in and no call had its id: it is kept parked.
    pub waits_for: Option<AttemptRef>,
}

/// How often a parked webhook is tried again, whatever else happens.
pub const SWEEP: Duration = Duration::from_secs(30);
/// So long a result is left to the request that brought it; its answer says what became of it.
const LEFT_TO_ITS_REQUEST: Duration = Duration::from_secs(5);

impl Parcel {
    /// When it may be taken first. Were a result taken by a worker while its own request handles it, the request would
    /// find everything known and answer `duplicate` to the first of its kind.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        match (&self.waits_for, self.is_report) {
            (Some(_), _) => later(self.received_at, SWEEP),
            (None, true) => later(self.received_at, LEFT_TO_ITS_REQUEST),
            (None, false) => self.received_at,
        }
    }

    /// How far it has come when it is kept.
    #[must_use]
    pub fn progress(&self) -> Progress {
        if self.waits_for.is_some() { Progress::Parked } else { Progress::Waiting }
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel").field("id", &self.id).field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// A webhook as the inbox has it.
#[derive(Debug, Clone)]
pub struct KeptWebhook {
    /// What was kept.
    pub parcel: Parcel,
    /// How far it has come.
    pub progress: Progress,
    /// How often it was taken since it was kept, or last parked: parked means understood.
    pub tries: u16,
}

/// One that was taken so often without coming through is taken alone from then on.
const TAKEN_ALONE_AFTER: u16 = 2;

/// How many of the due webhooks, in their order and with their tries so far, are taken together. One that may be what ended
/// the process before must not count against those taken with it.
#[must_use]
pub fn together(tries: impl IntoIterator<Item = u16>) -> usize {
    tries.into_iter().take_while(|tries| *tries < TAKEN_ALONE_AFTER).count().max(1)
}

/// What keeping did.
#[derive(Debug, Clone)]
pub enum Kept {
    /// It is new.
    New,
    /// The same one is here already.
    Seen(Box<KeptWebhook>),
}

/// Where webhooks are kept. A webhook MUST be durable before `keep` returns.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a webhook, once per connection and dedupe key. Nobody MUST take it before [`Parcel::due_at`], unless it is
    /// parked and its id appears: it MUST be found by what it waits for.
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError>;

    /// Takes up to `limit` webhooks that wait, or are parked, and whose moment has come, those whose moment came first
    /// first; for `hold` they are not given to anybody else. Only such of the `known` connections, and reports, are taken.
    /// Each taking counts as a try, and no more are taken than [`together`] says.
    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError>;

    /// Records how far a webhook has come; `about` is what it speaks of, `again_at` when to try again. One that is parked
    /// MUST have its tries anew. One that has come to its end MUST be kept without body, headers and address when its call
    /// was erased, or when it is ignored and about nothing: no erasure could find it later.
    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// The moment has come for what is parked under this provider's id: of this connection, or of none.
    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError>;
}
