//! By when a call is terminal, and which moment it waits for next.

use std::time::Duration;

use jiff::Timestamp;

use super::{Call, CallState, Deadline};
use crate::model::moment::{later, sooner};

/// How long the result of a talk that is over is awaited.
pub const PROCESSING: Duration = Duration::from_mins(10);

impl Call {
    /// The time by which this open call is terminal, whatever happens (`RELIABILITY.md` section 2).
    ///
    /// Before the send mark: the end of its wait, plus the longest a dialed call takes; after it: the mark, plus
    /// that; and for each try left its delay, its wait and that again. What was not sent when a copy was restored has been
    /// sent by then, or never was.
    #[must_use]
    pub fn settles_at(&self, at: Timestamp) -> Timestamp {
        let longest = self.terms.longest();
        let base = match (&self.attempt, self.state.is_out()) {
            (Some(attempt), true) => later(attempt.sent_mark_at, longest),
            _ => later(sooner(self.waits_until(), self.restored_at), longest),
        };
        let whole = (self.try_number..=u16::MAX)
            .map_while(|n| self.delay_after(n))
            .fold(base, |sum, delay| later(sum, delay.saturating_add(self.terms.queue_ttl).saturating_add(longest)));
        if self.state == CallState::Processing { whole.min(later(at, PROCESSING)) } else { whole }
    }

    /// The end of its wait in the queue: its time there, or its window.
    #[must_use]
    pub fn waits_until(&self) -> Timestamp {
        sooner(later(self.try_due_at, self.terms.queue_ttl), self.asked.expires_at)
    }

    /// Which deadline of its wait has passed, if any.
    #[must_use]
    pub fn wait_passed(&self, at: Timestamp) -> Option<Deadline> {
        if self.asked.expires_at.is_some_and(|expires_at| expires_at <= at) {
            return Some(Deadline::Window);
        }
        (later(self.try_due_at, self.terms.queue_ttl) <= at).then_some(Deadline::Queue)
    }

    /// When the gateway asks to hang up.
    #[must_use]
    pub fn hang_up_at(&self) -> Option<Timestamp> {
        let talking = self.state == CallState::InProgress;
        self.answered_at.filter(|_| talking).map(|answered_at| later(answered_at, self.terms.max_duration))
    }

    /// The next moment at which this call changes by itself: what somebody has to look at it for, look-ups aside.
    #[must_use]
    pub fn own_moment(&self) -> Option<Timestamp> {
        match self.state {
            CallState::Scheduled => Some(sooner(self.due_at, self.asked.expires_at)),
            CallState::Queued => Some(self.waits_until()),
            CallState::Claimed | CallState::Sending => self.lease.map(|lease| sooner(lease.until, self.settles_by)),
            state if state.is_terminal() => None,
            _ => self.settles_by.map(|by| sooner(by, self.hang_up_at())),
        }
    }

    /// The delay before the try after number `try_number`; `None` when the client wants no more.
    pub(super) fn delay_after(&self, try_number: u16) -> Option<Duration> {
        let wanted = self.cancel_requested_at.is_none() && !self.result.opt_out && self.restored_at.is_none();
        self.terms.retry.as_ref().filter(|_| wanted).and_then(|plan| plan.delay_after(try_number))
    }
}
