//! What has changed since a moment: what live streams are fed from, and how one finds its place again.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::store::Reader;
use crate::model::{Call, CallId, Revision};

/// A change is seen by everybody this long after its mark at the latest: what was taken in stays unseen until its
/// transaction is over, and those end in another order than they began. Whoever wants to miss nothing begins so much
/// earlier, and may meet something twice.
pub const SEEN_WITHIN: Duration = Duration::from_secs(15);

/// A change of a call, and its place in the order of all changes: when the store took it in, by the store's own clock. That
/// of a new call is the moment in its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub call: CallId,
    /// What it made.
    pub revision: Revision,
}

impl Mark {
    /// Before all changes of a moment.
    #[must_use]
    pub fn before(at: Timestamp) -> Self {
        Self { at, call: CallId::from_uuid(uuid::Uuid::nil()), revision: Revision(0) }
    }
}

/// A piece of the order of all changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The last change of each call that has its last change here, oldest first.
    pub moved: Vec<Mark>,
    /// It ends here: what follows begins behind this.
    pub until: Mark,
    /// Nothing follows now.
    pub is_last: bool,
}

/// What has changed.
#[async_trait]
pub trait Moves: Send + Sync {
    /// Now, by the clock that marks go by.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// The mark of a change. `None` where there is none, or it is of another client's call.
    async fn mark(&self, call: CallId, revision: Revision, of: &Reader) -> Result<Option<Mark>, StoreError>;

    /// What changed behind a mark, oldest first. It looks at a bounded number of changes, whosever they are, so a stretch
    /// may be empty and not the last. A call that changes while stretches are read one after the other appears once more,
    /// further on, so whoever reads to the last one MUST have met the newest revision of every call that changed.
    async fn since(&self, after: Mark, of: &Reader) -> Result<Stretch, StoreError>;

    /// Those of these calls that are there and that the reader sees, whole, in this order.
    async fn whole(&self, ids: &[CallId], of: &Reader) -> Result<Vec<Call>, StoreError>;
}
