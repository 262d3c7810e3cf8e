//! What befalls our processes, and the machines under them.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use super::faults::Fault;
use super::instance::CONNECTIONS;
use super::store::wait;
use super::world::{Owner, World};
use super::{Stores, instance, receivers, webhooks};
use crate::model::OnHold;
use crate::testing::builders;

/// The longest that a process is stopped for.
const LONGEST_PAUSE: u64 = 400_000;
/// How long a process may go on after it was asked to stop.
const DRAIN: Duration = Duration::from_secs(25);

impl World {
    /// Whether the process is killed just here. It lives until its next step, which is none.
    #[must_use]
    pub fn crashes(&self, instance: usize, here: Fault) -> bool {
        let crashes = self.strikes(here, self.weather.crash);
        if crashes {
            self.kill(instance);
        }
        crashes
    }

    /// SIGKILL.
    pub fn kill(&self, instance: usize) {
        let mut inner = self.inner();
        inner.killed_in_calm += u32::from(inner.is_calm);
        if let Some(state) = inner.instances.get_mut(instance) {
            state.is_dying = true;
        }
        drop(inner);
        self.note(format_args!("process {instance} is killed"));
    }

    /// The process is stopped just here for a while, perhaps: SIGSTOP, a sleeping machine, a long collection elsewhere.
    pub fn may_pause(&self, instance: usize) {
        if self.strikes(Fault::Pause, self.weather.pause) {
            self.pause(instance);
        }
    }

    fn pause(&self, instance: usize) {
        let longest = if self.dice.chance(300) { LONGEST_PAUSE } else { 45_000 };
        let time = u64::try_from(self.dice.millis(100, longest).as_micros()).unwrap_or(0);
        let mut inner = self.inner();
        let until = inner.now.saturating_add(time);
        if let Some(state) = inner.instances.get_mut(instance) {
            state.paused_until = state.paused_until.max(until);
        }
    }

    /// One of our processes, alive or not.
    #[must_use]
    pub fn any_instance(&self) -> usize {
        let all = u64::try_from(self.weather.instances).unwrap_or(1);
        usize::try_from(self.dice.below(all)).unwrap_or(0)
    }
}

/// Starts our processes, lets disasters happen, starts again who died; and sets everything right when the calm begins.
pub async fn befall(world: Arc<World>, stores: Stores) {
    world.uses(stores);
    receivers::listen(&world);
    for nth in 0..world.weather.instances {
        world.inner().instances.push(instance::InstanceState::default());
        instance::start(&world, nth);
    }
    let calm_at = u64::try_from(world.weather.calm_at.as_micros()).unwrap_or(u64::MAX);
    while world.now() < calm_at {
        world.sleep(world.dice.millis(1_000, 20_000)).await;
        revive(&world, 500);
        if world.dice.chance(world.weather.disaster) {
            one(&world).await;
        }
        if world.dice.chance(world.weather.clock) {
            set_a_clock(&world);
        }
    }
    calm_down(&world);
    // Who was paused, or dies of poison, comes back too.
    for _ in 0..1_000 {
        revive(&world, 1_000);
        world.sleep(Duration::from_secs(5)).await;
        // Nobody but this one is left outside, and nothing inside.
        if world.judge.is_settled() && world.inner().outside == 1 {
            if world.judge.untold(&world).is_none() {
                return;
            }
            receivers::ask_for_the_rest(&world);
        }
    }
}

fn calm_down(world: &World) {
    world.note(format_args!("calm"));
    let mut inner = world.inner();
    inner.is_calm = true;
    (inner.down_until, inner.full_until) = (0, 0);
    inner.well_at = inner.instances.iter().map(|state| state.paused_until).fold(inner.now, u64::max);
    for state in &mut inner.instances {
        state.offset = SignedDuration::ZERO;
    }
}

