//! What the program takes: memory at rest and under load over a large database, the time until it answers, its size.

use std::time::Duration;

use anyhow::{Context, Result};

use super::seed::Seeded;
use crate::load::{Ask, Load, run as loaded};
use crate::median;
use crate::report::Figure;
use crate::server::{Server, Workers};

const CONNECTIONS: usize = 256;
const RUN: Duration = Duration::from_secs(3);
/// Starts, of which the middle one counts.
const STARTS: u64 = 5;
/// After so long a gateway with nothing to do is at rest.
const REST: Duration = Duration::from_secs(5);

/// What a gateway takes that has nothing to do: nothing waits in its queue yet.
pub async fn at_rest(large: &Seeded) -> Result<Vec<Figure>> {
    let mut took = Vec::new();
    for nth in 0..STARTS {
        // Another call each time, so that its rows were not just read.
        let path = format!("/v1/calls/{}", large.past.id(large.past.count() * nth / STARTS));
        let server = Server::callgate_that_answers(&large.place, Workers::On, &path).await?;
        took.push(server.ready_after.as_secs_f64() * 1_000.0);
    }
    let server = Server::callgate(&large.place, Workers::On).await?;
    tokio::time::sleep(REST).await;
    let idle = server.idle_memory_mb()?;
    let program = std::env::current_exe()?.ancestors().nth(2).context("the target folder")?.join("callgate");
    #[expect(clippy::cast_precision_loss, reason = "a size in MB")]
    let size = std::fs::metadata(program)?.len() as f64 / 1e6;
    Ok(vec![
        Figure::at_most(11, "memory idle, many calls", idle, "MB", 30.0),
        Figure::at_most(11, "stripped program", size, "MB", 35.0),
        Figure::at_most(11, "start to the first 200, many calls", median(took), "ms", 150.0),
    ])
}

/// The most memory under everything that is asked, one thing after another. No call leaves its queue meanwhile.
pub async fn under_load(large: &Seeded) -> Result<Figure> {
    let server = Server::callgate(&large.place, Workers::Off).await?;
    for ask in [Ask::ReadAny(large.past.clone()), Ask::List, Ask::Webhook, Ask::Create] {
        loaded(Load::of(&server, ask, CONNECTIONS, RUN)).await?;
    }
    Ok(Figure::at_most(11, "memory under 256 connections, many calls", server.peak_memory_mb()?, "MB", 72.0))
}
