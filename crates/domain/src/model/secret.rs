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

    /// A secret that signs what is sent to a client, as Standard Webhooks writes it: `whsec_` and the bytes in base64.
    #[must_use]
    pub fn signing(bytes: &[u8; 32]) -> Self {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::from("whsec_");
        for three in bytes.chunks(3) {
            let group = three.iter().fold(0_usize, |group, byte| group << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
            let letters =
                (0..4).map(|place| LETTERS.get(group >> (18 - 6 * place) & 63).map_or('=', |letter| char::from(*letter)));
            text.extend(letters.take(three.len() + 1));
            text.extend(std::iter::repeat_n('=', 3 - three.len()));
        }
        Self(SecretString::from(text))
    }

    /// A word that says what it is, and a URL-safe character for the six low bits of each random byte.
    #[must_use]
    pub fn drawn(brand: &'static str, random: &[u8]) -> Self {
        let character = |byte: &u8| ALPHABET.get(usize::from(byte & 63)).copied().map(char::from);
        Self(SecretString::from(brand.chars().chain(random.iter().filter_map(character)).collect::<String>()))
    }

    /// A secret that people read and type: five low bits of each random byte, no letter that looks like a figure (Crockford's
    /// base32), in groups of four.
    #[must_use]
    pub fn legible(random: &[u8]) -> Self {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map(char::from);
        let groups: Vec<String> = random.chunks(4).map(|group| group.iter().filter_map(letter).collect()).collect();
        Self(SecretString::from(groups.join("-")))
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
