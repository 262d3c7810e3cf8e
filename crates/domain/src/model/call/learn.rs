//! What evidence does to a call.
//!
//! Evidence belongs to an attempt, and only the call's newest attempt moves its state. It moves a call only to a
//! higher rank; otherwise it adds facts. The first terminal state wins. While a call is open its facts are a join, so
//! that order and repetition do not matter; once it is over, facts only fill what is still missing.

use jiff::Timestamp;

use super::Call;
use super::attempt::{Attempt, Outcome};
use super::conversation::{Transcript, TranscriptStatus};
use super::ending::{EndedBy, EndedReason};
use super::history::{By, What};
use super::restore::tries_with;
use super::state::CallState;
use super::transition::{Stale, Transition};
use crate::model::evidence::{Evidence, Seen};
use crate::model::moment::{elapsed, later, sooner, to_micros};

impl Call {
    pub(super) fn learn(&self, about: &Attempt, evidence: &Evidence, at: Timestamp) -> Transition {
        let Some(current) = self.attempt.as_ref().filter(|current| current.id == about.id) else {
            return self.learn_of_earlier(about, evidence, at);
        };
        if self.state.is_terminal() {
            return self.learn_late(current, evidence, at);
        }
        if self.state.is_out() {
            return self.learn_open(self.clone(), evidence, at);
        }
        // The call waits again: its newest attempt proved that it did not dial, or ended in a way that is tried again.
        if self.may_not_go_on(current, evidence) {
            return self.adopt(current, evidence, at);
        }
        let disagrees = current.outcome != Outcome::NotDialed && disagrees(current.outcome, evidence);
        if disagrees { self.contradicted(current, at) } else { Transition::Ignored(Stale::Known) }
    }

    /// Whether a call that waits for its next attempt, or whose next one nobody has seen, may not have it, since one before turns out to have rung, or to
    /// have ended in a way that is not tried again.
    fn may_not_go_on(&self, about: &Attempt, evidence: &Evidence) -> bool {
        (self.waits() || self.may_have_rung_unseen())
            && match about.outcome {
                // An earlier try went on to an attempt that did ring; the database permits one such in a try.
                Outcome::NotDialed => about.try_number == self.try_number && proves_a_dial(evidence),
                Outcome::NoAnswer | Outcome::Busy => forbids_another_try(evidence),
                Outcome::Open | Outcome::Over => false,
            }
    }

    fn waits(&self) -> bool {
        self.state.rank() < CallState::Sending.rank()
    }

    /// We took a dialed attempt for one that was not, or one that ended in another way for one to be tried again. With no
    /// newer one that dialed it is the call's attempt again, and a claim made meanwhile dies with its fence.
    fn adopt(&self, current: &Attempt, evidence: &Evidence, at: Timestamp) -> Transition {
        let was_dialed = current.outcome != Outcome::NotDialed;
        let wrong = !was_dialed || shows_a_talk(evidence);
        let known = match current.outcome {
            Outcome::NoAnswer if !wrong => Some(Seen::NoAnswer),
            Outcome::Busy if !wrong => Some(Seen::Busy),
            _ => None,
        };
        let mut next = self.to(CallState::Unknown);
        let contradicted_at = current.contradicted_at.or(wrong.then_some(at));
        next.attempt = Some(Attempt { outcome: Outcome::Open, contradicted_at, ..current.clone() });
        next.try_number = current.try_number;
        next.connection = Some(current.connection.clone());
        next.fence = self.fence.next();
        next.attempts = tries_with(self, current);
        next.dialed_at = Some(current.sent_mark_at);
        self.learn_open(next, &Evidence { seen: known.or(evidence.seen), ..evidence.clone() }, at)
    }

    fn learn_of_earlier(&self, about: &Attempt, evidence: &Evidence, at: Timestamp) -> Transition {
        if self.may_not_go_on(about, evidence) {
            return self.adopt(about, evidence, at);
        }
        let news = match about.outcome {
            Outcome::NotDialed => proves_a_dial(evidence),
            Outcome::NoAnswer | Outcome::Busy => disagrees(about.outcome, evidence),
            Outcome::Open | Outcome::Over => false,
        };
        let contradicts = news && about.contradicted_at.is_none();
        let opts_out = evidence.opt_out && !self.result.opt_out;
        if !contradicts && !opts_out {
            return Transition::Ignored(if news { Stale::Contradiction } else { Stale::Known });
        }
        let mut next = self.clone();
        next.result.opt_out |= opts_out;
        if opts_out && self.waits() {
            return self.ended(next, CallState::Blocked, EndedReason::Suppressed, at, By::Provider);
        }
        match self.moved(next, at, What::EarlierAttempt, By::Provider) {
            Transition::Moved { call, entry, .. } => {
                let earlier = contradicts.then(|| Attempt { contradicted_at: Some(at), ..about.clone() });
                Transition::Moved { call, entry, earlier }
            }
            ignored @ Transition::Ignored(_) => ignored,
        }
    }

