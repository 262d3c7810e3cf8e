//! A webhook's `Authorization` is a token of the project's own key, without `Bearer`, that names the body's sum.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use callgate_domain::model::Secret;
use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::providers::keys::{Keys, only};

const LEEWAY: Duration = Duration::from_secs(60);

/// What such a token claims.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    sha256: String,
}

/// Whether these bytes are LiveKit's: signed by one of our keys with one of our secrets, about this body, and now.
pub fn verify(keys: &[Secret], secrets: &Keys, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    let token = only(webhook, "authorization")?;
    let (signed, sum) = token.rsplit_once('.').ok_or(WebhookError::BadSignature)?;
    let sum = URL_SAFE_NO_PAD.decode(sum).or(Err(WebhookError::BadSignature))?;
    secrets.agree(&[signed.as_bytes()], &[sum])?;
    let claims = claims(signed).ok_or(WebhookError::BadSignature)?;
    let told = STANDARD.decode(&claims.sha256).or(Err(WebhookError::BadSignature))?;
    let is_ours = keys.iter().any(|key| key.is(claims.iss.as_bytes()));
    if !is_ours || told != Sha256::digest(&webhook.body).to_vec() {
        return Err(WebhookError::BadSignature);
    }
    let (Ok(begins), Ok(ends)) = (moment(claims.nbf.unwrap_or(now.as_second())), moment(claims.exp)) else {
        return Err(WebhookError::BadSignature);
    };
    if elapsed(now, begins) > LEEWAY || elapsed(ends, now) > LEEWAY {
        return Err(WebhookError::TooOld);
    }
    Ok(Authentic::verified(webhook.clone()))
}

fn claims(signed: &str) -> Option<Claims> {
    let (_header, claims) = signed.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn moment(second: i64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(second)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
