//! Who is signed in to the console, and the links that sign in once. Both are known by the SHA-256 of their secret, stand for
//! an API key, and are over when that key is.

use async_trait::async_trait;
use jiff::Timestamp;

use super::audit::AuditEntry;
use super::error::StoreError;
use super::keys::ApiKey;
use crate::model::KeyId;

crate::model::words::words! {
    /// What a ticket opens.
    pub enum TicketKind {
        /// A session, once.
        Link = "link",
        /// The console, until it is over.
        Session = "session",
    }
}

/// A link or a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// What it is known by.
    pub sha256: [u8; 32],
    /// What it opens.
    pub kind: TicketKind,
    /// The key it stands for.
    pub key: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not accepted from then on.
    pub expires_at: Timestamp,
}

/// Where they are kept.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps one, and drops a few that are over.
    async fn keep(&self, ticket: Ticket, audit: AuditEntry) -> Result<(), StoreError>;

    /// The live key that a live session stands for; it expires when the session does, if not before.
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError>;

    /// Takes a link for good and keeps a session of the same key in its place, in one commit; false where there is no such
    /// link, or it or its key is over. Of concurrent callers one gets true.
    async fn redeem(&self, link: [u8; 32], session: Redeemed, audit: AuditEntry) -> Result<bool, StoreError>;

    /// Ends a session; one that is not there is over already.
    async fn end(&self, sha256: [u8; 32]) -> Result<(), StoreError>;
}

/// The session that a link becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redeemed {
    /// What it is known by.
    pub sha256: [u8; 32],
    /// When the link was followed.
    pub at: Timestamp,
    /// Not accepted from then on.
    pub expires_at: Timestamp,
}