    /// `next` is this call, or this call with an attempt it adopted.
    fn learn_open(&self, mut next: Self, evidence: &Evidence, at: Timestamp) -> Transition {
        next.take_facts(evidence, at);
        let Some(state) = next.meaning(evidence).filter(|state| state.rank() > next.state.rank()) else {
            return if next == *self {
                Transition::Ignored(Stale::Known)
            } else {
                self.moved(next, at, What::FactsAdded, By::Provider)
            };
        };
        match state {
            CallState::Placed => next.goes(self, state, What::Accepted, at),
            CallState::Ringing => next.goes(self, state, What::Ringing, at),
            CallState::InProgress => {
                next.answered_at = next.answered_at.or(Some(at));
                next.goes(self, state, What::Answered, at)
            }
            CallState::Processing => {
                next.ended_at = next.ended_at.or(Some(at));
                next.settles_by = evidence.result_within.map(|wait| sooner(later(at, wait), next.settles_by)).or(next.settles_by);
                next.goes(self, state, What::TalkEnded, at)
            }
            _ => next.ends(self, state, evidence, at),
        }
    }

    fn goes(mut self, before: &Self, state: CallState, what: What, at: Timestamp) -> Transition {
        self.state = state;
        before.moved(self, at, what, By::Provider)
    }

    fn ends(mut self, before: &Self, state: CallState, evidence: &Evidence, at: Timestamp) -> Transition {
        let known = self.ended_reason.filter(|reason| *reason != EndedReason::Unknown);
        let is_gone = evidence.seen == Some(Seen::Gone);
        let reason = match known {
            None | Some(EndedReason::CanceledByClient) if self.ran_too_long(state, at) => EndedReason::MaxDuration,
            Some(known) => known,
            None if is_gone && state == CallState::NoAnswer => EndedReason::Unknown,
            None => usual_reason(state, before.meant_to_end()),
        };
        if reason == EndedReason::MaxDuration {
            self.ended_by = self.ended_by.filter(|by| *by != EndedBy::Client);
        }
        if evidence.words_final && self.result.transcript.is_none() {
            self.transcript_status = TranscriptStatus::Unavailable;
        }
        // What was guessed may be another's: ours may still ring. What is only gone may have been answered unseen.
        let proven_over = match state {
            _ if self.is_guessed() || is_gone => Outcome::Over,
            _ if reason == EndedReason::Declined || self.result.opt_out => Outcome::Over,
            CallState::NoAnswer => Outcome::NoAnswer,
            CallState::Busy => Outcome::Busy,
            _ => Outcome::Over,
        };
        if let Some(attempt) = self.attempt.as_mut() {
            attempt.outcome = proven_over;
        }
        if let Some(due_at) = self.next_try(state, proven_over, at) {
            return self.tries_again(before, due_at, at);
        }
        before.ended(self, state, reason, at, By::Provider)
    }

    /// Whether a talk that nobody asked to end went on to its limit: then it was us, whatever a provider that was asked to
    /// hang up calls that.
    fn ran_too_long(&self, state: CallState, at: Timestamp) -> bool {
        let limit = self.answered_at.map(|answered_at| later(answered_at, self.terms.max_duration));
        let is_over = limit.is_some_and(|limit| limit <= self.ended_at.unwrap_or(at));
        state == CallState::Completed && !self.meant_to_end() && is_over
    }

    /// When the client's plan has another try after this end: only before anybody answered, never past its window, and
    /// not after news so late that the tries left would not fit into what `settles_by` promises.
    fn next_try(&self, state: CallState, proven_over: Outcome, at: Timestamp) -> Option<Timestamp> {
        let proven = matches!(proven_over, Outcome::NoAnswer | Outcome::Busy);
        let wanted = self.terms.retry.as_ref().is_some_and(|plan| plan.on.contains(&state));
        let early = self.state.rank() <= CallState::Ringing.rank() && self.answered_at.is_none();
        let due_at = later(at, self.delay_after(self.try_number)?);
        let in_window = self.asked.expires_at.is_none_or(|expires_at| due_at < expires_at);
        let sent_at = self.attempt.as_ref()?.sent_mark_at;
        let in_time = at <= later(sent_at, self.terms.longest());
        (proven && wanted && early && in_window && in_time).then_some(due_at)
    }

