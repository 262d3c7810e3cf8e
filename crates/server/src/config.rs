//! The configuration: one typed [`Config`] with the names and defaults of `config.default.toml` and
//! `callgate.example.toml`.
//!
//! Weakest first: defaults, file, `CALLGATE__SECTION__KEY`, the single-underscore variables, flags. The layers are merged
//! as a tree in which every value knows where it came from, and read once; all faults are told together. The process cuts
//! it into small structs in `wiring.rs`; nothing else sees it whole.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use callgate_domain::model::{Agent, ConnectionId, ProviderId, Secret};
use serde_json::Value;

mod agents;
mod connections;
mod environment;
mod fault;
mod file;
mod general;
mod secrets;
mod section;
mod sources;
#[cfg(test)]
mod tests;
mod tree;

pub use callgate_adapters::network::Network;
pub use environment::Environment;
pub use fault::{Fault, Faults};
pub use file::DEFAULT_FILE;
pub use general::{DEFAULT_DATA_DIR, data_dir_of, without_password};
pub use sources::{Reading, Source};

/// Everything this process is set to.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`: where it listens and is reached.
    pub server: Server,
    /// `[database]`: where calls are kept.
    pub database: Database,
    /// `[calls]`: the bounds of calls.
    pub calls: Calls,
    /// `[limits]`: what clients may do.
    pub limits: Limits,
    /// `[webhooks]`: where notices may go.
    pub webhooks: Webhooks,
    /// `[connections.<id>]`: accounts with providers. `simulator` is always among them.
    pub connections: BTreeMap<ConnectionId, ConnectionConfig>,
    /// `[agents.<key>]`: what integrators call with, in the order of their keys.
    pub agents: Vec<Agent>,
    /// Where the database, the lock and the first key are kept.
    pub data_dir: PathBuf,
    /// The file that was read, as it was named; `None` where there is none.
    pub file: Option<PathBuf>,
}

/// `[server]`.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address and port of the API.
    pub listen: SocketAddr,
    /// Outside address, without a slash at its end; `None` where none is configured.
    pub public_url: Option<String>,
    /// Proxies whose `Forwarded` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// A second address, for `/metrics`, `/healthz` and `/readyz`, without keys.
    pub metrics_listen: Option<SocketAddr>,
}

/// `[database]`.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`, which may hold a password.
    pub url: Secret,
    /// Which of the two.
    pub kind: DatabaseKind,
    /// Connections kept open to it.
    pub pool: u32,
}

/// What keeps the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// A file of this process alone.
    Sqlite,
    /// A server that many processes may share.
    Postgres,
}

/// `[calls]`.
#[derive(Debug, Clone)]
pub struct Calls {
    /// Calls that may be live in all; `None` is no limit.
    pub max_live: Option<u32>,
    /// The longest ringing.
    pub ring_timeout: Duration,
    /// The longest conversation of any agent.
    pub max_duration: Duration,
    /// Beginnings of the numbers that may be called; `None` means anywhere.
    pub allow_numbers: Option<Vec<String>>,
    /// The longest wait in the queue.
    pub queue_ttl: Duration,
    /// How long past a call's longest possible end evidence is still awaited.
    pub settle_grace: Duration,
    /// Whether a second call right behind the first is refused.
    pub duplicate_guard: bool,
    /// How long a call's content is kept after its end.
    pub keep: Duration,
    /// How long raw webhooks are kept.
    pub keep_raw: Duration,
}

/// `[limits]`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests per second and key; 0 is no limit.
    pub requests_per_second: u32,
    /// Failed authentications per minute and address; 0 is no limit.
    pub failed_auth_per_minute: u32,
    /// How often one number may ring within a day; `None` is no limit.
    pub calls_per_number_per_day: Option<u32>,
    /// Calls that one key may place within a day; `None` is no limit.
    pub spend_calls_per_day: Option<u32>,
}

/// `[webhooks]`.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// Addresses that notices may go to although they are not public.
    pub allow_private: Vec<Network>,
}

/// `[connections.<id>]`.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// Its kind, one of the registry's.
    pub kind: ProviderId,
    /// Where its requests go, where the file says so.
    pub base_url: Option<String>,
    /// Calls that may be live; `None` is no limit.
    pub max_live: Option<u32>,
    /// Requests to place a call per second; `None` is no limit.
    pub max_per_second: Option<u32>,
    /// How long one request may take; `None` is the kind's own.
    pub request_timeout: Option<Duration>,
    /// How often to ask about a live call; `None` is the adapter's own.
    pub poll_interval: Option<Duration>,
    /// The longest conversation over it; already in its agents' limits.
    pub max_duration: Option<Duration>,
    /// Plain settings of its kind.
    pub values: BTreeMap<String, Value>,
    /// Secrets of its kind, read; the first signs, any of them verifies.
    pub secrets: BTreeMap<String, Vec<Secret>>,
}

/// What the command line says; stronger than everything else.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--database-url`.
    pub database_url: Option<String>,
}

impl Config {
    /// Reads all layers.
    ///
    /// # Errors
    /// [`Faults`]: everything that is wrong, each with its place and what to do.
    pub fn load(given: &Given, environment: &Environment) -> Result<Self, Faults> {
        Self::read(given, environment).result
    }

    /// Reads all layers, and tells where each value came from even where something is wrong.
    #[must_use]
    pub fn read(given: &Given, environment: &Environment) -> Reading {
        general::read(given, environment)
    }
}

impl Database {
    /// The word for metrics and logs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.kind {
            DatabaseKind::Sqlite => "sqlite",
            DatabaseKind::Postgres => "postgres",
        }
    }
}
