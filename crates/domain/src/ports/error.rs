//! What can go wrong outside, as the decisions a caller can take.

use std::time::Duration;

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row, or it is another client's: the two are never told apart.
    #[error("not found")]
    NotFound,
    /// Revision, fence or lease is no longer the one held: read again, decide again.
    #[error("changed by another")]
    Conflict,
    /// The idempotency key was used with another body.
    #[error("the key was used before with another body")]
    Duplicate,
    /// A twin of this request is still being written.
    #[error("a twin is still being written")]
    InProgress,
    /// The database cannot be used now: answer 503, dial nothing, try again.
    #[error("the store is unavailable")]
    Unavailable(#[source] anyhow::Error),
}

/// A provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It cannot do this at all.
    #[error("the provider cannot do this")]
    Unsupported,
    /// It asked us to wait.
    #[error("the provider asks to wait")]
    Busy {
        /// For so long, where it said.
        retry_after: Option<Duration>,
    },
    /// It knows no such call, or the call is over.
    #[error("the provider has no such live call")]
    Gone,
    /// It answered something we cannot use, or not at all.
    #[error("the provider gave no usable answer")]
    Failed(#[source] anyhow::Error),
}

/// A webhook is not authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature, or not theirs.
    #[error("the signature does not verify")]
    BadSignature,
    /// Theirs, but older (or newer) than its time allows.
    #[error("the signature is too old")]
    TooOld,
}
