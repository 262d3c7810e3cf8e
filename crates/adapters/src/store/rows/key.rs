//! The row of `keys`.

use callgate_domain::model::KeyId;
use callgate_domain::ports::{ApiKey, ListedKey, NewKey, Scope};
use diesel::prelude::*;

use super::{moment, word};
use crate::store::error::Unreadable;
use crate::store::schema::keys;
use crate::store::types::{Id, Instant};

/// The key that comes from the environment or is made at the first start.
pub const FIRST: &str = "first";
/// A key that was made by a request.
const MADE: &str = "made";

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
    #[diesel(skip_update)]
    pub id: Id,
    pub kind: String,
    pub prefix: Option<String>,
    pub client: String,
    pub scopes: String,
    #[diesel(skip_update)]
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
    pub replaced_by: Option<Id>,
}

impl KeyRow {
    /// The first key: client `default`, every scope.
    pub fn first(id: KeyId, sha256: [u8; 32], now: Instant) -> Self {
        Self {
            sha256: sha256.to_vec(),
            id: Id(id.as_uuid()),
            kind: FIRST.to_owned(),
            prefix: None,
            client: "default".to_owned(),
            scopes: words(Scope::ALL),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            replaced_by: None,
        }
    }

    /// The key as it is listed.
    pub fn listed(self) -> Result<ListedKey, Unreadable> {
        let scopes = self.scopes.split_whitespace().map(|scope| word("keys.scopes", scope)).collect::<Result<_, _>>()?;
        let key = ApiKey {
            id: KeyId::from_uuid(self.id.0),
            client: word("keys.client", &self.client)?,
            scopes,
            expires_at: moment(self.expires_at),
        };
        Ok(ListedKey {
            key,
            prefix: self.prefix,
            is_first: self.kind == FIRST,
            created_at: self.created_at.0,
            revoked_at: moment(self.revoked_at),
            replaced_by: self.replaced_by.map(|key| KeyId::from_uuid(key.0)),
        })
    }
}

impl From<NewKey> for KeyRow {
    fn from(NewKey { listed, sha256 }: NewKey) -> Self {
        Self {
            sha256: sha256.to_vec(),
            id: Id(listed.key.id.as_uuid()),
            kind: if listed.is_first { FIRST } else { MADE }.to_owned(),
            prefix: listed.prefix,
            client: listed.key.client.as_str().to_owned(),
            scopes: words(&listed.key.scopes),
            created_at: Instant(listed.created_at),
            expires_at: listed.key.expires_at.map(Instant),
            revoked_at: listed.revoked_at.map(Instant),
            replaced_by: listed.replaced_by.map(|key| Id(key.as_uuid())),
        }
    }
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}
