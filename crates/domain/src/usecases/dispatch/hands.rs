//! What this process has claimed and not sent yet.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Call, CallId};

/// The claims that a process knows to have and has not marked yet: only their leases are prolonged. A claim whose answer
/// was lost is in nobody's hands, and would otherwise be held for ever by a worker that knows nothing of it.
#[derive(Default)]
pub struct Hands {
    held: Mutex<HashSet<CallId>>,
}

/// A claim in hand, until it is carried or given back, or the task that does so dies.
pub(super) struct InHand<'a> {
    hands: &'a Hands,
    call: CallId,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.hands.held().remove(&self.call);
    }
}

impl Hands {
    fn held(&self) -> MutexGuard<'_, HashSet<CallId>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn all(&self) -> Vec<CallId> {
        self.held().iter().copied().collect()
    }

    pub(super) fn take(&self, calls: &[Call]) {
        self.held().extend(calls.iter().map(|call| call.id));
    }

    pub(super) fn empty(&self) {
        self.held().clear();
    }

    pub(super) fn in_hand(&self, call: CallId) -> InHand<'_> {
        InHand { hands: self, call }
    }
}
