//! `KeyStore`, `Settings` and `Holds` in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{KeyRow, Memory};
use crate::model::{ClientId, ConnectionId, Hold, OnHold, Secret};
use crate::ports::{ApiKey, Holds, KeyStore, Scope, Settings, StoreError};

#[async_trait]
impl KeyStore for Memory {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let held = self.held();
        let key = held.keys.get(&sha256).map(|row| row.key.clone());
        Ok(key.filter(|key| key.expires_at.is_none_or(|expires_at| expires_at > now)))
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        Ok(self.held().keys.values().any(|row| row.is_first))
    }

    async fn set_first(&self, sha256: [u8; 32], _now: Timestamp) -> Result<(), StoreError> {
        let client = ClientId::new("default").map_err(|invalid| StoreError::Unavailable(invalid.into()))?;
        let key = ApiKey { client, scopes: Scope::ALL.to_vec(), expires_at: None };
        let mut held = self.held();
        held.keys.retain(|held, row| *held == sha256 || !row.is_first);
        held.keys.entry(sha256).or_insert(KeyRow { key, is_first: true });
        Ok(())
    }
}

#[async_trait]
impl Settings for Memory {
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError> {
        Ok(self.held().secrets.entry(name.to_owned()).or_insert(fresh).clone())
    }

    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<Secret, StoreError> {
        Ok(self.held().tokens.entry(connection.clone()).or_insert(fresh).clone())
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
