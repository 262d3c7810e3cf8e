//! The JSON of ElevenLabs: what we send to place a call, what decides in the answer, and what a conversation looks like.
//!
//! What holds numbers or words of people does not print.

use std::time::Duration;

use callgate_domain::model::provider::PlaceOrder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Items, Lenient, Number};
use crate::providers::theirs::REFERENCE;

/// Names that begin so belong to the provider.
const RESERVED: &str = "system__";

/// How the number was imported over there: each way has a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    SipTrunk,
    Twilio,
}

impl Via {
    /// In a path.
    pub const fn part(self) -> &'static str {
        match self {
            Self::SipTrunk => "sip-trunk",
            Self::Twilio => "twilio",
        }
    }

    /// In `via`, and as they call it at the number.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SipTrunk => "sip_trunk",
            Self::Twilio => "twilio",
        }
    }
}

/// `POST /v1/convai/{sip-trunk|twilio}/outbound-call`.
#[derive(Serialize)]
pub struct Order<'a> {
    agent_id: &'a str,
    agent_phone_number_id: &'a str,
    to_number: &'a str,
    conversation_initiation_client_data: ClientData,
    telephony_call_config: Telephony,
}

#[derive(Serialize)]
struct ClientData {
    /// What their list of conversations can be filtered by.
    user_id: String,
    dynamic_variables: Map<String, Value>,
}

#[derive(Serialize)]
struct Telephony {
    ringing_timeout_secs: u64,
}

impl<'a> Order<'a> {
    /// An order in their words. How long the talk may take is not among them: to say so per call, each agent would have to
    /// permit it over there, and a call of one that does not may fail.
    pub fn of(order: &'a PlaceOrder, number_id: &'a str, ring: Duration) -> Self {
        let attempt = order.attempt.to_string();
        let own = order.variables.iter().filter(|(name, _)| !name.starts_with(RESERVED));
        let mut dynamic_variables: Map<String, Value> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        dynamic_variables.insert(REFERENCE.to_owned(), Value::String(attempt.clone()));
        Self {
            agent_id: &order.remote_id,
            agent_phone_number_id: number_id,
            to_number: order.phone.e164(),
            conversation_initiation_client_data: ClientData { user_id: attempt, dynamic_variables },
            telephony_call_config: Telephony { ringing_timeout_secs: ring.as_secs() },
        }
    }
}

/// The answer to it. A field of the wrong type, or twice, makes the whole answer unreadable, and so unknown.
#[derive(Deserialize)]
pub struct Placed {
    pub success: Option<bool>,
    pub message: Option<String>,
    pub conversation_id: Option<String>,
    #[serde(rename = "callSid")]
    pub call_sid: Option<String>,
    pub sip_call_id: Option<String>,
}

/// A refusal: `detail` is a text, an object with a word and a message, or a list of what is wrong with the request.
#[derive(Deserialize)]
pub struct Refused {
    pub detail: Value,
    /// Stands in no refusal: whoever sends one speaks of a call.
    pub conversation_id: Option<Value>,
}

/// A conversation, as a look-up shows it and the webhook after it tells it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Conversation {
    pub conversation_id: Lenient<String>,
    pub status: Lenient<String>,
    pub user_id: Lenient<String>,
    pub conversation_initiation_client_data: Lenient<Echo>,
    pub metadata: Lenient<Metadata>,
    pub analysis: Lenient<Analysis>,
    pub transcript: Items<Said>,
    pub has_audio: Lenient<bool>,
}

/// What we sent along.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Echo {
    pub dynamic_variables: Lenient<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub accepted_time_unix_secs: Lenient<i64>,
    pub call_duration_secs: Lenient<Number>,
    /// Prose.
    pub termination_reason: Lenient<String>,
    /// Their code and reason; we only ask whether there is one.
    pub error: Lenient<Map<String, Value>>,
    pub phone_call: Lenient<PhoneCall>,
    pub features_usage: Lenient<Features>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PhoneCall {
    pub call_result: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Features {
    pub voicemail_detection: Lenient<Feature>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Feature {
    pub used: Lenient<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Analysis {
    pub transcript_summary: Lenient<String>,
    /// By its id what was to be found out, with `value` among others.
    pub data_collection_results: Lenient<Map<String, Value>>,
}

/// A turn. `message` is missing where the agent only used a tool.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub role: Lenient<String>,
    pub message: Lenient<String>,
    pub time_in_call_secs: Lenient<Number>,
}

/// A page of the list. Read strictly: a row that was not understood is no absence.
#[derive(Deserialize)]
pub struct Page {
    pub conversations: Vec<Row>,
    pub has_more: bool,
    pub next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub struct Row {
    pub conversation_id: String,
}

/// A webhook.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: Lenient<String>,
    pub data: Value,
}

/// `call_initiation_failure`: nobody could be connected.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NotStarted {
    pub conversation_id: Lenient<String>,
    pub failure_reason: Lenient<String>,
    pub metadata: Lenient<Carried>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Carried {
    pub body: Lenient<CarrierSays>,
}

/// What the carrier said: their own fields over a SIP trunk, Twilio's over Twilio.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CarrierSays {
    pub sip_status_code: Lenient<Number>,
    #[serde(rename = "SipResponseCode")]
    pub sip_response_code: Lenient<Number>,
    #[serde(rename = "CallStatus")]
    pub call_status: Lenient<String>,
}

/// A number over there.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PhoneNumber {
    pub provider: Lenient<String>,
}
