//! Agents: what an integrator calls with, and which connections stand behind it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::ids::{AgentKey, ConnectionId};
use super::phone::Phone;

/// Somebody who can hold a conversation, as the operator configured it.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// What integrators write.
    pub key: AgentKey,
    /// What people read.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// Language codes, as configured.
    pub languages: Vec<String>,
    /// Whether clients may see it and call with it.
    pub public: bool,
    /// Tried in order; the next only after proof that the one before did not dial. Never empty.
    pub routes: Vec<Route>,
    /// Defaults for the conversation; a call's own variables go over them.
    pub variables: Map<String, Value>,
    /// What to do when a machine answers.
    pub voicemail: Voicemail,
    /// A call may ask for less, not for more.
    pub max_duration: Duration,
    /// Simulated: never dials.
    pub test: bool,
}

/// One way to reach an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The account that places the call.
    pub connection: ConnectionId,
    /// The assistant, agent, pathway or worker over there.
    pub remote_id: String,
    /// The caller's number, where the connection allows several.
    pub from: Option<Phone>,
}

super::words::words! {
    /// What to do when a machine answers.
    pub enum Voicemail {
        /// End the call.
        Hangup = "hangup",
        /// Let the agent leave a message.
        Leave = "leave",
    }
}

impl Agent {
    /// The route over a connection, where the agent has one.
    #[must_use]
    pub fn route(&self, connection: &ConnectionId) -> Option<&Route> {
        self.routes.iter().find(|route| &route.connection == connection)
    }
}
