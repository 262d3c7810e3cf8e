//! Places what is due: claim, send mark, one request, classify.
//!
//! Four steps and three commits; the request happens with nothing open. Dying after the mark leaves a call `sending`,
//! which only ever becomes `unknown`: nobody is called twice.

mod hands;
mod pacing;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub use hands::Hands;
pub use pacing::{Mishap, Pacing};

use super::record::{RecordError, Recorded, Recorder};
use crate::model::breaker::Sign;
use crate::model::call::transition::SHORTEST_WAIT;
use crate::model::call::{Attempt, By};
use crate::model::moment::later;
use crate::model::pacing::{Room, Space};
use crate::model::provider::{PlaceOrder, Placing, Retry};
use crate::model::rate::LONGEST_PAUSE;
use crate::model::{Agent, AttemptId, Call, CallEvent, CallState, ConnectionId, EndedReason, Fence, WorkerId};
use crate::ports::{AgentCatalog, CallStore, Chance, Clock, Connections, StoreError, Taken, Work};

/// A claim's lease; it is prolonged every third of it.
pub const LEASE: Duration = Duration::from_secs(30);
/// A request leaves within this long of its send mark, or not at all.
pub const SEND_BY: Duration = Duration::from_secs(5);
/// How far a lease outlives its request's own deadline: the time to write down what became of it.
pub const LEASE_AFTER_REQUEST: Duration = Duration::from_secs(10);

/// Claims due calls and carries each to a provider.
pub struct Dispatch {
    /// This process.
    pub worker: WorkerId,
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// How calls change.
    pub recorder: Arc<Recorder>,
    /// Whom to call with.
    pub agents: Arc<dyn AgentCatalog>,
    /// Over what.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub chance: Arc<dyn Chance>,
    /// Calls that may be live in all; `None` is no limit.
    pub max_live: Option<u32>,
    /// Beginnings of the numbers that may be dialed; `None` means anywhere.
    pub allow_numbers: Option<Vec<String>>,
    /// Which connections are left alone.
    pub pacing: Pacing,
    /// The claims that this process knows to have.
    pub hands: Hands,
}

/// What one claim took.
#[derive(Debug, Default)]
pub struct Claims {
    /// To be carried, each as a task of its own.
    pub taken: Vec<Call>,
    /// Calls that ended instead: their wait was over, or a rule forbids them.
    pub ended: Vec<Call>,
    /// Every connection is at its rate, pauses, or has its breaker open: no hint of new work makes room, only time does.
    pub held_back: bool,
    /// When the first connection that is at its rate has room again, whoever waits for it.
    pub opens_in: Option<Duration>,
}

/// What became of one claim.
#[derive(Debug)]
pub enum Carried {
    /// It is in the call, durably.
    Recorded(Box<Call>),
    /// The request happened and the store could not be written: give this to [`Dispatch::note`] until the lease ends.
    Unrecorded(Box<Unrecorded>),
    /// Nothing was sent, or nothing that this worker may write down: another holds the call, or the store could not be
    /// written.
    NotSent(RecordError),
}

/// What became of a request, not written down yet.
#[derive(Debug, Clone)]
pub struct Unrecorded {
    /// As it was when the request left.
    pub call: Call,
    /// Whose request it was.
    pub attempt: AttemptId,
    /// What became of it.
    pub placing: Placing,
}

