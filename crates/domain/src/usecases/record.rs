//! How every use case changes a call: apply, save, tell.
//!
//! A change that meets another is read again, applied again and saved again, a few times at most. Because `apply`
//! ignores what is known, this is safe. A worker that has lost its fence stops instead.

use std::sync::Arc;
use std::time::Duration;

use crate::model::call::{Entry, Outcome, What};
use crate::model::provider::Pace;
use crate::model::{Call, CallEvent, CallState, ConnectionId, Fence, Forbidden, ProviderCallId, Stale, Transition};
use crate::ports::{
    AttemptRef, CallStore, Cause, Chance, Change, Clock, Connections, Inbox, Match, Reader, Signals, StoreError, Work,
};

/// How often a change is tried again when another came between.
const TRIES: u8 = 6;
/// How often to ask about calls of a connection that this process does not know.
const UNKNOWN_PACE: Pace = Pace::every(Duration::from_secs(60));

/// Applies events to calls, durably.
pub struct Recorder {
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// Where webhooks may be parked for a provider's id that a change brings.
    pub inbox: Arc<dyn Inbox>,
    /// How often each connection wants to be asked.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For spreading look-ups.
    pub chance: Arc<dyn Chance>,
    /// Who is told.
    pub signals: Arc<dyn Signals>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// It is in the call, durably; the call as it is now.
    Moved(Box<Call>, Entry),
    /// It changed nothing; the call as it is.
    Ignored(Box<Call>, Stale),
}

impl Recorded {
    /// The call as it is now.
    #[must_use]
    pub fn call(self) -> Call {
        match self {
            Self::Moved(call, _) | Self::Ignored(call, _) => *call,
        }
    }
}

/// Why an event could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mistake of ours.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Another worker holds the call now: stop.
    #[error("another worker holds the call")]
    Fenced,
}

impl Recorder {
    /// Applies an event that anybody may bring.
    ///
    /// # Errors
    /// [`RecordError`]; never `Fenced`.
    pub async fn record(&self, call: Call, event: &CallEvent) -> Result<Recorded, RecordError> {
        self.apply(call, event, None).await
    }

    /// Applies an event that only the worker holding `claim` may bring.
    ///
    /// # Errors
    /// [`RecordError`]; `Fenced` when the call is no longer that worker's.
    pub async fn record_under(&self, claim: Fence, call: Call, event: &CallEvent) -> Result<Recorded, RecordError> {
        self.apply(call, event, Some(claim)).await
    }

    async fn apply(&self, mut call: Call, event: &CallEvent, claim: Option<Fence>) -> Result<Recorded, RecordError> {
        for _ in 0..TRIES {
            if claim.is_some_and(|fence| fence != call.fence) {
                return Err(RecordError::Fenced);
            }
            let refreshed = self.refreshed(event, &call).await?;
            let at = self.clock.now();
            let (next, entry, earlier) = match call.apply(refreshed.as_ref().unwrap_or(event), at)? {
                Transition::Moved { call: next, entry, earlier } => (self.planned(&call, *next, &entry), entry, earlier),
                Transition::Ignored(stale) => return Ok(Recorded::Ignored(Box::new(call), stale)),
            };
            let change = Change::new(&call, next.clone(), entry.clone(), earlier, claim);
            let tells = change.notice.is_some();
            match self.store.save(change).await {
                Ok(()) => {
                    let source = if let CallEvent::Evidence { evidence, .. } = event { Some(evidence.source) } else { None };
                    self.tell(&call, &next, Cause { by: entry.by, source }, tells).await;
                    return Ok(Recorded::Moved(Box::new(next), entry));
                }
                // A send mark is refused for good: its lease may have run out with nothing else changed.
                Err(StoreError::Conflict) if matches!(event, CallEvent::SendMarked { .. }) => return Err(RecordError::Fenced),
                Err(StoreError::Conflict) => call = self.store.get(call.id, &Reader::All).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Evidence brings its attempt as it was when the evidence was matched; one that the call has left behind since then
    /// is read again.
    async fn refreshed(&self, event: &CallEvent, call: &Call) -> Result<Option<CallEvent>, StoreError> {
        let CallEvent::Evidence { attempt, evidence } = event else { return Ok(None) };
        let is_newest = call.attempt.as_ref().is_some_and(|newest| newest.id == attempt.id);
        if is_newest || attempt.outcome != Outcome::Open {
            return Ok(None);
        }
        let about = AttemptRef { attempt: Some(attempt.id), ..AttemptRef::default() };
        Ok(match self.store.find(&about).await? {
            Match::One(_, attempt) => Some(CallEvent::Evidence { attempt, evidence: evidence.clone() }),
            Match::Ambiguous | Match::None => None,
        })
    }

    /// When to look at the call next: at once where a provider is to be asked to hang up, as it is once its id is known.
    fn planned(&self, before: &Call, mut next: Call, entry: &Entry) -> Call {
        let is_known = new_id(before, &next).is_some();
        let asks_to_end = next.cancel_requested_at.is_some() && (is_known || entry.what == What::CancelRequested);
        next.look_at = if asks_to_end && next.state.rank() >= CallState::Unknown.rank() {
            Some(entry.at)
        } else {
            next.looks_next(self.pace(&next), self.chance.spread(), entry.at)
        };
        next
    }

    /// How often to ask about this call.
    #[must_use]
    pub fn pace(&self, call: &Call) -> Pace {
        call.connection.as_ref().and_then(|id| self.connections.get(id)).map_or(UNKNOWN_PACE, |held| held.pace())
    }

    async fn tell(&self, before: &Call, now: &Call, cause: Cause, tells: bool) {
        self.signals.call_moved(now, before.state, cause);
        if tells {
            self.signals.work_waiting(Work::Deliver);
        }
        if now.state == CallState::Queued {
            self.signals.work_waiting(Work::Dispatch);
        }
        if now.look_at.is_some() && now.look_at != before.look_at {
            self.signals.work_waiting(Work::Reconcile);
        }
        if let Some((connection, id)) = new_id(before, now) {
            // A failure costs at most the half minute until the next sweep over what is parked.
            let parked = self.inbox.unpark(connection, id, self.clock.now()).await.unwrap_or(0);
            if parked > 0 {
                self.signals.work_waiting(Work::Intake);
            }
        }
    }
}

/// The provider's id of the newest attempt, where it has only just become known.
fn new_id<'a>(before: &Call, now: &'a Call) -> Option<(&'a ConnectionId, &'a ProviderCallId)> {
    let known = before.attempt.as_ref().and_then(|attempt| attempt.provider_call.as_ref());
    let attempt = now.attempt.as_ref()?;
    let id = attempt.provider_call.as_ref().filter(|id| known != Some(*id))?;
    Some((&attempt.connection, id))
}
