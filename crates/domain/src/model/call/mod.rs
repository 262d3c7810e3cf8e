//! A call: its values here, its states, events and rules in the files beside.

pub mod attempt;
pub mod conversation;
pub mod ending;
pub mod erase;
pub mod event;
pub mod history;
pub mod learn;
pub mod look;
pub mod restore;
pub mod settle;
pub mod state;
pub mod transition;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use attempt::{Attempt, Outcome};
pub use conversation::{CallResult, Role, Transcript, TranscriptStatus, Turn};
pub use ending::{EndedBy, EndedReason};
pub use erase::Erasure;
pub use event::{CallEvent, Deadline};
pub use history::{By, Entry, Hash, What};
pub use state::{CallState, Status};
pub use transition::{Forbidden, Stale, Transition};

use super::ids::{AgentKey, CallId, ClientId, ConnectionId, Fence, Revision, WorkerId};
use super::moment::to_micros;
use super::phone::Phone;
use super::retry::RetryPlan;

/// A wish to have somebody called, and everything that became of it.
///
/// Only [`Call::apply`] makes a changed one.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Ours, and the only id a client sees.
    pub id: CallId,
    /// Whose call it is.
    pub client: ClientId,
    /// Who talks.
    pub agent: AgentKey,
    /// Who is called.
    pub phone: Phone,
    /// What the client sent along.
    pub asked: Asked,
    /// The bounds it was accepted under.
    pub terms: Terms,
    /// When it was accepted.
    pub created_at: Timestamp,

    /// Where it is.
    pub state: CallState,
    /// How often it has changed.
    pub revision: Revision,
    /// The hash of its last history entry.
    pub history_head: Hash,

    /// The client's current try; the first is 1.
    pub try_number: u16,
    /// When the current try was due first: the queue's time runs from here.
    pub try_due_at: Timestamp,
    /// When it may be claimed (later than `try_due_at` after a back-off).
    pub due_at: Timestamp,
    /// What refused it in the current try.
    pub refusals: Refusals,
    /// The chosen route, from the claim on.
    pub connection: Option<ConnectionId>,
    /// Who may write for it.
    pub fence: Fence,
    /// Held by one worker until then.
    pub lease: Option<Lease>,
    /// The newest attempt.
    pub attempt: Option<Attempt>,
    /// Tries that may have rung.
    pub attempts: u16,

    /// The next moment somebody has to look at it.
    pub look_at: Option<Timestamp>,
    /// How often we have looked in this part of its life.
    pub looks: Looks,
    /// By then it is terminal, whatever happens; `None` once it is.
    pub settles_by: Option<Timestamp>,

    /// When it was found open in a copy that was started again: since then it is only looked up, never sent.
    pub restored_at: Option<Timestamp>,
    /// When the client asked for its end.
    pub cancel_requested_at: Option<Timestamp>,
    /// The send mark of the last try that may have rung.
    pub dialed_at: Option<Timestamp>,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Why it ended; set with the terminal state.
    pub ended_reason: Option<EndedReason>,
    /// Who ended it; set with the terminal state.
    pub ended_by: Option<EndedBy>,
    /// What later evidence showed of a call that had to end `outcome_unknown`.
    pub resolved: Option<CallState>,
    /// What there is of the words.
    pub transcript_status: TranscriptStatus,
    /// What came out of it.
    pub result: CallResult,
}

/// What the client sent along. None of it prints.
#[derive(Clone, PartialEq, Default)]
pub struct Asked {
    /// The client's own id for this call.
    pub reference: Option<String>,
    /// Handed to the conversation.
    pub variables: Map<String, Value>,
    /// Stored and returned unchanged.
    pub metadata: Map<String, Value>,
    /// Not dialed before.
    pub not_before: Option<Timestamp>,
    /// Never rings after.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("not_before", &self.not_before)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The bounds a call was accepted under; they do not change with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The longest conversation.
    pub max_duration: Duration,
    /// The longest ringing.
    pub ring_timeout: Duration,
    /// The longest wait in the queue, per try.
    pub queue_ttl: Duration,
    /// How long past its longest possible end evidence is awaited.
    pub settle_grace: Duration,
    /// Further tries.
    pub retry: Option<RetryPlan>,
    /// Simulated: never dials.
    pub test: bool,
}

