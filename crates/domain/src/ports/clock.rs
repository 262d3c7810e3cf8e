//! Time and chance: everything that cannot be repeated comes through here, so that a seed can replay it.

use std::time::Duration;

use jiff::Timestamp;

/// The time.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// A time that never jumps, for measuring how long something took.
    fn monotonic(&self) -> Duration;
}

/// Randomness, for ids, jitter and secrets.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Chance: Send + Sync {
    /// Fills `into` with random bytes.
    fn bytes(&self, into: &mut [u8]);
}

impl dyn Chance + '_ {
    /// The random part of a UUIDv7.
    #[must_use]
    pub fn for_id(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.bytes(&mut bytes);
        bytes
    }

    /// A number from -1 to 1.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let mut bytes = [0; 4];
        self.bytes(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}
