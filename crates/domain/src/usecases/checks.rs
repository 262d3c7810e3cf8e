//! Whether connections and agents are in order, as operators ask it. Nobody is rung.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::provider::Health;
use crate::model::{Agent, AgentKey, ConnectionId, Route};
use crate::ports::{AgentCatalog, Clock, Connection, Connections, Inspection, ProviderError, StoreError};

/// Asks providers how they are.
pub struct Checks {
    /// Whom to call with.
    pub agents: Arc<dyn AgentCatalog>,
    /// Over what.
    pub connections: Arc<Connections>,
    /// How many calls each has.
    pub inspection: Arc<dyn Inspection>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the last check found, by connection.
    pub found: Mutex<BTreeMap<ConnectionId, Checked>>,
}

/// A connection, and how it is.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The connection.
    pub connection: Connection,
    /// Calls with it that are not over.
    pub live: u32,
    /// What its last check by this process found.
    pub checked: Option<Checked>,
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// Of each agent that is reached over it, in the order of their keys. None where no agent is.
    pub routes: Vec<CheckedRoute>,
}

/// One agent over one connection.
#[derive(Debug, Clone)]
pub struct CheckedRoute {
    /// Whose route.
    pub agent: AgentKey,
    /// Over what.
    pub connection: ConnectionId,
    /// How it is.
    pub health: Health,
    /// How long asking took.
    pub took: Duration,
}

impl Checked {
    /// Whether every route over it works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.routes.iter().all(|route| route.health.ready)
    }
}

impl Checks {
    /// Every connection, in the order of their ids.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let live = self.inspection.live().await?;
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let listed = self.connections.all().into_iter().map(|connection| Listed {
            live: live.get(&connection.id).copied().unwrap_or_default(),
            checked: found.get(&connection.id).cloned(),
            connection,
        });
        Ok(listed.collect())
    }

    /// Asks about every agent that is reached over a connection; `None` where there is no such connection.
    pub async fn connection(&self, id: &str) -> Option<Checked> {
        let connection = ConnectionId::new(id).ok().and_then(|id| self.connections.get(&id))?;
        let mut routes = Vec::new();
        for agent in self.agents.all() {
            if let Some(route) = agent.route(&connection.id) {
                routes.push(ask(&agent, route, &connection, &*self.clock).await);
            }
        }
        let checked = Checked { at: self.clock.now(), routes };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.id, checked.clone());
        Some(checked)
    }

    /// Asks about every route of every agent, in the order of their keys.
    pub async fn agents(&self) -> Vec<CheckedRoute> {
        let mut all = Vec::new();
        for connection in self.connections.all() {
            all.extend(self.connection(connection.id.as_str()).await.into_iter().flat_map(|checked| checked.routes));
        }
        let place = |route: &CheckedRoute| {
            let agent = self.agents.get(&route.agent);
            let routes = agent.map(|agent| agent.routes.clone()).unwrap_or_default();
            routes.iter().position(|held| held.connection == route.connection)
        };
        all.sort_by_cached_key(|route| (route.agent.clone(), place(route)));
        all
    }
}

/// Asks about one route of an agent.
pub async fn ask(agent: &Agent, route: &Route, connection: &Connection, clock: &dyn Clock) -> CheckedRoute {
    let began = clock.monotonic();
    let health = match (connection.provider.check_route(route), connection.provider.probe(route).await) {
        (Err(fault), _) => Health { ready: false, detail: fault.to_string() },
        (Ok(()), Ok(health)) => health,
        (Ok(()), Err(ProviderError::Failed(cause))) => {
            Health { ready: false, detail: format!("it could not be asked: {cause:#}") }
        }
        (Ok(()), Err(error)) => Health { ready: false, detail: format!("it could not be asked: {error}") },
    };
    let took = clock.monotonic().saturating_sub(began);
    CheckedRoute { agent: agent.key.clone(), connection: connection.id.clone(), health, took }
}
