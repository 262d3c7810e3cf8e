//! Reading agents and connections again, without dropping calls.
//!
//! All or nothing: a configuration with a fault changes nothing. Requests under way keep the connection they began with;
//! everything that begins later sees the new ones. What is beside agents and connections is read at start alone.

use std::sync::{Arc, Mutex, PoisonError};

use callgate_adapters::providers::Ports;
use callgate_domain::model::ConnectionId;
use callgate_domain::ports::{AgentCatalog, Connections, Inspection, Settings, StoreError};

use super::catalog::Catalog;
use super::plan::{Plan, Sources};
use super::{Latencies, WiringError, open_connections};
use crate::config::{Config, Faults};
use crate::telemetry;

/// Reads the configuration again.
pub struct Reload {
    /// Where it is read from; `None` where the process was not started from a configuration.
    pub sources: Option<Sources>,
    /// Outside address.
    pub public_url: Option<String>,
    /// For webhook tokens.
    pub settings: Arc<dyn Settings>,
    /// How many calls a connection has.
    pub inspection: Arc<dyn Inspection>,
    /// What is replaced.
    pub connections: Arc<Connections>,
    /// What is replaced.
    pub catalog: Arc<Catalog>,
    /// What providers may use.
    pub ports: Ports,
    /// How long requests take.
    pub latencies: Arc<Latencies>,
    /// Two at once would mix.
    pub one_at_a_time: tokio::sync::Mutex<()>,
    /// Why the last reading changed nothing, if it did not; for people.
    pub rejected: Mutex<Option<String>>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The agents there are now.
    pub agents: Vec<String>,
    /// The connections there are now.
    pub connections: Vec<String>,
    /// Of them those that were not there before.
    pub added: Vec<String>,
    /// Connections that were there before.
    pub removed: Vec<String>,
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There is nothing to read.
    #[error("this process was not started from a configuration")]
    NoSources,
    /// Everything that is wrong with it.
    #[error(transparent)]
    Faults(Faults),
    /// A connection that is to go has calls. Its id is permanent: renamed, it would be another.
    #[error("connection '{id}' has {calls} open calls")]
    InUse {
        /// Which.
        id: ConnectionId,
        /// How many are not over.
        calls: u32,
    },
    /// A connection cannot be opened, or the database could not be asked.
    #[error(transparent)]
    Wiring(#[from] WiringError),
}

impl From<StoreError> for ReloadError {
    fn from(error: StoreError) -> Self {
        Self::Wiring(error.into())
    }
}

impl Reload {
    /// Reads agents and connections again.
    ///
    /// # Errors
    /// [`ReloadError`]; nothing has changed then.
    pub async fn now(&self) -> Result<Reloaded, ReloadError> {
        let _alone = self.one_at_a_time.lock().await;
        let read = self.read_again().await;
        let rejected = match &read {
            Ok(_) | Err(ReloadError::NoSources) => None,
            Err(error) => Some(error.to_string()),
        };
        *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) = rejected;
        read
    }

    /// Why the last reading changed nothing; `None` where it did, or nothing was read again.
    #[must_use]
    pub fn rejected(&self) -> Option<String> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read_again(&self) -> Result<Reloaded, ReloadError> {
        let sources = self.sources.as_ref().ok_or(ReloadError::NoSources)?;
        let config = Config::load(&sources.given, &sources.environment).map_err(ReloadError::Faults)?;
        let plan = Plan::of(config, true).map_err(WiringError::from)?;
        plan.check().map_err(WiringError::from)?;
        let before = self.connections.ids();
        let kept: Vec<&ConnectionId> = plan.connections.iter().map(|plan| &plan.settings.id).collect();
        let live = self.inspection.live().await?;
        let removed: Vec<_> = before.iter().filter(|id| !kept.contains(id)).cloned().collect();
        // One of another kind is another: it knows nothing of the calls that are out.
        let is_other = |id: &ConnectionId| {
            let kind = self.connections.get(id).map(|held| held.kind);
            let now = plan.connections.iter().find(|plan| plan.settings.id == *id).map(|plan| plan.kind.name);
            kind.is_some_and(|kind| now != Some(kind.as_str()))
        };
        let gone = before.iter().filter(|id| is_other(id));
        if let Some((id, calls)) = gone.into_iter().find_map(|id| Some((id, live.get(id).filter(|calls| **calls > 0)?))) {
            return Err(ReloadError::InUse { id: id.clone(), calls: *calls });
        }
        let public_url = self.public_url.as_deref();
        let opened = open_connections(plan.connections, public_url, self.settings.as_ref(), &self.ports, &self.latencies).await?;
        let now: Vec<_> = opened.iter().map(|held| held.id.clone()).collect();
        let added: Vec<_> = now.iter().filter(|id| !before.contains(id)).cloned().collect();
        added.iter().for_each(telemetry::breaker_closed);
        // First what agents point to, then the agents: none points to nothing in between.
        self.connections.replace(opened, self.ports.clock.now());
        self.catalog.replace(plan.agents);
        let named = |ids: Vec<ConnectionId>| ids.iter().map(ToString::to_string).collect();
        Ok(Reloaded {
            agents: self.catalog.all().iter().map(|agent| agent.key.to_string()).collect(),
            connections: named(now),
            added: named(added),
            removed: named(removed),
        })
    }

    /// Opens the same connections anew, after a webhook address has changed.
    ///
    /// # Errors
    /// As for [`Self::now`].
    pub async fn after_rotation(&self) -> Result<(), ReloadError> {
        match self.now().await {
            Ok(_) | Err(ReloadError::NoSources) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