impl Dispatch {
    /// Takes up to `limit` due calls for which there is room.
    ///
    /// # Errors
    /// `Unavailable`: nothing was taken.
    pub async fn claim(&self, limit: u32) -> Result<Claims, StoreError> {
        let room = self.room();
        if room.is_full() {
            return Ok(Claims { held_back: true, ..Claims::default() });
        }
        if limit == 0 {
            return Ok(Claims::default());
        }
        let Taken { calls, opens_in, is_full } = self.store.claim(self.worker, LEASE, &room, limit).await?;
        let (taken, ended): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.state == CallState::Claimed);
        self.hands.take(&taken);
        for connection in taken.iter().filter_map(|call| call.connection.as_ref()) {
            self.pacing.spend(connection, self.clock.monotonic());
        }
        taken.iter().for_each(|call| self.recorder.signals.call_moved(call, CallState::Queued, By::Gateway.into()));
        for call in &ended {
            let by = if call.state == CallState::Blocked { By::Rule } else { By::Deadline };
            self.recorder.signals.call_moved(call, CallState::Queued, by.into());
        }
        if !ended.is_empty() {
            self.recorder.signals.work_waiting(Work::Deliver);
        }
        Ok(Claims { taken, ended, held_back: is_full, opens_in })
    }

    /// Carries one claim to its provider and writes down what became of it.
    pub async fn carry(&self, call: Call) -> Carried {
        let over = call.connection.clone();
        let carried = self.place(call).await;
        if let (Some(connection), Carried::NotSent(_)) = (over, &carried) {
            self.learn(&connection, Sign::Silent);
        }
        carried
    }

    async fn place(&self, call: Call) -> Carried {
        let in_hand = self.hands.in_hand(call.id);
        let Some((agent, connection)) = self.known(&call) else {
            let released = self.release(call).await;
            return Carried::NotSent(released.err().unwrap_or(RecordError::Fenced));
        };
        let fence = call.fence;
        let marked_at = self.clock.monotonic();
        let attempt = AttemptId::new(self.clock.now(), self.chance.for_id());
        let until = later(self.clock.now(), SEND_BY + connection.request_timeout + LEASE_AFTER_REQUEST);
        let marked = match self.recorder.record_under(fence, call, &CallEvent::SendMarked { attempt, until }).await {
            Ok(Recorded::Moved(marked, _)) => *marked,
            // Its wait was over before its worker came to it.
            Ok(Recorded::Ignored(call, _)) => {
                let released = self.release(*call).await;
                return Carried::NotSent(released.err().unwrap_or(RecordError::Fenced));
            }
            Err(error) => return Carried::NotSent(error),
        };
        drop(in_hand);
        let window_over = marked.asked.expires_at.is_some_and(|expires_at| expires_at <= self.clock.now());
        let late = window_over || self.clock.monotonic().saturating_sub(marked_at) > SEND_BY;
        let placing = match order(&marked, &agent, attempt, &connection.id) {
            // Not a byte has left, so this is proof: the pause was ours.
            _ if late => Placing::NotDialed { reason: EndedReason::GatewayError, retry: Retry::Backoff },
            None => Placing::NotDialed { reason: EndedReason::GatewayError, retry: Retry::Never },
            Some(order) => connection.provider.place(&order).await,
        };
        self.learn(&connection.id, Sign::of(&placing));
        self.pacing.note(&connection.id, &placing, self.clock.now());
        let pause = match placing {
            Placing::NotDialed { retry: Retry::After(wait), .. } => Some(wait.clamp(SHORTEST_WAIT, LONGEST_PAUSE)),
            _ => None,
        };
        if let Some(wait) = pause {
            self.pacing.pause(&connection.id, self.clock.monotonic().saturating_add(wait));
        }
        let unrecorded = Unrecorded { call: marked, attempt, placing };
        let carried = match self.note(unrecorded.clone()).await {
            Ok(call) => Carried::Recorded(Box::new(call)),
            Err(RecordError::Store(_)) => Carried::Unrecorded(Box::new(unrecorded)),
            Err(error) => Carried::NotSent(error),
        };
        if let Some(wait) = pause {
            // For other processes; without it each of them is told by the provider itself.
            let _unless_unavailable = self.store.pause(&connection.id, wait).await;
        }
        carried
    }

    /// Writes down what became of a request.
    ///
    /// # Errors
    /// `Fenced` when the call is no longer this worker's: look-ups go on from there. `Unavailable` for whatever else keeps
    /// the store from writing it down: try again until the lease ends.
    pub async fn note(&self, done: Unrecorded) -> Result<Call, RecordError> {
        let fence = done.call.fence;
        let is_busy = matches!(done.placing, Placing::NotDialed { retry: Retry::After(_), .. });
        let other_route = self.other_route(&done.call, is_busy);
        let event = CallEvent::Placed { attempt: done.attempt, placing: done.placing, other_route };
        match self.recorder.record_under(fence, done.call, &event).await {
            Ok(recorded) => Ok(recorded.call()),
            Err(RecordError::Store(error @ (StoreError::Conflict | StoreError::InProgress))) => {
                Err(StoreError::Unavailable(error.into()).into())
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a claim back that was not carried: at a shutdown.
    ///
    /// # Errors
    /// As for any change; the lease will run out by itself.
    pub async fn release(&self, call: Call) -> Result<Call, RecordError> {
        let fence: Fence = call.fence;
        let _until_given_back = self.hands.in_hand(call.id);
        if let Some(connection) = &call.connection {
            self.learn(connection, Sign::Silent);
        }
        Ok(self.recorder.record_under(fence, call, &CallEvent::Released).await?.call())
    }

    /// Whoever carried claims is gone, and their leases run out: nobody prolongs them any more.
    pub fn let_go(&self) {
        self.hands.empty();
    }

    /// Prolongs the leases of the claims in hand.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn beat(&self) -> Result<(), StoreError> {
        self.store.beat(self.worker, LEASE, &self.hands.all()).await
    }

    /// What a request says about its connection: its breaker learns from that, and whoever watches is told of a turn.
    fn learn(&self, connection: &ConnectionId, sign: Sign) {
        if let Some(turn) = self.pacing.learn(connection, sign, self.clock.monotonic()) {
            self.recorder.signals.breaker_turned(connection, turn);
        }
    }

    /// What this process may claim now.
    fn room(&self) -> Room {
        let now = self.clock.monotonic();
        let space = |held: &crate::ports::Connection| Space {
            max_live: held.max_live,
            max_per_second: held.max_per_second,
            may_send: self.pacing.may_send(&held.id, now),
            left_alone: self.pacing.is_open(&held.id),
            dials: !held.test,
        };
        Room {
            connections: self.connections.all().iter().map(|held| (held.id.clone(), space(held))).collect(),
            agents: self.agents.all().into_iter().map(|agent| (agent.key.clone(), agent.routes.clone())).collect(),
            max_live: self.max_live,
            allow_numbers: self.allow_numbers.clone(),
        }
    }

    fn known(&self, call: &Call) -> Option<(Arc<Agent>, crate::ports::Connection)> {
        let connection = self.connections.get(call.connection.as_ref()?)?;
        // It may have become another since it was claimed.
        if connection.test != call.terms.test {
            return None;
        }
        Some((self.agents.get(&call.agent)?, connection))
    }

    /// Whether the agent has another route that was not refused in this try. One that is only busy is not given up for one
    /// that is left alone.
    fn other_route(&self, call: &Call, is_busy: bool) -> bool {
        let used = call.connection.as_ref();
        let open = |id: &ConnectionId| {
            let is_new = Some(id) != used && !call.refusals.closed.contains(id);
            is_new && self.connections.get(id).is_some() && !(is_busy && self.pacing.is_open(id))
        };
        self.agents.get(&call.agent).is_some_and(|agent| agent.routes.iter().any(|route| open(&route.connection)))
    }
}

fn order(call: &Call, agent: &Agent, attempt: AttemptId, connection: &ConnectionId) -> Option<PlaceOrder> {
    let route = agent.route(connection)?;
    let held: Option<&Attempt> = call.attempt.as_ref().filter(|held| held.id == attempt);
    held?;
    let mut variables: Map<String, Value> = agent.variables.clone();
    variables.extend(call.asked.variables.clone());
    Some(PlaceOrder {
        attempt,
        call: call.id,
        phone: call.phone.clone(),
        agent: call.agent.clone(),
        remote_id: route.remote_id.clone(),
        from: route.from.clone(),
        variables,
        voicemail: agent.voicemail,
        max_duration: call.terms.max_duration,
        ring_timeout: call.terms.ring_timeout,
    })
}
