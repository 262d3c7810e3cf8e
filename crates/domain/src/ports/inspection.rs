//! What operators look at: what no client sees of a call, and webhooks that wait for somebody.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::inbox::{KeptWebhook, Progress};
use super::provider::AttemptRef;
use crate::model::call::Attempt;
use crate::model::{CallId, ConnectionId, InboxId};

/// A webhook, and what it turned out to speak of.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What was kept, and how far it has come.
    pub kept: KeptWebhook,
    /// What it speaks of, as far as it was understood.
    pub about: AttemptRef,
    /// When it is tried again, if it is.
    pub again_at: Option<Timestamp>,
}

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is handled anew, from its beginning, at once.
    Waiting,
    /// It has come to an end that a replay cannot change, or its content is gone.
    Not(Progress),
}

/// What operators look at.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Inspection: Send + Sync {
    /// A call's attempts, oldest first.
    async fn attempts(&self, call: CallId) -> Result<Vec<Attempt>, StoreError>;

    /// Up to `limit` webhooks about a call's attempts, newest first.
    async fn webhooks_about(&self, call: CallId, limit: u32) -> Result<Vec<Looked>, StoreError>;

    /// Up to `limit` webhooks that are `parked`, `quarantined` or `orphaned`, newest first, those before one. Of any other
    /// progress there are none.
    async fn left_over(&self, progress: Progress, before: Option<InboxId>, limit: u32) -> Result<Vec<Looked>, StoreError>;

    /// How many calls are with each connection and not over, those it has none of left out.
    async fn live(&self) -> Result<BTreeMap<ConnectionId, u32>, StoreError>;

    /// One webhook.
    async fn webhook(&self, id: InboxId) -> Result<Looked, StoreError>;

    /// Has a webhook that is left over handled once more, with all its tries. Of one that has its content only: an emptied
    /// one says nothing.
    async fn replay(&self, id: InboxId, now: Timestamp) -> Result<Replayed, StoreError>;
}
