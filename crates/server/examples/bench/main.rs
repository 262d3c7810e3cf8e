//! `just bench`: the core of the gateway beside a bare handler, interleaved; prints each ratio beside its goal.
//!
//! All servers are processes of their own on loopback; a bare handler checks the key, reads the body and answers fixed
//! JSON. Only the ratio is worth anything: the two run in turns, and the median of the pairs counts. The goals are those of
//! docs/design/PERFORMANCE.md; what was measured last stands in docs/PERFORMANCE.md.

mod bare;
mod load;
mod server;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};

use load::{Ask, Load, Measured, run};
use server::Server;

/// Pairs of runs; one more before them warms both up.
const ROUNDS: usize = 5;
/// How long each run takes.
const RUN: Duration = Duration::from_secs(2);
/// The most memory under this load, on SQLite.
const MEMORY_MB: u64 = 80;

/// One line of the table.
struct Row {
    what: &'static str,
    ask: Ask,
    connections: usize,
    /// The least share of the bare handler's rate; `None` where no goal was set.
    goal: Option<f64>,
}

/// What was measured of it.
struct Figure {
    name: String,
    ratio: f64,
    goal: Option<f64>,
}

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
    let mut figures = Vec::new();
    let sqlite = Server::callgate(None).await.context("start target/release/callgate")?;
    let [small, large] = [Some(0.55), Some(0.70)];
    figures.extend(table(&mut out, "SQLite", &bare, &sqlite, [small, large]).await?);
    let memory = sqlite.peak_memory_mb()?;
    drop(sqlite);
    match callgate_adapters::testing::postgres::fresh_database() {
        Some(url) => {
            let postgres = Server::callgate(Some(&url)).await?;
            figures.extend(table(&mut out, "Postgres", &bare, &postgres, [None, Some(0.45)]).await?);
        }
        None => writeln!(out, "Postgres is not measured: its programs are not installed.")?,
    }
    writeln!(out, "\n{:<40}{:>8}  {:>8}", "callgate : bare, median of the pairs", "figure", "goal")?;
    let mut missed = memory > MEMORY_MB;
    for Figure { name, ratio, goal } in &figures {
        let is_missed = goal.is_some_and(|goal| *ratio < goal);
        missed |= is_missed;
        let goal = goal.map_or_else(|| "-".to_owned(), |goal| format!(">= {goal:.2}"));
        writeln!(out, "{name:<40}{ratio:>8.2}  {goal:>8}{}", if is_missed { "  missed" } else { "" })?;
    }
    writeln!(out, "{:<40}{memory:>5} MB  {:>8}", "most memory, SQLite", format!("<= {MEMORY_MB} MB"))?;
    anyhow::ensure!(!missed, "a goal was missed");
    Ok(())
}

/// All rows of one database; `goals` are those of creating at 64 and at 256 connections.
async fn table(
    out: &mut impl Write,
    database: &str,
    bare: &Server,
    callgate: &Server,
    goals: [Option<f64>; 2],
) -> Result<Vec<Figure>> {
    let id = callgate.place().await?;
    let is_sqlite = database == "SQLite";
    let rows = [
        Row { what: "create", ask: Ask::Create, connections: 64, goal: goals[0] },
        Row { what: "create", ask: Ask::Create, connections: 256, goal: goals[1] },
        Row { what: "read by id", ask: Ask::Read(id), connections: 64, goal: is_sqlite.then_some(0.90) },
        Row { what: "list 20", ask: Ask::List, connections: 64, goal: None },
        Row { what: "result webhook, 4 KB", ask: Ask::Webhook, connections: 64, goal: is_sqlite.then_some(0.45) },
    ];
    let before = callgate.created().await?;
    let mut accepted = 0;
    let mut figures = Vec::new();
    for row in rows {
        let name = format!("{database}: {}, {} connections", row.what, row.connections);
        writeln!(out, "{name}, {ROUNDS} pairs of {} s", RUN.as_secs())?;
        let mut ratios = Vec::new();
        for round in 0..=ROUNDS {
            let plain = measured(bare, &row).await?;
            let ours = measured(callgate, &row).await?;
            if matches!(row.ask, Ask::Create) {
                accepted += ours.1.answered;
            }
            let ratio = ours.1.rate / plain.1.rate;
            if round > 0 {
                ratios.push(ratio);
                writeln!(
                    out,
                    "  pair {round}   bare {:>7.0}/s {:>5.1} us   callgate {:>7.0}/s {:>5.1} us   p50 {:.1} ms   p99 {:.1} ms   ratio {ratio:.2}",
                    plain.1.rate, plain.0, ours.1.rate, ours.0, ours.1.p50_ms, ours.1.p99_ms
                )?;
            }
        }
        ratios.sort_by(f64::total_cmp);
        figures.push(Figure { name, ratio: ratios.get(ratios.len() / 2).copied().unwrap_or_default(), goal: row.goal });
    }
    let kept = callgate.created().await? - before;
    anyhow::ensure!(kept >= accepted, "{accepted} creates were answered with 201, and {kept} are counted");
    Ok(figures)
}

/// One run, with the processor time that each answer cost, in microseconds.
async fn measured(server: &Server, row: &Row) -> Result<(f64, Measured)> {
    let before = server.processor_us()?;
    let measured = run(Load::of(server, row.ask.clone(), row.connections, RUN)).await?;
    let cost = (server.processor_us()? - before) / (measured.rate * RUN.as_secs_f64());
    Ok((cost, measured))
}
