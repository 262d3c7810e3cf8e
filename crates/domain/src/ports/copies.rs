//! Copies of the store: made while it is in use, and taken in when one is started in its place.
//!
//! A copy does not know what happened after it was made, so it is stamped. Nothing in a stamped store is claimed; taking
//! it in marks every open call as only to be looked up, puts a hold on everything, and takes the stamp away last.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use crate::model::{Call, CallState, Hold};

/// Why no copy was made. Then nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// This store is backed up with its own tools.
    #[error("this database is backed up with its own tools")]
    Unsupported,
    /// There is something under that name already; it was left as it is.
    #[error("it is there already")]
    Exists,
    /// Nothing can be written there.
    #[error("nothing can be written there: {0}")]
    BadPlace(String),
    /// The store, or the disk, could not.
    #[error("the copy could not be made")]
    Failed(#[source] anyhow::Error),
}

/// What one step of taking a copy in did.
#[derive(Debug, Clone, PartialEq)]
pub enum TakingIn {
    /// There is no stamp: this is no copy, or it was taken in before.
    NoCopy,
    /// These calls were marked, each with the state it was in; there may be more.
    Marked(Vec<(CallState, Call)>),
    /// No open call is left without the mark, everything is on hold, and the stamp is gone.
    Done,
}

/// Makes copies, and takes one in.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Copies: Send + Sync {
    /// Writes a consistent copy, stamped with `at`, to a new file that its owner alone can read, while the store is in
    /// use. Returns its size in bytes once it is durable. Whatever happens, there MUST NOT be an incomplete or unstamped
    /// copy under this name.
    async fn write(&self, file: &Path, at: Timestamp) -> Result<u64, CopyError>;

    /// Stamps this store itself, as a copy made at `at` by other means. Once this has returned, nothing in it is claimed.
    async fn stamp(&self, at: Timestamp) -> Result<(), StoreError>;

    /// The stamp: when the copy that this store is was made. `None` where it is none, or was taken in before.
    async fn stamped_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// One step of taking this copy in, all of it or nothing: marks up to `limit` open calls, each through `Call::apply`;
    /// when none is left, puts `hold` and takes the stamp away. May be repeated after a crash, and by several processes.
    async fn take_in(&self, hold: &Hold, limit: u32) -> Result<TakingIn, StoreError>;
}
