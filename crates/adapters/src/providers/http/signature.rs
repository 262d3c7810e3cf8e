//! An engine signs its webhooks as we sign our requests: Standard Webhooks, with the connection's secret.

use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};
use jiff::Timestamp;

use crate::providers::hmac::StandardWebhooks;

/// Whether these bytes are the engine's.
pub fn verify(signing: &StandardWebhooks, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    signing.verify(webhook, now)?;
    Ok(Authentic::verified(webhook.clone()))
}
