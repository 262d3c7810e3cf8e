//! The whole gateway under a seed: real use cases, two or three processes, one time, and everything that can go wrong.
//!
//! A seed decides what clients ask for, what the provider does, what is lost on the way, who is killed, stopped or
//! misled, and in which order all of it happens. The [`judge`] sees every commit and every dial. The same seed does the
//! same again, to the letter, on any store that keeps the contract.
//!
//! - [`world`]: time, chance, the record. [`tasks`]: who runs next.
//! - [`instance`]: one of our processes. [`store`]: its way to the database.
//! - [`clients`], [`provider`], [`engine`], [`webhooks`], [`receivers`]: everybody else.
//! - [`weather`], [`disasters`], [`faults`]: what goes wrong, how often, and how it is counted.
//! - [`mutants`]: mistakes made on purpose, which the judge has to find.

pub mod clients;
pub mod disasters;
pub mod engine;
pub mod faults;
pub mod instance;
pub mod judge;
pub mod mutants;
pub mod provider;
pub mod receivers;
pub mod store;
pub mod tally;
pub mod tasks;
pub mod weather;
pub mod webhooks;
pub mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

pub use faults::{Counts, Fault};
pub use judge::Violation;
pub use mutants::Mutant;
pub use tally::Tally;

use crate::ports::{CallStore, Clock, Copies, Holds, Inbox, Outbox};
use crate::testing::memory::Memory;
use tasks::Tasks;
use world::{Owner, World};

/// What keeps calls and webhooks.
#[derive(Clone)]
pub struct Stores {
    /// Calls.
    pub calls: Arc<dyn CallStore>,
    /// Webhooks.
    pub inbox: Arc<dyn Inbox>,
    /// What clients are to be told.
    pub outbox: Arc<dyn Outbox>,
    /// What operators hold back.
    pub holds: Arc<dyn Holds>,
    /// Backups, and taking one in.
    pub copies: Arc<dyn Copies>,
    /// Makes a stamped backup of a moment, and opens it as a database of its own.
    pub copy: Copier,
}

/// See [`Stores::copy`].
pub type Copier = Arc<dyn Fn(Timestamp) -> Stores + Send + Sync>;

impl Stores {
    /// In memory, going by `clock`.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self::over(Arc::new(Memory::new(clock)))
    }

    fn over(memory: Arc<Memory>) -> Self {
        let copied = Arc::clone(&memory);
        Self {
            calls: memory.clone(),
            inbox: memory.clone(),
            outbox: memory.clone(),
            holds: memory.clone(),
            copies: memory,
            copy: Arc::new(move |at| Self::over(Arc::new(copied.copied(at)))),
        }
    }
}

/// Runs seeds in memory on all processors, and counts what there was.
///
/// # Errors
/// The report of a seed that broke a promise; the seeds not begun by then are left out.
pub fn run_all(seeds: Range<u64>) -> Result<(Tally, Counts), Box<Report>> {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new((Tally::default(), Counts::default(), None));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let report = run(seed, None, false, Stores::in_memory);
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    all.0.merge(&report.tally);
                    all.1.merge(&report.faults);
                    if report.violation.is_some() {
                        next.store(seeds.end, Ordering::Relaxed);
                        all.2 = Some(Box::new(report));
                    }
                }
            });
        }
    });
    let (tally, faults, failed) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok((tally, faults)), Err)
}

impl Report {
    /// Which promise was broken, with everything that happened, and the command that shows it again.
    #[must_use]
    pub fn told(&self) -> String {
        let (seed, lines) = (self.seed, run(self.seed, None, true, Stores::in_memory).lines.join("\n"));
        let violation = self.violation.as_ref().map(|violation| format!("{}: {}", violation.promise, violation.how));
        format!(
            "{lines}\nseed {seed} breaks a promise: {}\nto see it again: CALLGATE_SEED={seed} CALLGATE_SEEDS=1 cargo test -p \
             callgate-domain --test it simulation::no_seed",
            violation.unwrap_or_default()
        )
    }
}

/// What became of a seed.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which.
    pub seed: u64,
    /// The first promise that was broken, if any.
    pub violation: Option<Violation>,
    /// What there was.
    pub tally: Tally,
    /// What went wrong, and how often.
    pub faults: Counts,
    /// The hash of everything that happened, in its order.
    pub trace: u64,
    /// The same in words, where it was recorded.
    pub lines: Vec<String>,
}

/// Runs one seed over the stores that `open` makes for its clock.
pub fn run(seed: u64, mutant: Option<Mutant>, recorded: bool, open: impl FnOnce(Arc<dyn Clock>) -> Stores) -> Report {
    let world = World::of(seed, mutant, recorded);
    let mut tasks = Tasks::default();
    world.spawn(Owner::Outside, disasters::befall(Arc::clone(&world), open(world.clock.clone())));
    clients::come(&world);
    while world.judge.verdict().is_none() && tasks.step(&world) {
        if world.inner().outside == 0 {
            break;
        }
    }

    // A mistake that makes phones ring has to be found by what rings.
    if world.judge.verdict().is_none() && mutant.is_none_or(|mutant| !mutant.rings()) {
        world.judge.closes(&world);
    }
    let (tally, faults, violation) = (world.judge.tally(), world.counts(), world.judge.verdict());
    drop(tasks);
    world.end();
    let (trace, lines) = world.trace();
    Report { seed, violation, tally, faults, trace, lines }
}
