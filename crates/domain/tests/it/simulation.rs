//! The whole gateway under thousands of seeds, in memory. See `testing::simulation`.

use std::sync::Arc;

use callgate_domain::testing::simulation::{Fault, Mutant, Report, Stores, run, run_all};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn no_seed_breaks_a_promise_and_every_fault_is_met() {
    let (from, seeds) = (number("CALLGATE_SEED", 0), number("CALLGATE_SEEDS", 10_000));
    let (tally, faults) = match run_all(from..from + seeds) {
        Ok(counted) => counted,
        Err(report) => panic!("{}", report.told()),
    };
    println!("{tally}");
    for fault in Fault::ALL {
        println!("{:>8} {fault}", faults.of(*fault));
    }
    if seeds >= 10_000 {
        for fault in Fault::ALL {
            assert!(faults.of(*fault) >= 100, "{fault} happened {} times only", faults.of(*fault));
        }
        for (what, count) in tally.all() {
            assert!(count > 0, "{what} never happened");
        }
    }
}

/// In the first a call was taken for another's, whose process had stood still for six minutes between its mark and its request.
/// In the second two processes died one after the other while they held a call, of a webhook that kills its reader: it was given
/// up after two holds, which the judge took for too late.
#[test]
fn seeds_that_once_broke_a_promise_break_none() {
    for seed in [10_322, 50_098] {
        let report = run(seed, None, true, Stores::in_memory);
        assert!(report.violation.is_none(), "{}", report.told());
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
