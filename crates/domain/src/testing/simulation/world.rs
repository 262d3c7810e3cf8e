//! What everybody in a simulation shares: one time, one source of chance, one scheduler, and the record of what happened.

use std::fmt::{self, Write};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Stores;
use super::engine::Engine;
use super::faults::{Counts, Fault};
use super::instance::{InstanceState, Running};
use super::judge::{Judge, Ledger};
use super::mutants::Mutant;
use super::weather::Weather;
use crate::model::moment::later;
use crate::testing::chance::SeededChance;
use crate::testing::clock::HandClock;

/// 2026-01-01, when every simulation begins.
const BEGINNING: i64 = 1_767_225_600;
/// Lines of a trace that are kept at most.
const TRACE: usize = 20_000;

/// A task's number.
pub type TaskId = usize;

/// Something that runs.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whose a task is: it dies with its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Clients, networks, engines: what our processes have no part in.
    Outside,
    /// One life of one of our processes.
    Instance(usize),
}

/// The simulated world. Everything is behind locks that nobody else ever waits for: only one task runs at a time.
pub struct World {
    /// The true time, which is also the database's.
    pub clock: Arc<HandClock>,
    /// For what happens.
    pub dice: SeededChance,
    /// For ids and jitter inside the gateway.
    pub chance: Arc<SeededChance>,
    /// What kind of days these are.
    pub weather: Weather,
    /// What is broken on purpose.
    pub mutant: Option<Mutant>,
    /// The provider.
    pub engine: Engine,
    /// The judge.
    pub judge: Judge,
    inner: Mutex<Inner>,
    /// The database that is in use.
    stores: Mutex<Option<Stores>>,
    /// A backup of it, and what was true when it was made.
    pub backup: Mutex<Option<(Stores, Ledger)>>,
}

/// What changes.
#[derive(Default)]
pub struct Inner {
    /// Microseconds since the beginning.
    pub now: u64,
    /// The task that runs.
    pub current: TaskId,
    /// How long it sleeps, once it has said so.
    pub sleeps: Option<u64>,
    /// Tasks to begin.
    pub newborn: Vec<(Owner, Work)>,
    /// Sleepers to wake.
    pub wakes: Vec<TaskId>,
    /// Our processes.
    pub instances: Vec<InstanceState>,
    /// The database answers nobody until then.
    pub down_until: u64,
    /// The database takes no writes until then.
    pub full_until: u64,
    /// Tasks of the outside that are not over.
    pub outside: usize,
    /// When the last of our processes went on after its pause, once all is calm.
    pub well_at: u64,
    /// No more faults.
    pub is_calm: bool,
    /// How many of our processes were killed since: webhooks that kill their reader do so until they are put aside.
    pub killed_in_calm: u32,
    counts: Counts,
    trace: Trace,
}

#[derive(Default)]
struct Trace {
    hash: u64,
    events: u64,
    lines: Option<Vec<String>>,
}

impl World {
    /// The world of a seed; with `recorded` it keeps the lines of its trace.
    #[must_use]
    pub fn of(seed: u64, mutant: Option<Mutant>, recorded: bool) -> Arc<Self> {
        let dice = SeededChance::of(seed ^ 0x5eed_0fca_1175_a7e5);
        let weather = Weather::of(&dice).or_an_outage(&SeededChance::of(seed ^ 0x0b5e_55ed_0fca_1175));
        let beginning = Timestamp::from_second(BEGINNING).unwrap_or_default();
        let trace = Trace { hash: 0xcbf2_9ce4_8422_2325, events: 0, lines: recorded.then(Vec::new) };
        Arc::new(Self {
            clock: Arc::new(HandClock::at(beginning)),
            chance: Arc::new(SeededChance::of(seed.wrapping_add(0x1d5))),
            dice,
            weather,
            mutant,
            engine: Engine::default(),
            judge: Judge::default(),
            inner: Mutex::new(Inner { trace, ..Inner::default() }),
            stores: Mutex::default(),
            backup: Mutex::default(),
        })
    }

