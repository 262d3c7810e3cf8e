//! What the program keeps for itself in the database.

use async_trait::async_trait;

use jiff::Timestamp;

use super::error::StoreError;
use crate::model::{ConnectionId, Secret};

/// Small things that outlive a process and are shared by all.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Settings: Send + Sync {
    /// The secret kept under `name`; `fresh` is kept and returned when there is none. Of concurrent callers all MUST
    /// get the same one.
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError>;

    /// The token in a connection's webhook URL, and the one before it; `fresh` is kept when there is none yet. All callers
    /// MUST get the same.
    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<WebhookToken, StoreError>;

    /// Puts `fresh` in a token's place; the one before works until then. One that has none yet gets it too.
    async fn rotate_webhook_token(&self, connection: &ConnectionId, fresh: Secret, until: Timestamp) -> Result<(), StoreError>;
}

/// What makes a connection's webhook URL unknown to others.
#[derive(Debug, Clone)]
pub struct WebhookToken {
    /// It stands in the URL that is told from now on.
    pub current: Secret,
    /// The one before, which may be inside callbacks already given away, and until when it works.
    pub previous: Option<(Secret, Timestamp)>,
}

impl WebhookToken {
    /// Whether `token` works at `now`.
    #[must_use]
    pub fn is(&self, token: &[u8], now: Timestamp) -> bool {
        let previous = self.previous.as_ref().is_some_and(|(previous, until)| previous.is(token) & (now < *until));
        self.current.is(token) | previous
    }
}