    fn tries_again(mut self, before: &Self, due_at: Timestamp, at: Timestamp) -> Transition {
        self.state = CallState::Scheduled;
        self.try_number = self.try_number.saturating_add(1);
        self.try_due_at = due_at;
        self.due_at = due_at;
        self.connection = None;
        self.fence = self.fence.next();
        self.forget_attempt();
        before.moved(self, at, What::TryAgain, By::Provider)
    }

    /// Evidence after the end: what it adds where something is missing, or on record once where it disagrees.
    fn learn_late(&self, current: &Attempt, evidence: &Evidence, at: Timestamp) -> Transition {
        let end = self.meaning(evidence).filter(|state| state.is_terminal() && *state != self.state);
        let was_unknown = matches!(self.ended_reason, Some(EndedReason::OutcomeUnknown | EndedReason::ProviderTimeout));
        let not_rung = current.outcome == Outcome::NotDialed;
        if (end.is_some() && !was_unknown) || (not_rung && proves_a_dial(evidence)) {
            return self.contradicted(current, at);
        }
        let mut next = self.clone();
        next.fill_facts(evidence, at);
        if was_unknown {
            next.resolved = next.resolved.or(end.and(next.meaning(evidence)));
        }
        if next == *self { Transition::Ignored(Stale::Known) } else { self.moved(next, at, What::FactsAdded, By::Provider) }
    }

    fn contradicted(&self, current: &Attempt, at: Timestamp) -> Transition {
        if current.contradicted_at.is_some() {
            return Transition::Ignored(Stale::Contradiction);
        }
        let mut next = self.clone();
        next.attempt = Some(Attempt { contradicted_at: Some(at), ..current.clone() });
        self.moved(next, at, What::Contradicted, By::Provider)
    }

    /// Where what was seen takes this call. Hung up on request after the answer is a talk that was completed; what is gone is
    /// over in the way that it was last seen, and says nothing of a call that was never seen there.
    fn meaning(&self, evidence: &Evidence) -> Option<CallState> {
        let state = match evidence.seen? {
            Seen::Canceled | Seen::Gone if self.was_answered() => CallState::Completed,
            Seen::Gone if !matches!(self.state, CallState::Placed | CallState::Ringing) => self.state,
            Seen::Gone if self.meant_to_end() => CallState::Canceled,
            Seen::Gone => CallState::NoAnswer,
            seen => seen.state(),
        };
        let waits = state == CallState::Completed && evidence.result_within.is_some() && !self.state.is_terminal();
        Some(if waits { CallState::Processing } else { state })
    }

    fn was_answered(&self) -> bool {
        let talked = matches!(self.state, CallState::InProgress | CallState::Processing | CallState::Completed);
        talked || self.answered_at.is_some()
    }

    fn meant_to_end(&self) -> bool {
        self.cancel_requested_at.is_some()
    }

    /// Facts of an open call: a join.
    fn take_facts(&mut self, evidence: &Evidence, at: Timestamp) {
        self.take_id(evidence, at);
        self.answered_at = first(self.answered_at, self.believed(evidence.answered_at));
        self.ended_at = first(self.ended_at, self.believed(evidence.ended_at));
        self.measure(evidence);
        if let Some(words) = Transcript::of(evidence)
            && self.result.transcript.as_ref().is_none_or(|held| words.beats(held))
        {
            self.hold(words);
        }
        self.fill_rest(evidence);
    }

    /// Facts of a call that is over: only what is missing.
    fn fill_facts(&mut self, evidence: &Evidence, at: Timestamp) {
        self.take_id(evidence, at);
        self.answered_at = self.answered_at.or(self.believed(evidence.answered_at));
        let missing = self.result.transcript.as_ref().is_none_or(|held| !held.is_final);
        if let Some(words) = Transcript::of(evidence).filter(|_| missing && !self.is_erased())
            && self.result.transcript.as_ref().is_none_or(|held| words.beats(held))
        {
            self.hold(words);
        }
        self.fill_rest(evidence);
        if self.ended_by == Some(EndedBy::Unknown) {
            self.ended_by = self.ended_reason.map(EndedReason::usually_by);
        }
    }

    /// How long they talked, by the clock of a provider that does not tell it.
    fn measure(&mut self, evidence: &Evidence) {
        let (true, Some(answered_at), Some(ended_at)) =
            (evidence.measures_talk, self.answered_at, self.believed(evidence.ended_at))
        else {
            return;
        };
        let seconds = elapsed(answered_at, ended_at).as_secs();
        self.result.duration_s = self.result.duration_s.or(u32::try_from(seconds).ok());
    }

