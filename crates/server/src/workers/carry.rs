//! The dispatcher: claims what is due and carries each claim as a task of its own, so that a slow provider delays only
//! itself.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, CallId};
use callgate_domain::ports::{StoreError, Work};
use callgate_domain::usecases::dispatch::{Carried, LEASE, Unrecorded};
use callgate_domain::usecases::record::RecordError;
use tokio::task::JoinSet;

use super::{BUSY_SLEEP, LONGEST_SLEEP, PAGE, after_failure, count_panic, failed};
use crate::gateway::Gateway;

/// Requests to providers under way at once, over all connections.
const AT_ONCE: usize = 512;
/// The pause between two tries to write down what became of a request.
const BETWEEN_NOTES: Duration = Duration::from_millis(250);

/// The claims that are being carried: theirs are the leases that are prolonged. A claim whose answer was lost, or that was
/// given up, is not among them, so that its lease runs out and somebody claims it again.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<HashSet<CallId>>>);

/// One of them, until it is dropped, however its work ends.
struct Held {
    id: CallId,
    of: InHand,
}

impl InHand {
    fn held(&self) -> MutexGuard<'_, HashSet<CallId>> {
        // Each change is one insert or remove: a panic left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, id: CallId) -> Held {
        self.held().insert(id);
        Held { id, of: self.clone() }
    }

    fn all(&self) -> Vec<CallId> {
        self.held().iter().copied().collect()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.held().remove(&self.id);
    }
}

/// Claims due calls and carries them, until the stop; then lets what is under way finish.
pub(super) async fn dispatcher(gateway: Arc<Gateway>, in_hand: InHand) {
    let mut under_way = JoinSet::new();
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Dispatch);
        let room = AT_ONCE.saturating_sub(under_way.len());
        let sleep = match gateway.dispatch.claim(PAGE.min(u32::try_from(room).unwrap_or(0))).await {
            Ok(claims) if claims.held_back => {
                pause(&gateway, BUSY_SLEEP).await;
                Duration::ZERO
            }
            Ok(claims) if claims.taken.is_empty() && claims.expired.is_empty() => LONGEST_SLEEP,
            Ok(claims) => {
                let full = claims.taken.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
                for call in claims.taken {
                    let held = in_hand.take(call.id);
                    under_way.spawn(carry(Arc::clone(&gateway), call, held));
                }
                if full { Duration::ZERO } else { BUSY_SLEEP }
            }
            Err(error) => after_failure("dispatch", &error),
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(sleep) => {}
            // A finished request makes room, for the next one or on its connection.
            Some(done) = under_way.join_next() => count_panic("dispatch", done),
            () = gateway.stopping.cancelled() => {}
        }
        while let Some(done) = under_way.try_join_next() {
            count_panic("dispatch", done);
        }
    }
    while let Some(done) = under_way.join_next().await {
        count_panic("dispatch", done);
    }
}

/// Waits without listening to hints: under load they come all the time, and change nothing.
async fn pause(gateway: &Gateway, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = gateway.stopping.cancelled() => {}
    }
}

/// Prolongs the leases of what is in hand, three times within each.
pub(super) async fn beater(gateway: Arc<Gateway>, in_hand: InHand) {
    let mut beat = tokio::time::interval(LEASE / 3);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = beat.tick() => {
                if let Err(error) = gateway.dispatch.beat(&in_hand.all()).await {
                    failed("beat", "leases that run out are claimed again", &error);
                }
            }
            () = gateway.stopping.cancelled() => return,
        }
    }
}

async fn carry(gateway: Arc<Gateway>, call: Call, _held: Held) {
    let id = call.id;
    // Claimed, but not begun when the stop came: given back rather than sent.
    if gateway.stopping.is_cancelled() {
        if let Err(error) = gateway.dispatch.release(call).await {
            failed("dispatch", "its lease will run out", &error);
        }
        return;
    }
    match gateway.dispatch.carry(call).await {
        Carried::Recorded(_) => {}
        Carried::NotSent(RecordError::Fenced) => tracing::info!(call_id = %id, "another worker holds the call"),
        Carried::NotSent(error) => failed("dispatch", "the call is claimed again when its lease ends", &error),
        Carried::Unrecorded(unrecorded) => note(&gateway, *unrecorded).await,
    }
}

/// Tries to write down what became of a request until its lease ends; then a look-up has to find out.
async fn note(gateway: &Gateway, unrecorded: Unrecorded) {
    let id = unrecorded.call.id;
    let until = unrecorded.call.lease.map_or(gateway.clock.now(), |lease| lease.until);
    while elapsed(gateway.clock.now(), until) > Duration::ZERO {
        tokio::time::sleep(BETWEEN_NOTES).await;
        match gateway.dispatch.note(unrecorded.clone()).await {
            Ok(_) => return,
            Err(RecordError::Store(StoreError::Unavailable(_))) => {}
            Err(error) => return failed("dispatch", "a look-up goes on from here", &error),
        }
    }
    tracing::error!(call_id = %id, "what became of a request could not be written down; a look-up goes on from here");
}
