//! [`KeyStore`] over the database. Keys are known by their SHA-256 alone.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::KeyId;
use callgate_domain::ports::{ApiKey, AuditEntry, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, Scope, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::audit;
use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::dialect;
use super::error::Failure;
use super::rows::key::{FIRST, KeyRow};
use super::schema::keys;
use super::types::{Id, Instant};

/// Changes come one after the other, so that each sees which others are live.
const LOCK: &str = "keys";

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
        self.database.read_by_key(move |db| find(db, &sha256, now)).await
    }

    async fn get(&self, id: KeyId) -> Result<ListedKey, StoreError> {
        self.database.read_by_key(move |db| get(db, id)).await.map(|(_, key)| key)
    }

    async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError> {
        self.database.read(move |db| list(db, before, limit)).await
    }

    async fn create(&self, new: NewKey, audit: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| insert(db, new).and_then(|()| audit::insert(db, audit))).await
    }

    async fn change(&self, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, StoreError> {
        self.database.write(move |db| apply(db, id, change, now, audit)).await
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        self.database.read_by_key(has_first).await
    }

    async fn set_first(&self, id: KeyId, sha256: [u8; 32], now: Timestamp, audit: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| set_first(db, KeyRow::first(id, sha256, Instant(now)), audit)).await
    }
}

fn find(db: &mut AnyConnection, sha256: &[u8], now: Timestamp) -> Result<Option<ApiKey>, Failure> {
    let query = keys::table.filter(keys::sha256.eq(sha256));
    let row: Option<KeyRow> = on_backend!(db, c => query.select(KeyRow::as_select()).get_result(c).optional())?;
    let key = row.map(KeyRow::listed).transpose()?;
    Ok(key.filter(|key| key.is_live(now)).map(|key| key.key))
}

/// A key, and what it is known by.
fn get(db: &mut AnyConnection, id: KeyId) -> Result<(Vec<u8>, ListedKey), Failure> {
    let query = keys::table.filter(keys::id.eq(Id(id.as_uuid())));
    let row: KeyRow = on_backend!(db, c => query.select(KeyRow::as_select()).get_result(c))?;
    Ok((row.sha256.clone(), row.listed()?))
}

fn list(db: &mut AnyConnection, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, Failure> {
    let rows: Vec<KeyRow> = on_backend!(db, c => {
        let mut query = keys::table.select(KeyRow::as_select()).order(keys::id.desc()).limit(i64::from(limit)).into_boxed();
        if let Some(before) = before {
            query = query.filter(keys::id.lt(Id(before.as_uuid())));
        }
        query.load(c)
    })?;
    rows.into_iter().map(|row| row.listed().map_err(Failure::from)).collect()
}

fn insert(db: &mut AnyConnection, new: NewKey) -> Result<(), Failure> {
    let row = KeyRow::from(new);
    on_backend!(db, c => diesel::insert_into(keys::table).values(&row).execute(c))?;
    Ok(())
}

fn apply(db: &mut AnyConnection, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, Failure> {
    dialect::lock(db, [LOCK.to_owned()])?;
    let (sha256, key) = get(db, id)?;
    if let Some(settled) = change.settled(&key, another_admin(db, id, now)?, now) {
        return Ok(settled);
    }
    let changed = change.apply(&key, now);
    let expires_at = changed.key.expires_at.map(Instant);
    let replaced_by = changed.replaced_by.map(|key| Id(key.as_uuid()));
    let revoked_at = changed.revoked_at.map(Instant);
    let to = (keys::expires_at.eq(expires_at), keys::revoked_at.eq(revoked_at), keys::replaced_by.eq(replaced_by));
    on_backend!(db, c => diesel::update(keys::table.find(&sha256)).set(to).execute(c))?;
    if let KeyChange::Rotate { new, .. } = change {
        insert(db, *new)?;
    }
    audit::insert(db, audit)?;
    Ok(KeyChanged::Done(changed))
}

/// Whether any live key beside `id` has the scope `admin`.
fn another_admin(db: &mut AnyConnection, id: KeyId, now: Timestamp) -> Result<bool, Failure> {
    let now = Instant(now);
    let query = keys::table
        .filter(keys::id.ne(Id(id.as_uuid())))
        // Revoked is revoked, whatever the clock of the process that did it said.
        .filter(keys::revoked_at.is_null())
        .filter(keys::expires_at.is_null().or(keys::expires_at.gt(now)))
        // No other scope holds this word.
        .filter(keys::scopes.like(format!("%{}%", Scope::Admin)))
        .select(keys::id)
        .limit(1);
    let found: Option<Id> = on_backend!(db, c => query.get_result(c).optional())?;
    Ok(found.is_some())
}

fn has_first(db: &mut AnyConnection) -> Result<bool, Failure> {
    let query = keys::table.filter(keys::kind.eq(FIRST)).filter(keys::revoked_at.is_null()).select(keys::client).limit(1);
    let found: Option<String> = on_backend!(db, c => query.get_result(c).optional())?;
    Ok(found.is_some())
}

fn set_first(db: &mut AnyConnection, row: KeyRow, audit: AuditEntry) -> Result<(), Failure> {
    // Processes that start together with different keys come one after the other; the last one's stays.
    dialect::lock(db, [LOCK.to_owned()])?;
    let firsts = keys::table.filter(keys::kind.eq(FIRST)).filter(keys::revoked_at.is_null());
    let live: Vec<Vec<u8>> = on_backend!(db, c => firsts.select(keys::sha256).load(c))?;
    if live.contains(&row.sha256) {
        return Ok(());
    }
    on_backend!(db, c => diesel::update(firsts).set(keys::revoked_at.eq(row.created_at)).execute(c))?;
    let same = keys::table.find(&row.sha256);
    if on_backend!(db, c => diesel::update(same).set(&row).execute(c))? == 0 {
        on_backend!(db, c => diesel::insert_into(keys::table).values(&row).execute(c))?;
    }
    audit::insert(db, audit)
}
