//! What becomes of a call that was open in a copy which is started again.
//!
//! The copy does not know what happened after it was made: what waits in it may have been dialed since, and what is out
//! may have been tried again. So from then on such a call is only looked up, never sent.

use jiff::Timestamp;

use super::history::{By, What};
use super::state::CallState;
use super::transition::{Stale, Transition};
use super::{Attempt, Call};

impl Call {
    pub(super) fn be_restored(&self, at: Timestamp) -> Transition {
        if self.state.is_terminal() {
            return Transition::Ignored(Stale::Passed);
        }
        if self.restored_at.is_some() {
            return Transition::Ignored(Stale::Known);
        }
        let mut next = self.clone();
        next.restored_at = Some(at);
        match self.state {
            // Its next attempt may have been made, and no id of it is known here. Attempts before that are past.
            CallState::Scheduled | CallState::Queued | CallState::Claimed => {
                next.state = CallState::Unknown;
                next.attempt = None;
                next.connection = None;
                next.fence = self.fence.next();
                next.attempts = self.attempts.saturating_add(1);
            }
            CallState::Sending => next.state = CallState::Unknown,
            _ => {}
        }
        let mut moved = self.moved(next, at, What::Restored, By::Gateway);
        if let Transition::Moved { call, .. } = &mut moved
            && call.attempt.is_some()
        {
            // Whoever was to look at it is gone.
            call.look_at = Some(at);
        }
        moved
    }

    /// Whether a request may have been sent that the copy this call was restored from does not know of. Nobody can be
    /// asked about it: it ends at `settles_by`.
    #[must_use]
    pub fn may_have_rung_unseen(&self) -> bool {
        self.state == CallState::Unknown && self.attempt.is_none()
    }

    /// Whether more may have happened to a call than what is known of this attempt, which is over.
    pub(super) fn may_have_gone_on(&self) -> bool {
        self.restored_at.is_some() && self.terms.retry.is_some()
    }
}

/// The tries that may have rung once `about`, an attempt before, turns out to have dialed.
pub(super) fn tries_with(call: &Call, about: &Attempt) -> u16 {
    let is_new = about.outcome == super::Outcome::NotDialed;
    // What may have rung unseen was counted: it is this one.
    let counted = call.may_have_rung_unseen();
    call.attempts.saturating_add(u16::from(is_new && !counted))
}
