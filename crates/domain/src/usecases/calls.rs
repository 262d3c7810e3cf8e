//! Place, read, list and cancel calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::record::{RecordError, Recorded, Recorder};
use crate::model::call::{Asked, By, Entry, NewCall, Terms};
use crate::model::moment::elapsed;
use crate::model::nearest::nearest;
use crate::model::quota::TWIN;
use crate::model::{
    Agent, AgentKey, Call, CallEvent, CallId, CallState, ClientId, KeyId, Overrun, Phone, Quota, RetryPlan, Revision, Spending,
};
use crate::ports::{
    AgentCatalog, CallFilter, CallStore, Chance, Clock, Connections, IdempotencyKey, Inserted, Listed, Page, Reader, Signals,
    StoreError, Work,
};

/// Everything a client does with calls.
pub struct Calls {
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// Who can be called with.
    pub agents: Arc<dyn AgentCatalog>,
    /// What stands behind them.
    pub connections: Arc<Connections>,
    /// How calls change.
    pub recorder: Arc<Recorder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub chance: Arc<dyn Chance>,
    /// Who is told.
    pub signals: Arc<dyn Signals>,
    /// The bounds of this gateway.
    pub limits: CallLimits,
}

/// The bounds of this gateway: `[calls]` of the configuration.
#[derive(Debug, Clone)]
pub struct CallLimits {
    /// The longest ringing.
    pub ring_timeout: Duration,
    /// The longest wait in the queue.
    pub queue_ttl: Duration,
    /// How long past a call's longest possible end evidence is awaited.
    pub settle_grace: Duration,
    /// Beginnings of the numbers that may be called; `None` means anywhere.
    pub allow_numbers: Option<Vec<String>>,
    /// How often one number may ring within a day; `None` is no limit.
    pub per_number: Option<u32>,
    /// Calls that one key may place within a day; `None` is no limit.
    pub spend: Option<u32>,
    /// Whether a second call right behind the first is refused, unless its request carries a key.
    pub duplicate_guard: bool,
}

/// A client's wish.
#[derive(Clone)]
pub struct PlaceCall {
    /// Whose.
    pub client: ClientId,
    /// Which of the client's keys asks.
    pub key: KeyId,
    /// Who is called.
    pub phone: Phone,
    /// Key of a public agent, as the client wrote it.
    pub agent: String,
    /// What is sent along.
    pub asked: Asked,
    /// Hang up after this long; the agent's own limit where absent.
    pub max_duration: Option<Duration>,
    /// Further tries; none where absent.
    pub retry: Option<RetryPlan>,
    /// The `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
}

impl fmt::Debug for PlaceCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceCall")
            .field("client", &self.client)
            .field("phone", &self.phone)
            .field("agent", &self.agent)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

/// A call was accepted, now or by an earlier request with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub call_id: CallId,
    /// An earlier request made it.
    pub replayed: bool,
}

/// One thing that is wrong with a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// No public agent has this key.
    UnknownAgent {
        /// As written.
        agent: String,
        /// The public key nearest to it, where one is near.
        nearest: Option<AgentKey>,
    },
    /// The window is over already.
    WindowPassed,
    /// It asks for more than the agent's limit.
    TooLong {
        /// The agent's limit.
        limit: Duration,
    },
    /// Its plan has more tries than a number may ring within a day.
    TooManyTries {
        /// Rings within a day.
        limit: u32,
    },
}

/// Why a call was not accepted. Nothing is stored then.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Something is wrong with the wish.
    #[error("the call cannot be accepted")]
    Objections(Vec<Objection>),
    /// The number may not be called from here.
    #[error("the destination is not allowed")]
    DestinationNotAllowed,
    /// It looks like a call that is under way.
    #[error("the call may be under way already")]
    PossibleDuplicate {
        /// That call.
        call: CallId,
        /// How long ago it was accepted.
        age: Duration,
    },
    /// The number is called too often.
    #[error("the number was called too often")]
    NumberLimit {
        /// Rings within a day.
        limit: u32,
        /// When to try again.
        wait: Duration,
    },
    /// The key has placed as many calls as it may.
    #[error("the key placed too many calls")]
    SpendLimit {
        /// Calls within a day.
        limit: u32,
        /// When to try again.
        wait: Duration,
    },
    /// The key came before with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// A twin is still being written.
    #[error("a request with this key is still running")]
    InProgress,
    /// The store could not.
    #[error(transparent)]
    Store(StoreError),
}

/// What a request to cancel did.
#[derive(Debug, Clone, PartialEq)]
pub enum Canceled {
    /// It is canceled, now or before.
    Done(Box<Call>),
    /// It may have been sent: its end was asked for.
    AskedFor(Box<Call>),
    /// It was over already.
    AlreadyOver(Box<Call>),
}

