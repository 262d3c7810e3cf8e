//! The tokens in webhook URLs: kept in the database, remembered here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callgate_domain::model::{ConnectionId, Secret};
use callgate_domain::ports::{Chance, Clock, Settings, StoreError};

use crate::gateway::Gateway;
use crate::wiring::fresh_token;

/// A token that was right is believed for this long.
const BELIEVED: Duration = Duration::from_secs(60);
/// A token that was not may have been rotated by another process: looked up again, but not more often than this.
const LOOKED_UP: Duration = Duration::from_secs(1);

/// Knows the token of every connection.
pub struct WebhookTokens {
    settings: Arc<dyn Settings>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    /// One entry for each configured connection at most.
    known: Mutex<HashMap<ConnectionId, (Secret, Duration)>>,
}

impl WebhookTokens {
    /// Those of a gateway.
    pub fn new(gateway: &Gateway) -> Self {
        let (settings, clock, chance) = (Arc::clone(&gateway.settings), Arc::clone(&gateway.clock), Arc::clone(&gateway.chance));
        Self { settings, clock, chance, known: Mutex::default() }
    }

    /// Whether `token` is that of this connection, which must be one that is configured.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is(&self, connection: &ConnectionId, token: &str) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(connection).cloned();
        if let Some((secret, since)) = known {
            let age = now.saturating_sub(since);
            let right = secret.is(token.as_bytes());
            if (right && age < BELIEVED) || (!right && age < LOOKED_UP) {
                return Ok(right);
            }
        }
        let fresh =
            fresh_token(&*self.chance).ok_or_else(|| StoreError::Unavailable(anyhow::anyhow!("no token could be made")))?;
        let secret = self.settings.webhook_token(connection, fresh).await?;
        let right = secret.is(token.as_bytes());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.clone(), (secret, now));
        Ok(right)
    }
}
