//! What an operator holds back from being dialed: everything, one agent, or one connection.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::ids::{AgentKey, ConnectionId, UnknownWord};

/// What is not dialed while a hold is in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnHold {
    /// Every call.
    Everything,
    /// Calls with this agent.
    Agent(AgentKey),
    /// Calls whose next request would go over this connection.
    Connection(ConnectionId),
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What is not dialed.
    pub what: OnHold,
    /// Why, for operators.
    pub reason: String,
    /// Since when.
    pub created_at: Timestamp,
}

impl OnHold {
    /// Whether a call with this agent, over this connection, is not dialed.
    #[must_use]
    pub fn stops(&self, agent: &AgentKey, connection: &ConnectionId) -> bool {
        match self {
            Self::Everything => true,
            Self::Agent(held) => held == agent,
            Self::Connection(held) => held == connection,
        }
    }
}

/// As it is kept: `all`, `agent:<key>`, `connection:<id>`.
impl fmt::Display for OnHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("all"),
            Self::Agent(key) => write!(f, "agent:{key}"),
            Self::Connection(id) => write!(f, "connection:{id}"),
        }
    }
}

impl FromStr for OnHold {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = match text.split_once(':') {
            None if text == "all" => Some(Self::Everything),
            Some(("agent", key)) => AgentKey::new(key).ok().map(Self::Agent),
            Some(("connection", id)) => ConnectionId::new(id).ok().map(Self::Connection),
            _ => None,
        };
        read.ok_or_else(|| UnknownWord { word: text.to_owned() })
    }
}
