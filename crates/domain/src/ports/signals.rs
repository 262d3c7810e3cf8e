//! Hints that something changed. Losing one costs latency, never truth.

use crate::model::breaker::Turn;
use crate::model::call::By;
use crate::model::{Call, CallState, ConnectionId, Source};

crate::model::words::words! {
    /// A worker's business.
    pub enum Work {
        /// Calls to place.
        Dispatch = "dispatch",
        /// Webhooks to understand.
        Intake = "intake",
        /// Calls to look at.
        Reconcile = "reconcile",
        /// Notices to send.
        Deliver = "deliver",
    }
}

/// What moved a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Who.
    pub by: By,
    /// How its provider's word came, where it was that.
    pub source: Option<Source>,
}

impl From<By> for Cause {
    fn from(by: By) -> Self {
        Self { by, source: None }
    }
}

/// Where hints go.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Signals: Send + Sync {
    /// A call has a new revision; it was `from` before. A new call comes from the state it is in.
    fn call_moved(&self, call: &Call, from: CallState, cause: Cause);

    /// There is something to do for a worker.
    fn work_waiting(&self, work: Work);

    /// A connection's breaker opened or closed in this process.
    fn breaker_turned(&self, connection: &ConnectionId, turn: Turn);
}