impl Calls {
    /// Accepts a call: durable when this returns, dialed later.
    ///
    /// # Errors
    /// [`PlaceError`] says why it was not accepted.
    pub async fn place(&self, wish: PlaceCall) -> Result<Placed, PlaceError> {
        let now = self.clock.now();
        let key = wish.idempotency_key.clone().map(|key| IdempotencyKey {
            client: wish.client.clone(),
            operation: "POST /v1/calls",
            key,
            fingerprint: fingerprint(&wish),
        });
        let agent = match self.permit(&wish, now) {
            Ok(agent) => agent,
            // A repetition gets its first answer, whatever has become impossible since.
            Err(refusal) => return self.replay(key).await?.ok_or(refusal),
        };
        let id = CallId::new(now, self.chance.for_id());
        let terms = self.terms(&agent, wish.max_duration, wish.retry);
        let quota = self.quota(wish.key);
        let new = NewCall { id, client: wish.client, agent: agent.key.clone(), phone: wish.phone, asked: wish.asked, terms };
        let (call, entry) = Call::accept(new, now);
        match self.store.insert(vec![(call.clone(), entry)], key, &quota).await {
            Ok(Inserted::New) => {
                self.signals.call_moved(&call, call.state, By::Client.into());
                self.signals.work_waiting(Work::Dispatch);
                Ok(Placed { call_id: id, replayed: false })
            }
            Ok(Inserted::Replayed(call_id)) => Ok(Placed { call_id, replayed: true }),
            Ok(Inserted::Refused(overrun)) => Err(over(overrun, now)),
            Err(error) => Err(refused(error)),
        }
    }

    /// Everything that is wrong with a wish, so far as its parts are known.
    #[must_use]
    pub fn objections(
        &self,
        agent: Option<&str>,
        asked: &Asked,
        max_duration: Option<Duration>,
        retry: Option<&RetryPlan>,
    ) -> Vec<Objection> {
        self.objections_at(agent, asked, max_duration, retry, self.clock.now())
    }

    /// One call, as its reader may see it.
    ///
    /// # Errors
    /// `NotFound`, for another client's call too, or `Unavailable`.
    pub async fn get(&self, id: CallId, reader: &Reader) -> Result<Call, StoreError> {
        self.store.get(id, reader).await
    }

