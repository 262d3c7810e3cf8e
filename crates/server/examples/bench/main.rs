//! `just bench`: durable creates on SQLite beside a bare handler, interleaved; prints the ratio beside its goal.
//!
//! Both servers are processes of their own on loopback; a bare handler checks the key, reads the body and answers fixed
//! JSON. Only the ratio is worth anything: the two run in turns, and the median of the pairs counts. The figures and
//! goals are those of docs/PERFORMANCE.md.

mod bare;
mod load;
mod server;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};

use load::{Load, run};
use server::Server;

/// Connections of the load.
const CONNECTIONS: usize = 64;
/// Pairs of runs.
const ROUNDS: usize = 5;
/// How long each run takes.
const RUN: Duration = Duration::from_secs(3);
/// The floor for durable creates on SQLite, as a share of the bare handler's rate.
const FLOOR: f64 = 0.35;
/// The most memory under this load.
const MEMORY_MB: u64 = 80;

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return bare::serve();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(bench())
}

async fn bench() -> Result<()> {
    let mut out = std::io::stdout();
    let bare = Server::bare().await?;
    let callgate = Server::callgate().await.context("start target/release/callgate")?;
    writeln!(out, "durable create, SQLite, {CONNECTIONS} connections, {ROUNDS} pairs of {} s", RUN.as_secs())?;
    let mut ratios = Vec::new();
    let mut accepted = 0;
    for round in 0..=ROUNDS {
        let (bare_before, callgate_before) = (bare.processor_us()?, callgate.processor_us()?);
        let plain = run(&Load::of(&bare, CONNECTIONS, RUN)).await?;
        let durable = run(&Load::of(&callgate, CONNECTIONS, RUN)).await?;
        let bare_us = (bare.processor_us()? - bare_before) / (plain.rate * RUN.as_secs_f64());
        let callgate_us = (callgate.processor_us()? - callgate_before) / (durable.rate * RUN.as_secs_f64());
        accepted += durable.answered;
        let ratio = durable.rate / plain.rate;
        // The first pair warms both up.
        if round > 0 {
            ratios.push(ratio);
            writeln!(
                out,
                "  pair {round}   bare {:>7.0}/s {bare_us:>4.1} us   callgate {:>7.0}/s {callgate_us:>4.1} us   p50 {:.1} ms   p99 {:.1} ms   ratio {ratio:.2}",
                plain.rate, durable.rate, durable.p50_ms, durable.p99_ms
            )?;
        }
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    let memory = callgate.peak_memory_mb()?;
    let kept = callgate.created().await?;
    writeln!(out, "\n{:<46}{:>8}  {:>8}", "", "figure", "goal")?;
    writeln!(out, "{:<46}{median:>8.2}  {:>8}", "durable create : bare, median", format!(">= {FLOOR}"))?;
    writeln!(out, "{:<46}{memory:>5} MB  {:>8}", "most memory", format!("<= {MEMORY_MB} MB"))?;
    writeln!(out, "{:<46}{:>8}  {:>8}", "answered 201 and not counted as created", accepted.saturating_sub(kept), 0)?;
    anyhow::ensure!(median >= FLOOR && memory <= MEMORY_MB && kept >= accepted, "a goal was missed");
    Ok(())
}
