//! Figures for people: how things are now, and how a span of time went. Nothing is decided by them.
//!
//! Ids hold the moment they were made for, so a span is a range of a primary key. What could be long is counted up to a bound
//! or taken from the newest: a figure never costs more because the gateway is busy.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use crate::model::{AgentKey, CallId, EndpointUrl, NotSent, Status};

/// Counts of what waits for somebody stop here.
pub const COUNTED_TO: u32 = 1_000;
/// Medians and shares are of so many at most, the newest.
pub const NEWEST: u32 = 5_000;
/// What went wrong is spoken of for so long.
pub const SPOKEN_OF: Duration = Duration::from_hours(24);

/// How things are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Calls that are claimed and not over.
    pub live: u32,
    /// The newest of those that were sent, newest first.
    pub newest_live: Vec<CallId>,
    /// Those that ended last and have not been erased, the last one first.
    pub ended_last: Vec<CallId>,
    /// Calls whose end is not known: it is not known whether they rang, or the result of a conversation was asked for in
    /// vain.
    pub unsettled: u32,
    /// Of these the one that is settled first.
    pub settles_first: Option<Unsettled>,
    /// Calls that should have been settled by now.
    pub overdue: u32,
    /// Deliveries that came to nothing and are tried again, to endpoints that are enabled.
    pub retrying: u32,
    /// When the oldest of them was made.
    pub retrying_since: Option<Timestamp>,
    /// Where nothing has come through for longest, of the endpoints that are enabled.
    pub failing: Option<Failing>,
    /// Deliveries of the last [`SPOKEN_OF`] that failed for good.
    pub failed: u32,
    /// Endpoints that were disabled because nothing came through.
    pub given_up: u32,
    /// Webhooks of the last [`SPOKEN_OF`] that could not be handled.
    pub left_over: u32,
}

/// A call whose end is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// Which.
    pub call: CallId,
    /// When it is asked about next.
    pub look_at: Option<Timestamp>,
    /// By then it is over.
    pub settles_by: Timestamp,
}

/// An endpoint where nothing comes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Where it is.
    pub url: EndpointUrl,
    /// Since when.
    pub since: Timestamp,
    /// What it answered to the newest delivery that waits.
    pub last_status: Option<u16>,
    /// Why it answered nothing.
    pub last_fault: Option<NotSent>,
}

/// Calls that were accepted in a span: how many of each agent have which status now. None of a pair is left out.
pub type Accepted = BTreeMap<(AgentKey, Status), u32>;

/// What waits for somebody, whole: for whoever watches over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Calls that are not over, by their status; none of a status is left out.
    pub open: BTreeMap<Status, u64>,
    /// Of these, calls that should have been settled by now.
    pub overdue: u64,
    /// Queued calls that may be claimed now.
    pub due: u64,
    /// Calls that are to be looked at now.
    pub looks: u64,
    /// Webhooks that are to be understood now.
    pub webhooks: u64,
    /// Webhooks that wait for the id of their call to be known.
    pub parked: u64,
    /// Deliveries that wait, to endpoints that are enabled.
    pub deliveries: u64,
    /// When the notice of the oldest of them was made.
    pub oldest: Option<Timestamp>,
}

/// How long things took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Middles {
    /// From dialing to the answer.
    pub answer: Option<Duration>,
    /// Of a conversation.
    pub length: Option<Duration>,
}

/// How deliveries went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Came through or failed for good.
    pub over: u32,
    /// Came through at the first try.
    pub at_first: u32,
}

/// Where figures come from.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Figures: Send + Sync {
    /// How things are at a moment that is now, with up to so many calls of each list. Counts stop at [`COUNTED_TO`], but
    /// for `live`, which has its own limits.
    async fn pulse(&self, now: Timestamp, live: u32, ended: u32) -> Result<Pulse, StoreError>;

    /// What waits at a moment that is now. Costs as much as waits.
    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError>;

    /// Calls that were accepted within each span, its end excluded.
    async fn accepted(&self, spans: &[(Timestamp, Timestamp)]) -> Result<Vec<Accepted>, StoreError>;

    /// Medians of the newest [`NEWEST`] calls that were accepted within a span, its end excluded: of those answered, and of
    /// those completed whose length is known.
    async fn middles(&self, from: Timestamp, to: Timestamp) -> Result<Middles, StoreError>;

    /// How the newest [`NEWEST`] deliveries went whose notice was made within a span, its end excluded.
    async fn deliveries(&self, from: Timestamp, to: Timestamp) -> Result<Deliveries, StoreError>;
}

/// The median: of an even number the lower one, which was really met.
#[must_use]
pub fn median(mut of: Vec<Duration>) -> Option<Duration> {
    of.sort_unstable();
    of.get(of.len().checked_sub(1)? / 2).copied()
}
