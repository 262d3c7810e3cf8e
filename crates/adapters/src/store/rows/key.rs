//! The row of `keys`.

use callgate_domain::ports::{ApiKey, Scope};
use diesel::prelude::*;

use super::{moment, word};
use crate::store::error::Unreadable;
use crate::store::schema::keys;
use crate::store::types::Instant;

/// The key that comes from the environment or is made at the first start.
pub const FIRST: &str = "first";

/// An API key, known by its SHA-256 alone.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = keys,
    primary_key(sha256),
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub struct KeyRow {
    pub sha256: Vec<u8>,
    pub kind: String,
    pub client: String,
    pub scopes: String,
    #[diesel(skip_update)]
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

impl KeyRow {
    /// The first key: client `default`, every scope.
    pub fn first(sha256: [u8; 32], now: Instant) -> Self {
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        Self {
            sha256: sha256.to_vec(),
            kind: FIRST.to_owned(),
            client: "default".to_owned(),
            scopes: scopes.join(" "),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        }
    }

    /// The key, unless it is expired or revoked at `now`.
    pub fn live(self, now: Instant) -> Result<Option<ApiKey>, Unreadable> {
        if self.revoked_at.is_some_and(|at| at <= now) || self.expires_at.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        let scopes = self.scopes.split_whitespace().map(|scope| word("keys.scopes", scope)).collect::<Result<_, _>>()?;
        Ok(Some(ApiKey { client: word("keys.client", &self.client)?, scopes, expires_at: moment(self.expires_at) }))
    }
}
