//! API keys: stored and looked up as the SHA-256 of the whole key.

use async_trait::async_trait;
use jiff::Timestamp;

use super::audit::AuditEntry;
use super::error::StoreError;
use crate::model::{ClientId, KeyId};

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
    /// Its own name in the audit log and in lists.
    pub id: KeyId,
    /// Whose key it is.
    pub client: ClientId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Not accepted from then on.
    pub expires_at: Option<Timestamp>,
}

/// A key as a list shows it: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedKey {
    /// What requests with it may do, and until when.
    pub key: ApiKey,
    /// Its first characters, by which a person knows it again; none of the first key, whose shape is not ours.
    pub prefix: Option<String>,
    /// It comes from the operator's environment or file, not from a request.
    pub is_first: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not accepted since.
    pub revoked_at: Option<Timestamp>,
    /// The key that takes its place, once it was rotated.
    pub replaced_by: Option<KeyId>,
}

impl ListedKey {
    /// Whether requests with it are accepted at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        // Revoked is revoked, whatever the clock of the process that did it said.
        self.revoked_at.is_none() && self.key.expires_at.is_none_or(|at| at > now)
    }
}

/// A key that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// As it will be listed.
    pub listed: ListedKey,
    /// What it is known by.
    pub sha256: [u8; 32],
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChange {
    /// A new key takes its place; it expires at this moment, unless it expires before.
    Rotate {
        /// The key that takes its place.
        new: Box<NewKey>,
        /// Until then both are accepted.
        until: Timestamp,
    },
    /// It is not accepted any more. One that is revoked already stays as it is.
    Revoke,
}

impl KeyChange {
    /// Why nothing is to be written, or that nothing has to be; `None` when it is to be done. `another_admin`: whether any
    /// other live key has the scope `admin`.
    #[must_use]
    pub fn settled(&self, key: &ListedKey, another_admin: bool, now: Timestamp) -> Option<KeyChanged> {
        let is_last = key.is_live(now) && key.key.scopes.contains(&Scope::Admin) && !another_admin;
        match self {
            _ if key.is_first => Some(KeyChanged::First),
            Self::Rotate { .. } => (!key.is_live(now) || key.replaced_by.is_some()).then_some(KeyChanged::Over),
            Self::Revoke if key.revoked_at.is_some() => Some(KeyChanged::Done(key.clone())),
            Self::Revoke => is_last.then_some(KeyChanged::LastAdmin),
        }
    }

    /// The key once it is done.
    #[must_use]
    pub fn apply(&self, key: &ListedKey, now: Timestamp) -> ListedKey {
        let mut key = key.clone();
        match self {
            Self::Rotate { new, until } => {
                key.replaced_by = Some(new.listed.key.id);
                key.key.expires_at = Some(key.key.expires_at.map_or(*until, |before| before.min(*until)));
            }
            Self::Revoke => key.revoked_at = Some(now),
        }
        key
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChanged {
    /// It was done, now or before; the key as it is now.
    Done(ListedKey),
    /// It is the first key, which changes where it comes from.
    First,
    /// It is expired, revoked or replaced, so nothing can take its place.
    Over,
    /// No other key with `admin` is live.
    LastAdmin,
}

/// Where keys are kept. What is written down in the audit log about a change is written in the same commit.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The live key with this SHA-256; `None` for an unknown, expired or revoked one.
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError>;

    /// One key, live or not; `NotFound` where there is none.
    async fn get(&self, id: KeyId) -> Result<ListedKey, StoreError>;

    /// Newest first: at most `limit` keys, older than `before`; expired and revoked ones too.
    async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError>;

    /// Stores a new key. It MUST NOT return before it is durable.
    async fn create(&self, new: NewKey, audit: AuditEntry) -> Result<(), StoreError>;

    /// Changes the key `id`, or says why not; then nothing is written. `NotFound` where there is none. Of concurrent
    /// changes none may leave the gateway without a live key with `admin`.
    async fn change(&self, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, StoreError>;

    /// Whether there is a first key: then no process makes another.
    async fn has_first(&self) -> Result<bool, StoreError>;

    /// Makes `sha256` the first key: client `default`, every scope. A first key given before is replaced. `id` and `audit`
    /// are used only when this changes anything; a first key that returns has the id it had.
    async fn set_first(&self, id: KeyId, sha256: [u8; 32], now: Timestamp, audit: AuditEntry) -> Result<(), StoreError>;
}