    /// What changes, for the moment of one step.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds since the beginning.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.inner().now
    }

    /// The moment `micros` after the beginning.
    #[must_use]
    pub fn moment(&self, micros: u64) -> Timestamp {
        later(Timestamp::from_second(BEGINNING).unwrap_or_default(), Duration::from_micros(micros))
    }

    /// Microseconds from the beginning to a moment.
    #[must_use]
    pub fn micros(&self, moment: Timestamp) -> u64 {
        u64::try_from(moment.as_microsecond().saturating_sub(BEGINNING.saturating_mul(1_000_000))).unwrap_or(0)
    }

    /// Time passes, up to `micros`.
    pub fn pass_to(&self, micros: u64) {
        let mut inner = self.inner();
        let passed = micros.saturating_sub(inner.now);
        inner.now = inner.now.max(micros);
        drop(inner);
        self.clock.pass(Duration::from_micros(passed));
    }

    /// Somebody sleeps; somebody else may wake it sooner.
    pub fn sleep(&self, time: Duration) -> Sleep<'_> {
        Sleep { world: self, time: Some(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)) }
    }

    /// Begins a task.
    pub fn spawn(&self, owner: Owner, work: impl Future<Output = ()> + Send + 'static) {
        let mut inner = self.inner();
        inner.outside = inner.outside.saturating_add(usize::from(owner == Owner::Outside));
        inner.newborn.push((owner, Box::pin(work)));
    }

    /// The task that runs.
    #[must_use]
    pub fn current(&self) -> TaskId {
        self.inner().current
    }

    /// Wakes a sleeper.
    pub fn wake(&self, task: TaskId) {
        self.inner().wakes.push(task);
    }

    /// A request to one of our processes: a task of its own, which dies with it. `None` is no answer in time.
    pub async fn ask<T, F>(
        self: &Arc<Self>,
        instance: usize,
        patience: Duration,
        handler: impl FnOnce(Arc<Running>) -> F,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let running =
            self.inner().instances.get(instance)?.running.clone().filter(|running| running.is_serving.load(Ordering::Relaxed))?;
        let answer = Arc::new(Mutex::new(None));
        let (task, world, handled, given) = (self.current(), Arc::clone(self), handler(running), Arc::clone(&answer));
        self.spawn(Owner::Instance(instance), async move {
            let value = handled.await;
            *given.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            world.wake(task);
        });
        self.sleep(patience).await;
        answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A fault happened, unless all is calm now: counts it and says so.
    #[must_use]
    pub fn strikes(&self, fault: Fault, per_mille: u32) -> bool {
        let struck = !self.inner().is_calm && self.dice.chance(per_mille);
        if struck {
            self.count(fault);
        }
        struck
    }

    /// Counts a fault that happened.
    pub fn count(&self, fault: Fault) {
        self.inner().counts.add(fault);
        self.note(format_args!("fault {fault}"));
    }

    /// How often each fault happened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner().counts.clone()
    }

    /// Puts something on record: all runs of one seed have the same record.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let mut inner = self.inner();
        let now = inner.now;
        let trace = &mut inner.trace;
        trace.events = trace.events.wrapping_add(1);
        // Writing into a hash cannot fail.
        let _infallible = writeln!(Fnv(&mut trace.hash), "{now} {what}");
        if let Some(lines) = trace.lines.as_mut().filter(|lines| lines.len() < TRACE) {
            lines.push(format!("{:>12.6} {what}", Duration::from_micros(now).as_secs_f64()));
        }
    }

    /// The hash of the record, and its lines where they were kept.
    #[must_use]
    pub fn trace(&self) -> (u64, Vec<String>) {
        let mut inner = self.inner();
        (inner.trace.hash, inner.trace.lines.take().unwrap_or_default())
    }

    /// The database that is in use.
    #[must_use]
    pub fn stores(&self) -> Option<Stores> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on this database is in use.
    pub fn uses(&self, stores: Stores) {
        *self.stores.lock().unwrap_or_else(PoisonError::into_inner) = Some(stores);
    }

    /// How far one process's clock is off.
    #[must_use]
    pub fn offset(&self, instance: usize) -> SignedDuration {
        self.inner().instances.get(instance).map_or(SignedDuration::ZERO, |state| state.offset)
    }

    /// Lets go of everything, since processes hold the world that holds them.
    pub fn end(&self) {
        let mut inner = self.inner();
        let (newborn, instances) = (std::mem::take(&mut inner.newborn), std::mem::take(&mut inner.instances));
        drop(inner);
        drop((newborn, instances));
    }
}

/// See [`World::sleep`].
pub struct Sleep<'a> {
    world: &'a World,
    time: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        match self.time.take() {
            Some(time) => {
                self.world.inner().sleeps = Some(time);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

/// FNV-1a, 64 bits: good enough to tell two records apart.
struct Fnv<'a>(&'a mut u64);

impl Write for Fnv<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            *self.0 = (*self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
