//! Which connections this process leaves alone just now: the pause that a provider asked for, and the breakers.
//!
//! Rates, and pauses for other processes, are the store's: `model/rate.rs`. A pause is kept here too, so that it holds at
//! once, and whatever becomes of the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::breaker::{Breaker, Sign, Turn};
use crate::model::provider::Placing;
use crate::model::{ConnectionId, EndedReason};

/// Which connections this process leaves alone just now.
#[derive(Default)]
pub struct Pacing {
    held: Mutex<HashMap<ConnectionId, Held>>,
}

#[derive(Default)]
struct Held {
    paused_until: Duration,
    breaker: Breaker,
    mishaps: VecDeque<Mishap>,
}

/// So many requests that came to nothing are remembered of a connection.
const MISHAPS: usize = 10;

/// A request to place a call that was refused, or of which nobody knows what became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mishap {
    /// When it was known.
    pub at: Timestamp,
    /// Whether somebody may have been rung.
    pub may_have_rung: bool,
    /// Why.
    pub reason: EndedReason,
}

impl Pacing {
    /// Whether a connection's breaker is open, or being tried out.
    #[must_use]
    pub fn is_open(&self, connection: &ConnectionId) -> bool {
        self.held().get(connection).is_some_and(|held| held.breaker.is_open())
    }

    /// The newest requests that came to nothing, newest first.
    #[must_use]
    pub fn mishaps(&self, connection: &ConnectionId) -> Vec<Mishap> {
        self.held().get(connection).map(|held| held.mishaps.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn note(&self, connection: &ConnectionId, placing: &Placing, at: Timestamp) {
        let (may_have_rung, reason) = match placing {
            Placing::Dialed(_) => return,
            Placing::NotDialed { reason, .. } => (false, *reason),
            Placing::Unknown { reason } => (true, *reason),
        };
        let mut all = self.held();
        let mishaps = &mut all.entry(connection.clone()).or_default().mishaps;
        mishaps.truncate(MISHAPS - 1);
        mishaps.push_front(Mishap { at, may_have_rung, reason });
    }

    pub(super) fn may_send(&self, connection: &ConnectionId, now: Duration) -> u32 {
        match self.held().get(connection) {
            None => u32::MAX,
            Some(held) if held.paused_until > now => 0,
            Some(held) => held.breaker.may_send(now),
        }
    }

    pub(super) fn spend(&self, connection: &ConnectionId, now: Duration) {
        self.held().entry(connection.clone()).or_default().breaker.spend(now);
    }

    pub(super) fn pause(&self, connection: &ConnectionId, until: Duration) {
        let mut all = self.held();
        let held = all.entry(connection.clone()).or_default();
        held.paused_until = held.paused_until.max(until);
    }

    pub(super) fn learn(&self, connection: &ConnectionId, sign: Sign, now: Duration) -> Option<Turn> {
        self.held().entry(connection.clone()).or_default().breaker.learn(sign, now)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ConnectionId, Held>> {
        // A panic while this was held left whole values: each is written at once.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
