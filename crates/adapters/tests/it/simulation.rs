//! The whole gateway under seeds, on a real SQLite: it keeps its promises there, and does to the letter what it does in
//! memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up, or fails, must say so at once")]

use std::path::PathBuf;
use std::sync::Arc;

use callgate_adapters::store;
use callgate_domain::ports::Clock;
use callgate_domain::testing::simulation::store::wait;
use callgate_domain::testing::simulation::{Report, Stores, Tally, run};
use jiff::Timestamp;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One seed on a database of its own.
fn on_sqlite(seed: u64, recorded: bool) -> Report {
    let folder = tempfile::tempdir().unwrap();
    run(seed, None, recorded, |clock| opened(folder.path().join("callgate.db"), clock))
}

/// The database in a file; a backup of it is a file beside it.
fn opened(file: PathBuf, clock: Arc<dyn Clock>) -> Stores {
    let stores = store::open(&format!("sqlite://{}", file.display()), 2, Arc::clone(&clock)).unwrap();
    let copies = Arc::clone(&stores.copies);
    let copy = move |at: Timestamp| {
        let backup = file.with_extension(format!("{}.db", at.as_microsecond()));
        wait(copies.write(&backup, at)).unwrap();
        opened(backup, Arc::clone(&clock))
    };
    Stores {
        calls: stores.calls,
        inbox: stores.inbox,
        outbox: stores.outbox,
        holds: stores.holds,
        copies: stores.copies,
        copy: Arc::new(copy),
    }
}

fn check(seed: u64) -> Report {
    let report = on_sqlite(seed, false);
    let again = format!("CALLGATE_SEED={seed} CALLGATE_SEEDS=1 cargo test -p callgate-adapters --test it simulation");
    if let Some(violation) = &report.violation {
        let lines = on_sqlite(seed, true).lines.join("\n");
        panic!("seed {seed} breaks a promise: {}: {}\n{lines}\nto see it again: {again}", violation.promise, violation.how);
    }
    if report.trace != run(seed, None, false, Stores::in_memory).trace {
        let (ours, theirs) = (on_sqlite(seed, true).lines, run(seed, None, true, Stores::in_memory).lines);
        let nth = ours.iter().zip(&theirs).position(|(one, other)| one != other).unwrap_or(ours.len().min(theirs.len()));
        let around =
            |lines: &[String]| lines.iter().take(nth + 3).skip(nth.saturating_sub(12)).cloned().collect::<Vec<_>>().join("\n");
        panic!(
            "seed {seed} goes another way than in memory\non SQLite:\n{}\nin memory:\n{}\nto see it again: {again}",
            around(&ours),
            around(&theirs)
        );
    }
    report
}

#[test]
fn no_seed_breaks_a_promise_on_sqlite_and_each_goes_as_in_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let (from, seeds) = (number("CALLGATE_SEED", 0), number("CALLGATE_SEEDS", 200));
    let mut tally = Tally::default();
    for seed in from..from + seeds {
        tally.merge(&check(seed).tally);
    }
    println!("on SQLite: {tally}");
}
