//! Stops dialing, at once and everywhere, and lets it go on.

use std::sync::Arc;

use crate::model::nearest::nearest;
use crate::model::{AgentKey, ConnectionId, Hold, OnHold};
use crate::ports::{AgentCatalog, Clock, Connections, Holds, Signals, StoreError, Work};

/// Why something is held that an operator paused.
const REASON: &str = "paused by an operator";

/// Puts and lifts holds.
pub struct Pause {
    /// Where they are kept.
    pub holds: Arc<dyn Holds>,
    /// The agents that can be named.
    pub agents: Arc<dyn AgentCatalog>,
    /// The connections that can be named.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is told that work may go on.
    pub signals: Arc<dyn Signals>,
}

/// What is to be paused or resumed, as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Everything.
    Everything,
    /// The agent with this key.
    Agent(String),
    /// The connection with this id.
    Connection(String),
}

/// Why nothing was paused or resumed.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// No agent of this process has this key.
    #[error("there is no agent '{key}'")]
    UnknownAgent {
        /// As it was named.
        key: String,
        /// The nearest there is.
        nearest: Option<String>,
    },
    /// No connection of this process has this id.
    #[error("there is no connection '{id}'")]
    UnknownConnection {
        /// As it was named.
        id: String,
        /// The nearest there is.
        nearest: Option<String>,
    },
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pause {
    /// Holds back what is named. Once this has returned, nothing of it is claimed any more in any process. Returns every
    /// hold in force.
    ///
    /// # Errors
    /// [`PauseError`]; then nothing has changed.
    pub async fn pause(&self, named: &Named) -> Result<Vec<Hold>, PauseError> {
        let what = self.known(named)?;
        let hold = Hold { what, reason: REASON.to_owned(), created_at: self.clock.now() };
        self.holds.put(hold).await?;
        Ok(self.holds.list().await?)
    }

    /// Lets what is named go on, unless another hold covers it. Returns every hold still in force.
    ///
    /// # Errors
    /// [`PauseError`]; then nothing has changed.
    pub async fn resume(&self, named: &Named) -> Result<Vec<Hold>, PauseError> {
        let what = match self.known(named) {
            Ok(what) => what,
            // It may have left the configuration since it was paused.
            Err(unknown) => self.held(named).await?.ok_or(unknown)?,
        };
        if self.holds.lift(&what).await? {
            self.signals.work_waiting(Work::Dispatch);
        }
        Ok(self.holds.list().await?)
    }

    /// Every hold in force.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self) -> Result<Vec<Hold>, StoreError> {
        self.holds.list().await
    }

    fn known(&self, named: &Named) -> Result<OnHold, PauseError> {
        match named {
            Named::Everything => Ok(OnHold::Everything),
            Named::Agent(key) => {
                let known = AgentKey::new(key.as_str()).ok().filter(|key| self.agents.get(key).is_some());
                known.map(OnHold::Agent).ok_or_else(|| {
                    let all = self.agents.all();
                    let nearest = nearest(key, all.iter().map(|agent| agent.key.as_str())).map(str::to_owned);
                    PauseError::UnknownAgent { key: key.clone(), nearest }
                })
            }
            Named::Connection(id) => {
                let known = ConnectionId::new(id.as_str()).ok().filter(|id| self.connections.get(id).is_some());
                known.map(OnHold::Connection).ok_or_else(|| {
                    let all = self.connections.ids();
                    let nearest = nearest(id, all.iter().map(ConnectionId::as_str)).map(str::to_owned);
                    PauseError::UnknownConnection { id: id.clone(), nearest }
                })
            }
        }
    }

    async fn held(&self, named: &Named) -> Result<Option<OnHold>, StoreError> {
        let is_it = |what: &OnHold| match (named, what) {
            (Named::Agent(key), OnHold::Agent(held)) => key == held.as_str(),
            (Named::Connection(id), OnHold::Connection(held)) => id == held.as_str(),
            _ => false,
        };
        Ok(self.holds.list().await?.into_iter().map(|hold| hold.what).find(is_it))
    }
}
