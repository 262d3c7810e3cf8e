//! Chance that a seed repeats.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::ports::Chance;

/// The same bytes for the same seed: SplitMix64, which is good enough for ids and jitter and for nothing secret.
#[derive(Debug)]
pub struct SeededChance {
    state: AtomicU64,
}

impl SeededChance {
    /// Begins at `seed`.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut word = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`; zero when there is none.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A number from `low` to `high`.
    #[must_use]
    pub fn between(&self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// So many milliseconds.
    #[must_use]
    pub fn millis(&self, low: u64, high: u64) -> Duration {
        Duration::from_micros(self.between(low.saturating_mul(1_000), high.saturating_mul(1_000)))
    }

    /// True so often in a thousand.
    #[must_use]
    pub fn chance(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1_000) < u64::from(per_mille)
    }

    /// One of these.
    #[must_use]
    pub fn pick<T: Copy>(&self, of: &[T]) -> Option<T> {
        let nth = usize::try_from(self.below(u64::try_from(of.len()).unwrap_or(0))).unwrap_or(0);
        of.get(nth).copied()
    }
}

impl Chance for SeededChance {
    fn bytes(&self, into: &mut [u8]) {
        for chunk in into.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            for (byte, random) in chunk.iter_mut().zip(word) {
                *byte = random;
            }
        }
    }
}
