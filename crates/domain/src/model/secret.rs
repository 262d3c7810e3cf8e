//! Secrets: never printed, compared in constant time, wiped when dropped.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The URL-safe alphabet of base64.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A key, token or password.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// `None` when it is empty: an empty secret verifies everything.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then(|| Self(SecretString::from(text)))
    }

    /// A word that says what it is, and a URL-safe character for the six low bits of each random byte.
    #[must_use]
    pub fn drawn(brand: &'static str, random: &[u8]) -> Self {
        let character = |byte: &u8| ALPHABET.get(usize::from(byte & 63)).copied().map(char::from);
        Self(SecretString::from(brand.chars().chain(random.iter().filter_map(character)).collect::<String>()))
    }

    /// The secret itself, for the one place that sends or signs with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `other` is this secret; takes the same time however much agrees.
    #[must_use]
    pub fn is(&self, other: &[u8]) -> bool {
        self.expose().as_bytes().ct_eq(other).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
