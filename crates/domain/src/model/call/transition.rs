//! The state machine: [`Call::apply`] is the only way a call changes.
//!
//! The table it keeps is `RELIABILITY.md` section 2; the whole of it, every state against every event, is rendered
//! into `tests/snapshots/`. What evidence means is in [`super::learn`].

use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{Attempt, Outcome};
use super::ending::{EndedBy, EndedReason};
use super::event::{CallEvent, Deadline};
use super::history::{By, Entry, What};
use super::state::CallState;
use super::{Call, CallResult, Lease, Looks, Refusals, TranscriptStatus};
use crate::model::ids::{AttemptId, ConnectionId, WorkerId};
use crate::model::moment::{later, sooner};
use crate::model::provider::{Placing, Retry};

/// Refused requests a try may have before it fails; a documented 429 does not count.
pub const REQUESTS_PER_TRY: u16 = 3;
/// Our own back-off after a refused connection: then the next.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
/// A provider that asks to wait is not asked again sooner, even if it says zero.
pub const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// What an event did.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is returned, and kept nowhere")]
pub enum Transition {
    /// The call as it is now, and the line of its history. Saved together or not at all.
    Moved {
        /// The changed call.
        call: Box<Call>,
        /// Its new last entry.
        entry: Entry,
        /// An earlier attempt that evidence contradicts; the call's own is inside `call`.
        earlier: Option<Attempt>,
    },
    /// Nothing to do.
    Ignored(Stale),
}

/// Why an event changes nothing. Normal, not an error: providers repeat and reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// A repetition: everything in it is known.
    Known,
    /// It disagrees with what is final, and that is on record already.
    Contradiction,
    /// The call is past the point where this matters.
    Passed,
    /// The moment has not come.
    NotYet,
}

/// An event that cannot happen to a call in this state: a mistake of ours, and logged as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot happen to a call that is {state}")]
pub struct Forbidden {
    /// Where the call is.
    pub state: CallState,
    /// What was tried.
    pub event: &'static str,
}

impl Call {
    /// What `event` does to this call at `at`.
    ///
    /// # Errors
    /// [`Forbidden`] for an event that only a mistake of ours can bring here.
    pub fn apply(&self, event: &CallEvent, at: Timestamp) -> Result<Transition, Forbidden> {
        match event {
            CallEvent::Due => Ok(self.fall_due(at)),
            CallEvent::Claimed { owner, connection, until } => self.be_claimed(*owner, connection, *until, at),
            CallEvent::Released => Ok(self.be_released(at)),
            CallEvent::SendMarked { attempt, until } => self.mark_sent(*attempt, *until, at),
            CallEvent::Placed { attempt, placing, other_route } => Ok(self.be_placed(*attempt, placing, *other_route, at)),
            CallEvent::Evidence { attempt, evidence } => Ok(self.learn(attempt, evidence, at)),
            CallEvent::CancelRequested => Ok(self.cancel(at)),
            CallEvent::Refused(reason) => self.be_refused(*reason, at),
            CallEvent::Restored => Ok(self.be_restored(at)),
            CallEvent::Erased(erasure) => self.be_erased(*erasure, at),
            CallEvent::DeadlinePassed(deadline) => Ok(self.pass(*deadline, at)),
        }
    }

    fn fall_due(&self, at: Timestamp) -> Transition {
        match self.state {
            CallState::Scheduled if self.due_at > at => Transition::Ignored(Stale::NotYet),
            CallState::Scheduled => self.moved(self.to(CallState::Queued), at, What::Due, By::Gateway),
            _ => Transition::Ignored(Stale::Passed),
        }
    }

