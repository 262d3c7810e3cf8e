//! The database: that it is there, that its tables are this release's, and that its clock is ours.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_adapters::store::{Condition, Look, OpenError};
use callgate_domain::ports::Clock;
use tokio::time::{Instant, timeout_at};

use super::endpoints::{self, Known};
use super::{Finding, clock};
use crate::config::{Config, DatabaseKind, without_password};
use crate::hint;

const CHECK: &str = "database";
/// Whoever does not answer by then is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found in a database.
#[derive(Default)]
pub struct Looked {
    /// Of itself.
    pub database: Vec<Finding>,
    /// Of the endpoints in it; empty where they were not looked at.
    pub endpoints: Vec<Finding>,
}

/// Looks at it as it is: nothing is migrated, and no lock is taken.
pub async fn look(config: &Config, offline: bool, by: Instant) -> Looked {
    let url = config.database.url.expose().to_owned();
    let shown = without_password(&url);
    let mut looked = Looked::default();
    let found = &mut looked.database;
    if let Some(file) = url.strip_prefix("sqlite://")
        && !std::path::Path::new(file).exists()
    {
        found.push(Finding::note(CHECK, format!("{shown} is not there yet: {} makes it", hint::command("serve"))));
        return looked;
    }
    let our_clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let theirs = Arc::clone(&our_clock);
    let (condition, known) = match within(by, move || see(&url, &*theirs, offline)).await {
        Ok(seen) => seen,
        Err((what, fix)) => {
            found.push(Finding::fault(CHECK, format!("{shown}: {what}"), fix));
            return looked;
        }
    };
    let Condition { pending, now } = condition;
    if config.database.kind == DatabaseKind::Postgres {
        clock::against("database", now, our_clock.now(), found);
    }
    found.push(if pending.is_empty() {
        Finding::good(CHECK, format!("{shown}, its tables are this release's"))
    } else {
        Finding::fault(
            CHECK,
            format!("{shown} lacks {}: {}", migrations(pending.len()), pending.join(", ")),
            format!("Back it up, then: {}, or start serve, which does it too", hint::command("db migrate")),
        )
    });
    looked.endpoints = known.map(endpoints::tell).unwrap_or_default();
    looked
}

/// Blocks.
fn see(url: &str, clock: &dyn Clock, offline: bool) -> Result<(Condition, Option<Known>), OpenError> {
    let mut look = Look::open(url)?;
    let condition = look.condition(clock)?;
    // Tables of an earlier release are not read: they may lack what is asked for.
    let known = (!offline && condition.pending.is_empty()).then(|| endpoints::read(&mut look));
    Ok((condition, known))
}

async fn within<T: Send + 'static>(
    by: Instant,
    look: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, (String, String)> {
    let late = || ("it does not answer".to_owned(), "Check that it runs and that database.url leads to it".to_owned());
    let by = by.min(Instant::now() + PATIENCE);
    let looked = timeout_at(by, tokio::task::spawn_blocking(look)).await.map_err(|_late| late())?;
    looked.map_err(|_stopped| late())?.map_err(|error| (what(&error), fix(&error)))
}

/// With its cause, which says more than "it cannot be reached".
fn what(error: &OpenError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let mut said: Vec<String> = causes.map(|cause| cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    said.dedup();
    said.join(": ")
}

fn fix(error: &OpenError) -> String {
    match error {
        OpenError::UnsupportedScheme { .. } | OpenError::NoFile => "Mend database.url".to_owned(),
        OpenError::Unreachable(_) => "Check that it runs and that database.url leads to it".to_owned(),
        OpenError::Settings { setting, wanted, .. } => format!("Set {setting} = {wanted} there"),
        OpenError::ForeignLog { log } => format!("Move {log} away: it belongs to another file"),
        OpenError::NewerDatabase { .. } => "Start the newer release, or restore a backup that was made before it".to_owned(),
        OpenError::Migration(_) => "Restore a backup; say in an issue what it printed".to_owned(),
    }
}

fn migrations(count: usize) -> String {
    if count == 1 { "a migration".to_owned() } else { format!("{count} migrations") }
}
