//! Hints that something changed. Losing one costs latency, never truth.

use crate::model::{CallId, Revision};

crate::model::words::words! {
    /// A worker's business.
    pub enum Work {
        /// Calls to place.
        Dispatch = "dispatch",
        /// Webhooks to understand.
        Intake = "intake",
        /// Calls to look at.
        Reconcile = "reconcile",
    }
}

/// Where hints go.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Signals: Send + Sync {
    /// A call has a new revision.
    fn call_moved(&self, id: CallId, revision: Revision);

    /// There is something to do for a worker.
    fn work_waiting(&self, work: Work);
}
