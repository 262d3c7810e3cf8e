//! A call as clients see it: one pure function of the call, used by reads, lists, streams, cancels and notices.

use std::fmt::{self, Display};

use callgate_domain::model::call::conversation::Role;
use callgate_domain::model::call::{TranscriptStatus, Turn};
use callgate_domain::model::{Call, CallId, EndedBy, EndedReason, Status};
use jiff::Timestamp;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::words::{EndedByWord, EndedReasonWord, RoleWord, StatusWord, TranscriptStatusWord};

/// A call as it is now.
#[derive(Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallView<'a> {
    /// The only id of the call a client needs: a UUID that sorts by time.
    #[schema(value_type = String, format = Uuid)]
    call_id: Text<CallId>,
    /// Where the call is. The status of a terminal call never changes.
    #[schema(value_type = StatusWord)]
    status: Text<Status>,
    /// `role: text` lines joined by a line feed, roles `agent` and `user`; null until there is one.
    #[serde(skip_serializing_if = "Part::is_left_out")]
    #[schema(value_type = Option<String>, required = true)]
    transcript: Part<Option<&'a str>>,
    /// Whole seconds of conversation: null until terminal and where it cannot be known, 0 if nobody answered.
    #[schema(required = true, minimum = 0)]
    duration: Option<u32>,
    /// The key of the agent that talks.
    agent: &'a str,
    /// Who is called, in E.164; null once an operator erased the number.
    #[schema(required = true)]
    phone: Option<&'a str>,
    /// Whether the call is over and its status final.
    terminal: bool,
    /// Why it ended; null until terminal.
    #[schema(value_type = Option<EndedReasonWord>, required = true)]
    ended_reason: Option<Text<EndedReason>>,
    /// Who ended it; null until terminal, never after.
    #[schema(value_type = Option<EndedByWord>, required = true)]
    ended_by: Option<Text<EndedBy>>,
    /// True only where it is proven that nobody was rung, or the status is `no_answer` or `busy` and nobody declined.
    retryable: bool,
    /// What there is of the words.
    #[schema(value_type = TranscriptStatusWord)]
    transcript_status: Text<TranscriptStatus>,
    /// The transcript, taken apart.
    #[serde(skip_serializing_if = "Part::is_left_out")]
    #[schema(value_type = Vec<TurnView<'static>>, required = true)]
    turns: Part<Turns<'a>>,
    /// The client's own id for this call.
    #[schema(required = true)]
    reference: Option<&'a str>,
    /// As it was sent.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    metadata: &'a Map<String, Value>,
    /// As they were sent.
    #[serde(skip_serializing_if = "Part::is_left_out")]
    #[schema(value_type = Object, required = true)]
    variables: Part<&'a Map<String, Value>>,
    /// When the call was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the last try that may have rung was handed over.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    dialed_at: Option<Timestamp>,
    /// When somebody answered.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    answered_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    ended_at: Option<Timestamp>,
    /// By then an open call is terminal, whatever happens; null once it is.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    settles_by: Option<Timestamp>,
    /// The window it may be dialed in.
    schedule: ScheduleView,
    /// When its end was asked for.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    cancel_requested_at: Option<Timestamp>,
    /// False where the end of this call cannot be asked for any more.
    cancel_supported: bool,
    /// What later evidence showed of a call that had to end `outcome_unknown`.
    #[schema(value_type = Option<StatusWord>, required = true)]
    resolved_status: Option<Text<Status>>,
    /// Tries that may have rung.
    attempts: u16,
    /// How often the call has changed: what its `ETag` is made from.
    #[schema(minimum = 1)]
    revision: u32,
    /// The conversation in short.
    #[schema(required = true)]
    summary: Option<&'a str>,
    /// What the agent was asked to find out.
    #[schema(value_type = Object)]
    extracted: &'a Map<String, Value>,
    /// The one called does not want to be called again.
    opt_out: bool,
    /// The path on this gateway where its audio can be had; null while there is none.
    #[schema(value_type = Option<String>, required = true)]
    recording: Option<Text<RecordingPath>>,
    /// The hash of the last entry of its timeline.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    history_head: Text<callgate_domain::model::call::Hash>,
    /// Simulated: no phone rang.
    test: bool,
}

