//! The public agents, as clients see them.

use std::sync::Arc;

use crate::model::{Agent, AgentKey};
use crate::ports::{AgentCatalog, Connections};

/// Reads the agents.
pub struct Agents {
    /// As configured.
    pub catalog: Arc<dyn AgentCatalog>,
    /// What stands behind them.
    pub connections: Arc<Connections>,
}

/// A public agent, and whether it can be called with now.
#[derive(Debug, Clone)]
pub struct PublicAgent {
    /// The agent.
    pub agent: Arc<Agent>,
    /// One of its routes can be used.
    pub available: bool,
}

impl Agents {
    /// All public agents, in the order of their keys.
    #[must_use]
    pub fn list(&self) -> Vec<PublicAgent> {
        self.catalog.all().into_iter().filter(|agent| agent.public).map(|agent| self.seen(agent)).collect()
    }

    /// One public agent; a private one is as absent as one that does not exist.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<PublicAgent> {
        let key = AgentKey::new(key).ok()?;
        self.catalog.get(&key).filter(|agent| agent.public).map(|agent| self.seen(agent))
    }

    fn seen(&self, agent: Arc<Agent>) -> PublicAgent {
        let available = agent.routes.iter().any(|route| self.connections.get(&route.connection).is_some());
        PublicAgent { agent, available }
    }
}
