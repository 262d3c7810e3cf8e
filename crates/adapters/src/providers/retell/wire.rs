//! The JSON of Retell: what we send to place a call, what decides in the answer, what a call looks like and how one is
//! looked for.
//!
//! What holds numbers or words of people does not print.

use std::collections::BTreeMap;
use std::time::Duration;

use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::provider::{LookUpOrder, PlaceOrder};
use callgate_domain::model::{AttemptId, Phone, Voicemail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Items, Lenient, Number};
use crate::providers::theirs::{REFERENCE, as_text};

/// What they permit: outside of it a call is refused.
const RING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));
const TALK: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(2));
/// Where a call may be looked for by its time: their clock may be off, and it may ring before it counts as started.
const BEFORE_SENT: Duration = Duration::from_mins(1);
const AFTER_SENT: Duration = Duration::from_mins(10);

/// `POST /v2/create-phone-call`.
#[derive(Serialize)]
pub struct Order<'a> {
    from_number: &'a str,
    to_number: &'a str,
    override_agent_id: &'a str,
    metadata: Metadata,
    /// They take texts only.
    retell_llm_dynamic_variables: BTreeMap<&'a str, String>,
    agent_override: AgentOverride,
    /// The same request twice within an hour is one call. We send none twice; it protects from whoever would.
    idempotency_key: String,
}

#[derive(Serialize)]
struct Metadata {
    attempt_id: String,
}

#[derive(Serialize)]
struct AgentOverride {
    agent: AgentChanges,
}

#[derive(Serialize)]
struct AgentChanges {
    ring_duration_ms: u64,
    max_call_duration_ms: u64,
    /// Left out, the agent does what it is set up for over there: what it says to a machine is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    voicemail_option: Option<VoicemailOption>,
}

#[derive(Serialize)]
struct VoicemailOption {
    action: Action,
}

#[derive(Serialize)]
struct Action {
    r#type: &'static str,
}

impl<'a> Order<'a> {
    /// An order in their words.
    pub fn of(order: &'a PlaceOrder, from: &'a Phone) -> Self {
        let attempt = order.attempt.to_string();
        let hangs_up = order.voicemail == Voicemail::Hangup;
        let agent = AgentChanges {
            ring_duration_ms: millis_within(order.ring_timeout, RING),
            max_call_duration_ms: millis_within(order.max_duration, TALK),
            voicemail_option: hangs_up.then_some(VoicemailOption { action: Action { r#type: "hangup" } }),
        };
        Self {
            from_number: from.e164(),
            to_number: order.phone.e164(),
            override_agent_id: &order.remote_id,
            metadata: Metadata { attempt_id: attempt.clone() },
            retell_llm_dynamic_variables: as_text(&order.variables),
            agent_override: AgentOverride { agent },
            idempotency_key: attempt,
        }
    }
}

fn millis_within(duration: Duration, (from, to): (Duration, Duration)) -> u64 {
    u64::try_from(duration.clamp(from, to).as_millis()).unwrap_or_default()
}

/// The answer to it. A field of the wrong type, or twice, makes the whole answer unreadable, and so unknown.
#[derive(Deserialize)]
pub struct Placed {
    pub call_id: Option<String>,
}

/// A refusal.
#[derive(Deserialize)]
pub struct Refused {
    /// `error`.
    pub status: String,
    pub message: String,
    /// Stands in no refusal: whoever sends one speaks of a call.
    pub call_id: Option<Value>,
}

/// A call, as a look-up shows it and webhooks tell it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Call {
    pub call_id: Lenient<String>,
    pub call_status: Lenient<String>,
    pub disconnection_reason: Lenient<String>,
    pub metadata: Lenient<Map<String, Value>>,
    /// Milliseconds, as all moments here.
    pub start_timestamp: Lenient<i64>,
    pub end_timestamp: Lenient<i64>,
    pub duration_ms: Lenient<Number>,
    /// Lines of `Agent:` and `User:`.
    pub transcript: Lenient<String>,
    pub transcript_object: Items<Said>,
    /// The same without what identifies people, where the account keeps no other.
    pub scrubbed_transcript_with_tool_calls: Items<Said>,
    pub recording_url: Lenient<String>,
    pub scrubbed_recording_url: Lenient<String>,
    pub call_analysis: Lenient<Analysis>,
}

/// A turn, or something between turns, which has another role and no content.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub role: Lenient<String>,
    pub content: Lenient<String>,
    pub words: Items<Word>,
}

/// Seconds from the begin of the audio.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Word {
    pub start: Lenient<Number>,
    pub end: Lenient<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Analysis {
    pub call_summary: Lenient<String>,
    pub in_voicemail: Lenient<bool>,
    pub custom_analysis_data: Lenient<Map<String, Value>>,
}

/// A webhook.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Event {
    pub event: Lenient<String>,
    pub call: Lenient<Call>,
}

/// `POST /v3/list-calls`.
#[derive(Serialize)]
pub struct List<'a> {
    filter_criteria: Criteria<'a>,
    limit: u32,
}

#[derive(Default, Serialize)]
struct Criteria<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metadata: Vec<Filter<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agent: Vec<AgentFilter<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_number: Option<Filter<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_timestamp: Option<Filter<[i64; 2]>>,
}

#[derive(Serialize)]
struct Filter<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    r#type: &'static str,
    op: &'static str,
    value: T,
}

#[derive(Serialize)]
struct AgentFilter<'a> {
    agent_id: &'a str,
}

impl<'a> List<'a> {
    /// Calls that carry our reference.
    pub fn by_reference(attempt: AttemptId) -> Self {
        let metadata = vec![Filter { key: Some(REFERENCE), r#type: "string", op: "eq", value: attempt.to_string() }];
        Self { filter_criteria: Criteria { metadata, ..Criteria::default() }, limit: 10 }
    }

    /// Calls to this number, by this agent, of this time.
    pub fn by_window(order: &'a LookUpOrder) -> Self {
        let millis = |at: Timestamp| at.as_millisecond();
        let window = [millis(earlier(order.sent_at, BEFORE_SENT)), millis(later(order.sent_at, AFTER_SENT))];
        let agent = Some(AgentFilter { agent_id: &order.remote_id }).filter(|agent| !agent.agent_id.is_empty());
        let filter_criteria = Criteria {
            metadata: Vec::new(),
            agent: agent.into_iter().collect(),
            to_number: Some(Filter { key: None, r#type: "string", op: "eq", value: order.phone.e164() }),
            start_timestamp: Some(Filter { key: None, r#type: "range", op: "bt", value: window }),
        };
        Self { filter_criteria, limit: 50 }
    }
}

/// The answer to it. Read strictly: an item that was not understood is no absence.
#[derive(Deserialize)]
pub struct Listed {
    pub items: Vec<Item>,
    pub has_more: Option<bool>,
    pub pagination_key: Option<String>,
}

/// A call in a list, without what was said in it.
#[derive(Deserialize)]
pub struct Item {
    pub call_id: String,
    #[serde(default)]
    pub call_status: Lenient<String>,
    #[serde(default)]
    pub metadata: Lenient<Map<String, Value>>,
    #[serde(default)]
    pub to_number: Lenient<String>,
}
