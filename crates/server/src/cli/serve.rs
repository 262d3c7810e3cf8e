//! `callgate serve`: reads the configuration, starts logging, runs the gateway.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Global;
use crate::config::{Config, Environment, Given};
use crate::failure::{Exit, Failure};
use crate::serve::{ServeOptions, run};
use crate::telemetry::{self, LogFormat};
use crate::wiring::Sources;

const EXAMPLES: &str = "\
Examples:
  callgate serve
  callgate serve --listen 127.0.0.1:8011 --data-dir other-data
  callgate serve --database-url postgres://user@host/callgate --workers off
";

/// Run the gateway: API, docs and background work in one process
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub struct Serve {
    /// Address and port [default: 127.0.0.1:8010]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where the database and the key are kept [default: callgate-data]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// sqlite://… or postgres://… [default: SQLite in the data folder]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Place calls and look after them in this process
    #[arg(long, value_enum, default_value_t = Switch::On)]
    workers: Switch,
    /// Answer HTTP in this process; off leaves /metrics and health on server.metrics_listen
    #[arg(long, value_enum, default_value_t = Switch::On)]
    http: Switch,
    /// Open the console in the browser: $BROWSER, or what this system opens links with
    #[arg(long)]
    open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl Serve {
    pub fn run(self, global: &Global) -> Result<Exit, Failure> {
        let environment = Environment::of_process();
        let given = Given {
            config: global.config.clone(),
            listen: self.listen,
            data_dir: self.data_dir,
            database_url: self.database_url,
        };
        let config = Config::load(&given, &environment)?;
        if (self.workers, self.http) == (Switch::Off, Switch::Off) {
            return Err(Failure::new(Exit::Usage, "with --workers off and --http off there is nothing to do")
                .then("Leave one of them on"));
        }
        let format = LogFormat::chosen(environment.get("CALLGATE_LOG_FORMAT"));
        let format = format.map_err(|word| {
            Failure::new(Exit::Configuration, format!("CALLGATE_LOG_FORMAT is '{word}'")).then("Write text or json")
        })?;
        let filter = match (environment.get("CALLGATE_LOG"), global.verbose) {
            (Some(filter), _) => filter,
            (None, 0) => "info",
            (None, 1) => "debug",
            (None, _) => "trace",
        };
        telemetry::start_logs(filter, format).map_err(|error| {
            Failure::new(Exit::Configuration, format!("CALLGATE_LOG cannot be read: {error}"))
                .then("Write a level, such as info, or a filter such as warn,callgate=debug")
        })?;
        run(
            config,
            Sources { given, environment },
            ServeOptions { workers: self.workers == Switch::On, http: self.http == Switch::On, open: self.open },
        )?;
        Ok(Exit::Done)
    }
}
