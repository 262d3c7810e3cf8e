//! Forgetting: what is taken out of a call that is over, and for good.
//!
//! What was said and what the client sent along are content. That a call was made, when, with which end, and that somebody
//! wants no more calls, are facts: those stay. Copies outside of the call (raw webhooks) are the store's part of the change.

use jiff::Timestamp;

use super::history::{By, What};
use super::transition::{Forbidden, Stale, Transition};
use super::{Call, CallResult, TranscriptStatus};
use crate::model::phone::Phone;

/// Who wants a call's content gone, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// On whose wish: the client's, or the gateway's (its operator, or the end of `calls.keep`).
    pub by: By,
    /// Also what points to the person: the number, and the client's reference.
    pub person: bool,
}

impl Call {
    /// What is left of this call once it is erased. Only one that is over can be: whatever rings or talks needs its number.
    pub(super) fn be_erased(&self, erasure: Erasure, at: Timestamp) -> Result<Transition, Forbidden> {
        if !self.state.is_terminal() {
            return Err(self.forbids("an erasure"));
        }
        let mut next = self.clone();
        next.transcript_status = TranscriptStatus::Erased;
        next.asked.variables.clear();
        next.asked.metadata.clear();
        let CallResult { duration_s, opt_out, .. } = self.result;
        next.result = CallResult { duration_s, opt_out, ..CallResult::default() };
        if erasure.person {
            next.phone = Phone::erased();
            next.asked.reference = None;
        }
        if next == *self {
            return Ok(Transition::Ignored(Stale::Known));
        }
        Ok(self.moved(next, at, What::Erased, erasure.by))
    }

    /// Whether its content was erased: nothing is added to it any more but facts.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.transcript_status == TranscriptStatus::Erased
    }
}
