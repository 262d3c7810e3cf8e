//! The agents of the configuration, replaced as a whole when it is read again.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use callgate_domain::model::{Agent, AgentKey};
use callgate_domain::ports::AgentCatalog;

type ByKey = BTreeMap<AgentKey, Arc<Agent>>;

/// The agents of the configuration.
pub struct Catalog {
    by_key: RwLock<ByKey>,
}

impl Catalog {
    /// These agents.
    pub fn of(agents: Vec<Agent>) -> Self {
        Self { by_key: RwLock::new(by_key(agents)) }
    }

    /// These from now on.
    pub fn replace(&self, agents: Vec<Agent>) {
        *self.by_key.write().unwrap_or_else(PoisonError::into_inner) = by_key(agents);
    }
}

fn by_key(agents: Vec<Agent>) -> ByKey {
    agents.into_iter().map(|agent| (agent.key.clone(), Arc::new(agent))).collect()
}

impl AgentCatalog for Catalog {
    fn all(&self) -> Vec<Arc<Agent>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn get(&self, key: &AgentKey) -> Option<Arc<Agent>> {
        self.by_key.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}
