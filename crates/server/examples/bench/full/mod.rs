//! `just bench-full`: what takes long or needs others' programs.
//!
//! - `flush`: a durable create alone, beside one flush; and from a 201 to the engine, beside flushes.
//! - `size`: millions of finished calls against ten thousand, on SQLite and on Postgres; memory, start, and the program's size.
//! - `peers`: the same done plainly with FastAPI and with Node, equally durable.
//!
//! Any of these words measures that part alone. `CALLGATE_BENCH_ROWS` and `CALLGATE_BENCH_FEW` set how many calls the two
//! databases hold.

mod flushes;
mod footprint;
mod peers;
mod room;
mod seed;
mod size;

use anyhow::{Context, Result, ensure};

use crate::place;

const PARTS: [&str; 3] = ["flush", "size", "peers"];

/// Measures these parts, or all; says whether all goals are met.
pub async fn run(wanted: &[String]) -> Result<bool> {
    for word in wanted {
        ensure!(PARTS.contains(&word.as_str()), "there is no part '{word}': {}", PARTS.join(", "));
    }
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let (many, few) = (rows("CALLGATE_BENCH_ROWS", 5_000_000)?, rows("CALLGATE_BENCH_FEW", 10_000)?);
    // Before anything takes its time.
    place::sweep()?;
    if is_wanted("size") {
        room::check(many + few)?;
    }
    let mut all_met = true;
    if is_wanted("flush") {
        all_met &= flushes::run().await?;
    }
    if is_wanted("peers") {
        all_met &= peers::run().await?;
    }
    if is_wanted("size") {
        all_met &= size::run(many, few).await?;
    }
    Ok(all_met)
}

fn rows(name: &str, unset: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(set) => set.parse().with_context(|| format!("{name} is not a number")),
        Err(_) => Ok(unset),
    }
}
