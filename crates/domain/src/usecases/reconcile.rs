//! Asks about calls gone silent, and enforces their deadlines.
//!
//! A tick takes calls whose `look_at` has come and looks after each: what to do is [`step`], a pure function.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::record::{RecordError, Recorded, Recorder};
use crate::model::call::look::ABSENCE_COUNTS_AFTER;
use crate::model::call::{Looks, TranscriptStatus};
use crate::model::moment::{earlier, elapsed, later};
use crate::model::provider::LookUpOrder;
use crate::model::{Call, CallEvent, CallState, ConnectionId, Deadline, Evidence};
use crate::ports::{AgentCatalog, AttemptRef, CallStore, Clock, Connection, Connections, Found, Match, StoreError};
use crate::usecases::dispatch::SEND_BY;

/// So long a call that was taken for looking after is not given to another process.
pub const HOLD: Duration = Duration::from_secs(120);
/// A call that is listed began at most a minute before ours was sent (clocks differ), and mostly a request's time after its own
/// send mark. But a process that stood still between its mark and its request sends when it wakes, as a machine does that slept
/// for a night: whoever was marked that long before ours may have made it, and so may all who came later.
const RIVALS_SINCE: Duration = Duration::from_hours(24);
/// What was taken from a process that is gone is held until just after that process held it at most: it is not taken twice.
const PAST_IT: Duration = Duration::from_millis(1);

/// Looks after calls.
pub struct Reconcile {
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// How calls change.
    pub recorder: Arc<Recorder>,
    /// For the name of the agent over there.
    pub agents: Arc<dyn AgentCatalog>,
    /// Whom to ask.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a call needs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its moment has come.
    Due,
    /// A deadline passed.
    Pass(Deadline),
    /// Its worker is gone.
    Release,
    /// Ask the provider, and for its end too where `hang_up` says so.
    LookUp {
        /// The client asked for its end, or it talks for too long.
        hang_up: bool,
    },
    /// Nothing.
    Nothing,
}

/// What a call needs at `now`.
#[must_use]
pub fn step(call: &Call, now: Timestamp) -> Step {
    if call.settles_by.is_some_and(|settles_by| settles_by <= now) {
        return Step::Pass(Deadline::Settle);
    }
    match call.state {
        CallState::Scheduled | CallState::Queued if call.wait_passed(now).is_some() => {
            Step::Pass(call.wait_passed(now).unwrap_or(Deadline::Queue))
        }
        CallState::Scheduled if call.due_at <= now => Step::Due,
        CallState::Claimed | CallState::Sending if call.lease.is_none_or(|lease| lease.until <= now) => Step::Release,
        CallState::Scheduled | CallState::Queued | CallState::Claimed | CallState::Sending => Step::Nothing,
        CallState::Completed if call.lacks_words() => Step::LookUp { hang_up: false },
        CallState::Completed if call.transcript_status == TranscriptStatus::Pending => Step::Pass(Deadline::Words),
        state if state.is_terminal() => Step::Nothing,
        _ => {
            let too_long = call.hang_up_at().is_some_and(|hang_up_at| hang_up_at <= now);
            Step::LookUp { hang_up: too_long || call.cancel_requested_at.is_some() }
        }
    }
}

