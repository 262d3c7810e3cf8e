//! `just bench-dispatch`: how fast calls leave, on SQLite and on Postgres.
//!
//! - Rush: 2,000 queued calls to an engine that takes 50 ms, 256 at a time; the ideal is 256 / 0.05 s = 5,120 a second.
//! - Steady: 20 calls a second; the time from the 201 to the engine's receiving the request.
//! - Creates on Postgres with hints to other processes and without, interleaved.
//!
//! The gateway is a process of its own, the engine and the load are this one. Set `CALLGATE_TEST_POSTGRES_URL`, or install
//! Postgres' server programs; without either only SQLite is measured.

mod creates;
pub mod engine;

use std::io::Write;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use callgate_adapters::testing::postgres;
use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;

use crate::now;
use crate::place::Place;
use crate::report::{self, Figure, Goal};
use crate::server::{Server, Workers};

use engine::Engine;

const CALLS: u32 = 2_000;
/// How long an engine takes to answer.
pub const ANSWERS_AFTER: Duration = Duration::from_millis(50);
/// How many requests it serves at once.
pub const AT_ONCE: usize = 256;
/// Of the ideal rate.
const FLOOR: f64 = 0.9;
/// From the 201 to the engine, the middle one, on SQLite.
const SOON_MS: f64 = 50.0;

/// How fast queued calls left.
pub struct Rush {
    /// Requests a second, from the first to the last.
    pub rate: f64,
    at_once: usize,
    /// Processor time of a call, in microseconds.
    used_us: f64,
}

/// Measures all, and says whether the goals are met.
pub async fn run() -> Result<bool> {
    let mut figures = measure("SQLite", None).await?;
    if let Some(url) = postgres::fresh_database() {
        figures.extend(measure("Postgres", Some(url)).await?);
    }
    if let Some(url) = postgres::fresh_database() {
        creates::measure(&url).await?;
    }
    report::tell("dispatch", "dispatch", &figures)
}

async fn measure(name: &str, url: Option<String>) -> Result<Vec<Figure>> {
    let place = Place::new(url)?;
    let Rush { rate, at_once, used_us } = rush(&place, CALLS, ANSWERS_AFTER).await?;
    let share = rate / (AT_ONCE as f64 / ANSWERS_AFTER.as_secs_f64());
    let mut out = std::io::stdout();
    writeln!(out, "{name:<9} rush    {rate:>6.0} calls/s, {at_once:>3} at once, processor {used_us:.0} us a call")?;
    let waits = steady(&place, 200, Duration::from_millis(50)).await?;
    let (p50, p99) = (at(&waits, 50), at(&waits, 99));
    let calls = waits.len();
    let soon = (name == "SQLite").then_some(Goal::AtMost(SOON_MS));
    writeln!(out, "{name:<9} steady  p50 {p50:.1} ms, p99 {p99:.1} ms from the 201 to the engine, {calls} calls")?;
    Ok(vec![
        Figure::ratio(9, format!("{name}: dispatch : ideal, 256 at once"), share, Some(FLOOR)),
        Figure { goal: soon, ..Figure::at_most(10, format!("{name}: 201 to engine at 20/s, p50"), p50, "ms", SOON_MS) },
    ])
}

/// Queues so many calls, and has a gateway send them all to an engine.
pub async fn rush(place: &Place, calls: u32, answers_after: Duration) -> Result<Rush> {
    let engine = Engine::start(answers_after, AT_ONCE).await?;
    place.calls_over(&engine.address)?;
    let edge = Server::callgate(place, Workers::Off).await?;
    place_all(&edge, 0..calls).await?;
    drop(edge);
    let gateway = Server::callgate(place, Workers::On).await?;
    let before = gateway.processor_us()?;
    let received = engine.received(calls).await?;
    let used_us = (gateway.processor_us()? - before) / f64::from(calls);
    Ok(Rush { rate: rate(&received), at_once: engine.most_at_once(), used_us })
}

/// Has calls accepted at a steady pace, whether or not those before were answered; how many milliseconds after its 201 each
/// came to the engine, in order.
pub async fn steady(place: &Place, calls: u32, every: Duration) -> Result<Vec<f64>> {
    let engine = Engine::start(ANSWERS_AFTER, AT_ONCE).await?;
    place.calls_over(&engine.address)?;
    let gateway = std::sync::Arc::new(Server::callgate(place, Workers::On).await?);
    // What a start does once is done.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut beat = tokio::time::interval(every);
    let mut under_way = JoinSet::new();
    for n in 0..calls {
        beat.tick().await;
        let gateway = std::sync::Arc::clone(&gateway);
        under_way.spawn(async move {
            let phone = phone(CALLS + n);
            gateway.place(&phone).await?;
            anyhow::Ok((phone, now()))
        });
    }
    let mut waits = Vec::new();
    while let Some(done) = under_way.join_next().await {
        waits.push(done??);
    }
    engine.received(calls).await?;
    let mut took: Vec<f64> = waits.iter().filter_map(|(phone, at)| engine.after(phone, *at)).collect();
    took.sort_by(f64::total_cmp);
    Ok(took)
}

/// What so many of a hundred are not above, of figures in order.
pub fn at(sorted: &[f64], share: usize) -> f64 {
    sorted.get(sorted.len() * share / 100).copied().unwrap_or(f64::NAN)
}

async fn place_all(gateway: &Server, numbers: Range<u32>) -> Result<()> {
    let placing = stream::iter(numbers).map(|n| async move { gateway.place(&phone(n)).await.map(drop) });
    let placed: Vec<_> = placing.buffer_unordered(64).collect().await;
    placed.into_iter().collect()
}

fn rate(received: &[Instant]) -> f64 {
    let (Some(first), Some(last)) = (received.iter().min(), received.iter().max()) else { return 0.0 };
    let count = u32::try_from(received.len()).map_or(0.0, f64::from);
    count / last.duration_since(*first).as_secs_f64()
}

fn phone(n: u32) -> String {
    format!("+99670{:07}", n + 1_000_000)
}
