//! The whole gateway under thousands of seeds, in memory. See `testing::simulation`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use callgate_domain::testing::simulation::{Counts, Fault, Mutant, Report, Stores, Tally, run};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One seed; a broken promise is told with the command that shows it again.
fn check(seed: u64) -> Report {
    let report = run(seed, None, false, Stores::in_memory);
    if let Some(violation) = &report.violation {
        let lines = run(seed, None, true, Stores::in_memory).lines;
        panic!(
            "seed {seed} breaks a promise: {}: {}\n{}\nto see it again: CALLGATE_SEED={seed} CALLGATE_SEEDS=1 \
             cargo test -p callgate-domain --test it simulation::no_seed",
            violation.promise,
            violation.how,
            lines.join("\n")
        );
    }
    report
}

/// Runs seeds on all processors; stops at the first that fails.
fn check_all(from: u64, seeds: u64) -> (Counts, Tally) {
    let next = AtomicU64::new(from);
    let all = Mutex::new((Counts::default(), Tally::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let report = check(seed);
                    let mut all = all.lock().unwrap();
                    all.0.merge(&report.faults);
                    all.1.merge(&report.tally);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

#[test]
fn no_seed_breaks_a_promise_and_every_fault_is_met() {
    let (from, seeds) = (number("CALLGATE_SEED", 0), number("CALLGATE_SEEDS", 10_000));
    let (faults, tally) = check_all(from, seeds);
    println!("{tally}");
    for fault in Fault::ALL {
        println!("{:>8} {fault}", faults.of(*fault));
    }
    if seeds >= 10_000 {
        for fault in Fault::ALL {
            assert!(faults.of(*fault) >= 100, "{fault} happened {} times only", faults.of(*fault));
        }
    }
}

#[test]
fn a_seed_does_the_same_again() {
    for seed in 0..50 {
        let (first, second) = (run(seed, None, false, Stores::in_memory), run(seed, None, true, Stores::in_memory));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert!(!second.lines.is_empty());
    }
}

/// The first seed in which a mistake is found.
fn finds(mutant: Mutant) -> Option<Report> {
    let open: fn(Arc<dyn callgate_domain::ports::Clock>) -> Stores = Stores::in_memory;
    (0..2_000).map(|seed| run(seed, Some(mutant), false, open)).find(|report| report.violation.is_some())
}

#[test]
fn every_mistake_made_on_purpose_is_found() {
    for mutant in Mutant::ALL {
        let Some(found) = finds(*mutant) else { panic!("{mutant} is not found within 2,000 seeds") };
        let violation = found.violation.unwrap();
        println!("{mutant}: seed {}: {}: {}", found.seed, violation.promise, violation.how);
    }
}
