//! Where calls are kept. The database is the only truth.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::provider::AttemptRef;
use crate::model::call::{Attempt, Entry, Looks};
use crate::model::pacing::Room;
use crate::model::{
    AgentKey, AttemptId, Call, CallId, ClientId, ConnectionId, Fence, Notice, Overrun, Phone, Quota, Revision, Status, WorkerId,
};

/// Who reads: a client sees its own calls, an operator all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// A client.
    Client(ClientId),
    /// A key with scope `admin`, and the gateway itself.
    All,
}

impl Reader {
    /// Whether this reader may see calls of `client`.
    #[must_use]
    pub fn sees(&self, client: &ClientId) -> bool {
        match self {
            Self::Client(own) => own == client,
            Self::All => true,
        }
    }
}

/// What makes a repeated request the same request.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose; rotation of API keys does not change it.
    pub client: ClientId,
    /// Method and route.
    pub operation: &'static str,
    /// As the client sent it: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the parsed, normalised body.
    pub fingerprint: [u8; 32],
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyKey").field("client", &self.client).field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// What inserting did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// The calls are durable.
    New,
    /// The same key and body came before, and made this call.
    Replayed(CallId),
    /// It would go beyond a quota: nothing is stored, nor is the key.
    Refused(Overrun),
}

/// Which calls a list holds. Empty fields do not filter.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Any of these.
    pub statuses: Vec<Status>,
    /// This agent.
    pub agent: Option<AgentKey>,
    /// This number.
    pub phone: Option<Phone>,
    /// This reference, to the letter.
    pub reference: Option<String>,
    /// Accepted after this moment.
    pub created_after: Option<Timestamp>,
    /// Accepted before this moment.
    pub created_before: Option<Timestamp>,
}

impl fmt::Debug for CallFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFilter")
            .field("statuses", &self.statuses)
            .field("agent", &self.agent)
            .field("phone", &self.phone)
            .finish_non_exhaustive()
    }
}

/// Which part of a list: newest first, those before a call.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only calls older than this one.
    pub before: Option<CallId>,
    /// At most so many.
    pub limit: u32,
}

/// A call as a list holds it: without transcript, turns and variables. It cannot be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed(pub Call);

/// Which call an [`AttemptRef`] means.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// This one, and the attempt.
    One(Box<Call>, Attempt),
    /// The provider's id is known under several connections, and none was named.
    Ambiguous,
    /// None yet.
    None,
}

/// One change of a call: call, attempt, history row and notice in one commit, or nothing.
#[derive(Debug, Clone)]
pub struct Change {
    /// The call as it is now; its attempt is written with it.
    pub call: Call,
    /// The revision it was made from.
    pub from: Revision,
    /// Where set, the writer's claim: the stored fence must be this one and, before the send mark, the lease must
    /// not have run out by the store's own clock.
    pub claim: Option<Fence>,
    /// The new line of its history.
    pub entry: Entry,
    /// An earlier attempt of it that changed too.
    pub earlier: Option<Attempt>,
    /// What the client is told. In the same commit it is kept, with one delivery to each enabled endpoint of the client
    /// that wants it.
    pub notice: Option<Notice>,
}

impl Change {
    /// The change from one state of a call to the next, with what the client is told of it.
    #[must_use]
    pub fn new(before: &Call, call: Call, entry: Entry, earlier: Option<Attempt>, claim: Option<Fence>) -> Self {
        let notice = Notice::of(Some(before), &call, &entry);
        Self { call, from: before.revision, claim, entry, earlier, notice }
    }
}

/// What a claim took.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Claimed, or ended since their wait was over.
    pub calls: Vec<Call>,
    /// How long until the first connection that is at its rate, or pauses, has room again.
    pub opens_in: Option<Duration>,
    /// No connection has room before that: no new call makes any.
    pub is_full: bool,
}

/// Where calls are kept.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait CallStore: Send + Sync {
    /// Stores new calls with their first history entries, all or none. It MUST NOT return before they are durable. A key
    /// seen before returns the first answer when its fingerprint agrees, and `Duplicate` when it does not; of
    /// concurrent twins exactly one makes calls. What the quota limits is counted inside the same transaction, so it is never
    /// passed, however many insert; a repetition is answered as before and counts for nothing.
    async fn insert(&self, calls: Vec<(Call, Entry)>, key: Option<IdempotencyKey>, quota: &Quota)
    -> Result<Inserted, StoreError>;

    /// The call that an earlier request with this key made, if any; `Duplicate` when that request had another body.
    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError>;

    /// One call, whole. Another client's is `NotFound`.
    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError>;

    /// The call and the attempt that a webhook or a look-up speaks of. One connection's reference MUST NOT match
    /// another's call.
    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError>;

    /// Whether, since a moment, another attempt was marked as sent over this connection to this number whose id over there
    /// is not known, and which is not proven not to have dialed: a call that carries no reference could be its.
    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError>;

    /// A page of calls, newest first.
    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError>;

    /// The calls of a list right above one: of those newer than it the nearest `limit`, newest first. With [`Self::list`] it
    /// walks one list both ways.
    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError>;

    /// How many calls a list holds, counted no further than `at_most`.
    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError>;

    /// A page of a call's history after a revision, oldest first.
    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Takes due calls for one worker, no call for two: route, state, fence and lease in one commit, each through
    /// `Call::apply`. What is live is counted inside the same transaction, and what was taken of late by the store's own
    /// clock, so neither limit nor rate is ever passed, however many claim. Calls whose wait is over end here instead; they
    /// are returned too, so that their change is told; their notices are kept in the same commit.
    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError>;

    /// Nobody asks this connection for so long; of two pauses the one that ends last holds. A claim whose room has a rate
    /// for it MUST keep it, one without MAY.
    async fn pause(&self, connection: &ConnectionId, wait: Duration) -> Result<(), StoreError>;

    /// Prolongs the leases that a worker still holds before the send mark, of the calls it names and of no other: what it
    /// does not know to have (the answer to its claim was lost) has to run out.
    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError>;

    /// For a store that one process has to itself: whoever held leases before `by` is gone, so they end now instead of
    /// being waited for. MUST NOT be called where another process may be alive.
    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError>;

    /// Saves one change in one commit. `Conflict` when the revision, or the claim, is no longer the one held; then
    /// nothing is written. A change that erases a call MUST clear, in the same commit, what other places hold of it: what
    /// the client sent along, and body, headers and address of every webhook that was handled and is about an attempt of
    /// it, or is left for nobody or for an operator and names one.
    async fn save(&self, change: Change) -> Result<(), StoreError>;

    /// Calls that somebody has to look at, longest waiting first: those of `known` connections, those with none, and those
    /// past their `settles_by`, whoever's they are, since no call may stay open. For `hold` they are not given to anybody
    /// else.
    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError>;

    /// Sets when to look at a call next, unless it has changed since `from`. Not a change of the call: no history.
    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError>;

    /// The earliest moment at which a call falls due or has to be looked at, if any: how long a worker may sleep.
    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
