//! API keys: stored and looked up as the SHA-256 of the whole key.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use crate::model::ClientId;

crate::model::words::words! {
    /// What a key may do.
    pub enum Scope {
        /// Place and cancel calls.
        CallsWrite = "calls:write",
        /// Read calls.
        CallsRead = "calls:read",
        /// Read agents.
        AgentsRead = "agents:read",
        /// Report results; crosses clients.
        EventsWrite = "events:write",
        /// Operate the gateway; reads all clients' calls.
        Admin = "admin",
    }
}

/// A key that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose key it is.
    pub client: ClientId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Not accepted from then on.
    pub expires_at: Option<Timestamp>,
}

/// Where keys are kept.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The live key with this SHA-256; `None` for an unknown, expired or revoked one.
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError>;

    /// Whether there is a first key: then no process makes another.
    async fn has_first(&self) -> Result<bool, StoreError>;

    /// Makes `sha256` the first key: client `default`, every scope. A first key given before is replaced.
    async fn set_first(&self, sha256: [u8; 32], now: Timestamp) -> Result<(), StoreError>;
}
