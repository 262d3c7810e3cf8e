//! The outbox: where clients want to be told, what they are to be told, and the way there.
//!
//! Notices, and the deliveries they make, are written by whoever keeps calls, in the commit of the change they tell of. Here
//! is what happens to them afterwards.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::store::Reader;
use super::url_fault::UrlFault;
use crate::model::{
    Answer, CallId, Delivery, DeliveryId, DeliveryResult, Endpoint, EndpointChange, EndpointId, EndpointUrl, Exchange, Notice,
    NoticeId, Secret, Sent, Verdict,
};

/// A delivery that a courier has taken, and where it goes.
#[derive(Debug, Clone)]
pub struct Errand {
    /// What is to be sent.
    pub delivery: Delivery,
    /// Where, and signed with what.
    pub endpoint: Endpoint,
    /// Nobody else takes it before; which taking this was.
    pub until: Timestamp,
}

/// What came of an errand.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The delivery as it is now.
    pub delivery: Delivery,
    /// [`Errand::until`] of the errand.
    pub until: Timestamp,
    /// What it says about the endpoint.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
    /// How it went, for people.
    pub exchange: Exchange,
}

/// Which deliveries a list holds. Empty fields do not filter.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Of this call.
    pub call: Option<CallId>,
    /// With this result.
    pub result: Option<DeliveryResult>,
}

/// Which part of a list: newest notice first, those before a delivery.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryPage {
    /// Only deliveries that sort before this one.
    pub before: Option<DeliveryId>,
    /// At most so many.
    pub limit: u32,
}

/// What one step of a recovery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// So many are sent now that were not.
    pub count: u32,
    /// The last notice that was looked at; `None` when there are no more.
    pub last: Option<NoticeId>,
}

/// Up to `limit` of several queues: one of each before a second of any.
#[must_use]
pub fn in_turn<T>(queues: Vec<Vec<T>>, limit: u32) -> Vec<T> {
    let mut queues: Vec<_> = queues.into_iter().map(Vec::into_iter).collect();
    let mut taken = Vec::new();
    while !queues.is_empty() {
        queues.retain_mut(|queue| queue.next().map(|next| taken.push(next)).is_some());
    }
    taken.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    taken
}

/// Where endpoints, notices and deliveries are kept. What belongs to another client is `NotFound`, as if it were not there.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Adds an endpoint, unless its client has `at_most` already; says whether it did.
    async fn add(&self, endpoint: Endpoint, at_most: u32) -> Result<bool, StoreError>;

    /// One endpoint.
    async fn endpoint(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError>;

    /// Up to `limit` endpoints that come after one, oldest first.
    async fn endpoints(&self, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError>;

    /// Changes one, through [`Endpoint::changed`]; returns it as it is then. Of concurrent changes none is lost.
    async fn change(&self, id: EndpointId, of: &Reader, change: EndpointChange, at: Timestamp) -> Result<Endpoint, StoreError>;

    /// Takes one away. Nothing is sent there any more, and its deliveries are not found from then on.
    async fn remove(&self, id: EndpointId, of: &Reader) -> Result<(), StoreError>;

    /// Keeps a notice that no change of a call made, with its delivery.
    async fn announce(&self, notice: Notice, delivery: Delivery) -> Result<(), StoreError>;

    /// Takes up to `limit` due deliveries to enabled endpoints for one courier, none for two, until their lease is over. To
    /// one endpoint no more MUST be in the air at once than [`Endpoint::at_once`] says, whoever takes. Those that waited
    /// longest come first at each endpoint; of several endpoints each MUST get one before any gets a second, so that none
    /// waits behind the backlog of another. Due and leased by the store's own clock.
    async fn take(&self, lease: Duration, limit: u32) -> Result<Vec<Errand>, StoreError>;

    /// Writes down what came of an errand, and what [`Endpoint::hear`] makes of it; returns the endpoint's `disabled_at` when
    /// this disabled it. `Conflict` when the errand is no longer the courier's: then nothing is written.
    async fn record(&self, tried: Tried) -> Result<Option<Timestamp>, StoreError>;

    /// For a store that one process has to itself: who took deliveries before is gone, so their leases end now. MUST NOT be
    /// called where another process may be alive, nor once this one has taken any.
    async fn end_leases(&self) -> Result<u32, StoreError>;

    /// A page of deliveries, newest notice first.
    async fn deliveries(&self, of: &Reader, filter: &DeliveryFilter, page: DeliveryPage) -> Result<Vec<Delivery>, StoreError>;

    /// One delivery.
    async fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, StoreError>;

    /// How the last try of a delivery went; `None` where it was not tried, or its call was erased since. What a receiver
    /// answered MUST be gone once the call's content is, also where the erasure comes between sending and [`Outbox::record`].
    async fn exchange(&self, id: DeliveryId, of: &Reader) -> Result<Option<Exchange>, StoreError>;

    /// Makes a delivery due again, through [`Delivery::resent`]; one that is in the air stays as it is.
    async fn resend(&self, id: DeliveryId, of: &Reader, at: Timestamp) -> Result<Delivery, StoreError>;

    /// One step of telling an endpoint what it missed: of up to `limit` notices of its client that it wants, made at or
    /// after `since` and sorting after `after`, those without a delivery to it get one, and those whose delivery failed are
    /// due again.
    async fn recover(
        &self,
        endpoint: &Endpoint,
        since: Timestamp,
        after: Option<NoticeId>,
        limit: u32,
        at: Timestamp,
    ) -> Result<Recovered, StoreError>;

    /// The earliest moment at which a delivery to an enabled endpoint falls due, or its lease ends, if any. It may have passed
    /// where its endpoint has as many in the air as it may.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// Where a message goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// The endpoint's address.
    pub url: EndpointUrl,
}

/// What is sent. The bytes that are signed are the bytes that are sent.
#[derive(Clone)]
pub struct Message {
    /// The `webhook-id`.
    pub id: NoticeId,
    /// Whom it tells of; `None` for a sample.
    pub call: Option<CallId>,
    /// The `webhook-timestamp`, in whole seconds: of this try.
    pub at: Timestamp,
    /// Each makes one signature; the newest first, never empty.
    pub secrets: Vec<Secret>,
    /// The body, JSON.
    pub body: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}

/// What sending came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What is acted on.
    pub sent: Sent,
    /// What came back, where that was not 2xx.
    pub answer: Option<Answer>,
}

impl From<Sent> for Reply {
    fn from(sent: Sent) -> Self {
        Self { sent, answer: None }
    }
}

/// The way to clients.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait NoticeSender: Send + Sync {
    /// Whether an address may be an endpoint's. Resolves its name; one that has no address now passes, since sending asks
    /// again.
    async fn check(&self, url: &EndpointUrl) -> Result<(), UrlFault>;

    /// Sends a message once, signed with each of its secrets, and follows no redirect. MUST return within
    /// [`SEND_TIMEOUT`], and MUST check each address that it connects to.
    async fn send(&self, to: &Target, message: &Message) -> Reply;
}

/// The longest one request may take, name and connection included.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(15);
