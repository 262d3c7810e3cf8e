//! `KeyStore` and `Audit` in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Memory;
use crate::model::{AuditId, ClientId, KeyId};
use crate::ports::{ApiKey, Audit, AuditEntry, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, Scope, StoreError};

#[async_trait]
impl KeyStore for Memory {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.held().keys.get(&sha256).filter(|key| key.is_live(now)).map(|key| key.key.clone()))
    }

    async fn get(&self, id: KeyId) -> Result<ListedKey, StoreError> {
        self.held().keys.values().find(|key| key.key.id == id).cloned().ok_or(StoreError::NotFound)
    }

    async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError> {
        let mut keys: Vec<_> = self.held().keys.values().cloned().collect();
        keys.retain(|key| before.is_none_or(|before| key.key.id < before));
        keys.sort_by_key(|key| std::cmp::Reverse(key.key.id));
        keys.truncate(limit as usize);
        Ok(keys)
    }

    async fn create(&self, new: NewKey, audit: AuditEntry) -> Result<(), StoreError> {
        let mut held = self.held();
        held.keys.insert(new.sha256, new.listed);
        held.audit.insert(audit.id, audit);
        Ok(())
    }

    async fn change(&self, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, StoreError> {
        let mut held = self.held();
        let is_other_admin = |key: &ListedKey| key.key.id != id && key.is_live(now) && key.key.scopes.contains(&Scope::Admin);
        let another_admin = held.keys.values().any(is_other_admin);
        let key = held.keys.values_mut().find(|key| key.key.id == id).ok_or(StoreError::NotFound)?;
        if let Some(settled) = change.settled(key, another_admin, now) {
            return Ok(settled);
        }
        *key = change.apply(key, now);
        let changed = key.clone();
        if let KeyChange::Rotate { new, .. } = change {
            held.keys.insert(new.sha256, new.listed);
        }
        held.audit.insert(audit.id, audit);
        Ok(KeyChanged::Done(changed))
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        Ok(self.held().keys.values().any(|key| key.is_first && key.revoked_at.is_none()))
    }

    async fn set_first(&self, id: KeyId, sha256: [u8; 32], now: Timestamp, audit: AuditEntry) -> Result<(), StoreError> {
        let client = ClientId::new("default").map_err(|invalid| StoreError::Unavailable(invalid.into()))?;
        let mut held = self.held();
        if held.keys.get(&sha256).is_some_and(|key| key.is_first && key.revoked_at.is_none()) {
            return Ok(());
        }
        for key in held.keys.values_mut().filter(|key| key.is_first && key.revoked_at.is_none()) {
            key.revoked_at = Some(now);
        }
        let id = held.keys.get(&sha256).map_or(id, |before| before.key.id);
        let key = ApiKey { id, client, scopes: Scope::ALL.to_vec(), expires_at: None };
        held.keys.insert(
            sha256,
            ListedKey { key, prefix: None, is_first: true, created_at: now, revoked_at: None, replaced_by: None },
        );
        held.audit.insert(audit.id, audit);
        Ok(())
    }
}

#[async_trait]
impl Audit for Memory {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.held().audit.insert(entry.id, entry);
        Ok(())
    }

    async fn list(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let held = self.held();
        let older = held.audit.values().rev().filter(|entry| before.is_none_or(|before| entry.id < before));
        Ok(older.take(limit as usize).cloned().collect())
    }
}