    /// A page of calls, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, reader: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        self.store.list(reader, filter, page).await
    }

    /// The page of calls right above one, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_above(
        &self,
        reader: &Reader,
        filter: &CallFilter,
        call: CallId,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        self.store.list_above(reader, filter, call, limit).await
    }

    /// How many calls a list holds, counted no further than `at_most`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count(&self, reader: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        self.store.count(reader, filter, at_most).await
    }

    /// A page of a call's history, oldest first.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn history(&self, id: CallId, reader: &Reader, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.store.get(id, reader).await?;
        self.store.history(id, after, limit).await
    }

    /// Ends a call that waits; asks for the end of one that may have been sent.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn cancel(&self, id: CallId, reader: &Reader) -> Result<Canceled, RecordError> {
        let call = self.store.get(id, reader).await?;
        let recorded = self.recorder.record(call, &CallEvent::CancelRequested).await?;
        let moved = matches!(recorded, Recorded::Moved(..));
        let call = Box::new(recorded.call());
        Ok(match call.state {
            CallState::Canceled => Canceled::Done(call),
            state if state.is_terminal() && !moved => Canceled::AlreadyOver(call),
            _ => Canceled::AskedFor(call),
        })
    }

    /// Whether the end of this call can be asked for: false where it is with a provider that has no such thing.
    #[must_use]
    pub fn can_be_canceled(&self, call: &Call) -> bool {
        self.connections.can_cancel(call)
    }

    fn permit(&self, wish: &PlaceCall, now: Timestamp) -> Result<Arc<Agent>, PlaceError> {
        let objections = self.objections_at(Some(&wish.agent), &wish.asked, wish.max_duration, wish.retry.as_ref(), now);
        let agent = self.public_agent(&wish.agent);
        let (Some(agent), true) = (agent, objections.is_empty()) else {
            return Err(PlaceError::Objections(objections));
        };
        if agent.test || self.limits.allow_numbers.as_ref().is_none_or(|prefixes| wish.phone.begins_with_any(prefixes)) {
            Ok(agent)
        } else {
            Err(PlaceError::DestinationNotAllowed)
        }
    }

    fn objections_at(
        &self,
        key: Option<&str>,
        asked: &Asked,
        max_duration: Option<Duration>,
        retry: Option<&RetryPlan>,
        now: Timestamp,
    ) -> Vec<Objection> {
        let agent = key.and_then(|key| self.public_agent(key));
        let unknown = key
            .filter(|_| agent.is_none())
            .map(|key| Objection::UnknownAgent { agent: key.to_owned(), nearest: self.nearest(key) });
        let over = asked.expires_at.is_some_and(|expires_at| expires_at <= now);
        let rings = self.limits.per_number.filter(|limit| retry.is_some_and(|plan| u32::from(plan.max) >= *limit));
        let limit = agent.map(|agent| agent.max_duration).filter(|limit| max_duration.is_some_and(|asked| asked > *limit));
        unknown
            .into_iter()
            .chain(over.then_some(Objection::WindowPassed))
            .chain(limit.map(|limit| Objection::TooLong { limit }))
            .chain(rings.map(|limit| Objection::TooManyTries { limit }))
            .collect()
    }

    fn public_agent(&self, key: &str) -> Option<Arc<Agent>> {
        self.agents.get(&AgentKey::new(key).ok()?).filter(|agent| agent.public)
    }

    fn nearest(&self, key: &str) -> Option<AgentKey> {
        let public: Vec<_> = self.agents.all().into_iter().filter(|agent| agent.public).collect();
        nearest(key, public.iter().map(|agent| agent.key.as_str())).and_then(|key| AgentKey::new(key).ok())
    }

    fn terms(&self, agent: &Agent, max_duration: Option<Duration>, retry: Option<RetryPlan>) -> Terms {
        Terms {
            max_duration: max_duration.unwrap_or(agent.max_duration),
            ring_timeout: self.limits.ring_timeout,
            queue_ttl: self.limits.queue_ttl,
            settle_grace: self.limits.settle_grace,
            retry,
            test: agent.test,
        }
    }

    fn quota(&self, by: KeyId) -> Quota {
        Quota {
            per_number: self.limits.per_number,
            spending: self.limits.spend.map(|calls| Spending { by, calls }),
            twin_within: self.limits.duplicate_guard.then_some(TWIN),
        }
    }

    async fn replay(&self, key: Option<IdempotencyKey>) -> Result<Option<Placed>, PlaceError> {
        let Some(key) = key else { return Ok(None) };
        let call_id = self.store.replay(&key).await.map_err(refused)?;
        Ok(call_id.map(|call_id| Placed { call_id, replayed: true }))
    }
}

fn over(overrun: Overrun, now: Timestamp) -> PlaceError {
    match overrun {
        Overrun::Twin { call, at } => PlaceError::PossibleDuplicate { call, age: elapsed(at, now) },
        Overrun::Number { limit, opens_at } => PlaceError::NumberLimit { limit, wait: elapsed(now, opens_at) },
        Overrun::Spending { limit, opens_at } => PlaceError::SpendLimit { limit, wait: elapsed(now, opens_at) },
    }
}

fn refused(error: StoreError) -> PlaceError {
    match error {
        StoreError::Duplicate => PlaceError::KeyReused,
        StoreError::InProgress => PlaceError::InProgress,
        error => PlaceError::Store(error),
    }
}

/// SHA-256 of what was asked for, after normalising: the order of fields and the spelling of the number do not count.
fn fingerprint(wish: &PlaceCall) -> [u8; 32] {
    let mut text = String::new();
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    for part in [
        wish.phone.e164(),
        &wish.agent,
        wish.asked.reference.as_deref().unwrap_or_default(),
        &moment(wish.asked.not_before),
        &moment(wish.asked.expires_at),
        &wish.max_duration.map(|longest| longest.as_secs().to_string()).unwrap_or_default(),
    ] {
        write_canonical(&Value::from(part), &mut text);
    }
    write_canonical(&Value::Object(wish.asked.variables.clone()), &mut text);
    write_canonical(&Value::Object(wish.asked.metadata.clone()), &mut text);
    if let Some(plan) = &wish.retry {
        let on: Vec<_> = plan.on.iter().map(|state| state.as_str()).collect();
        let delays: Vec<_> = plan.delays.iter().map(Duration::as_secs).collect();
        write_canonical(&json!({"on": on, "max": plan.max, "delays_s": delays}), &mut text);
    }
    Sha256::digest(text.as_bytes()).into()
}

fn write_canonical(value: &Value, into: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            into.push('{');
            for (key, value) in fields {
                write_canonical(&Value::from(key.as_str()), into);
                write_canonical(value, into);
            }
            into.push('}');
        }
        other => {
            into.push_str(&other.to_string());
            into.push(',');
        }
    }
}