    fn be_claimed(
        &self,
        owner: WorkerId,
        connection: &ConnectionId,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<Transition, Forbidden> {
        if self.state != CallState::Queued {
            return Err(self.forbids("a claim"));
        }
        let mut next = self.to(CallState::Claimed);
        next.connection = Some(connection.clone());
        next.lease = Some(Lease { owner, until });
        next.fence = self.fence.next();
        Ok(self.moved(next, at, What::Claimed, By::Gateway))
    }

    fn be_released(&self, at: Timestamp) -> Transition {
        match self.state {
            CallState::Claimed => {
                let mut next = self.to(CallState::Queued);
                next.fence = self.fence.next();
                next.connection = None;
                self.moved(next, at, What::Released, By::Gateway)
            }
            // The fence stays: should its worker still be alive, the provider's id that it brings is welcome.
            CallState::Sending => self.moved(self.to(CallState::Unknown), at, What::OutcomeUnknown, By::Gateway),
            _ => Transition::Ignored(Stale::Passed),
        }
    }

    fn mark_sent(&self, attempt: AttemptId, until: Timestamp, at: Timestamp) -> Result<Transition, Forbidden> {
        let permitted = self.attempt.as_ref().is_none_or(|before| before.outcome.permits_another());
        let (CallState::Claimed, Some(lease), Some(connection), true) = (self.state, self.lease, &self.connection, permitted)
        else {
            return Err(self.forbids("a send mark"));
        };
        // A claim may wait for its worker; a call whose window has passed meanwhile never rings.
        if self.wait_passed(at).is_some() {
            return Ok(Transition::Ignored(Stale::Passed));
        }
        let mut next = self.to(CallState::Sending);
        next.forget_attempt();
        next.attempt = Some(Attempt {
            id: attempt,
            call: self.id,
            try_number: self.try_number,
            connection: connection.clone(),
            fence: self.fence,
            sent_mark_at: at,
            outcome: Outcome::Open,
            provider_call: None,
            guessed_at: None,
            contradicted_at: None,
        });
        next.lease = Some(Lease { until: until.max(lease.until), ..lease });
        next.attempts = self.attempts.saturating_add(1);
        next.dialed_at = Some(at);
        Ok(self.moved(next, at, What::Sent, By::Gateway))
    }

    fn be_placed(&self, attempt: AttemptId, placing: &Placing, other_route: bool, at: Timestamp) -> Transition {
        let Some(current) = self.attempt.as_ref().filter(|current| current.id == attempt) else {
            return Transition::Ignored(Stale::Passed);
        };
        match (placing, self.state) {
            (Placing::Dialed(id), CallState::Sending | CallState::Unknown) => {
                let mut next = self.to(CallState::Placed);
                next.attempt = Some(Attempt { provider_call: Some(id.clone()), ..current.clone() });
                self.moved(next, at, What::Accepted, By::Provider)
            }
            // A webhook was faster than the answer to our own request.
            (Placing::Dialed(id), _) if current.provider_call.is_none() => {
                let mut next = self.clone();
                next.attempt = Some(Attempt { provider_call: Some(id.clone()), ..current.clone() });
                self.moved(next, at, What::FactsAdded, By::Provider)
            }
            (Placing::Dialed(_), _) => Transition::Ignored(Stale::Known),
            (Placing::NotDialed { reason, retry }, CallState::Sending) if !self.has_heard_of_it() => {
                self.not_dialed(current, *reason, *retry, other_route, at)
            }
            // A refusal of what a webhook has told of is no proof.
            (Placing::Unknown { .. } | Placing::NotDialed { .. }, CallState::Sending) => {
                self.moved(self.to(CallState::Unknown), at, What::OutcomeUnknown, By::Gateway)
            }
            _ => Transition::Ignored(Stale::Passed),
        }
    }

    /// Proven: nobody was rung. On to the next route, to a later moment, or to the end.
    fn not_dialed(&self, current: &Attempt, reason: EndedReason, retry: Retry, other_route: bool, at: Timestamp) -> Transition {
        let mut next = self.to(CallState::Queued);
        next.forget_attempt();
        next.attempt = Some(Attempt { outcome: Outcome::NotDialed, ..current.clone() });
        next.attempts = self.attempts.saturating_sub(1);
        next.dialed_at = None;
        next.connection = None;
        if self.cancel_requested_at.is_some() {
            return self.ended(next, CallState::Canceled, EndedReason::CanceledByClient, at, By::Client);
        }
        let counts = !matches!(retry, Retry::After(_)) || other_route;
        next.refusals.counted = self.refusals.counted.saturating_add(u16::from(counts));
        let spent = next.refusals.counted >= REQUESTS_PER_TRY;
        let wait = match retry {
            _ if self.result.opt_out => None,
            _ if other_route && !spent => {
                next.refusals.closed.push(current.connection.clone());
                Some(Duration::ZERO)
            }
            Retry::Backoff if !spent => BACK_OFF.get(usize::from(self.refusals.counted)).copied(),
            Retry::After(wait) if !other_route => Some(wait.max(SHORTEST_WAIT)),
            _ => None,
        };
        match wait {
            Some(wait) => {
                next.due_at = later(at, wait);
                self.moved(next, at, What::NotDialed, By::Provider)
            }
            None => self.ended(next, CallState::Failed, reason, at, By::Provider),
        }
    }

    fn cancel(&self, at: Timestamp) -> Transition {
        match self.state {
            CallState::Scheduled | CallState::Queued | CallState::Claimed => {
                let mut next = self.clone();
                next.cancel_requested_at = Some(at);
                self.ended(next, CallState::Canceled, EndedReason::CanceledByClient, at, By::Client)
            }
            state if state.is_terminal() => Transition::Ignored(Stale::Passed),
            _ if self.cancel_requested_at.is_some() => Transition::Ignored(Stale::Known),
            _ => {
                let mut next = self.clone();
                next.cancel_requested_at = Some(at);
                self.moved(next, at, What::CancelRequested, By::Client)
            }
        }
    }

    fn be_refused(&self, reason: EndedReason, at: Timestamp) -> Result<Transition, Forbidden> {
        if !matches!(self.state, CallState::Scheduled | CallState::Queued) {
            return Err(self.forbids("a refusal"));
        }
        let (state, by) = match reason {
            EndedReason::GatewayError => (CallState::Failed, By::Gateway),
            _ => (CallState::Blocked, By::Rule),
        };
        Ok(self.ended(self.clone(), state, reason, at, by))
    }

    fn pass(&self, deadline: Deadline, at: Timestamp) -> Transition {
        let waiting = matches!(self.state, CallState::Scheduled | CallState::Queued);
        match deadline {
            Deadline::Queue | Deadline::Window if !waiting => Transition::Ignored(Stale::Passed),
            Deadline::Queue | Deadline::Window => match self.wait_passed(at) {
                Some(Deadline::Window) => self.expire(EndedReason::ScheduleExpired, at),
                Some(_) => self.expire(EndedReason::QueueTimeout, at),
                None => Transition::Ignored(Stale::NotYet),
            },
            Deadline::Settle => self.settle(at),
            Deadline::Words => self.give_up_on_words(at),
            Deadline::Lease if self.lease.is_some_and(|lease| lease.until > at) => Transition::Ignored(Stale::NotYet),
            Deadline::Lease => self.be_released(at),
        }
    }

    fn expire(&self, reason: EndedReason, at: Timestamp) -> Transition {
        self.ended(self.clone(), CallState::Expired, reason, at, By::Deadline)
    }

    fn settle(&self, at: Timestamp) -> Transition {
        if self.settles_by.is_some_and(|settles_by| settles_by > at) {
            return Transition::Ignored(Stale::NotYet);
        }
        let (state, reason) = match self.state {
            state if state.is_terminal() => return Transition::Ignored(Stale::Passed),
            CallState::Scheduled | CallState::Queued | CallState::Claimed => (CallState::Expired, EndedReason::QueueTimeout),
            CallState::Placed | CallState::Ringing => (CallState::Failed, EndedReason::ProviderTimeout),
            CallState::InProgress | CallState::Processing => {
                (CallState::Completed, self.ended_reason.unwrap_or(EndedReason::Unknown))
            }
            _ => (CallState::Failed, EndedReason::OutcomeUnknown),
        };
        let mut next = self.clone();
        if state == CallState::Completed && next.result.transcript.is_none() {
            next.transcript_status = TranscriptStatus::Unavailable;
        }
        if let Some(attempt) = next.attempt.as_mut().filter(|attempt| attempt.outcome == Outcome::Open) {
            attempt.outcome = Outcome::Over;
        }
        self.ended(next, state, reason, at, By::Deadline)
    }

    fn give_up_on_words(&self, at: Timestamp) -> Transition {
        if self.state != CallState::Completed || self.transcript_status != TranscriptStatus::Pending {
            return Transition::Ignored(Stale::Passed);
        }
        if self.lacks_words() {
            return Transition::Ignored(Stale::NotYet);
        }
        let mut next = self.clone();
        next.transcript_status = TranscriptStatus::Unavailable;
        self.moved(next, at, What::FactsAdded, By::Deadline)
    }

    /// Whether evidence has shown that the provider has this attempt, whatever it answers to the request.
    fn has_heard_of_it(&self) -> bool {
        let known = self.attempt.as_ref().is_some_and(|attempt| attempt.provider_call.is_some());
        let talked = self.result.transcript.is_some() || self.result.duration_s.is_some_and(|seconds| seconds > 0);
        known || talked || self.answered_at.is_some()
    }

    /// What was told of one attempt is not the next one's; that somebody wants no calls is.
    pub(super) fn forget_attempt(&mut self) {
        self.answered_at = None;
        self.ended_at = None;
        self.ended_reason = None;
        self.ended_by = None;
        self.transcript_status = TranscriptStatus::Pending;
        self.result = CallResult { opt_out: self.result.opt_out, ..CallResult::default() };
    }

    /// A copy that has gone to `state`.
    pub(super) fn to(&self, state: CallState) -> Self {
        Self { state, ..self.clone() }
    }

    /// `next`, ended in `state`.
    pub(super) fn ended(&self, mut next: Self, state: CallState, reason: EndedReason, at: Timestamp, by: By) -> Transition {
        next.state = state;
        next.ended_reason = Some(reason);
        next.ended_by = next.ended_by.filter(|by| *by != EndedBy::Unknown).or(Some(reason.usually_by()));
        next.ended_at = next.ended_at.or(Some(at));
        let no_words = next.result.transcript.is_none() && state != CallState::Completed;
        if no_words {
            next.transcript_status = TranscriptStatus::Unavailable;
        }
        self.moved(next, at, What::Ended, by)
    }

    /// `next` with what every change brings: revision, history, deadlines, and no lease where none belongs.
    pub(super) fn moved(&self, mut next: Self, at: Timestamp, what: What, by: By) -> Transition {
        let entry = Entry::after(Some(self.history_head), self.id, self.revision.next(), at, next.status(), what, by);
        next.revision = entry.revision;
        next.history_head = entry.hash;
        if !matches!(next.state, CallState::Claimed | CallState::Sending) {
            next.lease = None;
        }
        if next.try_number != self.try_number {
            next.refusals = Refusals::default();
        }
        if next.state != self.state {
            next.looks = Looks::default();
        }
        // It is a promise: it only moves earlier.
        let settles_at = sooner(sooner(next.settles_at(at), self.settles_by), next.settles_by);
        next.settles_by = if next.state.is_terminal() { None } else { Some(settles_at) };
        next.look_at = next.own_moment();
        Transition::Moved { call: Box::new(next), entry, earlier: None }
    }

    pub(super) fn forbids(&self, event: &'static str) -> Forbidden {
        Forbidden { state: self.state, event }
    }
}
