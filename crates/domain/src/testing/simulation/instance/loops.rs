//! What a process does by itself: tick, then sleep until a hint or the next moment, as the program's workers do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Running;
use crate::model::Call;
use crate::model::moment::elapsed;
use crate::ports::{CallStore, Clock, Outbox, StoreError, Work};
use crate::testing::simulation::faults::Fault;
use crate::testing::simulation::world::{Owner, World};
use crate::usecases::dispatch::{Carried, LEASE, Unrecorded};
use crate::usecases::record::RecordError;

/// No loop sleeps longer; the program's own bound is shorter, which only costs steps here.
const LONGEST_SLEEP: Duration = Duration::from_secs(8);

/// What comes before the loops: a backup is taken in, and leases of a life before end.
pub(super) async fn boot(world: Arc<World>, running: Arc<Running>, owner: Owner) {
    while running.backups.take_in().await.is_err() {
        world.sleep(Duration::from_millis(500)).await;
    }
    let alone = world.weather.instances == 1;
    while alone && running.store.end_leases_before(running.dispatch.worker).await.is_err() {
        world.sleep(Duration::from_millis(500)).await;
    }
    while alone && running.store.end_leases().await.is_err() {
        world.sleep(Duration::from_millis(500)).await;
    }
    running.is_serving.store(true, Ordering::Relaxed);
    world.spawn(owner, dispatcher(Arc::clone(&world), Arc::clone(&running), owner));
    world.spawn(owner, beater(Arc::clone(&world), Arc::clone(&running)));
    world.spawn(owner, intake(Arc::clone(&running)));
    world.spawn(owner, courier(Arc::clone(&world), Arc::clone(&running), owner));
    world.spawn(owner, reconciler(running));
}

impl Running {
    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

async fn dispatcher(world: Arc<World>, running: Arc<Running>, owner: Owner) {
    while !running.is_stopping() {
        let sleep = match running.dispatch.claim(8).await {
            Ok(claims) if claims.held_back => Duration::from_millis(200),
            Ok(claims) => {
                let busy = !claims.taken.is_empty();
                for call in claims.taken {
                    world.spawn(owner, carry(Arc::clone(&world), Arc::clone(&running), call));
                }
                if busy { Duration::from_millis(100) } else { LONGEST_SLEEP / 3 }
            }
            Err(_) => Duration::from_millis(500),
        };
        running.bells.rest(Work::Dispatch, sleep).await;
    }
}

async fn carry(world: Arc<World>, running: Arc<Running>, call: Call) {
    if running.is_stopping() {
        let _released = running.dispatch.release(call).await;
        return;
    }
    if let Carried::Unrecorded(unrecorded) = running.dispatch.carry(call).await {
        world.count(Fault::NoteFails);
        note(&world, &running, *unrecorded).await;
    }
}

async fn note(world: &World, running: &Running, unrecorded: Unrecorded) {
    let until = unrecorded.call.lease.map_or(running.clock.now(), |lease| lease.until);
    while elapsed(running.clock.now(), until) > Duration::ZERO {
        world.sleep(Duration::from_millis(500)).await;
        match running.dispatch.note(unrecorded.clone()).await {
            Err(RecordError::Store(StoreError::Unavailable(_))) => {}
            _ => return,
        }
    }
}

async fn beater(world: Arc<World>, running: Arc<Running>) {
    while !running.is_stopping() {
        let _late = running.dispatch.beat().await;
        world.sleep(LEASE / 3).await;
    }
}

async fn intake(running: Arc<Running>) {
    while !running.is_stopping() {
        for kept in running.intake.take(8).await.unwrap_or_default() {
            let _again = running.intake.handle(kept).await;
        }
        running.bells.rest(Work::Intake, LONGEST_SLEEP).await;
    }
}

async fn courier(world: Arc<World>, running: Arc<Running>, owner: Owner) {
    while !running.is_stopping() {
        let due_in = running.deliver.next_due().await.map(|due| due.map(|due| elapsed(running.clock.now(), due)));
        let sleep = match due_in {
            Ok(Some(Duration::ZERO)) => {
                let taken = running.deliver.take(16).await.unwrap_or_default();
                let sleep = if taken.is_empty() { Duration::from_secs(1) } else { Duration::from_millis(100) };
                for errand in taken {
                    let running = Arc::clone(&running);
                    world.spawn(owner, async move {
                        let _again = running.deliver.deliver(&errand).await;
                    });
                }
                sleep
            }
            Ok(Some(wait)) => wait.clamp(Duration::from_secs(1), LONGEST_SLEEP),
            Ok(None) => LONGEST_SLEEP * 2,
            Err(_) => Duration::from_secs(1),
        };
        running.bells.rest(Work::Deliver, sleep).await;
    }
}

async fn reconciler(running: Arc<Running>) {
    while !running.is_stopping() {
        let taken = running.reconcile.take(8).await.unwrap_or_default();
        let sleep = if taken.is_empty() { running.until_next().await } else { Duration::ZERO };
        for call in taken {
            let _again = running.reconcile.look_after(call).await;
        }
        running.bells.rest(Work::Reconcile, sleep).await;
    }
}

impl Running {
    async fn until_next(&self) -> Duration {
        match self.store.next_moment().await {
            Ok(Some(moment)) => elapsed(self.clock.now(), moment).clamp(Duration::from_secs(1), LONGEST_SLEEP),
            _ => LONGEST_SLEEP,
        }
    }
}