impl Reconcile {
    /// Takes up to `limit` calls that somebody has to look at.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take(&self, limit: u32) -> Result<Vec<Call>, StoreError> {
        self.store.to_reconcile(&self.connections.ids(), HOLD, limit, self.clock.now()).await
    }

    /// Takes up to `limit` calls that a process which is gone may have held when this one started; none when there are no
    /// more. A look too early is harmless, and two minutes are long for whoever waits for a result.
    ///
    /// Only where no other process shares the store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take_held(&self, limit: u32, started_at: Timestamp) -> Result<Vec<Call>, StoreError> {
        let held_until = later(started_at, HOLD);
        self.store.to_reconcile(&self.connections.ids(), PAST_IT, limit, held_until).await
    }

    /// Looks after one call. Returns it where that changed it.
    ///
    /// # Errors
    /// The store could not; the call is taken again when the hold ends.
    pub async fn look_after(&self, call: Call) -> Result<Option<Call>, RecordError> {
        let event = match step(&call, self.clock.now()) {
            Step::Due => CallEvent::Due,
            Step::Pass(deadline) => CallEvent::DeadlinePassed(deadline),
            Step::Release => CallEvent::DeadlinePassed(Deadline::Lease),
            Step::LookUp { hang_up } => return self.look_up(call, hang_up).await,
            Step::Nothing => return self.later(&call, call.looks).await.map(|()| None).map_err(Into::into),
        };
        match self.recorder.record(call, &event).await? {
            Recorded::Moved(call, _) => Ok(Some(*call)),
            Recorded::Ignored(call, _) => {
                self.later(&call, call.looks).await?;
                Ok(None)
            }
        }
    }

    async fn look_up(&self, call: Call, hang_up: bool) -> Result<Option<Call>, RecordError> {
        let counted = Looks { count: call.looks.count.saturating_add(1), ..call.looks };
        let Some((connection, order)) = self.order(&call) else {
            self.later(&call, counted).await?;
            return Ok(None);
        };
        let can_ask = order.provider_call.is_some() && connection.provider.capabilities().cancel.reaches(call.state);
        if hang_up && can_ask {
            // Asked again at every look until evidence shows the end; a refusal changes nothing.
            let _asked = connection.provider.cancel(&order).await;
        }
        let found = match connection.provider.look_up(&order).await {
            Ok(found) => found,
            Err(_unreachable) => Found::Absent { complete: false },
        };
        let (evidence, complete) = match found {
            Found::Evidence(evidence) => (Some(*evidence), true),
            Found::Candidates(candidates) => {
                let mut ours = self.could_be_ours(&order, &connection.id, candidates).await?;
                // Several that could be it are no absence.
                let none = ours.is_empty();
                let only = ours.pop().filter(|_| ours.is_empty());
                match only {
                    // Known already, so it is no guess.
                    Some(known) if order.provider_call.is_some() => (Some(known), false),
                    // Whose it is may still be told: two clients never see one another's.
                    Some(_) if self.is_contested(&order, &connection.id).await? => (None, false),
                    only => (only.map(|evidence| Evidence { is_guess: true, ..evidence }), none),
                }
            }
            Found::Absent { complete } => (None, complete),
        };
        let Some(evidence) = evidence else {
            let absent = counted.absent.saturating_add(u16::from(complete && self.absence_counts(&call)));
            self.later(&call, Looks { absent, ..counted }).await?;
            return Ok(None);
        };
        self.learn(call, evidence, counted).await
    }

    async fn learn(&self, call: Call, evidence: Evidence, counted: Looks) -> Result<Option<Call>, RecordError> {
        let Some(attempt) = call.attempt.clone() else { return Ok(None) };
        let state = call.state;
        let event = CallEvent::Evidence { attempt, evidence: Box::new(evidence) };
        let (call, moved) = match self.recorder.record(call, &event).await? {
            Recorded::Moved(call, _) => (*call, true),
            Recorded::Ignored(call, _) => (*call, false),
        };
        if call.state == state {
            self.later(&call, counted).await?;
        }
        Ok(moved.then_some(call))
    }

    /// Of these calls the one whose id we know, or those that are no other attempt's.
    async fn could_be_ours(
        &self,
        order: &LookUpOrder,
        connection: &ConnectionId,
        candidates: Vec<Evidence>,
    ) -> Result<Vec<Evidence>, StoreError> {
        let mut free = Vec::new();
        for candidate in candidates {
            let Some(id) = candidate.provider_call.clone() else { continue };
            if order.provider_call.as_ref().is_some_and(|known| *known != id) {
                continue;
            }
            let about = AttemptRef { attempt: None, provider_call: Some(id), connection: Some(connection.clone()) };
            match self.store.find(&about).await? {
                Match::None => free.push(candidate),
                Match::One(_, attempt) if attempt.id == order.attempt => return Ok(vec![candidate]),
                Match::One(..) | Match::Ambiguous => {}
            }
        }
        Ok(free)
    }

    /// Whether a call over there without our reference could as well be of another attempt, whose id is not known either.
    async fn is_contested(&self, order: &LookUpOrder, connection: &ConnectionId) -> Result<bool, StoreError> {
        let since = earlier(order.sent_at, RIVALS_SINCE);
        self.store.is_contested(order.attempt, connection, &order.phone, since).await
    }

    async fn later(&self, call: &Call, looks: Looks) -> Result<(), StoreError> {
        let now = self.clock.now();
        let counted = Call { looks, ..call.clone() };
        let at = counted.looks_next(self.recorder.pace(call), self.recorder.chance.spread(), now);
        // A call whose last look for words found none is looked at once more, to say so.
        let gives_up = call.state == CallState::Completed && call.transcript_status == TranscriptStatus::Pending;
        self.store.look_later(call.id, call.revision, looks, at.or(gives_up.then_some(now))).await
    }

    /// Not found counts only late enough: a provider's own list may lag behind.
    fn absence_counts(&self, call: &Call) -> bool {
        let sent = call.attempt.as_ref().map(|attempt| later(attempt.sent_mark_at, SEND_BY));
        sent.is_some_and(|send_by| elapsed(send_by, self.clock.now()) >= ABSENCE_COUNTS_AFTER)
    }

    fn order(&self, call: &Call) -> Option<(Connection, LookUpOrder)> {
        let attempt = call.attempt.as_ref()?;
        let connection = self.connections.get(&attempt.connection)?;
        let agent = self.agents.get(&call.agent);
        let remote_id = agent.and_then(|agent| agent.route(&attempt.connection).map(|route| route.remote_id.clone()));
        let order = LookUpOrder {
            attempt: attempt.id,
            provider_call: attempt.provider_call.clone(),
            phone: call.phone.clone(),
            remote_id: remote_id.unwrap_or_default(),
            sent_at: attempt.sent_mark_at,
        };
        Some((connection, order))
    }
}