    /// A moment as we keep it: nothing happens to an attempt before its send mark, whatever another clock says.
    fn believed(&self, told: Option<Timestamp>) -> Option<Timestamp> {
        let earliest = self.attempt.as_ref().map(|attempt| attempt.sent_mark_at);
        told.map(to_micros).map(|told| earliest.map_or(told, |earliest| told.max(earliest)))
    }

    fn take_id(&mut self, evidence: &Evidence, at: Timestamp) {
        if let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.provider_call.is_none()) {
            attempt.provider_call.clone_from(&evidence.provider_call);
            attempt.guessed_at = evidence.is_guess.then_some(at);
        }
    }

    fn hold(&mut self, words: Transcript) {
        self.transcript_status = if words.is_final { TranscriptStatus::Available } else { TranscriptStatus::Partial };
        self.result.transcript = Some(words);
    }

    fn fill_rest(&mut self, evidence: &Evidence) {
        if self.ended_reason.is_none_or(|reason| reason == EndedReason::Unknown) {
            self.ended_reason = evidence.ended_reason.filter(|reason| *reason != EndedReason::Unknown).or(self.ended_reason);
        }
        if self.ended_by.is_none_or(|by| by == EndedBy::Unknown) {
            self.ended_by = evidence.ended_by.filter(|by| *by != EndedBy::Unknown).or(self.ended_by);
        }
        let is_over = evidence.seen.is_none_or(|seen| seen.state().rank() >= CallState::Processing.rank());
        if is_over {
            self.result.duration_s = self.result.duration_s.or(evidence.duration_s);
        }
        // A fact that protects somebody, whatever was erased.
        self.result.opt_out |= evidence.opt_out;
        if self.is_erased() {
            return;
        }
        let result = &mut self.result;
        result.summary = result.summary.take().or_else(|| evidence.summary.clone());
        result.recording = result.recording.take().or_else(|| evidence.recording.clone());
        for (key, value) in &evidence.extracted {
            result.extracted.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

fn first(held: Option<Timestamp>, told: Option<Timestamp>) -> Option<Timestamp> {
    match (held, told) {
        (Some(held), Some(told)) => Some(held.min(told)),
        (held, told) => held.or(told),
    }
}

/// Whether somebody may have been rung if this is true. A provider's own "failed" is what a refusal looks like.
fn proves_a_dial(evidence: &Evidence) -> bool {
    let seen = evidence.seen.is_some_and(|seen| !matches!(seen, Seen::Failed | Seen::Canceled | Seen::Gone));
    seen || evidence.opt_out || tells_of_a_talk(evidence)
}

/// Whether somebody answered if this is true.
fn shows_a_talk(evidence: &Evidence) -> bool {
    match evidence.seen {
        Some(Seen::Answered | Seen::Over | Seen::Completed) => true,
        Some(_) => evidence.answered_at.is_some(),
        None => tells_of_a_talk(evidence),
    }
}

fn tells_of_a_talk(evidence: &Evidence) -> bool {
    let words = evidence.transcript.as_ref().is_some_and(|text| !text.is_empty()) || !evidence.turns.is_empty();
    words || evidence.answered_at.is_some() || evidence.duration_s.is_some_and(|seconds| seconds > 0)
}

/// Whether an attempt that rang out, or was busy, is no reason for another after all.
fn forbids_another_try(evidence: &Evidence) -> bool {
    evidence.opt_out || evidence.ended_reason == Some(EndedReason::Declined) || shows_a_talk(evidence)
}

/// Whether evidence shows another end than the one an attempt is proven to have had.
fn disagrees(outcome: Outcome, evidence: &Evidence) -> bool {
    match evidence.seen.filter(|seen| *seen != Seen::Gone).map(Seen::state) {
        Some(CallState::NoAnswer) => outcome != Outcome::NoAnswer,
        Some(CallState::Busy) => outcome != Outcome::Busy,
        Some(state) => state.rank() >= CallState::InProgress.rank(),
        None => false,
    }
}

fn usual_reason(state: CallState, asked_to_end: bool) -> EndedReason {
    match state {
        CallState::NoAnswer => EndedReason::NoAnswer,
        CallState::Busy => EndedReason::Busy,
        CallState::Failed => EndedReason::ProviderError,
        CallState::Canceled => EndedReason::CanceledByClient,
        CallState::Completed if asked_to_end => EndedReason::CanceledByClient,
        _ => EndedReason::Unknown,
    }
}
