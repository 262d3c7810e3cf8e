//! Whether the loops go on: each says so whenever it has looked for work. For readiness.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A loop looks once a second, the one that prolongs leases every ten: one that has not for so long stands still.
pub const STANDS_STILL: Duration = Duration::from_mins(1);

/// A loop without which calls do not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// Claims what is due, and has it placed.
    Dispatch,
    /// Prolongs leases.
    Beat,
    /// Understands webhooks.
    Intake,
    /// Looks after calls whose moment has come.
    Reconcile,
    /// Tells clients.
    Deliver,
}

impl Loop {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Dispatch, Self::Beat, Self::Intake, Self::Reconcile, Self::Deliver];

    /// As it is called in the log and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Beat => "beat",
            Self::Intake => "intake",
            Self::Reconcile => "reconcile",
            Self::Deliver => "deliver",
        }
    }

    /// What an operator is told of one that does.
    #[must_use]
    pub const fn stands_still(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch stands still: no call is placed",
            Self::Beat => "beat stands still: leases run out",
            Self::Intake => "intake stands still: webhooks are kept and not understood",
            Self::Reconcile => "reconcile stands still: no call is looked after",
            Self::Deliver => "deliver stands still: clients are told nothing",
        }
    }
}

/// When each loop looked last.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Milliseconds on the process's own clock, and one: nothing is zero.
    looked_at: [AtomicU64; Loop::ALL.len()],
}

impl Pulse {
    /// A loop has looked, whatever it found. `now` is monotonic.
    pub fn beat(&self, of: Loop, now: Duration) {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        if let Some(looked_at) = self.looked_at.get(of as usize) {
            looked_at.store(millis, Ordering::Relaxed);
        }
    }

    /// Whether a loop has not looked yet.
    #[must_use]
    pub fn is_new(&self, of: Loop) -> bool {
        self.looked_at.get(of as usize).is_none_or(|looked_at| looked_at.load(Ordering::Relaxed) == 0)
    }

    /// Those that have never looked, or not for [`STANDS_STILL`].
    #[must_use]
    pub fn still(&self, now: Duration) -> Vec<Loop> {
        let is_still = |looked_at: &AtomicU64| {
            let last = looked_at.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_millis);
            last.is_none_or(|last| now.saturating_sub(last) >= STANDS_STILL)
        };
        Loop::ALL.into_iter().zip(&self.looked_at).filter(|(_, looked_at)| is_still(looked_at)).map(|(of, _)| of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_stands_still_until_it_has_looked_and_when_it_has_not_for_a_minute() {
        let (pulse, at) = (Pulse::default(), Duration::from_secs);
        assert_eq!(pulse.still(at(0)), Loop::ALL);
        for of in Loop::ALL {
            pulse.beat(of, at(0));
        }
        assert_eq!(pulse.still(at(59)), []);
        pulse.beat(Loop::Intake, at(59));
        assert_eq!(pulse.still(at(60)), [Loop::Dispatch, Loop::Beat, Loop::Reconcile, Loop::Deliver]);
    }
}
