//! `just bench-dispatch`: how fast calls leave, on SQLite and on Postgres.
//!
//! - Rush: 2,000 queued calls to an engine that takes 50 ms, 256 at a time; the ideal is 256 / 0.05 s = 5,120 a second.
//! - Steady: 20 calls a second; the time from the 201 to the engine's receiving the request.
//! - Creates on Postgres with hints to other processes and without, interleaved.
//!
//! The gateway is a process of its own, the engine and the load are this one. Set `CALLGATE_TEST_POSTGRES_URL`, or install
//! Postgres' server programs; without either only SQLite is measured.

mod creates;
mod engine;
mod gateway;

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use callgate_adapters::testing::postgres;
use futures_util::StreamExt;
use futures_util::stream;

use engine::Engine;
use gateway::Gateway;

const CALLS: u32 = 2_000;
const ANSWERS_AFTER: Duration = Duration::from_millis(50);
const AT_ONCE: usize = 256;
/// Of the ideal rate.
const FLOOR: f64 = 0.7;
/// From the 201 to the engine, the middle one, on SQLite.
const SOON_MS: f64 = 50.0;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        measure("SQLite", None).await?;
        if let Some(url) = postgres::fresh_database() {
            measure("Postgres", Some(url)).await?;
        }
        if let Some(url) = postgres::fresh_database() {
            creates::measure(&url).await?;
        }
        Ok(())
    })
}

async fn measure(name: &str, database: Option<String>) -> Result<()> {
    let engine = Engine::start(ANSWERS_AFTER, AT_ONCE).await?;
    let folder = gateway::folder(&engine.address)?;
    let edge = Gateway::start(&folder, database.as_deref(), "--workers=off").await?;
    place(&edge, CALLS).await?;
    edge.stop();
    let gateway = Gateway::start(&folder, database.as_deref(), "--workers=on").await?;
    let before = gateway.processor_s()?;
    let received = engine.received(CALLS).await?;
    let (rate, ideal) = (rate(&received), AT_ONCE as f64 / ANSWERS_AFTER.as_secs_f64());
    let used_us = (gateway.processor_s()? - before) / f64::from(CALLS) * 1e6;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{name:<9} rush    {rate:>6.0} calls/s, {:.0} % of the ideal (goal {:.0} %), {:>3} at once, processor {used_us:.0} us a call",
        rate / ideal * 100.0,
        FLOOR * 100.0,
        engine.most_at_once()
    )?;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let mut waits = Vec::new();
    let mut beat = tokio::time::interval(Duration::from_millis(50));
    for n in 0..200 {
        beat.tick().await;
        let phone = phone(CALLS + n);
        gateway.place(&phone).await?;
        waits.push((phone, now()));
    }
    engine.received(CALLS + 200).await?;
    let mut took: Vec<f64> = waits.iter().filter_map(|(phone, at)| engine.after(phone, *at)).collect();
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    writeln!(
        out,
        "{name:<9} steady  p50 {:.1} ms (goal {SOON_MS} ms), p99 {:.1} ms from the 201 to the engine, {} calls",
        at(50),
        at(99),
        took.len()
    )?;
    gateway.stop();
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

async fn place(gateway: &Gateway, calls: u32) -> Result<()> {
    let placed: Vec<_> =
        stream::iter(0..calls).map(|n| async move { gateway.place(&phone(n)).await }).buffer_unordered(64).collect().await;
    placed.into_iter().collect()
}

/// Requests a second, from the first to the last.
fn rate(received: &[Instant]) -> f64 {
    let (Some(first), Some(last)) = (received.iter().min(), received.iter().max()) else { return 0.0 };
    let count = u32::try_from(received.len()).map_or(0.0, f64::from);
    count / last.duration_since(*first).as_secs_f64()
}

fn phone(n: u32) -> String {
    format!("+99670{:07}", n + 1_000_000)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn now() -> Instant {
    Instant::now()
}