/// Where a call's audio is had from: here, and never from where it is.
pub struct RecordingPath(CallId);

impl Display for RecordingPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/v1/calls/{}/recording", self.0)
    }
}

/// The window a call may be dialed in.
#[derive(Serialize, ToSchema)]
#[schema(as = CallSchedule)]
pub struct ScheduleView {
    /// Not dialed before.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    not_before: Option<Timestamp>,
    /// Never rings after.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires_at: Option<Timestamp>,
}

/// One turn of a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Turn)]
pub struct TurnView<'a> {
    /// Its place, from 0.
    index: usize,
    /// Who speaks.
    #[schema(value_type = RoleWord)]
    role: Text<Role>,
    /// What is said.
    text: &'a str,
    /// Milliseconds after the answer.
    #[schema(required = true)]
    start_ms: Option<u64>,
    /// Milliseconds after the answer.
    #[schema(required = true)]
    end_ms: Option<u64>,
}

/// The call as `GET` shows it; `cancel_supported` is what the gateway knows beside it.
#[must_use]
pub fn call(call: &Call, cancel_supported: bool) -> CallView<'_> {
    let terminal = call.state.is_terminal();
    let transcript = call.result.transcript.as_ref();
    CallView {
        call_id: Text(call.id),
        status: Text(call.status()),
        transcript: Part::There(transcript.map(|held| held.text.as_str())),
        duration: call.duration_s(),
        agent: call.agent.as_str(),
        phone: (!call.phone.is_erased()).then(|| call.phone.e164()),
        terminal,
        ended_reason: call.ended_reason.filter(|_| terminal).map(Text),
        ended_by: terminal.then(|| Text(call.ended_by.unwrap_or(EndedBy::Unknown))),
        retryable: call.is_retryable(),
        transcript_status: Text(call.transcript_status),
        turns: Part::There(Turns(transcript.map_or(&[], |held| held.turns.as_slice()))),
        reference: call.asked.reference.as_deref(),
        metadata: &call.asked.metadata,
        variables: Part::There(&call.asked.variables),
        created_at: call.created_at,
        dialed_at: call.dialed_at,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        settles_by: call.settles_by.filter(|_| !terminal),
        schedule: ScheduleView { not_before: call.asked.not_before, expires_at: call.asked.expires_at },
        cancel_requested_at: call.cancel_requested_at,
        cancel_supported,
        resolved_status: call.resolved.map(|state| Text(state.status())),
        attempts: call.attempts,
        revision: call.revision.0,
        summary: call.result.summary.as_deref(),
        extracted: &call.result.extracted,
        opt_out: call.result.opt_out,
        recording: call.result.recording.is_some().then_some(Text(RecordingPath(call.id))),
        history_head: Text(call.history_head),
        test: call.terms.test,
    }
}

/// The call as a list shows it: without transcript, turns and variables.
#[must_use]
pub fn listed(held: &Call, cancel_supported: bool) -> CallView<'_> {
    CallView { transcript: Part::LeftOut, turns: Part::LeftOut, variables: Part::LeftOut, ..call(held, cancel_supported) }
}

/// The names of what a list leaves out.
pub const LEFT_OUT_OF_LISTS: [&str; 3] = ["transcript", "turns", "variables"];

/// Something that is written as the text it displays as.
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A field that a list leaves out.
enum Part<T> {
    There(T),
    LeftOut,
}

impl<T> Part<T> {
    fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

impl<T: Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::There(value) => value.serialize(serializer),
            Self::LeftOut => serializer.serialize_none(),
        }
    }
}

struct Turns<'a>(&'a [Turn]);

impl Serialize for Turns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (index, turn) in self.0.iter().enumerate() {
            let Turn { role, text, start_ms, end_ms } = turn;
            list.serialize_element(&TurnView { index, role: Text(*role), text, start_ms: *start_ms, end_ms: *end_ms })?;
        }
        list.end()
    }
}
