//! The background work: tick, then sleep, wake or stop. The loops know nothing of calls; the use cases do the work.
//!
//! A loop registers for its wake-up before it looks for work, and looks again after a second at most, so a lost hint
//! costs a moment. A tick reads the state and acts on it: a restart and the ordinary case are one path. So a loop that panics is
//! begun again; what it had under way is found by its lease, as after a kill.

mod carry;
mod courier;
mod janitor;
pub mod pulse;

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::{StoreError, Work};
use jiff::Timestamp;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use self::pulse::Loop;
use crate::gateway::Gateway;
use crate::telemetry;

/// Looking is the guarantee, hints only save time: no loop sleeps longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How soon a loop looks again while it had something to do and found the rest held back (a rate, a full connection).
const BUSY_SLEEP: Duration = Duration::from_millis(100);
/// How long a loop waits after the store could not be used.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// Calls looked after, or webhooks understood, at once.
const AT_ONCE: usize = 32;

/// The running loops.
pub struct Workers {
    loops: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the loops; they stop by themselves when `gateway.stopping` is canceled.
    #[must_use]
    pub fn start(gateway: &Arc<Gateway>) -> Self {
        let loops = vec![
            kept_up(gateway, Loop::Dispatch.name(), carry::dispatcher),
            kept_up(gateway, Loop::Beat.name(), carry::beater),
            kept_up(gateway, Loop::Intake.name(), intake),
            kept_up(gateway, Loop::Reconcile.name(), reconciler),
            kept_up(gateway, Loop::Deliver.name(), courier::courier),
            kept_up(gateway, "janitor", janitor::janitor),
        ];
        Self { loops }
    }

    /// Waits until every loop has stopped and what it had under way is written down, at most `bound`.
    pub async fn stopped(self, bound: Duration) {
        let all = async {
            for running in self.loops {
                // What a loop died of was said when it did.
                let _ended = running.await;
            }
        };
        if tokio::time::timeout(bound, all).await.is_err() {
            tracing::warn!("some work was still under way at the stop; the next start takes it up");
        }
    }
}

/// Runs a loop, and begins it again when it panics, until the stop.
fn kept_up<F>(gateway: &Arc<Gateway>, work: &'static str, of: fn(Arc<Gateway>) -> F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let gateway = Arc::clone(gateway);
    tokio::spawn(async move {
        while let Err(error) = tokio::spawn(of(Arc::clone(&gateway))).await {
            telemetry::work_failed(work);
            tracing::error!(work, %error, "a loop panicked; it is begun again");
            tokio::select! {
                () = tokio::time::sleep(AFTER_FAILURE) => {}
                () = gateway.stopping.cancelled() => return,
            }
        }
    })
}

/// Understands kept webhooks.
async fn intake(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    let mut held_before = alone_since(&gateway, Loop::Intake);
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Intake);
        let room = AT_ONCE.saturating_sub(under_way.len());
        let limit = u32::try_from(room).unwrap_or(0);
        let taken = match held_before {
            Some(started_at) => gateway.intake.take_held(limit, started_at).await,
            None => gateway.intake.take(limit).await,
        };
        gateway.looked(Loop::Intake);
        let sleep = match taken {
            Ok(taken) if taken.is_empty() && limit > 0 && held_before.take().is_some() => Duration::ZERO,
            Ok(taken) if taken.is_empty() => LONGEST_SLEEP,
            Ok(taken) => {
                for kept in taken {
                    let gateway = Arc::clone(&gateway);
                    under_way.spawn(async move {
                        let id = kept.parcel.id;
                        let connection = kept.parcel.connection.clone();
                        match gateway.intake.handle(kept).await {
                            Ok(progress) => telemetry::webhook_handled(connection.as_ref(), progress),
                            Err(error) => failed("intake", &format!("webhook {id} is tried again"), &error),
                        }
                    });
                }
                BUSY_SLEEP
            }
            Err(error) => after_failure("intake", &error),
        };
        rest(&gateway, woken, sleep, &mut under_way, Loop::Intake).await;
    }
    finish(under_way, "intake").await;
}

