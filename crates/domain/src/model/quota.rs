//! How many calls may be accepted: to one number, of one key, and no second one right behind the first. Counted in the
//! commit that stores a call, so none of it is ever passed, however many requests and processes there are.
//!
//! A day is any 24 hours, not a date: so a number is never called more often than that around a midnight, and nobody has to
//! agree on a time zone.

use std::time::Duration;

use jiff::Timestamp;

use super::call::{Call, Terms};
use super::ids::{CallId, KeyId};
use super::moment::{earlier, later};

/// What "a day" means in a quota: any so many hours.
pub const DAY: Duration = Duration::from_hours(24);
/// An earlier call is taken for the same one when it is younger than this.
pub const TWIN: Duration = Duration::from_secs(30);

/// What new calls have to keep to. The default is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quota {
    /// Rings that the calls accepted within a day may mean for one number, whoever asks for them: a call counts as often as
    /// it may ring.
    pub per_number: Option<u32>,
    /// Calls that may be accepted within a day of one key.
    pub spending: Option<Spending>,
    /// For requests without an idempotency key: no call while an open one of the same client, number and agent is younger
    /// than this.
    pub twin_within: Option<Duration>,
}

/// How much one key may spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// Whose calls are counted together.
    pub by: KeyId,
    /// Calls within a day.
    pub calls: u32,
}

/// Why a call was not accepted. It was not counted either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrun {
    /// It looks like this call, which is under way.
    Twin {
        /// Its id.
        call: CallId,
        /// When it was accepted.
        at: Timestamp,
    },
    /// The number is called too often.
    Number {
        /// Rings within a day.
        limit: u32,
        /// When there is room for this call.
        opens_at: Timestamp,
    },
    /// The key has spent it all.
    Spending {
        /// Calls within a day.
        limit: u32,
        /// When there is room for a call.
        opens_at: Timestamp,
    },
}

impl Quota {
    /// Whether nothing has to be counted.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether earlier calls to the same number have to be looked at.
    #[must_use]
    pub fn looks_at_number(&self) -> bool {
        self.per_number.is_some() || self.twin_within.is_some()
    }

    /// Whether a number is called too often, given when earlier calls to it were accepted and how often each may ring, newest
    /// first. Those older than a day do not count; as many as the limit are enough to know.
    #[must_use]
    pub fn number_overrun(
        &self,
        rings: u32,
        at: Timestamp,
        before: impl IntoIterator<Item = (Timestamp, u32)>,
    ) -> Option<Overrun> {
        let limit = self.per_number?;
        let opens = |last: Timestamp| Overrun::Number { limit, opens_at: later(last, DAY) };
        let mut sum = rings;
        if sum > limit {
            // It never fits; whoever accepts calls refuses this before.
            return Some(opens(at));
        }
        for (accepted_at, rings) in before.into_iter().filter(|(accepted_at, _)| *accepted_at > earlier(at, DAY)) {
            sum = sum.saturating_add(rings);
            if sum > limit {
                return Some(opens(accepted_at));
            }
        }
        None
    }
}

impl Spending {
    /// All of it is spent; `last` is the call that has to be a day old before there is room again.
    #[must_use]
    pub fn overrun(&self, last: Timestamp) -> Overrun {
        Overrun::Spending { limit: self.calls, opens_at: later(last, DAY) }
    }
}

impl Terms {
    /// How often a call may ring: once, and once more for each further try of its plan.
    #[must_use]
    pub fn most_rings(&self) -> u32 {
        1 + self.retry.as_ref().map_or(0, |plan| u32::from(plan.max))
    }
}

impl Call {
    /// Whether this earlier call may be what `new` asks for once more.
    #[must_use]
    pub fn is_twin_of(&self, new: &Self, within: Duration) -> bool {
        let same = self.client == new.client && self.phone == new.phone && self.agent == new.agent;
        same && !self.state.is_terminal() && self.created_at > earlier(new.created_at, within)
    }
}
