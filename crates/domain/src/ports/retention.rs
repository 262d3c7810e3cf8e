//! What is to be forgotten, and where it stands: found and taken away in small pages, each a transaction of its own.
//!
//! A page that is done twice, or by two processes at once, is done once. Erasing a call is a change of the call and goes
//! the way of all changes; here its row is only found.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use crate::model::{Call, CallId, Phone};

/// What one page of a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Rows that were cleared or deleted.
    pub gone: u32,
    /// Whether there may be more.
    pub more: bool,
}

/// Where idempotency keys were looked at up to: client, operation and key of the last one.
pub type KeyPlace = (String, String, String);

/// What may be forgotten.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Retention: Send + Sync {
    /// Up to `limit` calls that were over before this moment and still have content, the oldest end first. One whose end
    /// is told to lie in the future MUST be among them once it was accepted before that moment.
    async fn ended_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Call>, StoreError>;

    /// Up to `limit` calls with this number, whoever's, in the order of their ids, those after `after`.
    async fn with_number(&self, phone: &Phone, after: Option<CallId>, limit: u32) -> Result<Vec<Call>, StoreError>;

    /// Clears body, headers and address of up to `limit` webhooks that were handled and came in before this moment. What
    /// repeats are known by stays, and so does what waits, is parked, or is left for an operator.
    async fn clear_raw(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError>;

    /// Deletes up to `limit` webhooks that came in before this moment, whatever became of them.
    async fn drop_webhooks(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError>;

    /// Deletes up to `limit` notices, and as many deliveries that are over, that were made before this moment.
    async fn drop_notices(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError>;

    /// Deletes up to `limit` lines of the audit log that were written before this moment.
    async fn drop_audit(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError>;

    /// Looks at up to `limit` idempotency keys behind a place (none: the first ones) and deletes those kept before this
    /// moment. Returns the place of the last one; none when there are no more.
    async fn drop_keys(&self, before: Timestamp, after: Option<KeyPlace>, limit: u32) -> Result<Option<KeyPlace>, StoreError>;

    /// Sees to it that what was taken away before is in no file either, as far as this can be done from here: on SQLite the
    /// log is written back and emptied. Where somebody is in the way it says so with `Conflict`, and is to be tried again.
    async fn scrub(&self) -> Result<(), StoreError>;
}