/// Looks after calls whose moment has come.
async fn reconciler(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    let mut held_before = alone_since(&gateway, Loop::Reconcile);
    let mut seen_at_start = HashSet::new();
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Reconcile);
        let room = AT_ONCE.saturating_sub(under_way.len());
        let limit = u32::try_from(room).unwrap_or(0);
        let taken = match held_before {
            Some(started_at) => gateway.reconcile.take_held(limit, started_at).await,
            None => gateway.reconcile.take(limit).await,
        };
        gateway.looked(Loop::Reconcile);
        let sleep = match taken {
            Ok(taken) if taken.is_empty() && limit > 0 && held_before.take().is_some() => Duration::ZERO,
            Ok(taken) if taken.is_empty() => until_next(&gateway).await,
            Ok(taken) => {
                // Whose next look is soon is taken again and again, as if it had been missed: it ends when no other is left.
                if held_before.is_some() && taken.iter().filter(|call| seen_at_start.insert(call.id)).count() == 0 {
                    held_before = None;
                    seen_at_start = HashSet::new();
                }
                for call in taken {
                    let gateway = Arc::clone(&gateway);
                    under_way.spawn(async move {
                        let id = call.id;
                        if let Err(error) = gateway.reconcile.look_after(call).await {
                            failed("reconcile", &format!("call {id} is looked after again"), &error);
                        }
                    });
                }
                Duration::ZERO
            }
            Err(error) => after_failure("reconcile", &error),
        };
        rest(&gateway, woken, sleep, &mut under_way, Loop::Reconcile).await;
    }
    finish(under_way, "reconcile").await;
}

/// Now, at the start of a process beside which no other can be alive: then what one before it held is waited for by nobody, and is
/// taken first.
fn alone_since(gateway: &Gateway, of: Loop) -> Option<Timestamp> {
    (gateway.facts.alone && gateway.pulse.is_new(of)).then(|| gateway.clock.now())
}

/// How long nobody has to be looked after. A moment that has passed just now, or belongs to a connection that another
/// process knows, is no reason to look without a pause.
async fn until_next(gateway: &Gateway) -> Duration {
    match gateway.store.next_moment().await {
        Ok(Some(moment)) => match elapsed(gateway.clock.now(), moment) {
            Duration::ZERO => BUSY_SLEEP,
            wait => wait.clamp(Duration::from_millis(10), LONGEST_SLEEP),
        },
        _ => LONGEST_SLEEP,
    }
}

/// Waits for a hint, for the sleep to end, for the stop, or, where no more can be taken, for something to finish.
async fn rest(gateway: &Gateway, woken: impl Future<Output = ()>, sleep: Duration, under_way: &mut JoinSet<()>, of: Loop) {
    let work = of.name();
    while let Some(done) = under_way.try_join_next() {
        count_panic(work, done);
    }
    while under_way.len() >= AT_ONCE {
        tokio::select! {
            Some(done) = under_way.join_next() => count_panic(work, done),
            // It waits for others, and does not stand still.
            () = tokio::time::sleep(LONGEST_SLEEP) => gateway.looked(of),
            () = gateway.stopping.cancelled() => return,
        }
        if under_way.len() < AT_ONCE {
            return;
        }
    }
    tokio::select! {
        () = woken => {}
        () = tokio::time::sleep(sleep) => {}
        () = gateway.stopping.cancelled() => {}
    }
}

async fn finish(mut under_way: JoinSet<()>, work: &'static str) {
    while let Some(done) = under_way.join_next().await {
        count_panic(work, done);
    }
}

/// A panic ends one piece of work, never the loop: what it held is taken up again when its hold or lease ends.
fn count_panic(work: &'static str, done: Result<(), JoinError>) {
    if let Err(error) = done {
        telemetry::work_failed(work);
        tracing::error!(work, %error, "a piece of work panicked");
    }
}

fn after_failure(work: &'static str, error: &StoreError) -> Duration {
    failed(work, "it is tried again", error);
    AFTER_FAILURE
}

fn failed(work: &'static str, then: &str, error: &(dyn std::error::Error + 'static)) {
    telemetry::work_failed(work);
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(work, %error, cause, then, "work failed");
}
