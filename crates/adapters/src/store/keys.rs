//! [`KeyStore`] over the database. Keys are known by their SHA-256 alone.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::ports::{ApiKey, KeyStore, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::dialect;
use super::error::Failure;
use super::rows::key::{FIRST, KeyRow};
use super::schema::keys;
use super::types::Instant;

/// API keys in a database.
pub struct SqlKeyStore {
    database: Arc<Database>,
}

impl SqlKeyStore {
    /// The keys of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl KeyStore for SqlKeyStore {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.database.read_by_key(move |db| find(db, &sha256, Instant(now))).await
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        self.database.read_by_key(has_first).await
    }

    async fn set_first(&self, sha256: [u8; 32], now: Timestamp) -> Result<(), StoreError> {
        self.database.write(move |db| set_first(db, sha256, Instant(now))).await
    }
}

fn find(db: &mut AnyConnection, sha256: &[u8], now: Instant) -> Result<Option<ApiKey>, Failure> {
    let query = keys::table.filter(keys::sha256.eq(sha256));
    let row: Option<KeyRow> = on_backend!(db, c => query.select(KeyRow::as_select()).get_result(c).optional())?;
    Ok(row.map(|row| row.live(now)).transpose()?.flatten())
}

fn has_first(db: &mut AnyConnection) -> Result<bool, Failure> {
    let query = keys::table.filter(keys::kind.eq(FIRST)).filter(keys::revoked_at.is_null()).select(keys::client).limit(1);
    let found: Option<String> = on_backend!(db, c => query.get_result(c).optional())?;
    Ok(found.is_some())
}

fn set_first(db: &mut AnyConnection, sha256: [u8; 32], now: Instant) -> Result<(), Failure> {
    // Processes that start together with different keys come one after the other; the last one's stays.
    dialect::lock(db, ["first key".to_owned()])?;
    let row = KeyRow::first(sha256, now);
    let before =
        keys::table.filter(keys::kind.eq(FIRST)).filter(keys::revoked_at.is_null()).filter(keys::sha256.ne(row.sha256.clone()));
    on_backend!(db, c => diesel::update(before).set(keys::revoked_at.eq(now)).execute(c))?;
    let same = keys::table.find(&row.sha256);
    if on_backend!(db, c => diesel::update(same).set(&row).execute(c))? == 0 {
        on_backend!(db, c => diesel::insert_into(keys::table).values(&row).execute(c))?;
    }
    Ok(())
}