fn revive(world: &Arc<World>, per_mille: u32) {
    for nth in 0..world.weather.instances {
        let is_dead = world.inner().instances.get(nth).is_some_and(|state| state.running.is_none());
        if is_dead && world.dice.chance(per_mille) {
            instance::start(world, nth);
        }
    }
}

async fn one(world: &Arc<World>) {
    let nth = world.any_instance();
    let connection = builders::connection(world.dice.pick(&CONNECTIONS).map_or("echo", |(id, _)| id));
    match world.dice.below(10) {
        0 => {
            world.count(Fault::Crash);
            world.kill(nth);
        }
        1 => {
            world.count(Fault::Pause);
            world.pause(nth);
        }
        2 => drain(world, nth),
        3 => {
            world.count(Fault::DatabaseDown);
            let until = world.now().saturating_add(u64::try_from(world.dice.millis(500, 60_000).as_micros()).unwrap_or(0));
            world.inner().down_until = until;
        }
        4 => {
            world.count(Fault::DatabaseFull);
            let until = world.now().saturating_add(u64::try_from(world.dice.millis(500, 60_000).as_micros()).unwrap_or(0));
            world.inner().full_until = until;
        }
        5 => {
            world.count(Fault::LongOutage);
            (0..world.weather.instances).for_each(|nth| world.kill(nth));
            world.sleep(world.dice.millis(90_000, 200_000)).await;
        }
        6 => webhooks::of_nobody(world, connection),
        7 => webhooks::poison(world, connection),
        8 => back_up_or_restore(world).await,
        _ => (0..world.weather.instances).for_each(|nth| {
            world.count(Fault::Crash);
            world.kill(nth);
        }),
    }
}

/// Makes a backup; or, where there is one, starts it in the place of the database, which is lost with what came after it.
async fn back_up_or_restore(world: &Arc<World>) {
    let backup = world.backup.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((stores, ledger)) = backup else {
        let Some(stores) = world.stores() else { return };
        let copy = (stores.copy)(world.moment(world.now()));
        *world.backup.lock().unwrap_or_else(PoisonError::into_inner) = Some((copy, world.judge.remembers()));
        return world.note(format_args!("a backup is made"));
    };
    (0..world.weather.instances).for_each(|nth| world.kill(nth));
    world.sleep(world.dice.millis(1_000, 20_000)).await;
    world.count(Fault::Restored);
    world.judge.forgets(ledger);
    world.uses(stores.clone());
    let shared = Arc::clone(world);
    world.spawn(Owner::Outside, async move { resume(&shared, &stores).await });
}

/// An operator has looked, and lifts the hold that the backup brought.
async fn resume(world: &World, stores: &Stores) {
    loop {
        world.sleep(world.dice.millis(5_000, 60_000)).await;
        // The next backup is in its place already.
        if world.stores().is_none_or(|now| !Arc::ptr_eq(&now.calls, &stores.calls)) {
            return;
        }
        if matches!(wait(stores.holds.lift(&OnHold::Everything)), Ok(true)) {
            return world.note(format_args!("resumed"));
        }
    }
}

/// SIGTERM: it finishes what it began, and is killed if that takes too long.
fn drain(world: &Arc<World>, nth: usize) {
    let Some(running) = world.inner().instances.get(nth).and_then(|state| state.running.clone()) else { return };
    world.count(Fault::Drain);
    running.is_stopping.store(true, Ordering::Relaxed);
    let shared = Arc::clone(world);
    world.spawn(Owner::Instance(nth), async move {
        shared.sleep(DRAIN).await;
        shared.kill(nth);
        shared.sleep(Duration::from_secs(1)).await;
    });
}

fn set_a_clock(world: &World) {
    world.count(Fault::ClockJump);
    let nth = world.any_instance();
    let far = i64::try_from(world.dice.below(300_000)).unwrap_or(0);
    let offset = SignedDuration::from_millis(if world.dice.chance(500) { far } else { -far });
    if let Some(state) = world.inner().instances.get_mut(nth) {
        state.offset = offset;
    }
}
