//! The dispatcher: claims what is due and carries each claim as a task of its own, so that a slow provider delays only
//! itself.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::Call;
use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::{StoreError, Work};
use callgate_domain::usecases::dispatch::{Carried, LEASE, Unrecorded};
use callgate_domain::usecases::record::RecordError;
use tokio::task::JoinSet;

use super::pulse::Loop;
use super::{BUSY_SLEEP, LONGEST_SLEEP, after_failure, count_panic, failed};
use crate::gateway::Gateway;
use crate::telemetry::traces::{Request, Span};

/// Requests to providers under way at once, over all connections.
const AT_ONCE: usize = 512;
/// Calls taken by one claim: each claim is a commit, and with few calls in each the disk's flushes are what limits the rate.
const CLAIM: u32 = 256;
/// How soon a claim follows on one that found a connection at its rate.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// The pause between two tries to write down what became of a request.
const BETWEEN_NOTES: Duration = Duration::from_millis(250);

/// Claims due calls and carries them, until the stop; then lets what is under way finish.
pub(super) async fn dispatcher(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    // Of one that panicked, whose tasks went with it.
    gateway.dispatch.let_go();
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Dispatch);
        let room = u32::try_from(AT_ONCE.saturating_sub(under_way.len())).unwrap_or(0).min(CLAIM);
        let claimed = gateway.dispatch.claim(room).await;
        gateway.looked(Loop::Dispatch);
        let sleep = match claimed {
            Ok(claims) => {
                let found = claims.taken.len().saturating_add(claims.ended.len());
                let full = u32::try_from(found).is_ok_and(|found| found >= room);
                for call in claims.taken {
                    under_way.spawn(carry(Arc::clone(&gateway), call));
                }
                let opens_in = claims.opens_in.map(|wait| wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP));
                match opens_in {
                    _ if claims.held_back => {
                        pause(&gateway, opens_in.unwrap_or(BUSY_SLEEP)).await;
                        Duration::ZERO
                    }
                    _ if found > 0 && full => Duration::ZERO,
                    _ if found > 0 => BUSY_SLEEP,
                    _ => opens_in.unwrap_or(LONGEST_SLEEP),
                }
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

/// Prolongs this worker's leases, three times within each.
pub(super) async fn beater(gateway: Arc<Gateway>) {
    let mut beat = tokio::time::interval(LEASE / 3);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = beat.tick() => {
                if let Err(error) = gateway.dispatch.beat().await {
                    failed("beat", "leases that run out are claimed again", &error);
                }
                gateway.looked(Loop::Beat);
            }
            () = gateway.stopping.cancelled() => return,
        }
    }
}

async fn carry(gateway: Arc<Gateway>, call: Call) {
    let id = call.id;
    // Claimed, but not begun when the stop came: given back rather than sent.
    if gateway.stopping.is_cancelled() {
        if let Err(error) = gateway.dispatch.release(call).await {
            failed("dispatch", "its lease will run out", &error);
        }
        return;
    }
    let span = Span::of(id, Request::Dispatch);
    let carried = gateway.dispatch.carry(call).await;
    drop(span);
    match carried {
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
