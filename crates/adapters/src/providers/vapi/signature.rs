//! What proves a webhook to be Vapi's: a secret in a header of ours, a bearer token, or an HMAC over the time and the body.

use std::time::Duration;

use callgate_domain::model::Secret;
use callgate_domain::ports::{Authentic, InvalidSettings, RawWebhook, WebhookError};
use jiff::Timestamp;

use crate::providers::ConnectionSettings;
use crate::providers::keys::{Keys, Sum, digits, from_hex, is_fresh, only};

const MAX_SECRETS: usize = 3;
const TOLERANCE: Duration = Duration::from_mins(5);
/// Above this a number of seconds would be one of the year 5138: it counts milliseconds. Which of the two is sent is not
/// documented.
const SECONDS_END: i64 = 100_000_000_000;

/// What is asked for.
pub enum Proof {
    /// `X-Vapi-Secret`, which each call hands over.
    Secret(Vec<Secret>),
    /// `Authorization: Bearer`, from a credential made over there.
    Bearer(Vec<Secret>),
    /// An HMAC credential with its default plan.
    Hmac {
        /// Of `webhook_secret`.
        keys: Keys,
        /// The header of the signature, in lower case.
        signature: String,
        /// The header of the time, in lower case.
        timestamp: String,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Secret,
    Bearer,
    Hmac,
}

impl Proof {
    /// As the connection's settings say.
    pub fn of(settings: &ConnectionSettings) -> Result<Self, InvalidSettings> {
        let words = [("secret", Way::Secret), ("bearer", Way::Bearer), ("hmac", Way::Hmac)];
        let way = settings.choice("webhook_auth", Way::Secret, &words)?;
        for name in ["signature_header", "timestamp_header"] {
            if way != Way::Hmac && settings.values.contains_key(name) {
                return Err(settings.fault(name, "is for webhook_auth = \"hmac\" alone; remove it"));
            }
        }
        let secrets = settings.secrets_of("webhook_secret");
        if secrets.is_empty() {
            return Err(settings.fault("webhook_secret", "is missing; an empty secret would let anybody in"));
        }
        if secrets.len() > MAX_SECRETS {
            let fault = format!("has {} secrets; keep at most {MAX_SECRETS}", secrets.len());
            return Err(settings.fault("webhook_secret", fault));
        }
        if way == Way::Secret && secrets.iter().any(|secret| !secret.expose().bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(settings.fault("webhook_secret", "must be of visible ASCII alone: it travels in a header"));
        }
        Ok(match way {
            Way::Secret => Self::Secret(secrets.to_vec()),
            Way::Bearer => Self::Bearer(secrets.to_vec()),
            Way::Hmac => Self::Hmac {
                keys: Keys::new(Sum::Sha256, secrets).map_err(|fault| settings.fault("webhook_secret", fault))?,
                signature: header(settings, "signature_header", "x-signature")?,
                timestamp: header(settings, "timestamp_header", "x-timestamp")?,
            },
        })
    }
}

fn header(settings: &ConnectionSettings, name: &str, usual: &str) -> Result<String, InvalidSettings> {
    let text = settings.text(name)?.unwrap_or(usual);
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_name {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(settings.fault(name, "must be the name of a header, such as \"x-signature\""))
    }
}

/// Whether these bytes are theirs.
pub fn verify(proof: &Proof, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    match proof {
        Proof::Secret(secrets) => one_of(secrets, only(webhook, "x-vapi-secret")?)?,
        Proof::Bearer(secrets) => {
            let (scheme, token) = only(webhook, "authorization")?.split_once(' ').ok_or(WebhookError::BadSignature)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(WebhookError::BadSignature);
            }
            one_of(secrets, token.trim())?;
        }
        Proof::Hmac { keys, signature, timestamp } => {
            let signed_at = only(webhook, timestamp)?;
            let theirs = from_hex(only(webhook, signature)?).ok_or(WebhookError::BadSignature)?;
            // The time is signed as it was written.
            keys.agree(&[signed_at.as_bytes(), b".", &webhook.body], &[theirs])?;
            is_fresh(moment(signed_at).ok_or(WebhookError::BadSignature)?, now, TOLERANCE)?;
        }
    }
    Ok(Authentic::verified(webhook.clone()))
}

/// Compared with every secret, in the same time whichever agrees.
fn one_of(secrets: &[Secret], told: &str) -> Result<(), WebhookError> {
    let agrees = secrets.iter().fold(false, |agrees, secret| secret.is(told.as_bytes()) | agrees);
    if agrees { Ok(()) } else { Err(WebhookError::BadSignature) }
}

fn moment(text: &str) -> Option<Timestamp> {
    match digits(text)? {
        millis if millis > SECONDS_END => Timestamp::from_millisecond(millis).ok(),
        seconds => Timestamp::from_second(seconds).ok(),
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
