//! The simulator signs like a stranger would have to: Standard Webhooks, with a key of this process that nobody else has.
//!
//! Its webhooks never cross a process, so the key is made at start and kept nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callgate_domain::model::Secret;
use callgate_domain::ports::{Authentic, Chance, RawWebhook, WebhookError};
use jiff::Timestamp;

use crate::providers::hmac::StandardWebhooks;

/// A key made by chance.
pub fn key(chance: &dyn Chance) -> Result<StandardWebhooks, String> {
    let mut bytes = [0; 32];
    chance.bytes(&mut bytes);
    let secret = Secret::new(format!("whsec_{}", STANDARD.encode(bytes)));
    StandardWebhooks::new(&Vec::from_iter(secret))
}

/// A webhook as it would arrive.
pub fn sign(key: &StandardWebhooks, id: &str, at: Timestamp, body: Vec<u8>) -> RawWebhook {
    let headers = key.sign(id, at, &body).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    RawWebhook { url: None, headers, body }
}

/// Whether these bytes are the simulator's.
pub fn verify(key: &StandardWebhooks, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    key.verify(webhook, now)?;
    Ok(Authentic::verified(webhook.clone()))
}
