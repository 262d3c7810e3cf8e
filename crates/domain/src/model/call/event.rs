//! Everything that can happen to a call.

use jiff::Timestamp;

use super::attempt::Attempt;
use super::ending::EndedReason;
use super::erase::Erasure;
use crate::model::evidence::Evidence;
use crate::model::ids::{AttemptId, ConnectionId, WorkerId};
use crate::model::provider::Placing;

/// Something that happened. `Call::apply` says what it means.
#[derive(Debug, Clone, PartialEq)]
pub enum CallEvent {
    /// A scheduled call's moment.
    Due,
    /// A worker takes it, for one connection, until the lease ends.
    Claimed {
        /// Who.
        owner: WorkerId,
        /// The chosen route.
        connection: ConnectionId,
        /// The lease.
        until: Timestamp,
    },
    /// The lease ran out, or its worker drains.
    Released,
    /// The one request is about to leave; the lease is prolonged to cover it.
    SendMarked {
        /// The new attempt.
        attempt: AttemptId,
        /// The lease.
        until: Timestamp,
    },
    /// What became of the one request.
    Placed {
        /// Which attempt.
        attempt: AttemptId,
        /// The provider's answer, classified.
        placing: Placing,
        /// Whether the agent has another route that was not refused in this try.
        other_route: bool,
    },
    /// A webhook or a look-up, in our words.
    Evidence {
        /// Whom it is about, as it is kept.
        attempt: Attempt,
        /// What it says.
        evidence: Box<Evidence>,
    },
    /// The client wants it ended.
    CancelRequested,
    /// A rule forbids it, or there is no usable connection.
    Refused(EndedReason),
    /// It was found open in a copy of the store that is started for the first time.
    Restored,
    /// Its content is to be forgotten, for good. Only a call that is over can be erased.
    Erased(Erasure),
    /// A moment passed.
    DeadlinePassed(Deadline),
}

crate::model::words::words! {
    /// A moment after which a call does not go on as before.
    pub enum Deadline {
        /// Its time in the queue.
        Queue = "queue",
        /// Its window.
        Window = "window",
        /// `settles_by`, or the end of processing.
        Settle = "settle",
        /// The last look for words after the end.
        Words = "words",
        /// A worker's hold on it.
        Lease = "lease",
    }
}
