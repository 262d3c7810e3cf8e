//! The agents, as the configuration keeps them.

use std::sync::Arc;

use crate::model::{Agent, AgentKey};

/// The agents this process knows.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait AgentCatalog: Send + Sync {
    /// All agents, private ones too, in the order of their keys.
    fn all(&self) -> Vec<Arc<Agent>>;

    /// One agent, public or private.
    fn get(&self, key: &AgentKey) -> Option<Arc<Agent>>;
}
