//! `Settings` and `Holds` in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Memory;
use crate::model::{ConnectionId, Hold, OnHold, Secret};
use crate::ports::{Holds, Settings, StoreError, WebhookToken};

#[async_trait]
impl Settings for Memory {
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError> {
        Ok(self.held().secrets.entry(name.to_owned()).or_insert(fresh).clone())
    }

    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<WebhookToken, StoreError> {
        let fresh = WebhookToken { current: fresh, previous: None };
        Ok(self.held().tokens.entry(connection.clone()).or_insert(fresh).clone())
    }

    async fn rotate_webhook_token(&self, connection: &ConnectionId, fresh: Secret, until: Timestamp) -> Result<(), StoreError> {
        let tokens = &mut self.held().tokens;
        let previous = tokens.get(connection).map(|held| (held.current.clone(), until));
        tokens.insert(connection.clone(), WebhookToken { current: fresh, previous });
        Ok(())
    }
}

#[async_trait]
impl Holds for Memory {
    async fn put(&self, hold: Hold) -> Result<(), StoreError> {
        self.held().holds.entry(hold.what.clone()).or_insert(hold);
        Ok(())
    }

    async fn lift(&self, what: &OnHold) -> Result<bool, StoreError> {
        Ok(self.held().holds.remove(what).is_some())
    }

    async fn list(&self) -> Result<Vec<Hold>, StoreError> {
        Ok(self.held().holds.values().cloned().collect())
    }
}
