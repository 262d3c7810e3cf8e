//! Holds: what operators keep from being dialed, in every process that shares the store.

use async_trait::async_trait;

use super::error::StoreError;
use crate::model::holds::{Hold, OnHold};

/// Where holds are kept.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Holds: Send + Sync {
    /// Puts a hold in force. One that is there already stays as it is, with its reason. Once this has returned, no claim
    /// of any process may commit that passes over it.
    async fn put(&self, hold: Hold) -> Result<(), StoreError>;

    /// Lifts a hold; says whether there was one.
    async fn lift(&self, what: &OnHold) -> Result<bool, StoreError>;

    /// Every hold in force: everything first, then agents, then connections, each by name.
    async fn list(&self) -> Result<Vec<Hold>, StoreError>;
}
