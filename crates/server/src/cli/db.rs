//! `callgate db`: the database that the configuration names, and backups of one that is being served.

use std::path::{Path, PathBuf};

use callgate_adapters::clock::SystemClock;
use callgate_adapters::store;
use callgate_domain::ports::Clock;
use clap::{Args, Subcommand};
use serde_json::json;

use super::body::Body;
use super::client::Client;
use super::out::Out;
use super::{Global, block_on};
use crate::config::{Config, DatabaseKind, Environment, Given};
use crate::failure::{Exit, Failure};
use crate::hint;
use crate::serve::data_dir::DataDir;

/// Look after the database
#[derive(Debug, Subcommand)]
#[command(before_help = "Examples:\n  callgate db backup /backups/callgate.db\n  callgate db migrate\n")]
pub enum Db {
    /// Bring its tables up to date (serve does it too)
    #[command(before_help = "Example:\n  callgate db migrate --database-url postgres://user@host/callgate\n")]
    Migrate(Which),
    /// Copy the database of a running gateway to a new file on its machine
    #[command(before_help = "Example:\n  callgate db backup /backups/callgate.db\n")]
    Backup {
        /// A new file; nothing is ever overwritten
        file: PathBuf,
    },
    /// Say that the database was restored from a copy made by other means
    ///
    /// Run it before the first start on a restored Postgres, or on a file that was not made by 'db backup'. From then on
    /// nobody is rung for a call that was open in the copy.
    #[command(before_help = "Example:\n  callgate db stamp --database-url postgres://user@host/callgate\n")]
    Stamp(Which),
}

/// A database that is not being served.
#[derive(Debug, Args)]
pub struct Which {
    /// sqlite://… or postgres://…
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the database and the key are kept
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl Db {
    pub fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        match self {
            Self::Migrate(which) => migrate(which, global, out),
            Self::Backup { file } => block_on(backup(&file, global, out)),
            Self::Stamp(which) => stamp(which, global, out),
        }
    }
}

impl Which {
    fn config(self, global: &Global) -> Result<Config, Failure> {
        let Self { database_url, data_dir } = self;
        let given = Given { config: global.config.clone(), database_url, data_dir, ..Given::default() };
        Ok(Config::load(&given, &Environment::of_process())?)
    }
}

/// The lock that says that no gateway runs on it, where one can say so.
fn lock(config: &Config) -> Result<DataDir, Failure> {
    DataDir::open(&config.data_dir, config.database.kind == DatabaseKind::Sqlite)
}

fn migrate(which: Which, global: &Global, out: &Out) -> Result<Exit, Failure> {
    let config = which.config(global)?;
    let _lock = lock(&config)?;
    let applied = store::migrate(config.database.url.expose())?;
    if out.json {
        out.answer(&json!({ "applied": applied }).to_string());
    } else if applied.is_empty() {
        out.answer("up to date");
    } else {
        applied.iter().for_each(|name| out.answer(&format!("applied {name}")));
    }
    Ok(Exit::Done)
}

async fn backup(file: &Path, global: &Global, out: &Out) -> Result<Exit, Failure> {
    let whole = std::path::absolute(file)
        .map_err(|error| Failure::new(Exit::Usage, format!("{} is no path: {error}", file.display())))?;
    let Some(path) = whole.to_str() else {
        return Err(Failure::new(Exit::Usage, "the path of a backup must be UTF-8"));
    };
    let client = Client::new(global, out)?;
    let answer = client.make("/v1/admin/backup", &json!({ "file": path }), "Waiting for the copy").await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    out.answer(answer.body.text("file").unwrap_or(path));
    let size = answer.body.number("bytes").map(size).unwrap_or_default();
    out.note(&format!(
        "{size}, on the gateway's machine. It holds secrets: keep it safe. A gateway started on it rings nobody until: {}",
        hint::command("resume")
    ));
    Ok(Exit::Done)
}

fn stamp(which: Which, global: &Global, out: &Out) -> Result<Exit, Failure> {
    let config = which.config(global)?;
    let url = config.database.url.expose();
    if let Some(file) = url.strip_prefix("sqlite://")
        && !Path::new(file).exists()
    {
        return Err(Failure::new(Exit::Missing, format!("there is no database {file}"))
            .then("Put the restored file there first, or name it: --database-url sqlite://FILE"));
    }
    let _lock = lock(&config)?;
    let at = SystemClock::new().now();
    store::stamp(url, at)?;
    if out.json {
        out.answer(&json!({ "stamped_at": at }).to_string());
    } else {
        out.answer("stamped");
        out.note(&format!(
            "The next start only looks up what is open in it, and rings nobody until: {}",
            hint::command("resume")
        ));
    }
    Ok(Exit::Done)
}

/// `3.4 MB`.
fn size(bytes: i64) -> String {
    let mut scaled = bytes.max(0);
    let mut rest = 0;
    let mut units = ["bytes", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while scaled >= 1000
        && let Some(larger) = units.next()
    {
        (scaled, rest, unit) = (scaled / 1000, scaled % 1000 / 100, larger);
    }
    if unit == "bytes" { format!("{scaled} bytes") } else { format!("{scaled}.{rest} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_is_told_in_the_unit_that_fits() {
        for (bytes, told) in
            [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (245_760, "245.7 kB"), (3_450_000_000, "3.4 GB")]
        {
            assert_eq!(size(bytes), told);
        }
    }
}
