//! `callgate config`: the configuration.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::body::Body;
use super::client::Client;
use super::out::{Out, clean};
use super::{Global, table};
use crate::config::{Config, DEFAULT_FILE, Environment, Given};
use crate::failure::{Exit, Failure};
use crate::hint;
use crate::wiring::Plan;

const EXAMPLE: &str = include_str!("../../../../callgate.example.toml");

/// Write, check and show the configuration
#[derive(Debug, Subcommand)]
#[command(before_help = "Examples:\n  callgate config init\n  callgate config check\n")]
pub enum Configuration {
    /// Write callgate.toml with every setting, commented out
    #[command(before_help = "Example:\n  callgate config init\n")]
    Init,
    /// Say everything that is wrong with it
    #[command(before_help = "Example:\n  callgate config check --config callgate.toml\n")]
    Check,
    /// Show each value in force and where it came from, secrets hidden
    #[command(before_help = "Example:\n  callgate config show\n")]
    Show,
    /// Have a running gateway read agents and connections again
    #[command(before_help = "Example:\n  callgate config check && callgate config reload\n")]
    Reload,
}

/// Asks, and prints what there is now. Nothing has changed where there is a fault.
pub async fn reload(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let answer = Client::new(global, out)?.post("/v1/admin/reload").await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let names = |field: &str| {
        let names = answer.body.items(field).iter().filter_map(Value::as_str);
        clean(&names.collect::<Vec<_>>().join(", "), false)
    };
    out.answer(&format!("agents: {}\nconnections: {}", names("agents"), names("connections")));
    for (word, field) in [("New", "added"), ("Gone", "removed")] {
        let names = names(field);
        if !names.is_empty() {
            out.note(&format!("{word}: {names}"));
        }
    }
    Ok(Exit::Done)
}

impl Configuration {
    pub fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let given = Given { config: global.config.clone(), ..Given::default() };
        match self {
            Self::Init => init(global, out),
            Self::Check => {
                let config = Config::load(&given, &Environment::of_process())?;
                let file =
                    config.file.as_ref().map_or_else(|| "no file; the defaults".to_owned(), |file| file.display().to_string());
                Plan::of(config, true)?.check()?;
                out.answer(&format!("good: {file}"));
                Ok(Exit::Done)
            }
            Self::Show => show(&given, out),
            Self::Reload => Err(Failure::new(Exit::Other, "this is a fault of the program: reload is asked over HTTP")),
        }
    }
}

fn init(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let path = global.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let shown = path.display();
    let file = std::fs::File::options().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(EXAMPLE.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::Other, format!("{shown} is there already, and was left as it is"))
                .then("Name another with --config, or move it away")
        }
        _ => Failure::new(Exit::Other, format!("{shown} cannot be written: {error}")).then("Name another with --config"),
    })?;
    out.answer(&shown.to_string());
    out.note(&format!("Every setting is in it, commented out. Then: {}", hint::command("config check")));
    Ok(Exit::Done)
}

fn show(given: &Given, out: &Out) -> Result<Exit, Failure> {
    let reading = Config::read(given, &Environment::of_process());
    if out.json {
        let all = reading.sources.iter().map(|held| json!({ "setting": held.setting, "value": held.value, "from": held.from }));
        out.answer(&json!({ "data": all.collect::<Vec<_>>() }).to_string());
    } else {
        let rows: Vec<Vec<String>> = reading.sources.into_iter().map(|held| vec![held.setting, held.value, held.from]).collect();
        table::print(out, &["SETTING", "VALUE", "FROM"], &rows, &[]);
    }
    reading.result.map(|_| Exit::Done).map_err(Failure::from)
}
