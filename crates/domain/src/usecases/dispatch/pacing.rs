//! How fast each connection may be asked just now: its rate, the pause that it asked for, and its breaker.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::ConnectionId;
use crate::model::breaker::{Breaker, Sign, Turn};
use crate::model::pacing::Rate;

/// How fast each connection may be asked just now, as this process knows it.
#[derive(Default)]
pub struct Pacing {
    held: Mutex<HashMap<ConnectionId, Held>>,
}

#[derive(Default)]
struct Held {
    rate: Rate,
    breaker: Breaker,
}

impl Pacing {
    /// Whether a connection's breaker is open, or being tried out.
    #[must_use]
    pub fn is_open(&self, connection: &ConnectionId) -> bool {
        self.held().get(connection).is_some_and(|held| held.breaker.is_open())
    }

    pub(super) fn may_send(
        &self,
        connection: &ConnectionId,
        per_second: Option<u32>,
        now: Timestamp,
        monotonic: Duration,
    ) -> u32 {
        let mut all = self.held();
        let held = all.entry(connection.clone()).or_default();
        held.rate.may_send(per_second, now, monotonic).min(held.breaker.may_send(monotonic))
    }

    pub(super) fn spend(&self, connection: &ConnectionId, monotonic: Duration) {
        let mut all = self.held();
        let held = all.entry(connection.clone()).or_default();
        held.rate.spend();
        held.breaker.spend(monotonic);
    }

    pub(super) fn pause(&self, connection: &ConnectionId, until: Timestamp) {
        self.held().entry(connection.clone()).or_default().rate.pause(until);
    }

    pub(super) fn learn(&self, connection: &ConnectionId, sign: Sign, monotonic: Duration) -> Option<Turn> {
        self.held().entry(connection.clone()).or_default().breaker.learn(sign, monotonic)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ConnectionId, Held>> {
        // A panic while this was held left whole values: each is written at once.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
