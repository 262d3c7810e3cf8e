//! A clock that a test sets by hand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::moment::{later, to_micros};
use crate::ports::Clock;

/// Stands still until it is told to go on.
#[derive(Debug)]
pub struct HandClock {
    hands: Mutex<(Timestamp, Duration)>,
}

impl HandClock {
    /// Shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { hands: Mutex::new((to_micros(now), Duration::ZERO)) }
    }

    /// Time passes.
    pub fn pass(&self, by: Duration) {
        let mut hands = self.hands();
        *hands = (to_micros(later(hands.0, by)), hands.1.saturating_add(by));
    }

    /// Somebody set the clock: `now` jumps, the monotonic time does not.
    pub fn jump(&self, by: SignedDuration) {
        let mut hands = self.hands();
        hands.0 = to_micros(hands.0.saturating_add(by).unwrap_or(hands.0));
    }

    fn hands(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        self.hands().0
    }

    fn monotonic(&self) -> Duration {
        self.hands().1
    }
}
