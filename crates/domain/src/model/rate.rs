//! How fast one connection may be asked: what was taken in the last second, and a pause that its provider asked for.
//!
//! No bucket: one that holds a second's worth lets twice as many through in the second after a rest. Here what was taken
//! counts until a whole second has passed, so in no second there is more than the rate. The store keeps it and counts by its
//! own clock, under the lock of a claim; so it is exact for all processes that share a database.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::moment::elapsed;

/// What is taken within so many milliseconds is remembered together. The end of the slot counts, so the rate is kept
/// exactly, and of a steady stream at most one call in fifty waits longer than it had to.
const SLOT: i64 = 20;
/// A slot counts until a second after its end.
const SLOTS: i64 = 1_000 / SLOT;
/// The longest pause that a provider's `Retry-After` can set.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// What one connection was asked of late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rate {
    /// The slots of the last second, counted from 1970, oldest first, with what was taken in each.
    pub taken: Vec<(i64, u32)>,
    /// Nobody asks before.
    pub paused_until: Option<Timestamp>,
}

impl Rate {
    /// Calls that may be taken now; `per_second` `None` is no limit. Forgets what is over.
    ///
    /// Where the clock has been set back, what seems to come counts as of now: it is over in a second, not when the clock
    /// gets there again, and a pause of more than [`LONGEST_PAUSE`] is none.
    pub fn left(&mut self, per_second: Option<u32>, now: Timestamp) -> u32 {
        let present = slot(now);
        self.paused_until = self.paused_until.filter(|until| *until > now && elapsed(now, *until) <= LONGEST_PAUSE);
        self.taken.retain(|(slot, _)| slot.saturating_add(SLOTS) >= present);
        let ahead: u32 = self.taken.iter().filter(|(slot, _)| *slot > present).map(|(_, count)| count).sum();
        if ahead > 0 {
            self.taken.retain(|(slot, _)| *slot <= present);
            self.take(ahead, now);
        }
        match per_second {
            _ if self.paused_until.is_some() => 0,
            None => u32::MAX,
            Some(per_second) => per_second.saturating_sub(self.taken.iter().map(|(_, count)| count).sum()),
        }
    }

    /// So many are taken now.
    pub fn take(&mut self, count: u32, now: Timestamp) {
        let present = slot(now);
        match self.taken.last_mut() {
            Some((slot, taken)) if *slot == present => *taken = taken.saturating_add(count),
            _ => self.taken.push((present, count)),
        }
    }

    /// Nobody asks before this moment. Of two pauses the later end holds.
    pub fn pause(&mut self, until: Timestamp) {
        self.paused_until = self.paused_until.max(Some(until));
    }

    /// How long nobody may be taken; `None` where somebody may now.
    #[must_use]
    pub fn opens_in(&self, per_second: Option<u32>, now: Timestamp) -> Option<Duration> {
        let mut then = self.clone();
        if then.left(per_second, now) > 0 {
            return None;
        }
        if let Some(until) = then.paused_until {
            return Some(elapsed(now, until));
        }
        let (oldest, _) = then.taken.first()?;
        let free_at = oldest.saturating_add(SLOTS + 1).saturating_mul(SLOT);
        let wait = SignedDuration::from_millis(free_at.saturating_sub(now.as_millisecond()));
        Some(Duration::try_from(wait).unwrap_or_default())
    }
}

fn slot(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(SLOT)
}
