//! Fills a database with a past, and makes sure that the real program reads it.

use std::io::Write;
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, ensure};
use callgate_adapters::store::seed::{Bygone, Seeder};
use callgate_adapters::testing::past::Past;

use crate::now;
use crate::place::Place;
use crate::server::{Server, Workers};

/// Calls in one transaction.
const AT_ONCE: u64 = 4_000;
/// Transactions' worth of calls that may wait to be written.
const AHEAD: usize = 4;
/// Nobody listens there: nothing is to be dialed.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A place whose gateway has such a past.
pub struct Seeded {
    pub place: Place,
    pub past: Past,
}

/// Fills a new place with so many calls.
pub async fn seeded(url: Option<String>, name: &str, count: u64) -> Result<Seeded> {
    let place = Place::new(url)?;
    place.calls_over(NOWHERE)?;
    let past = Past::before(jiff::Timestamp::from_second(now_s()?)?, count);
    fill(&place.database(), name, &past)?;
    let seeded = Seeded { place, past };
    if let Ok(file) = std::fs::metadata(seeded.place.folder.join("callgate-data/callgate.db")) {
        writeln!(std::io::stdout(), "{name}: {} bytes a call", file.len() / count.max(1))?;
    }
    seeded.is_read(count).await.with_context(|| format!("{name}: what was seeded is not as the program reads it"))?;
    Ok(seeded)
}

/// One thread makes the calls, this one writes them.
fn fill(database: &str, name: &str, past: &Past) -> Result<()> {
    let (began, count) = (now(), past.count());
    let mut out = std::io::stdout();
    let mut seeder = Seeder::open(database).context("open the database")?;
    let (sender, receiver) = sync_channel::<Result<Vec<Bygone>>>(AHEAD);
    let making = past.clone();
    let maker = std::thread::spawn(move || {
        for first in (0..count).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
            let made = (first..count.min(first + AT_ONCE)).map(|nth| making.call(nth)).collect();
            if sender.send(made).is_err() {
                return;
            }
        }
    });
    let (mut done, mut told) = (0, 0);
    for made in receiver {
        let made = made?;
        seeder.keep(&made)?;
        done += u64::try_from(made.len())?;
        if done * 20 / count > told {
            told = done * 20 / count;
            writeln!(out, "{name}: {done} of {count} calls, {:.0} s", began.elapsed().as_secs_f64())?;
        }
    }
    ensure!(maker.join().is_ok() && done == count, "only {done} of {count} calls were made");
    seeder.finish()?;
    writeln!(out, "{name}: {count} calls after {:.0} s", began.elapsed().as_secs_f64())?;
    Ok(())
}

impl Seeded {
    /// Whether calls from all over are read one by one, with whole histories, and the newest are listed.
    async fn is_read(&self, count: u64) -> Result<()> {
        let server = Server::callgate(&self.place, Workers::Off).await?;
        for nth in (0..count).step_by(usize::try_from(count / 50 + 1)?) {
            let id = self.past.id(nth);
            let call = server.get(&format!("/v1/calls/{id}")).await.with_context(|| format!("call {nth}, {id}"))?;
            ensure!(call.contains(&id.to_string()), "{call}");
            let timeline = server.get(&format!("/v1/calls/{id}/timeline")).await?;
            ensure!(timeline.contains("created"), "{timeline}");
        }
        let newest = self.past.id(count - 1).to_string();
        let list = server.get("/v1/calls?limit=20").await?;
        ensure!(list.contains(&newest), "{newest} is not among the newest: {list}");
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a past lies before the real now")]
fn now_s() -> Result<i64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_secs())?)
}
