//! Millions of finished calls against ten thousand: the same done to both, in turns.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use callgate_adapters::testing::postgres::{self, Cluster};

use super::footprint;
use super::seed::{Seeded, seeded};
use crate::dispatch::rush;
use crate::load::{Ask, Load, run as loaded};
use crate::median;
use crate::report::{self, Figure};
use crate::server::{Server, Workers};

/// Rounds that count; one more before them warms up.
const ROUNDS: usize = 5;
const RUN: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 64;
/// Calls that are queued and then sent in one go.
const RUSH: u32 = 2_000;
/// The least share of the rate with few rows that is kept with many.
const KEPT: f64 = 0.95;

/// Measures both databases; says whether all goals are met.
pub async fn run(many: u64, few: u64) -> Result<bool> {
    let mut figures = {
        let large = seeded(None, "SQLite", many).await?;
        let small = seeded(None, "SQLite", few).await?;
        let mut figures = footprint::at_rest(&large).await?;
        figures.extend(compared("SQLite", &large, &small).await?);
        figures.push(footprint::under_load(&large).await?);
        figures
    };
    let mut cluster = None;
    let mut fresh = || match std::env::var_os("CALLGATE_TEST_POSTGRES_URL") {
        Some(_) => postgres::fresh_database(),
        None => {
            cluster = cluster.take().or_else(Cluster::as_delivered);
            cluster.as_ref().map(Cluster::fresh_database)
        }
    };
    if let Some((large, small)) = fresh().zip(fresh()) {
        let large = seeded(Some(large), "Postgres", many).await?;
        let small = seeded(Some(small), "Postgres", few).await?;
        figures.extend(compared("Postgres", &large, &small).await?);
    } else {
        writeln!(std::io::stdout(), "Postgres is not measured: its programs are not installed.")?;
    }
    report::tell("size", &format!("{many} finished calls : {few}; memory, start, program"), &figures)
}

/// All ratios of one database. What reads comes before what writes, so that it finds both as they were seeded.
async fn compared(database: &str, large: &Seeded, small: &Seeded) -> Result<Vec<Figure>> {
    let mut figures = requests(database, large, small, &["read by id, random", "list 20"]).await?;
    figures.push(claims(database, large, small).await?);
    figures.extend(requests(database, large, small, &["result webhook, 4 KB", "create"]).await?);
    Ok(figures)
}

async fn requests(database: &str, large: &Seeded, small: &Seeded, what: &[&str]) -> Result<Vec<Figure>> {
    let of_large = Server::callgate(&large.place, Workers::Off).await?;
    let of_small = Server::callgate(&small.place, Workers::Off).await?;
    let mut figures = Vec::new();
    for what in what {
        let ask = |seeded: &Seeded| match *what {
            "list 20" => Ask::List,
            "create" => Ask::Create,
            "result webhook, 4 KB" => Ask::Webhook,
            _ => Ask::ReadAny(seeded.past.clone()),
        };
        let mut pairs = Pairs::new(database, what);
        for round in 0..=ROUNDS {
            let rate = async |server, seeded| anyhow::Ok(loaded(Load::of(server, ask(seeded), CONNECTIONS, RUN)).await?.rate);
            pairs.add(round, in_turn(round, rate(&of_large, large), rate(&of_small, small)).await?)?;
        }
        figures.push(pairs.figure());
    }
    Ok(figures)
}

async fn claims(database: &str, large: &Seeded, small: &Seeded) -> Result<Figure> {
    let mut pairs = Pairs::new(database, "claim and dispatch");
    for round in 0..=ROUNDS {
        // The engine answers at once: what is measured is the gateway.
        let rate = async |of: &Seeded| anyhow::Ok(rush(&of.place, RUSH, Duration::ZERO).await.context("a rush")?.rate);
        pairs.add(round, in_turn(round, rate(large), rate(small)).await?)?;
    }
    Ok(pairs.figure())
}

/// Each of the two goes first in every second round.
async fn in_turn(
    round: usize,
    large: impl Future<Output = Result<f64>>,
    small: impl Future<Output = Result<f64>>,
) -> Result<[f64; 2]> {
    if round.is_multiple_of(2) {
        let large = large.await?;
        return Ok([large, small.await?]);
    }
    let small = small.await?;
    Ok([large.await?, small])
}

/// The rates of one thing, pair by pair.
struct Pairs {
    name: String,
    ratios: Vec<f64>,
}

impl Pairs {
    fn new(database: &str, what: &str) -> Self {
        Self { name: format!("{database}: {what}"), ratios: Vec::new() }
    }

    fn add(&mut self, round: usize, [large, small]: [f64; 2]) -> Result<()> {
        let (name, ratio) = (&self.name, large / small);
        if round > 0 {
            writeln!(std::io::stdout(), "{name}, pair {round}   many {large:>7.0}/s   few {small:>7.0}/s   ratio {ratio:.2}")?;
            self.ratios.push(ratio);
        }
        Ok(())
    }

    fn figure(self) -> Figure {
        Figure::ratio(7, format!("{}, many : few", self.name), median(self.ratios), Some(KEPT))
    }
}
