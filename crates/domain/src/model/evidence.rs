//! What a webhook or a look-up says about an attempt, in our words.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::call::conversation::Turn;
use super::call::{CallState, EndedBy, EndedReason};
use super::ids::ProviderCallId;

super::words::words! {
    /// Where evidence came from. A look-up was asked for just now, so it outranks a webhook of the same finality.
    pub enum Source {
        /// The provider told us.
        Webhook = "webhook",
        /// We asked.
        LookUp = "look_up",
    }
}

super::words::words! {
    /// What was seen of a call at the provider.
    pub enum Seen {
        /// The provider has it; no more is known.
        Accepted = "accepted",
        /// The phone rings.
        Ringing = "ringing",
        /// Somebody, or a machine, answered.
        Answered = "answered",
        /// The talk is over; the result is still to come.
        Over = "over",
        /// Over, with all there will be.
        Completed = "completed",
        /// Rang out, or was declined.
        NoAnswer = "no_answer",
        /// Engaged.
        Busy = "busy",
        /// Could not be placed, or broke.
        Failed = "failed",
        /// Ended before anybody spoke, on request.
        Canceled = "canceled",
        /// It is no longer there, and nothing says how it ended: a provider that keeps no record of calls.
        Gone = "gone",
    }
}

impl Seen {
    /// The state this is evidence of.
    #[must_use]
    pub const fn state(self) -> CallState {
        match self {
            Self::Accepted => CallState::Placed,
            Self::Ringing => CallState::Ringing,
            Self::Answered => CallState::InProgress,
            // What it means depends on the call: whether anybody was seen to answer.
            Self::Over | Self::Gone => CallState::Processing,
            Self::Completed => CallState::Completed,
            Self::NoAnswer => CallState::NoAnswer,
            Self::Busy => CallState::Busy,
            Self::Failed => CallState::Failed,
            Self::Canceled => CallState::Canceled,
        }
    }
}

/// Facts about one attempt. Everything is optional: evidence says what it knows and no more.
#[derive(Clone, PartialEq)]
pub struct Evidence {
    /// Where it came from.
    pub source: Source,
    /// It was picked from a list that does not carry our reference.
    pub is_guess: bool,
    /// What was seen.
    pub seen: Option<Seen>,
    /// The provider's id of the call.
    pub provider_call: Option<ProviderCallId>,
    /// Why it ended.
    pub ended_reason: Option<EndedReason>,
    /// Who ended it.
    pub ended_by: Option<EndedBy>,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// `role: text` lines, byte for byte as they came.
    pub transcript: Option<String>,
    /// The same, taken apart; empty when the provider does not.
    pub turns: Vec<Turn>,
    /// Whether transcript and turns are all there will be; where there are none, that none will come.
    pub words_final: bool,
    /// Whole seconds of conversation.
    pub duration_s: Option<u32>,
    /// The provider tells no duration: it is the time from the answer to `ended_at`.
    pub measures_talk: bool,
    /// Whoever talks reports the result elsewhere: a talk that is over waits so long for it before it is completed.
    pub result_within: Option<Duration>,
    /// A summary in words.
    pub summary: Option<String>,
    /// What the agent was asked to find out.
    pub extracted: Map<String, Value>,
    /// The one called does not want to be called again.
    pub opt_out: bool,
    /// The provider's own address of the audio; never shown to a client.
    pub recording: Option<String>,
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("source", &self.source)
            .field("seen", &self.seen)
            .field("ended_reason", &self.ended_reason)
            .field("duration_s", &self.duration_s)
            .field("opt_out", &self.opt_out)
            .finish_non_exhaustive()
    }
}

impl Evidence {
    /// Evidence from `source` that says nothing yet.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            source,
            is_guess: false,
            seen: None,
            provider_call: None,
            ended_reason: None,
            ended_by: None,
            answered_at: None,
            ended_at: None,
            transcript: None,
            turns: Vec::new(),
            words_final: false,
            duration_s: None,
            measures_talk: false,
            result_within: None,
            summary: None,
            extracted: Map::new(),
            opt_out: false,
            recording: None,
        }
    }

    /// The same, having seen `seen`.
    #[must_use]
    pub fn seen(mut self, seen: Seen) -> Self {
        self.seen = Some(seen);
        self
    }
}
