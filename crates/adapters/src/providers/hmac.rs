//! Signatures shared by providers and the sender of notices: HMAC, compared in constant time, and the Standard Webhooks format over it.
//!
//! What is signed and which header carries it is a provider's own business, in its `signature.rs`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callgate_domain::model::Secret;
use callgate_domain::ports::{RawWebhook, WebhookError};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::keys::{digits, is_fresh, only};

/// Names one message.
pub const ID: &str = "webhook-id";
/// When it was signed, in whole seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// `v1,<base64>`, several separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

const PREFIX: &str = "whsec_";
const TOLERANCE: Duration = Duration::from_mins(5);
const MAX_SECRETS: usize = 3;
const MAX_SIGNATURES: usize = 16;
/// The Standard Webhooks specification asks for 24 to 64 bytes.
const SHORTEST_KEY: usize = 24;

/// Signs and verifies as <https://www.standardwebhooks.com> says; the first key signs, any of them verifies.
#[derive(Clone)]
pub struct StandardWebhooks {
    first: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

impl StandardWebhooks {
    /// From `whsec_` secrets. The error is the end of a sentence that begins with the setting's name.
    pub fn new(secrets: &[Secret]) -> Result<Self, String> {
        if secrets.len() > MAX_SECRETS {
            return Err(format!("has {} secrets; keep at most {MAX_SECRETS}", secrets.len()));
        }
        let keys = secrets.iter().map(|secret| key_of(secret.expose())).collect::<Result<Vec<_>, _>>()?;
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or("is missing; an empty secret would let anybody in")?;
        Ok(Self { first, others: keys.collect() })
    }

    /// The three headers for a message, signed with the first key.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
        headers([&self.first], id, at, body)
    }

    /// Whether a message is signed with one of the keys, and within five minutes of `now`.
    pub fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<(), WebhookError> {
        let id = only(webhook, ID)?;
        let timestamp = only(webhook, TIMESTAMP)?;
        let signatures = only(webhook, SIGNATURE)?;
        let signed_at = moment(timestamp).ok_or(WebhookError::BadSignature)?;
        let theirs: Vec<Vec<u8>> = signatures
            .split(' ')
            .take(MAX_SIGNATURES)
            .filter_map(|part| part.strip_prefix("v1,"))
            .filter_map(|encoded| STANDARD.decode(encoded).ok())
            .collect();
        // Every key is tried against every signature, so that the time taken tells nothing about which one agreed.
        let agree = std::iter::once(&self.first).chain(&self.others).fold(false, |agree, key| {
            theirs.iter().fold(agree, |agree, tag| mac(key, id, timestamp, &webhook.body).verify_slice(tag).is_ok() | agree)
        });
        if !agree {
            return Err(WebhookError::BadSignature);
        }
        is_fresh(signed_at, now, TOLERANCE)
    }
}

/// The three headers for a message, signed with every one of these secrets.
///
/// # Errors
/// A secret that is none; the end of a sentence.
pub fn sign_with_all(secrets: &[Secret], id: &str, at: Timestamp, body: &[u8]) -> Result<[(&'static str, String); 3], String> {
    let keys = secrets.iter().map(|secret| key_of(secret.expose())).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err("is missing".to_owned()) } else { Ok(headers(&keys, id, at, body)) }
}

fn headers<'a>(
    keys: impl IntoIterator<Item = &'a Hmac<Sha256>>,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> [(&'static str, String); 3] {
    let timestamp = at.as_second().to_string();
    let sign = |key| format!("v1,{}", STANDARD.encode(mac(key, id, &timestamp, body).finalize().into_bytes()));
    let signatures: Vec<String> = keys.into_iter().map(sign).collect();
    let signatures = signatures.join(" ");
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signatures)]
}

fn key_of(secret: &str) -> Result<Hmac<Sha256>, String> {
    let wrong = || format!("is not '{PREFIX}' and base64; make one with: echo {PREFIX}$(openssl rand -base64 32)");
    let key = secret.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok()).ok_or_else(wrong)?;
    if key.len() < SHORTEST_KEY {
        return Err(format!("is a key of {} bytes; take at least {SHORTEST_KEY}: openssl rand -base64 32", key.len()));
    }
    Hmac::new_from_slice(&key).map_err(|error| error.to_string())
}

fn mac(key: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

fn moment(text: &str) -> Option<Timestamp> {
    digits(text).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

#[cfg(test)]
#[path = "hmac_tests.rs"]
mod tests;
