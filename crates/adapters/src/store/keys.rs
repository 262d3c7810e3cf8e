//! `KeyStore` in SQL.

use async_trait::async_trait;
use callgate_domain::model::ClientId;
use callgate_domain::ports::{ApiKey, KeyStore, Scope, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::SqlStore;
use super::connection::{AnyConnection, on_backend};
use super::error::Translated;
use super::rows::{moment, word};
use super::schema::keys;
use super::types::Instant;

/// Whose calls are those made with the first key.
const FIRST_CLIENT: &str = "default";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = keys)]
struct KeyRow {
    sha256: Vec<u8>,
    client: String,
    scopes: String,
    created_at: Instant,
    expires_at: Option<Instant>,
    revoked_at: Option<Instant>,
    first_at: Option<Instant>,
}

#[async_trait]
impl KeyStore for SqlStore {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.db.read_by_key(move |db| find(db, &sha256, now)).await
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        let found: Option<String> = self
            .db
            .read_by_key(|db| {
                on_backend!(db, c => keys::table.filter(keys::first_at.is_not_null()).select(keys::client).limit(1).get_result(c).optional())
                    .translated()
            })
            .await?;
        Ok(found.is_some())
    }

    async fn set_first(&self, sha256: [u8; 32], now: Timestamp) -> Result<(), StoreError> {
        self.db.write(move |db| set_first(db, &sha256, now)).await
    }
}

fn find(db: &mut AnyConnection, sha256: &[u8], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
    let row: Option<KeyRow> = on_backend!(db, c => keys::table
        .filter(keys::sha256.eq(sha256))
        .select(KeyRow::as_select())
        .get_result(c)
        .optional())
    .translated()?;
    let live = |row: &KeyRow| row.revoked_at.is_none() && row.expires_at.is_none_or(|expires_at| expires_at.0 > now);
    row.filter(live).map(KeyRow::read).transpose()
}

/// A key that was the first before stops being one, and stops being a key.
fn set_first(db: &mut AnyConnection, sha256: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let row = KeyRow {
        sha256: sha256.to_vec(),
        client: FIRST_CLIENT.to_owned(),
        scopes: scopes.join(" "),
        created_at: Instant(now),
        expires_at: None,
        revoked_at: None,
        first_at: Some(Instant(now)),
    };
    on_backend!(db, c => {
        diesel::delete(keys::table.filter(keys::first_at.is_not_null()).filter(keys::sha256.ne(sha256.as_slice())))
            .execute(c)
            .and_then(|_| diesel::insert_into(keys::table).values(&row).on_conflict_do_nothing().execute(c))
    })
    .translated()
    .map(drop)
}

impl KeyRow {
    fn read(self) -> Result<ApiKey, StoreError> {
        let scopes = self.scopes.split_whitespace().map(|scope| word::<Scope>(scope, "a scope")).collect::<Result<_, _>>()?;
        Ok(ApiKey { client: word::<ClientId>(&self.client, "a client")?, scopes, expires_at: moment(self.expires_at) })
    }
}
