//! API keys: made, listed, rotated and revoked by operators.
//!
//! A key is shown when it is made and never again. The first key comes from the operator's environment or file and is
//! changed there: a key that a start brings back cannot be revoked by a request.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::audit::AuditLog;
use crate::model::moment::later;
use crate::model::{ClientId, KeyId, Secret};
use crate::ports::{
    Actor, ApiKey, AuditAction, AuditResult, Chance, Clock, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, Scope, StoreError,
};

/// What a key begins with, so that a leaked one is recognised for what it is.
const BRAND: &str = "cg_";
/// So many characters of six random bits hold 256.
const CHARACTERS: usize = 43;
/// So much of a key is shown in lists: the brand, and 24 of its bits.
const SHOWN: usize = 7;

/// Makes and changes keys.
pub struct Keys {
    /// Where they are kept.
    pub store: Arc<dyn KeyStore>,
    /// Where it is written down.
    pub audit: Arc<AuditLog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What keys are made of.
    pub chance: Arc<dyn Chance>,
}

/// A key as it is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateKey {
    /// Whose.
    pub client: ClientId,
    /// What it may do; at least one.
    pub scopes: Vec<Scope>,
    /// Until when; for ever where absent.
    pub expires_at: Option<Timestamp>,
}

/// A key that was made. The only moment at which it is known.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// The key itself.
    pub secret: Secret,
    /// As it will be listed.
    pub listed: ListedKey,
}

/// Why no key was made or changed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It would be expired already.
    #[error("the key would be expired already")]
    InThePast,
    /// It is the first key.
    #[error("the first key is changed where it comes from")]
    First,
    /// It is expired, revoked or replaced.
    #[error("the key is expired, revoked or replaced")]
    Over,
    /// Nobody could operate the gateway without it.
    #[error("it is the last live key with the scope admin")]
    LastAdmin,
    /// The store could not, or has no such key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys {
    /// The scopes of a key that names none: what an integrator needs.
    pub const USUAL: [Scope; 3] = [Scope::CallsWrite, Scope::CallsRead, Scope::AgentsRead];
    /// A rotated key is accepted for so long where nothing is said, and at most.
    pub const GRACE: Duration = Duration::from_hours(24);
    /// The longest grace.
    pub const LONGEST_GRACE: Duration = Duration::from_hours(7 * 24);

    /// Makes a key: durable when this returns.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn create(&self, wish: CreateKey, by: Actor) -> Result<MadeKey, KeyError> {
        let now = self.clock.now();
        if wish.expires_at.is_some_and(|at| at <= now) {
            return Err(KeyError::InThePast);
        }
        let (made, new) = self.make(wish, now);
        let line = self.audit.line(by, AuditAction::KeyCreated, &made.listed.key.id.to_string(), AuditResult::Done);
        self.store.create(new, line).await?;
        Ok(made)
    }

    /// A page of keys, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError> {
        self.store.list(before, limit).await
    }

    /// Makes a key of the same client and scopes, with as long a life as the one it replaces was made for; that one is
    /// accepted for `grace` more, and no longer than before. Returns both.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn rotate(&self, id: KeyId, grace: Duration, by: Actor) -> Result<(MadeKey, ListedKey), KeyError> {
        let now = self.clock.now();
        let old = self.store.get(id).await?;
        let life = old.key.expires_at.map(|at| Duration::try_from(at.duration_since(old.created_at)).unwrap_or_default());
        let expires_at = life.map(|life| later(now, life));
        let (made, new) = self.make(CreateKey { client: old.key.client, scopes: old.key.scopes, expires_at }, now);
        let object = format!("{id} replaced by {}", made.listed.key.id);
        let line = self.audit.line(by, AuditAction::KeyRotated, &object, AuditResult::Done);
        let change = KeyChange::Rotate { new: Box::new(new), until: later(now, grace.min(Self::LONGEST_GRACE)) };
        Ok((made, done(self.store.change(id, change, now, line).await?)?))
    }

    /// Ends a key for ever; one that is revoked already stays as it is.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn revoke(&self, id: KeyId, by: Actor) -> Result<ListedKey, KeyError> {
        let line = self.audit.line(by, AuditAction::KeyRevoked, &id.to_string(), AuditResult::Done);
        done(self.store.change(id, KeyChange::Revoke, self.clock.now(), line).await?)
    }

    /// Makes `secret` the first key, which replaces the one before.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_first(&self, secret: &Secret) -> Result<(), StoreError> {
        let now = self.clock.now();
        let id = KeyId::new(now, self.chance.for_id());
        let line = self.audit.line(Actor::default(), AuditAction::FirstKeySet, &id.to_string(), AuditResult::Done);
        self.store.set_first(id, known_by(secret), now, line).await
    }

    fn make(&self, wish: CreateKey, now: Timestamp) -> (MadeKey, NewKey) {
        let secret = fresh(self.chance.as_ref());
        let id = KeyId::new(now, self.chance.for_id());
        let held = |scope: &&Scope| wish.scopes.contains(*scope);
        let scopes = Scope::ALL.iter().filter(held).copied().collect();
        let key = ApiKey { id, client: wish.client, scopes, expires_at: wish.expires_at };
        let prefix = Some(secret.expose().chars().take(SHOWN).collect());
        let listed = ListedKey { key, prefix, is_first: false, created_at: now, revoked_at: None, replaced_by: None };
        let new = NewKey { listed: listed.clone(), sha256: known_by(&secret) };
        (MadeKey { secret, listed }, new)
    }
}

/// `cg_` and 258 random bits, in 43 characters that need no escaping anywhere.
#[must_use]
pub fn fresh(chance: &dyn Chance) -> Secret {
    let mut bytes = [0; CHARACTERS];
    chance.bytes(&mut bytes);
    Secret::drawn(BRAND, &bytes)
}

/// What a key is looked up by.
#[must_use]
pub fn known_by(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.expose().as_bytes()).into()
}

fn done(changed: KeyChanged) -> Result<ListedKey, KeyError> {
    match changed {
        KeyChanged::Done(key) => Ok(key),
        KeyChanged::First => Err(KeyError::First),
        KeyChanged::Over => Err(KeyError::Over),
        KeyChanged::LastAdmin => Err(KeyError::LastAdmin),
    }
}
