//! Signing in to the console: with a key, or with a link that works once.
//!
//! A session stands for the key it was opened with and may do what that key may; when the key is revoked or over, so is the
//! session. There is no other account.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::audit::AuditLog;
use super::keys::known_by;
use crate::model::moment::later;
use crate::model::{KeyId, Secret};
use crate::ports::{Actor, AuditAction, AuditResult, Chance, Clock, Redeemed, Sessions, StoreError, Ticket, TicketKind};

/// So many characters of six random bits hold 256.
const CHARACTERS: usize = 43;
/// Characters of a code: 60 random bits, for ten minutes.
const CODE: usize = 12;
/// It is read in groups of so many.
const GROUP: usize = 4;

/// Signs in.
pub struct SignIn {
    /// Where sessions and links are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Where it is written down.
    pub audit: Arc<AuditLog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What secrets are made of.
    pub chance: Arc<dyn Chance>,
}

/// A link that signs in once.
#[derive(Debug, Clone)]
pub struct Link {
    /// What stands in it, as people read it: `7Q4M-K2TD-9XWB`.
    pub code: Secret,
    /// Not accepted from then on.
    pub expires_at: Timestamp,
}

impl SignIn {
    /// A link is good for so long.
    pub const LINK: Duration = Duration::from_mins(10);
    /// A session is good for so long.
    pub const SESSION: Duration = Duration::from_hours(12);

    /// Makes a link that signs in as `key`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn link(&self, key: KeyId, by: Actor) -> Result<Link, StoreError> {
        let now = self.clock.now();
        let code = self.code();
        let expires_at = later(now, Self::LINK);
        let line = self.audit.line(by, AuditAction::ConsoleLinkMade, &key.to_string(), AuditResult::Done);
        let ticket = Ticket { sha256: known_by(&code), kind: TicketKind::Link, key, created_at: now, expires_at };
        self.sessions.keep(ticket, line).await?;
        Ok(Link { code, expires_at })
    }

    /// Opens a session for whoever holds `key`; its secret belongs into a cookie and is known at this moment alone.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn with_key(&self, key: KeyId, request_id: String) -> Result<Secret, StoreError> {
        let now = self.clock.now();
        let secret = self.secret();
        let by = Actor { key: Some(key), request_id: Some(request_id) };
        let line = self.audit.line(by, AuditAction::ConsoleSignedIn, "key", AuditResult::Done);
        let expires_at = later(now, Self::SESSION);
        let ticket = Ticket { sha256: known_by(&secret), kind: TicketKind::Session, key, created_at: now, expires_at };
        self.sessions.keep(ticket, line).await?;
        Ok(secret)
    }

    /// Opens a session for whoever followed a link; `None` where it was followed before, is too old, or is none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn with_link(&self, code: &str, request_id: String) -> Result<Option<Secret>, StoreError> {
        let Some(code) = typed(code) else { return Ok(None) };
        let now = self.clock.now();
        let secret = self.secret();
        let by = Actor { key: None, request_id: Some(request_id) };
        let line = self.audit.line(by, AuditAction::ConsoleSignedIn, "link", AuditResult::Done);
        let session = Redeemed { sha256: known_by(&secret), at: now, expires_at: later(now, Self::SESSION) };
        Ok(self.sessions.redeem(known_by(&code), session, line).await?.then_some(secret))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn out(&self, session: [u8; 32]) -> Result<(), StoreError> {
        self.sessions.end(session).await
    }

    fn secret(&self) -> Secret {
        let mut random = [0; CHARACTERS];
        self.chance.bytes(&mut random);
        Secret::drawn("", &random)
    }

    fn code(&self) -> Secret {
        let mut random = [0; CODE];
        self.chance.bytes(&mut random);
        Secret::legible(&random)
    }
}

/// A code as somebody typed it: groups, small letters, and letters that look like figures are all the same.
fn typed(code: &str) -> Option<Secret> {
    let mut plain = String::with_capacity(CODE + CODE / GROUP);
    for (at, character) in code.chars().filter(|character| !matches!(character, '-' | ' ')).enumerate() {
        let character = match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if at >= CODE || !character.is_ascii_alphanumeric() {
            return None;
        }
        if at > 0 && at % GROUP == 0 {
            plain.push('-');
        }
        plain.push(character);
    }
    Secret::new(plain)
}
