//! What the program keeps for itself in the database.

use async_trait::async_trait;

use super::error::StoreError;
use crate::model::{ConnectionId, Secret};

/// Small things that outlive a process and are shared by all.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Settings: Send + Sync {
    /// The secret kept under `name`; `fresh` is kept and returned when there is none. Of concurrent callers all MUST
    /// get the same one.
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError>;

    /// The token in a connection's webhook URL; `fresh` is kept when there is none yet. All callers MUST get the same.
    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<Secret, StoreError>;
}
