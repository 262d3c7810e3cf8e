//! `just bench`: the core of the gateway beside a bare handler, interleaved; prints each ratio beside its goal.
//!
//! A bare handler checks the key, reads the body and answers fixed JSON. The two run in turns, and the median of the pairs
//! counts.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::load::{Ask, Load, Measured, run as loaded};
use crate::median;
use crate::place::Place;
use crate::report::{self, Figure};
use crate::server::{Server, Workers};

/// Pairs of runs; one more before them warms both up.
const ROUNDS: usize = 5;
/// How long each run takes.
const RUN: Duration = Duration::from_secs(2);
/// The most memory under this load, on SQLite.
const MEMORY_MB: f64 = 80.0;

/// One line of the table.
struct Row {
    /// Of the goals.
    row: u8,
    what: &'static str,
    ask: Ask,
    connections: usize,
    /// The least share of the bare handler's rate; `None` where no goal was set.
    goal: Option<f64>,
}

/// Measures all, and says whether the goals are met. It places no calls meanwhile: what that costs is measured by
/// `just bench-dispatch`.
pub async fn run() -> Result<bool> {
    let mut out = std::io::stdout();
    let bare = Server::bare().await?;
    let mut figures = Vec::new();
    let place = Place::new(None)?;
    let sqlite = Server::callgate(&place, Workers::Off).await?;
    figures.extend(table(&mut out, "SQLite", &bare, &sqlite, [Some(0.55), Some(0.70)]).await?);
    let memory = sqlite.peak_memory_mb()?;
    drop(sqlite);
    match callgate_adapters::testing::postgres::fresh_database() {
        Some(url) => {
            let place = Place::new(Some(url))?;
            let postgres = Server::callgate(&place, Workers::Off).await?;
            figures.extend(table(&mut out, "Postgres", &bare, &postgres, [None, Some(0.45)]).await?);
        }
        None => writeln!(out, "Postgres is not measured: its programs are not installed.")?,
    }
    figures.push(Figure::at_most(11, "most memory, SQLite", memory, "MB", MEMORY_MB));
    report::tell("beside", "callgate : bare, median of the pairs", &figures)
}

/// All rows of one database; `goals` are those of creating at 64 and at 256 connections.
async fn table(
    out: &mut impl Write,
    database: &str,
    bare: &Server,
    callgate: &Server,
    goals: [Option<f64>; 2],
) -> Result<Vec<Figure>> {
    let id = callgate.place("+996700000000").await?;
    let nth = if database == "SQLite" { [2, 1] } else { [4, 4] };
    let is_sqlite = database == "SQLite";
    let rows = [
        Row { row: nth[0], what: "create", ask: Ask::Create, connections: 64, goal: goals[0] },
        Row { row: nth[1], what: "create", ask: Ask::Create, connections: 256, goal: goals[1] },
        Row { row: 5, what: "read by id", ask: Ask::Read(id), connections: 64, goal: is_sqlite.then_some(0.90) },
        Row { row: 5, what: "list 20", ask: Ask::List, connections: 64, goal: None },
        Row { row: 6, what: "result webhook, 4 KB", ask: Ask::Webhook, connections: 64, goal: is_sqlite.then_some(0.45) },
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
        figures.push(Figure::ratio(row.row, name, median(ratios), row.goal));
    }
    let kept = callgate.created().await? - before;
    ensure!(kept >= accepted, "{accepted} creates were answered with 201, and {kept} are counted");
    Ok(figures)
}

/// One run, with the processor time that each answer cost, in microseconds.
async fn measured(server: &Server, row: &Row) -> Result<(f64, Measured)> {
    let before = server.processor_us()?;
    let measured = loaded(Load::of(server, row.ask.clone(), row.connections, RUN)).await?;
    let cost = (server.processor_us()? - before) / (measured.rate * RUN.as_secs_f64());
    Ok((cost, measured))
}
