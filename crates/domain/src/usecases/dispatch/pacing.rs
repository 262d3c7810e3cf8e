//! Which connections this process leaves alone just now: the pause that a provider asked for, and the breakers.
//!
//! Rates, and pauses for other processes, are the store's: `model/rate.rs`. A pause is kept here too, so that it holds at
//! once, and whatever becomes of the store.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::ConnectionId;
use crate::model::breaker::{Breaker, Sign, Turn};

/// Which connections this process leaves alone just now.
#[derive(Default)]
pub struct Pacing {
    held: Mutex<HashMap<ConnectionId, Held>>,
}

#[derive(Default)]
struct Held {
    paused_until: Duration,
    breaker: Breaker,
}

impl Pacing {
    /// Whether a connection's breaker is open, or being tried out.
    #[must_use]
    pub fn is_open(&self, connection: &ConnectionId) -> bool {
        self.held().get(connection).is_some_and(|held| held.breaker.is_open())
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
