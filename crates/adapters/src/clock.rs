//! The system's clock and randomness: the only place that asks the machine for either.
//!
//! Everything else gets them through the ports, so that a simulation can give them instead.

use std::time::{Duration, Instant};

use callgate_domain::model::moment::to_micros;
use callgate_domain::ports::{Chance, Clock};
use jiff::Timestamp;

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose `monotonic` counts from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that keeps the Clock port")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that keeps the Clock port")]
    fn now(&self) -> Timestamp {
        to_micros(Timestamp::now())
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The machine's randomness: a generator fit for secrets, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn bytes(&self, into: &mut [u8]) {
        rand::fill(into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_in_whole_microseconds_and_monotonic_never_goes_back() {
        let clock = SystemClock::new();
        assert_eq!(clock.now().as_nanosecond() % 1_000, 0);
        let before = clock.monotonic();
        assert!(clock.monotonic() >= before);
    }

    #[test]
    fn chance_does_not_repeat() {
        let (mut one, mut other) = ([0; 32], [0; 32]);
        SystemChance.bytes(&mut one);
        SystemChance.bytes(&mut other);
        assert_ne!(one, other);
    }
}
