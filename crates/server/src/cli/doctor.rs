//! `callgate doctor`: looks at everything a gateway needs, and says of each fault how to mend it. Mends nothing itself, and
//! rings nobody.
//!
//! It reads the configuration as `serve` would, and works whether one is being served or not. What cannot be looked at
//! because of an earlier fault is left out.

mod clock;
mod connections;
mod database;
mod endpoints;
mod folder;
mod server;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::out::{Colour, Out};
use super::{Global, table};
use crate::config::{Config, Environment, Given, data_dir_of};
use crate::failure::{Exit, Failure};
use crate::wiring::Plan;

/// Check data folder, database, clock, connections and endpoints
///
/// Says how to mend what is wrong, and exits with 3 where something is.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  callgate doctor\n  callgate doctor --offline --quiet\n")]
pub struct Doctor {
    /// Look at this gateway alone, and at nobody it talks to
    #[arg(long)]
    offline: bool,
    /// sqlite://… or postgres://…
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the database and the key are kept
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    state: State,
    detail: String,
    /// How to mend it.
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// Nothing is wrong, and it is good to know.
    Note,
    Fault,
}

impl Finding {
    fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Good, detail: detail.into(), fix: None }
    }

    fn note(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Note, detail: detail.into(), fix: None }
    }

    fn fault(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: State::Fault, detail: detail.into(), fix: Some(fix.into()) }
    }
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Fault => "fault",
        }
    }
}

impl Doctor {
    /// Looks, and says what was found.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let given =
            Given { config: global.config.clone(), data_dir: self.data_dir, database_url: self.database_url, ..Given::default() };
        let mut found = Vec::new();
        match configuration(&given, &mut found) {
            Some(config) => examine(config, self.offline, &mut found).await,
            None => folder::look(&given.data_dir.unwrap_or_else(|| data_dir_of(&Environment::of_process())), &mut found),
        }
        print(&found, out);
        let is_well = found.iter().all(|finding| finding.state != State::Fault);
        Ok(if is_well { Exit::Done } else { Exit::Configuration })
    }
}

/// What `serve` would start from.
fn configuration(given: &Given, found: &mut Vec<Finding>) -> Option<Config> {
    let fault = |what: String, then: Option<String>| {
        Finding::fault("configuration", what, then.unwrap_or_else(|| "Mend that setting".to_owned()))
    };
    let config = match Config::load(given, &Environment::of_process()) {
        Ok(config) => config,
        Err(faults) => {
            found.extend(faults.0.into_iter().map(|one| fault(format!("{}: {}", one.place, one.what), one.then)));
            return None;
        }
    };
    if let Err(wrong) = Plan::of(config.clone(), true).and_then(|plan| plan.check()) {
        found.push(fault(wrong.to_string(), None));
        return None;
    }
    let file = config.file.as_ref().map_or_else(|| "no file, the defaults".to_owned(), |file| file.display().to_string());
    found.push(Finding::good("configuration", file));
    Some(config)
}

async fn examine(config: Config, offline: bool, found: &mut Vec<Finding>) {
    folder::look(&config.data_dir, found);
    let stores = database::look(&config, offline, found).await;
    server::look(&config, found).await;
    if offline {
        // A container is judged by this: that others are down is no reason to start it anew.
        found.push(Finding::note("others", "connections and endpoints are not looked at: --offline"));
        return;
    }
    if let Some(stores) = stores {
        endpoints::look(&stores, found).await;
    }
    connections::look(config, found).await;
}

fn print(found: &[Finding], out: &Out) {
    if out.json {
        let all = found.iter().map(|finding| {
            json!({ "check": finding.check, "state": finding.state.word(), "detail": finding.detail, "fix": finding.fix })
        });
        let is_well = found.iter().all(|finding| finding.state != State::Fault);
        out.answer(&json!({ "ok": is_well, "data": all.collect::<Vec<_>>() }).to_string());
        return;
    }
    let shown = found.iter().filter(|finding| !out.quiet || finding.state == State::Fault);
    let row = |finding: &Finding| {
        let sign = match finding.state {
            State::Good => out.sign("✓", "+", Colour::Green),
            State::Note => out.sign("●", "*", Colour::Orange),
            State::Fault => out.sign("✕", "x", Colour::Red),
        };
        vec![format!("{sign} {}", finding.check), finding.detail.clone()]
    };
    let (rows, fixes): (Vec<_>, Vec<_>) = shown.map(|finding| (row(finding), finding.fix.as_ref())).unzip();
    for (line, fix) in table::aligned(&rows).iter().zip(fixes) {
        out.answer(line);
        if let Some(fix) = fix {
            out.answer(&format!("    {fix}"));
        }
    }
}
