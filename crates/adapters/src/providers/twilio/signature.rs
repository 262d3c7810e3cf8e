//! `X-Twilio-Signature`: HMAC-SHA1 in base64 over the address that was called and, for a form, its fields by name.
//!
//! It has no date: a repeat is known by its event. A body that is no form is covered where the address names its sum, and
//! nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::providers::keys::{Keys, from_hex, only};

const BODY_SUM: &str = "bodySHA256";

/// Whether these bytes are Twilio's, sent to this address.
pub fn verify(tokens: &Keys, webhook: &RawWebhook) -> Result<Authentic, WebhookError> {
    let bad = WebhookError::BadSignature;
    let signature = STANDARD.decode(only(webhook, "x-twilio-signature")?).or(Err(bad))?;
    let url = webhook.url.as_deref().ok_or(bad)?;
    let fields = match body_sum(url) {
        Some(told) if from_hex(&told).is_some_and(|told| told == Sha256::digest(&webhook.body).to_vec()) => String::new(),
        Some(_) => return Err(bad),
        None => signed_fields(&webhook.body),
    };
    let theirs = [signature];
    let agrees = addresses(url).iter().any(|url| tokens.agree(&[url.as_bytes(), fields.as_bytes()], &theirs).is_ok());
    if agrees { Ok(Authentic::verified(webhook.clone())) } else { Err(bad) }
}

/// The sum of the body that the address names.
fn body_sum(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == BODY_SUM).map(|(_, value)| value.into_owned())
}

/// Every name in order, and behind it each of its values once, in order; empty ones count.
fn signed_fields(body: &[u8]) -> String {
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name.into_owned()).or_default().insert(value.into_owned());
    }
    let pairs = fields.iter().flat_map(|(name, values)| values.iter().map(move |value| [name.as_str(), value.as_str()]));
    pairs.flatten().collect()
}

/// The address, and the same with, or without, the port that its scheme implies: Twilio signs either.
fn addresses(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let port = if matches!(scheme, "https" | "wss") { ":443" } else { ":80" };
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let names_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let other = match host.strip_suffix(port) {
        Some(bare) => format!("{scheme}://{bare}{target}"),
        None if names_port => return vec![url.to_owned()],
        None => format!("{scheme}://{host}{port}{target}"),
    };
    vec![url.to_owned(), other]
}

/// The signature that Twilio would send, for tests.
#[cfg(any(test, feature = "testing"))]
pub fn sign(tokens: &Keys, url: &str, body: &[u8]) -> String {
    let fields = if body_sum(url).is_some() { String::new() } else { signed_fields(body) };
    STANDARD.encode(tokens.sum(&[url.as_bytes(), fields.as_bytes()]))
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
