//! `callgate doctor`: looks at everything a gateway needs, and says of each fault how to mend it. Mends nothing itself, and
//! rings nobody.
//!
//! It reads the configuration as `serve` would, and works whether one is being served or not. What cannot be looked at
//! because of an earlier fault is left out. Everything together takes no longer than `WITHIN`; what has not answered by then is a
//! fault that says so.
//!
//! `--offline` is a container's health check. What runs well is not started anew for what lies in a file: where the gateway says that
//! it is ready, other faults are only noted.

mod clock;
mod connections;
mod database;
mod endpoints;
mod folder;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::time::Instant;

use super::out::{Colour, Out, clean};
use super::{Global, table};
use crate::config::{Config, Environment, Faults, Given, data_dir_of};
use crate::failure::{Exit, Failure};
use crate::wiring::Plan;

/// All of it takes so long at most: less than a container's health check waits (10 s).
const WITHIN: Duration = Duration::from_secs(9);

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
    fn good(check: &'static str, detail: impl AsRef<str>) -> Self {
        Self { check, state: State::Good, detail: clean(detail.as_ref(), false), fix: None }
    }

    fn note(check: &'static str, detail: impl AsRef<str>) -> Self {
        Self { state: State::Note, ..Self::good(check, detail) }
    }

    /// What it says may come from anywhere: a provider, a file, whoever listens at an address.
    fn fault(check: &'static str, detail: impl AsRef<str>, fix: impl AsRef<str>) -> Self {
        Self { state: State::Fault, fix: Some(clean(fix.as_ref(), false)), ..Self::good(check, detail) }
    }

    /// The same, where it stops nothing yet.
    fn noted(self) -> Self {
        let state = if self.state == State::Fault { State::Note } else { self.state };
        Self { state, ..self }
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
        let by = Instant::now() + WITHIN;
        let offline = self.offline;
        let given =
            Given { config: global.config.clone(), data_dir: self.data_dir, database_url: self.database_url, ..Given::default() };
        let found = examine(&given, offline, by).await;
        print(&found, out);
        let is_well = found.iter().all(|finding| finding.state != State::Fault);
        Ok(if is_well { Exit::Done } else { Exit::Configuration })
    }
}

/// Everything that can be looked at, at once; what it waits for has ended `by` then.
async fn examine(given: &Given, offline: bool, by: Instant) -> Vec<Finding> {
    let environment = Environment::of_process();
    let reading = Config::read(given, &environment);
    let address = server::address(&reading, &environment);
    let mut found = Vec::new();
    let config = configuration(reading.result, &mut found);
    let data_dir = config.as_ref().map(|config| config.data_dir.clone()).or_else(|| given.data_dir.clone());
    let data_dir = data_dir.unwrap_or_else(|| data_dir_of(&environment));
    folder::look(&data_dir, &mut found);
    let kept = async {
        match &config {
            Some(config) => database::look(config, offline, by).await,
            None => database::Looked::default(),
        }
    };
    let others = async {
        match &config {
            Some(config) if !offline => connections::look(config.clone(), by).await,
            _ => Vec::new(),
        }
    };
    let (gateway, kept, others) = tokio::join!(server::look(address, &data_dir, by), kept, others);
    found.extend(kept.database);
    if offline {
        // A container is judged by this: that others are down is no reason to start it anew.
        found.push(Finding::note("others", "connections and endpoints are not looked at: --offline"));
        if gateway.is_ready {
            found = found.into_iter().map(Finding::noted).collect();
        }
    }
    found.push(gateway.finding);
    found.extend(kept.endpoints);
    found.extend(others);
    found
}

/// What `serve` would start from.
fn configuration(read: Result<Config, Faults>, found: &mut Vec<Finding>) -> Option<Config> {
    let fault = |what: String, then: Option<String>| {
        Finding::fault("configuration", what, then.unwrap_or_else(|| "Mend that setting".to_owned()))
    };
    let config = match read {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use crate::cli::Cli;

    /// The literals that a source gives to `hint::command`, with something in place of what is filled in; and how often that is
    /// called.
    fn hinted(source: &str) -> (Vec<String>, usize) {
        let calls: Vec<&str> = source.split("hint::command(").skip(1).collect();
        let literals = calls.iter().filter_map(|after| {
            let text = after.trim_start().trim_start_matches("&format!(").trim_start().strip_prefix('"')?;
            let mut parts = text.split('"').next()?.split('{');
            let first = parts.next()?.to_owned();
            let filled =
                |whole: String, part: &str| format!("{whole}{}{}", uuid::Uuid::nil(), part.split('}').nth(1).unwrap_or_default());
            Some(parts.fold(first, filled))
        });
        (literals.collect(), calls.len())
    }

    /// Whatever a fix says to type can be typed.
    fn check(path: &Path) -> usize {
        let (commands, calls) = hinted(&std::fs::read_to_string(path).unwrap());
        assert_eq!(commands.len(), calls, "{}: its commands have to be literals, to be read here", path.display());
        for command in &commands {
            let words = std::iter::once("callgate").chain(command.split_whitespace());
            assert!(Cli::try_parse_from(words).is_ok(), "{}: {command}", path.display());
        }
        calls
    }

    #[test]
    fn every_command_in_a_fix_is_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/doctor");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let commands: usize = files.map(|file| check(&file)).sum();
        assert!(commands >= 8, "{commands} were found");
    }

    #[test]
    fn a_command_that_lacks_a_flag_would_be_found() {
        let (commands, calls) = hinted(r#"hint::command("serve"), hint::command(&format!("webhooks recover {}", endpoint.id))"#);
        assert_eq!((commands.len(), calls), (2, 2));
        assert!(Cli::try_parse_from(["callgate"].into_iter().chain(commands[1].split_whitespace())).is_err(), "{commands:?}");
    }
}
