//! When to ask about a call: the reconcile schedule of `RELIABILITY.md` section 3.

use std::time::Duration;

use jiff::Timestamp;

use super::{Call, CallState, TranscriptStatus};
use crate::model::moment::{elapsed, later};
use crate::model::provider::Pace;

/// Absences from then on count: a provider's own list may lag behind.
pub const ABSENCE_COUNTS_AFTER: Duration = Duration::from_secs(180);
/// So many counted absences free the place that an unknown call holds on its connection.
pub const ABSENCES_FREE_ITS_PLACE: u16 = 3;

const UNKNOWN: [u64; 5] = [2, 5, 10, 20, 40];
const WORDS: [u64; 6] = [30, 120, 600, 3_600, 21_600, 86_400];
const WIDE: Duration = Duration::from_mins(5);

impl Call {
    /// When to look next, from `at` on: its own moment, or the next look-up if that is sooner.
    ///
    /// `spread` is a number from -1 to 1 that moves a look-up by up to 20 %, so that calls do not all ask at once.
    #[must_use]
    pub fn looks_next(&self, pace: Pace, spread: f64, at: Timestamp) -> Option<Timestamp> {
        let look_up = self.wait_before_look_up(pace, at).map(|wait| later(at, wait.mul_f64(1.0 + 0.2 * spread.clamp(-1.0, 1.0))));
        // The moment to hang up calls for one look at once; from then on the end is asked for at every look-up.
        let hangs_up_already = self.hang_up_at().is_some_and(|hang_up_at| hang_up_at <= at);
        let own = if hangs_up_already { self.settles_by } else { self.own_moment() };
        match (own, look_up) {
            (Some(own), Some(look_up)) => Some(own.min(look_up)),
            (own, look_up) => own.or(look_up),
        }
    }

    /// Whether words may still be found for a call that is over.
    #[must_use]
    pub fn lacks_words(&self) -> bool {
        self.state == CallState::Completed
            && matches!(
                self.transcript_status,
                TranscriptStatus::Pending | TranscriptStatus::Partial | TranscriptStatus::Unavailable
            )
            && usize::from(self.looks.count) < WORDS.len()
    }

    fn wait_before_look_up(&self, pace: Pace, at: Timestamp) -> Option<Duration> {
        let nth = usize::from(self.looks.count);
        match self.state {
            // There is no id to ask by.
            CallState::Unknown if self.attempt.is_none() => None,
            CallState::Unknown => {
                let age = self.attempt.as_ref().map_or(Duration::ZERO, |attempt| elapsed(attempt.sent_mark_at, at));
                let steady = if age < Duration::from_mins(15) { Duration::from_secs(60) } else { WIDE };
                Some(UNKNOWN.get(nth).map_or(steady, |s| Duration::from_secs(*s)))
            }
            CallState::Placed | CallState::Ringing => Some(self.widen(pace.ringing, at)),
            CallState::InProgress => Some(self.widen(pace.talking, at)),
            CallState::Processing => self.nth_look_for_words(nth, at).or(Some(WIDE)),
            CallState::Completed if self.lacks_words() => self.nth_look_for_words(nth, at),
            _ => None,
        }
    }

    /// After ten minutes five are often enough.
    fn widen(&self, interval: Duration, at: Timestamp) -> Duration {
        let age = self.dialed_at.map_or(Duration::ZERO, |dialed_at| elapsed(dialed_at, at));
        if age > Duration::from_mins(10) { interval.max(WIDE) } else { interval }
    }

    fn nth_look_for_words(&self, nth: usize, at: Timestamp) -> Option<Duration> {
        let since_end = self.ended_at.map_or(Duration::ZERO, |ended_at| elapsed(ended_at, at));
        WORDS.get(nth).map(|s| Duration::from_secs(*s).saturating_sub(since_end).max(Duration::from_secs(1)))
    }
}