impl Terms {
    /// The longest a dialed call may take until it is settled.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.ring_timeout.saturating_add(self.max_duration).saturating_add(self.settle_grace)
    }
}

/// A worker's hold on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who.
    pub owner: WorkerId,
    /// Until when.
    pub until: Timestamp,
}

/// What refused a call in its current try.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals {
    /// Refused requests that count towards the three a try has.
    pub counted: u16,
    /// Connections not to be asked again in this try.
    pub closed: Vec<ConnectionId>,
}

/// How often a call was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looks {
    /// Looks since it entered this part of its life.
    pub count: u16,
    /// Successful, complete look-ups that found nothing, late enough to count.
    pub absent: u16,
}

/// What a client asks for, checked.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// Made for the moment of acceptance.
    pub id: CallId,
    /// Whose.
    pub client: ClientId,
    /// Who talks.
    pub agent: AgentKey,
    /// Who is called.
    pub phone: Phone,
    /// What the client sent along.
    pub asked: Asked,
    /// The bounds.
    pub terms: Terms,
}

impl Call {
    /// A call as it is accepted, with the first entry of its history.
    #[must_use]
    pub fn accept(new: NewCall, at: Timestamp) -> (Self, Entry) {
        let asked = Asked {
            not_before: new.asked.not_before.map(to_micros),
            expires_at: new.asked.expires_at.map(to_micros),
            ..new.asked
        };
        let due_at = asked.not_before.map_or(at, |not_before| not_before.max(at));
        let state = if due_at > at { CallState::Scheduled } else { CallState::Queued };
        let entry = Entry::after(None, new.id, Revision(1), at, state.status(), What::Created, By::Client);
        let mut call = Self {
            id: new.id,
            client: new.client,
            agent: new.agent,
            phone: new.phone,
            asked,
            terms: new.terms,
            created_at: at,
            state,
            revision: entry.revision,
            history_head: entry.hash,
            try_number: 1,
            try_due_at: due_at,
            due_at,
            refusals: Refusals::default(),
            connection: None,
            fence: Fence(0),
            lease: None,
            attempt: None,
            attempts: 0,
            look_at: None,
            looks: Looks::default(),
            settles_by: None,
            restored_at: None,
            cancel_requested_at: None,
            dialed_at: None,
            answered_at: None,
            ended_at: None,
            ended_reason: None,
            ended_by: None,
            resolved: None,
            transcript_status: TranscriptStatus::Pending,
            result: CallResult::default(),
        };
        call.settles_by = Some(call.settles_at(at));
        call.look_at = call.own_moment();
        (call, entry)
    }

    /// What a client reads.
    #[must_use]
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// Whole seconds of conversation: `None` until terminal and where it cannot be known, 0 if nobody answered.
    #[must_use]
    pub fn duration_s(&self) -> Option<u32> {
        if !self.state.is_terminal() {
            return None;
        }
        // Some providers count the ringing.
        match self.state {
            _ if self.nobody_answered() => Some(0),
            // Only gone: whether it was answered unseen may still be told.
            CallState::NoAnswer => None,
            _ => self.result.duration_s,
        }
    }

    /// True only where it is proven that nobody was rung, or the end was `no_answer` or `busy`, not declined and no guess.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let doubtful = matches!(self.ended_reason, Some(EndedReason::Declined | EndedReason::Unknown));
        match self.state {
            CallState::NoAnswer | CallState::Busy => !doubtful && !self.is_guessed() && !self.may_have_gone_on(),
            state => state.is_terminal() && self.attempts == 0 && !self.is_contradicted(),
        }
    }

    /// Whether the newest attempt's id was picked from a list without our reference, so that what it tells may be another's.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.guessed_at.is_some())
    }

    /// Whether evidence disagrees with what became of the newest attempt.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.contradicted_at.is_some())
    }

    /// Whether it ended and nobody can have spoken.
    #[must_use]
    pub fn nobody_answered(&self) -> bool {
        match self.state {
            // A call that is only gone may have been answered unseen.
            CallState::NoAnswer => self.ended_reason != Some(EndedReason::Unknown),
            CallState::Busy | CallState::Canceled | CallState::Expired | CallState::Blocked => true,
            CallState::Failed => self.attempts == 0,
            _ => false,
        }
    }
}
