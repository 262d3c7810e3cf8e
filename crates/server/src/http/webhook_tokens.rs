//! The tokens in webhook URLs: kept in the database, remembered here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callgate_domain::model::ConnectionId;
use callgate_domain::ports::{Chance, Clock, Settings, StoreError, WebhookToken};

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
    known: Mutex<HashMap<ConnectionId, (WebhookToken, Duration)>>,
}

impl WebhookTokens {
    /// Those of a gateway.
    pub fn new(gateway: &Gateway) -> Self {
        let (settings, clock, chance) = (Arc::clone(&gateway.settings), Arc::clone(&gateway.clock), Arc::clone(&gateway.chance));
        Self { settings, clock, chance, known: Mutex::default() }
    }

    /// It has changed: what is remembered is out of date.
    pub fn forget(&self, connection: &ConnectionId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(connection);
    }

    /// Whether `token` is that of this connection, which must be one that is configured.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is(&self, connection: &ConnectionId, token: &str) -> Result<bool, StoreError> {
        let (now, today) = (self.clock.monotonic(), self.clock.now());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(connection).cloned();
        if let Some((kept, since)) = known {
            let age = now.saturating_sub(since);
            let right = kept.is(token.as_bytes(), today);
            if (right && age < BELIEVED) || (!right && age < LOOKED_UP) {
                return Ok(right);
            }
        }
        let fresh =
            fresh_token(&*self.chance).ok_or_else(|| StoreError::Unavailable(anyhow::anyhow!("no token could be made")))?;
        let kept = self.settings.webhook_token(connection, fresh).await?;
        let right = kept.is(token.as_bytes(), today);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.clone(), (kept, now));
        Ok(right)
    }
}
