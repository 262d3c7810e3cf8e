//! The configuration, cut to what each part of the gateway needs.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::network::Network;
use callgate_adapters::providers::{self, ConnectionSettings, Kind};
use callgate_domain::model::{Agent, ConnectionId, ProviderId};
use callgate_domain::ports::{Connection, InvalidSettings, VoiceProvider};
use callgate_domain::usecases::calls::CallLimits;
use callgate_domain::usecases::retain::KeepFor;

use crate::config::{Config, ConnectionConfig, DatabaseKind, Environment, Given};

/// What a gateway is put together from.
#[derive(Debug)]
pub struct Plan {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Whether no other process can share it.
    pub alone: bool,
    /// Connections to the database.
    pub pool: u32,
    /// Accounts with providers.
    pub connections: Vec<ConnectionPlan>,
    /// Whom to call with.
    pub agents: Vec<Agent>,
    /// The bounds of calls.
    pub limits: CallLimits,
    /// How long things are kept.
    pub keep: KeepFor,
    /// Calls that may be live in all; `None` is no limit.
    pub max_live: Option<u32>,
    /// Addresses that notices may go to although they are not public.
    pub allow_private: Vec<Network>,
    /// Outside address, without a slash at its end.
    pub public_url: Option<String>,
    /// Whether others than this machine reach it.
    pub is_open: bool,
    /// Whether this process runs workers.
    pub workers: bool,
    /// What it was read from, to be read again.
    pub sources: Option<Sources>,
}

/// What a configuration is read from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What the command line said.
    pub given: Given,
    /// The variables of the process.
    pub environment: Environment,
}

/// One account with a provider.
#[derive(Debug)]
pub struct ConnectionPlan {
    /// Which kind.
    pub kind: &'static Kind,
    /// What the kind is told. Its webhook URL is filled in when it is wired.
    pub settings: ConnectionSettings,
    /// Calls that may be live; `None` is no limit.
    pub max_live: Option<u32>,
    /// Requests to place a call per second; `None` is no limit.
    pub max_per_second: Option<u32>,
    /// Overrides the adapter's own.
    pub poll_interval: Option<Duration>,
}

impl Plan {
    /// The plan of a configuration.
    ///
    /// # Errors
    /// A connection whose kind this program does not have.
    pub fn of(config: Config, workers: bool) -> Result<Self, InvalidSettings> {
        let connections =
            config.connections.into_iter().map(|(id, held)| ConnectionPlan::of(id, held)).collect::<Result<_, _>>()?;
        Ok(Self {
            database_url: config.database.url.expose().to_owned(),
            database: config.database.word(),
            alone: config.database.kind == DatabaseKind::Sqlite,
            pool: config.database.pool,
            connections,
            agents: config.agents,
            limits: CallLimits {
                ring_timeout: config.calls.ring_timeout,
                queue_ttl: config.calls.queue_ttl,
                settle_grace: config.calls.settle_grace,
                allow_numbers: config.calls.allow_numbers,
                per_number: config.limits.calls_per_number_per_day,
                spend: config.limits.spend_calls_per_day,
                duplicate_guard: config.calls.duplicate_guard,
            },
            keep: KeepFor { content: config.calls.keep, raw: config.calls.keep_raw },
            max_live: config.calls.max_live,
            allow_private: config.webhooks.allow_private,
            is_open: !config.server.listen.ip().is_loopback(),
            public_url: config.server.public_url,
            workers,
            sources: None,
        })
    }
}

impl ConnectionPlan {
    /// The connection over a provider that was opened.
    ///
    /// # Errors
    /// Its kind has no name that a provider could have.
    pub fn connection(self, provider: Arc<dyn VoiceProvider>) -> Result<Connection, InvalidSettings> {
        let Self { kind, settings, max_live, max_per_second, poll_interval } = self;
        let name = ProviderId::new(kind.name)
            .map_err(|error| InvalidSettings { field: format!("connections.{}.kind", settings.id), fault: error.to_string() })?;
        Ok(Connection {
            id: settings.id,
            kind: name,
            provider,
            max_live,
            max_per_second,
            request_timeout: settings.request_timeout,
            poll_interval,
            test: kind.is_test,
        })
    }

    fn of(id: ConnectionId, held: ConnectionConfig) -> Result<Self, InvalidSettings> {
        let Some(kind) = providers::kind(held.kind.as_str()) else {
            return Err(InvalidSettings {
                field: format!("connections.{id}.kind"),
                fault: format!("is '{}', which this program does not have", held.kind),
            });
        };
        let request_timeout = held.request_timeout.unwrap_or(kind.request_timeout);
        let settings = ConnectionSettings {
            id,
            base_url: held.base_url,
            webhook_url: None,
            request_timeout,
            values: held.values,
            secrets: held.secrets,
        };
        let (max_live, max_per_second, poll_interval) = (held.max_live, held.max_per_second, held.poll_interval);
        Ok(Self { kind, settings, max_live, max_per_second, poll_interval })
    }
}
