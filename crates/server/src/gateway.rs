//! The gateway as the edges see it: the use cases, and what an HTTP handler needs beside them.

use std::sync::Arc;

use callgate_adapters::providers::TheirClocks;
use callgate_domain::ports::{CallStore, Chance, Clock, Connections, KeyStore, Moves, Settings};
use callgate_domain::usecases::{
    Agents, AuditLog, Backups, Calls, Checks, Deliver, Dispatch, Endpoints, Erase, Inspect, Intake, Keys, Pause, Reconcile,
    Retain, SignIn,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::figures::Remembered;
use crate::signals::Hub;
use crate::wiring::{Latencies, Reload};
use crate::workers::pulse::{Loop, Pulse};

/// Everything a running process holds. Made in `wiring.rs`, shared by HTTP handlers and workers.
pub struct Gateway {
    /// The public agents.
    pub agents: Agents,
    /// Place, read, list, cancel.
    pub calls: Calls,
    /// Webhooks.
    pub intake: Intake,
    /// Placing what is due.
    pub dispatch: Dispatch,
    /// Where clients want to be told.
    pub endpoints: Endpoints,
    /// Telling them.
    pub deliver: Deliver,
    /// Stopping dialing, and letting it go on.
    pub pause: Pause,
    /// What operators look at.
    pub inspect: Inspect,
    /// Whether connections and agents are in order.
    pub checks: Checks,
    /// Reading agents and connections again.
    pub reload: Reload,
    /// Looking after calls.
    pub reconcile: Reconcile,
    /// Erasing what a call holds, or what points to a person.
    pub erase: Arc<Erase>,
    /// Forgetting what was kept long enough.
    pub retain: Retain,
    /// Making backups, and taking one in.
    pub backups: Backups,
    /// Making, rotating and revoking API keys.
    pub keys: Keys,
    /// Signing in to the console.
    pub sign_in: SignIn,
    /// Looking keys up.
    pub key_store: Arc<dyn KeyStore>,
    /// Which key did what.
    pub audit: Arc<AuditLog>,
    /// How long requests to providers take.
    pub latencies: Arc<Latencies>,
    /// How far the providers' clocks are from ours.
    pub their_clocks: Arc<TheirClocks>,
    /// Figures for people.
    pub figures: Remembered,
    /// What has changed, for live streams.
    pub moves: Arc<dyn Moves>,
    /// Webhook tokens and the like.
    pub settings: Arc<dyn Settings>,
    /// For readiness.
    pub store: Arc<dyn CallStore>,
    /// Accounts with providers.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// Hints.
    pub hub: Arc<Hub>,
    /// What this process is set to.
    pub facts: Facts,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Whether its loops go on.
    pub pulse: Pulse,
    /// Canceled when the process is to stop: `/readyz` turns 503, waits and streams are cut short.
    pub stopping: CancellationToken,
}

impl Gateway {
    /// A loop has looked for work.
    pub fn looked(&self, of: Loop) {
        self.pulse.beat(of, self.clock.monotonic());
    }
}

/// What this process is set to, for the edges.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Outside address, without a slash at its end; `None` where none is configured.
    pub public_url: Option<String>,
    /// Whether others than this machine reach it.
    pub is_open: bool,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Whether no other process can share the database.
    pub alone: bool,
    /// Whether this process runs workers.
    pub workers: bool,
}
