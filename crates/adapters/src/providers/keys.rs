//! The keys that a provider signs its webhooks with, in its own way.
//!
//! What is signed, in which letters and in which header is each provider's own business, in its `signature.rs`; here are
//! the sums, tried with every key in the same time whichever agrees.

use std::time::Duration;

use callgate_domain::model::Secret;
use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::{RawWebhook, WebhookError};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::Sha256;

const MAX_SECRETS: usize = 3;
/// Signatures read from one header: a rotation on their side makes two.
const MAX_SIGNATURES: usize = 16;

/// Which sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
}

/// Keyed sums: one for each secret that is good.
#[derive(Clone)]
pub struct Keys {
    keyed: Vec<Keyed>,
}

#[derive(Clone)]
enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl Keys {
    /// From secrets taken as they stand. The error is the end of a sentence that begins with the setting's name.
    pub fn new(sum: Sum, secrets: &[Secret]) -> Result<Self, String> {
        Self::of_bytes(sum, secrets.iter().map(|secret| secret.expose().as_bytes()))
    }

    /// From keys of bytes.
    pub fn of_bytes<'a>(sum: Sum, keys: impl Iterator<Item = &'a [u8]>) -> Result<Self, String> {
        let keyed = keys.map(|key| Keyed::new(sum, key)).collect::<Result<Vec<_>, _>>()?;
        match keyed.len() {
            0 => Err("is missing; an empty secret would let anybody in".to_owned()),
            1..=MAX_SECRETS => Ok(Self { keyed }),
            many => Err(format!("has {many} secrets; keep at most {MAX_SECRETS}")),
        }
    }

    /// Whether one of `theirs` is the sum of `parts`, one after the other, with one of the keys.
    ///
    /// # Errors
    /// [`WebhookError::BadSignature`].
    pub fn agree(&self, parts: &[&[u8]], theirs: &[Vec<u8>]) -> Result<(), WebhookError> {
        let agree = self.keyed.iter().fold(false, |agree, key| {
            let theirs = theirs.iter().take(MAX_SIGNATURES);
            theirs.fold(agree, |agree, tag| key.verifies(parts, tag) | agree)
        });
        if agree { Ok(()) } else { Err(WebhookError::BadSignature) }
    }

    /// The sum of `parts` with the first key.
    pub fn sum(&self, parts: &[&[u8]]) -> Vec<u8> {
        self.keyed.first().map(|key| key.sum(parts)).unwrap_or_default()
    }
}

impl Keyed {
    fn new(sum: Sum, key: &[u8]) -> Result<Self, String> {
        if key.is_empty() {
            return Err("is empty: it would let anybody in".to_owned());
        }
        let keyed = match sum {
            Sum::Sha1 => Hmac::new_from_slice(key).map(Self::Sha1),
            Sum::Sha256 => Hmac::new_from_slice(key).map(Self::Sha256),
        };
        keyed.map_err(|error| error.to_string())
    }

    fn verifies(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        match self {
            Self::Sha1(mac) => fed(mac, parts).verify_slice(tag).is_ok(),
            Self::Sha256(mac) => fed(mac, parts).verify_slice(tag).is_ok(),
        }
    }

    fn sum(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Sha1(mac) => fed(mac, parts).finalize().into_bytes().to_vec(),
            Self::Sha256(mac) => fed(mac, parts).finalize().into_bytes().to_vec(),
        }
    }
}

fn fed<M: Mac + Clone>(mac: &M, parts: &[&[u8]]) -> M {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// A header that stands there once: with two, it is not clear which one was meant.
///
/// # Errors
/// [`WebhookError::BadSignature`].
pub fn only<'a>(webhook: &'a RawWebhook, name: &'a str) -> Result<&'a str, WebhookError> {
    let mut values = webhook.header(name);
    match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(WebhookError::BadSignature),
    }
}

/// Whether a signature is not older, nor younger, than `tolerance`.
///
/// # Errors
/// [`WebhookError::TooOld`].
pub fn is_fresh(signed_at: Timestamp, now: Timestamp, tolerance: Duration) -> Result<(), WebhookError> {
    let off = elapsed(signed_at, now).max(elapsed(now, signed_at));
    if off > tolerance { Err(WebhookError::TooOld) } else { Ok(()) }
}

/// Bytes written in hex, lower case or upper.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// A whole number written in digits alone.
pub fn digits(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().filter_map(|text| Secret::new(*text)).collect()
    }

    /// RFC 4231 section 4.3 and RFC 2202 section 3, test case 2.
    #[test]
    fn sums_are_those_of_the_standards() {
        for (sum, expected) in [
            (Sum::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Sum::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ] {
            let keys = Keys::new(sum, &secrets(&["Jefe"])).unwrap();
            let parts: &[&[u8]] = &[b"what do ya want ", b"for nothing?"];
            assert_eq!(keys.sum(parts), from_hex(expected).unwrap());
            assert_eq!(keys.agree(parts, &[vec![1], from_hex(expected).unwrap()]), Ok(()));
            assert_eq!(keys.agree(parts, &[]), Err(WebhookError::BadSignature));
        }
    }

    #[test]
    fn every_secret_that_is_good_verifies() {
        let keys = Keys::new(Sum::Sha256, &secrets(&["new", "old"])).unwrap();
        for secret in ["new", "old"] {
            let signed = Keys::new(Sum::Sha256, &secrets(&[secret])).unwrap().sum(&[b"body"]);
            assert_eq!(keys.agree(&[b"body"], &[signed]), Ok(()));
        }
        let other = Keys::new(Sum::Sha256, &secrets(&["other"])).unwrap().sum(&[b"body"]);
        assert_eq!(keys.agree(&[b"body"], &[other]), Err(WebhookError::BadSignature));
    }

    #[test]
    fn no_secret_and_too_many_are_refused() {
        assert!(Keys::new(Sum::Sha256, &[]).is_err_and(|fault| fault.contains("is missing")));
        assert!(Keys::new(Sum::Sha256, &secrets(&["a", "b", "c", "d"])).is_err_and(|fault| fault.contains("has 4 secrets")));
        assert!(Keys::of_bytes(Sum::Sha256, [&b""[..]].into_iter()).is_err());
    }

    #[test]
    fn hex_and_digits_are_nothing_else() {
        assert_eq!(from_hex("00fF"), Some(vec![0, 255]));
        for odd in ["0", "0g", "é"] {
            assert_eq!(from_hex(odd), None, "{odd}");
        }
        assert_eq!(digits("0123"), Some(123));
        for odd in ["", "-1", "+1", "1.0", "99999999999999999999"] {
            assert_eq!(digits(odd), None, "{odd}");
        }
    }
}
