//! Creates by one connection, and the way from a 201 to the engine, each beside what a flush takes on the same disk in the
//! same round.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;

use crate::dispatch::{self, at};
use crate::flush;
use crate::load::{Ask, Load, run as loaded};
use crate::median;
use crate::place::Place;
use crate::report::{self, Figure};
use crate::server::{Server, Workers};

/// Rounds that count; one more before them warms up.
const ROUNDS: usize = 5;
const RUN: Duration = Duration::from_secs(2);
const FLUSHES: u32 = 500;
/// Half a minute of calls at 100 a second.
const CALLS: u32 = 3_000;
const EVERY: Duration = Duration::from_millis(10);

/// Measures both on SQLite; says whether all goals are met.
pub async fn run() -> Result<bool> {
    let mut figures = vec![create().await?];
    figures.extend(to_engine().await?);
    report::tell("flush", "beside flushes of 4 KB, SQLite", &figures)
}

async fn create() -> Result<Figure> {
    let mut out = std::io::stdout();
    let place = Place::new(None)?;
    let server = Server::callgate(&place, Workers::Off).await?;
    let mut ratios = Vec::new();
    for round in 0..=ROUNDS {
        let (flush, _) = flush::p50_and_p99(&flush::times(&place.folder, FLUSHES)?);
        let create = loaded(Load::of(&server, Ask::Create, 1, RUN)).await?.p50_ms;
        if round > 0 {
            writeln!(out, "round {round}   flush p50 {flush:.2} ms   create by one connection p50 {create:.2} ms")?;
            ratios.push(create / flush);
        }
    }
    Ok(Figure::at_most(3, "create, 1 connection, p50 : flush p50", median(ratios), "", 1.5))
}

async fn to_engine() -> Result<Vec<Figure>> {
    let place = Place::new(None)?;
    let mut flushes = flush::times(&place.folder, FLUSHES)?;
    let waits = dispatch::steady(&place, CALLS, EVERY).await?;
    flushes.extend(flush::times(&place.folder, FLUSHES)?);
    flushes.sort_by(f64::total_cmp);
    let (p50, p99) = flush::p50_and_p99(&flushes);
    let (our_p50, our_p99) = (at(&waits, 50), at(&waits, 99));
    writeln!(
        std::io::stdout(),
        "201 to engine at 100/s: p50 {our_p50:.2} ms, p99 {our_p99:.2} ms of {} calls; flush p50 {p50:.2} ms, p99 {p99:.2} ms",
        waits.len()
    )?;
    Ok(vec![
        Figure::at_most(10, "201 to engine at 100/s, p50, less a flush's p50", our_p50 - p50, "ms", 1.0),
        Figure::at_most(10, "201 to engine at 100/s, p99, less a flush's p99", our_p99 - p99, "ms", 5.0),
    ])
}
