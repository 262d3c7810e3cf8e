//! A number as a log may hold it: `h:3f9a1c20de…78`, a keyed hash and the last two digits.
//!
//! The same number has the same mark in all processes on one database, so that an operator finds what belongs together;
//! without the key, which never leaves the database, nobody can try out which number it is.

use std::fmt;

use callgate_domain::model::{Phone, Secret};
use sha2::{Digest, Sha256};

/// The name under which the key is kept.
pub const KEY: &str = "log_phone_key";
/// So many bytes of the hash tell numbers apart, and no more.
const SHOWN: usize = 5;

/// Makes marks.
pub struct Phones {
    /// Of 32 bytes, always: what follows it in the hash then cannot be taken for a part of it.
    key: [u8; 32],
}

impl Phones {
    /// Marks under this key.
    #[must_use]
    pub fn new(key: &Secret) -> Self {
        Self { key: Sha256::digest(key.expose()).into() }
    }

    /// The mark of a number.
    #[must_use]
    pub fn mark(&self, phone: &Phone) -> Mark {
        let hash: [u8; 32] = Sha256::new().chain_update(self.key).chain_update(phone.e164()).finalize().into();
        Mark { hash: hash.first_chunk().copied().unwrap_or_default(), tail: phone.tail().to_owned() }
    }
}

/// A number as a log may hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    hash: [u8; SHOWN],
    tail: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("h:")?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "…{}", self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(key: &str, number: &str) -> String {
        Phones::new(&Secret::new(key).unwrap()).mark(&Phone::parse(number).unwrap()).to_string()
    }

    #[test]
    fn a_number_has_one_mark_under_one_key() {
        let one = mark("a key", "+996700123478");
        assert_eq!(one, mark("a key", "+996 (700) 123-478"));
        assert!(one.starts_with("h:") && one.ends_with("…78") && one.chars().count() == 15, "{one}");
        assert!(!one.contains("7001234"));
        assert_ne!(one, mark("another key", "+996700123478"));
        assert_ne!(one, mark("a key", "+996700123578"));
    }
}
