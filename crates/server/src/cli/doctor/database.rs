//! The database: that it is there, that its tables are this release's, and that its clock is ours.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_adapters::store::{self, Condition, OpenError, Stores};
use callgate_domain::ports::Clock;

use super::{Finding, clock};
use crate::config::{Config, DatabaseKind, without_password};
use crate::hint;

const CHECK: &str = "database";
/// Whoever does not answer by then is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at it; returns it where it can be read as it is.
pub async fn look(config: &Config, offline: bool, found: &mut Vec<Finding>) -> Option<Stores> {
    let url = config.database.url.expose().to_owned();
    let shown = without_password(&url);
    if let Some(file) = url.strip_prefix("sqlite://")
        && !std::path::Path::new(file).exists()
    {
        found.push(Finding::note(CHECK, format!("{shown} is not there yet: {} makes it", hint::command("serve"))));
        return None;
    }
    let our_clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let (asked, by) = (url.clone(), Arc::clone(&our_clock));
    let condition = match within(move || store::inspect(&asked, &*by)).await {
        Ok(condition) => condition,
        Err((what, fix)) => {
            found.push(Finding::fault(CHECK, format!("{shown}: {what}"), fix));
            return None;
        }
    };
    if config.database.kind == DatabaseKind::Postgres {
        clock::against("database", condition.now, our_clock.now(), found);
    }
    let Condition { pending, .. } = condition;
    if !pending.is_empty() {
        found.push(Finding::fault(
            CHECK,
            format!("{shown} lacks {}: {}", migrations(pending.len()), pending.join(", ")),
            format!("Back it up, then: {}, or start serve, which does it too", hint::command("db migrate")),
        ));
        return None;
    }
    if offline {
        found.push(Finding::good(CHECK, format!("{shown}, its tables are this release's")));
        return None;
    }
    // Nothing is left to migrate, so opening it changes no table.
    match within(move || store::open(&url, 1, our_clock)).await {
        Ok(stores) => {
            found.push(Finding::good(CHECK, format!("{shown}, its tables are this release's")));
            Some(stores)
        }
        Err((what, fix)) => {
            found.push(Finding::fault(CHECK, format!("{shown}: {what}"), fix));
            None
        }
    }
}

async fn within<T: Send + 'static>(look: impl FnOnce() -> Result<T, OpenError> + Send + 'static) -> Result<T, (String, String)> {
    let late = || ("it does not answer".to_owned(), "Check that it runs and that database.url leads to it".to_owned());
    let looked = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(look)).await.map_err(|_late| late())?;
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
