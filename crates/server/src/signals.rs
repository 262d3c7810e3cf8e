//! Hints: they wake workers and feed live streams, here and in other processes. Losing one costs latency, never truth.

use std::sync::OnceLock;

use callgate_adapters::store::{News, Relay};
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::{Call, CallId, CallState, ConnectionId, Phone, Revision};
use callgate_domain::ports::{Cause, Signals, Work};
use tokio::sync::{Notify, broadcast, futures::Notified};

use crate::telemetry::{self, Mark, Phones};

/// Moves that a slow listener may fall behind by before it is told that it missed some.
const KEPT_MOVES: usize = 4_096;

/// Where this process's hints meet.
pub struct Hub {
    moves: broadcast::Sender<(CallId, Revision)>,
    dispatch: Notify,
    intake: Notify,
    reconcile: Notify,
    deliver: Notify,
    relay: OnceLock<Relay>,
    phones: OnceLock<Phones>,
}

impl Hub {
    /// Nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        let (moves, _) = broadcast::channel(KEPT_MOVES);
        Self {
            moves,
            dispatch: Notify::new(),
            intake: Notify::new(),
            reconcile: Notify::new(),
            deliver: Notify::new(),
            relay: OnceLock::new(),
            phones: OnceLock::new(),
        }
    }

    /// From now on hints go out to other processes too.
    pub fn tell_others(&self, relay: Relay) {
        // There is one, set when the gateway is put together.
        let _kept = self.relay.set(relay);
    }

    /// From now on records tell which calls went to one number.
    pub fn mark_phones(&self, phones: Phones) {
        let _kept = self.phones.set(phones);
    }

    /// What a number is called in records, once that is settled.
    #[must_use]
    pub fn mark(&self, phone: &Phone) -> Option<Mark> {
        self.phones.get().map(|phones| phones.mark(phone))
    }

    /// What another process tells.
    pub fn hear(&self, news: News) {
        for told in news.moves {
            let _listeners = self.moves.send(told);
        }
        news.work.into_iter().for_each(|work| self.bell(work).notify_one());
    }

    /// Every move of every call from now on. A listener that falls behind is told `Lagged` and has to look for itself.
    #[must_use]
    pub fn moves(&self) -> broadcast::Receiver<(CallId, Revision)> {
        self.moves.subscribe()
    }

    /// Resolves at the next hint for this work, or at once if one came since the last wait.
    pub fn woken(&self, work: Work) -> Notified<'_> {
        self.bell(work).notified()
    }

    fn bell(&self, work: Work) -> &Notify {
        match work {
            Work::Dispatch => &self.dispatch,
            Work::Intake => &self.intake,
            Work::Reconcile => &self.reconcile,
            Work::Deliver => &self.deliver,
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl Signals for Hub {
    fn call_moved(&self, call: &Call, from: CallState, cause: Cause) {
        telemetry::call_moved(call, from, cause, self.phones.get());
        // Nobody listening is the ordinary case.
        let _listeners = self.moves.send((call.id, call.revision));
        // A new call is followed by nobody yet.
        if call.revision > Revision(1)
            && let Some(relay) = self.relay.get()
        {
            relay.tell_move(call.id, call.revision);
        }
    }

    fn work_waiting(&self, work: Work) {
        self.bell(work).notify_one();
        if let Some(relay) = self.relay.get() {
            relay.tell_work(work);
        }
    }

    fn breaker_turned(&self, connection: &ConnectionId, turn: Turn) {
        telemetry::breaker_turned(connection, turn);
    }
}
