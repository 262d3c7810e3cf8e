//! How much may be taken: which calls a process knows how to place, and the room on each connection.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::agent::Route;
use super::call::{Call, Deadline, EndedReason};
use super::holds::OnHold;
use super::ids::{AgentKey, ConnectionId};
use super::rate::Rate;

/// What one process may claim now. A call whose agent it does not know waits for another process, or for its deadline.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// The connections it knows.
    pub connections: HashMap<ConnectionId, Space>,
    /// The agents it knows, with their routes in order.
    pub agents: HashMap<AgentKey, Vec<Route>>,
    /// Calls that may be live in all; `None` is no limit.
    pub max_live: Option<u32>,
    /// Beginnings of the numbers that may be dialed; `None` means anywhere.
    pub allow_numbers: Option<Vec<String>>,
}

/// The room on one connection.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    /// Calls that may be live; `None` is no limit.
    pub max_live: Option<u32>,
    /// Calls that may be taken in any one second; `None` is no limit.
    pub max_per_second: Option<u32>,
    /// Calls that may be taken now, whatever its rate says.
    pub may_send: u32,
    /// Whether its breaker is open: then `may_send` is none, or one that tries it out.
    pub left_alone: bool,
    /// Whether it dials real phones.
    pub dials: bool,
}

/// What is live, and what is held back: read in the transaction that claims.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Calls by connection, of those that are [`Room::counted`].
    pub by_connection: HashMap<ConnectionId, u32>,
    /// What is not to be dialed now.
    pub holds: Vec<OnHold>,
}

impl Live {
    /// Whether a call with this agent, over this connection, is held back.
    fn holds_back(&self, agent: &AgentKey, connection: &ConnectionId) -> bool {
        self.holds.iter().any(|hold| hold.stops(agent, connection))
    }
}

/// What a claim does with one due call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Take it, over this connection.
    Take(ConnectionId),
    /// Its wait is over.
    Expire(Deadline),
    /// A rule forbids it.
    Refuse(EndedReason),
    /// No room, held back, or not known here.
    Leave,
}

impl Room {
    /// What to do with a due call, given what is live.
    #[must_use]
    pub fn pick(&self, call: &Call, live: &Live, at: Timestamp) -> Pick {
        if let Some(deadline) = call.wait_passed(at) {
            return Pick::Expire(deadline);
        }
        let open = self.agents.get(&call.agent).and_then(|routes| self.next(&call.agent, routes, &call.refusals.closed, live));
        // What was accepted as simulated rings nobody, and what was to ring somebody is not made up: since then the agent has
        // become another, whose calls wait as those of one that is not known here.
        if open.is_some_and(|id| self.dials(id) == Some(call.terms.test)) {
            return Pick::Leave;
        }
        // What was allowed when the call was accepted may not be any more.
        if open.is_some_and(|id| self.forbids(call, id)) {
            return Pick::Refuse(EndedReason::DestinationNotAllowed);
        }
        let total: u32 = live.by_connection.values().sum();
        if self.max_live.is_some_and(|max| total >= max) {
            return Pick::Leave;
        }
        match open {
            Some(id) if self.is_free(&call.agent, id, live) => Pick::Take(id.clone()),
            _ => Pick::Leave,
        }
    }

    /// The connection that a call goes over next: the first that has not refused it. One that is left alone is passed over
    /// where there is another; one that an operator holds back, that is full or at its rate is waited for.
    fn next<'a>(&self, agent: &AgentKey, routes: &'a [Route], closed: &[ConnectionId], live: &Live) -> Option<&'a ConnectionId> {
        let mut open = routes.iter().map(|route| &route.connection).filter(|id| !closed.contains(id));
        let is_left_alone = |id: &ConnectionId| {
            let space = self.connections.get(id);
            space.is_some_and(|space| space.left_alone && space.may_send == 0) && !live.holds_back(agent, id)
        };
        open.clone().find(|id| !is_left_alone(id)).or_else(|| open.next())
    }

    /// Takes what was taken of late into account: no connection has more room than its rate leaves.
    pub fn limit(&mut self, rates: &mut HashMap<ConnectionId, Rate>, now: Timestamp) {
        for (connection, space) in &mut self.connections {
            let left = match rates.get_mut(connection) {
                Some(rate) => rate.left(space.max_per_second, now),
                // Never asked before.
                None => space.max_per_second.unwrap_or(u32::MAX),
            };
            space.may_send = space.may_send.min(left);
        }
    }

    /// How long until the first connection that is at its rate, or pauses, has room again; `None` where none is.
    #[must_use]
    pub fn opens_in(&self, rates: &HashMap<ConnectionId, Rate>, now: Timestamp) -> Option<Duration> {
        let held = self.connections.iter().filter(|(_, space)| space.may_send == 0);
        held.filter_map(|(connection, space)| rates.get(connection)?.opens_in(space.max_per_second, now)).min()
    }

    /// The agents of which a call that nothing has refused could be taken now, and those of which only one that was.
    #[must_use]
    pub fn free_agents(&self, live: &Live) -> (Vec<&AgentKey>, Vec<&AgentKey>) {
        let is_free = |agent: &AgentKey, connection: &ConnectionId| self.is_free(agent, connection, live);
        let (first, others): (Vec<_>, Vec<_>) = self
            .agents
            .iter()
            .partition(|(agent, routes)| self.next(agent, routes, &[], live).is_some_and(|id| is_free(agent, id)));
        let later = others.into_iter().filter(|(agent, routes)| routes.iter().any(|route| is_free(agent, &route.connection)));
        let later = later.map(|(agent, _)| agent).collect();
        (first.into_iter().map(|(agent, _)| agent).collect(), later)
    }

    /// Whether a connection dials real phones; `None` where it is not known here.
    fn dials(&self, connection: &ConnectionId) -> Option<bool> {
        self.connections.get(connection).map(|space| space.dials)
    }

    fn forbids(&self, call: &Call, connection: &ConnectionId) -> bool {
        self.dials(connection) == Some(true)
            && self.allow_numbers.as_ref().is_some_and(|prefixes| !call.phone.begins_with_any(prefixes))
    }

    fn is_free(&self, agent: &AgentKey, connection: &ConnectionId, live: &Live) -> bool {
        self.has_room(connection, live) && !live.holds_back(agent, connection)
    }

    /// Counts one more taken.
    pub fn take(&mut self, connection: &ConnectionId, live: &mut Live) {
        if let Some(space) = self.connections.get_mut(connection) {
            space.may_send = space.may_send.saturating_sub(1);
        }
        let count = live.by_connection.entry(connection.clone()).or_default();
        *count = count.saturating_add(1);
    }

    /// The connections whose live calls have to be counted: those with a limit; `None` is all, where all together have one.
    #[must_use]
    pub fn counted(&self) -> Option<Vec<&ConnectionId>> {
        let limited = self.connections.iter().filter(|(_, space)| space.max_live.is_some()).map(|(connection, _)| connection);
        if self.max_live.is_some() { None } else { Some(limited.collect()) }
    }

    /// Whether anything at all could be taken: a claim that cannot succeed need not ask the store.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.connections.values().all(|space| space.may_send == 0)
    }

    /// Whether one more call could be taken on a connection.
    fn has_room(&self, connection: &ConnectionId, live: &Live) -> bool {
        let taken = live.by_connection.get(connection).copied().unwrap_or(0);
        self.connections.get(connection).is_some_and(|space| space.may_send > 0 && space.max_live.is_none_or(|max| taken < max))
    }
}
