//! Bland's JSON: the request that places a call, the answer to it, calls, and what webhooks beside them say.

use callgate_domain::model::provider::PlaceOrder;
use callgate_domain::model::{AttemptId, Phone, ProviderCallId, Voicemail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Items, Lenient, Number};
use crate::providers::theirs;

/// What an agent is over there, and so the field that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentField {
    /// An agent.
    Agent,
    /// A pathway.
    Pathway,
    /// A persona.
    Persona,
}

/// `POST /v1/calls`. Bland refuses properties it does not know, so there are no others; `retry` is left out on purpose:
/// whether a phone rings again is ours to decide.
#[derive(Default, Serialize)]
pub struct Order<'a> {
    phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pathway_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persona_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    request_data: Option<&'a Map<String, Value>>,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<&'a str>,
    max_duration: u64,
    voicemail: OnVoicemail,
}

#[derive(Default, Serialize)]
struct Metadata {
    attempt_id: String,
}

#[derive(Default, Serialize)]
struct OnVoicemail {
    action: &'static str,
}

impl<'a> Order<'a> {
    /// An order in Bland's words.
    pub fn of(order: &'a PlaceOrder, field: AgentField, from: Option<&'a Phone>, webhook: Option<&'a str>) -> Self {
        let bare = Self {
            phone_number: order.phone.e164(),
            from: from.map(Phone::e164),
            request_data: Some(&order.variables),
            metadata: Metadata { attempt_id: order.attempt.to_string() },
            webhook,
            // Whole minutes: what is beyond is hung up by us on time.
            max_duration: order.max_duration.as_secs().div_ceil(60).max(1),
            // `leave_message` wants a text of its own; with `ignore` the agent talks on, and so leaves its message.
            voicemail: OnVoicemail {
                action: match order.voicemail {
                    Voicemail::Hangup => "hangup",
                    Voicemail::Leave => "ignore",
                },
            },
            ..Self::default()
        };
        let agent = Some(order.remote_id.as_str());
        match field {
            AgentField::Agent => Self { agent_id: agent, ..bare },
            AgentField::Pathway => Self { pathway_id: agent, ..bare },
            AgentField::Persona => Self { persona_id: agent, ..bare },
        }
    }
}

/// The answer to it, good or bad. A field of the wrong type, or twice, makes the whole answer unreadable.
#[derive(Deserialize)]
pub struct Placed {
    status: Option<String>,
    call_id: Option<String>,
    message: Option<String>,
    error: Option<String>,
    details: Option<Value>,
    errors: Option<Value>,
}

impl Placed {
    /// The answer, where it is one.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
    }

    /// The call, where the answer says that Bland has it.
    pub fn taken_on(&self) -> Option<ProviderCallId> {
        let clean = self.status.as_deref() == Some("success") && self.error.is_none() && self.errors.is_none();
        theirs::id(self.call_id.as_deref()).filter(|_| clean)
    }

    /// Whether it says that something was done.
    pub fn is_success(&self) -> bool {
        self.status.as_deref() == Some("success")
    }

    /// Whether it speaks of a call, or of success: then it is no refusal, whatever else it says.
    pub fn speaks_of_a_call(&self) -> bool {
        self.call_id.is_some() || self.is_success()
    }

    /// All that a refusal says, in lower case, where the answer is one in a shape that Bland documents.
    pub fn refusal(&self) -> Option<String> {
        if self.speaks_of_a_call() {
            return None;
        }
        let errors = match &self.errors {
            Some(Value::Array(errors)) => errors.as_slice(),
            Some(_) => return None,
            None => &[],
        };
        let message = self.message.as_deref().filter(|text| !text.trim().is_empty());
        let is_one = match (&self.status, &self.error) {
            (Some(_), None) => message.is_some() || !errors.is_empty(),
            (None, Some(error)) => !error.is_empty() && self.details.as_ref().is_some_and(|details| !details.is_null()),
            (None, None) => !errors.is_empty() && errors.iter().all(|error| error.get("error").is_some_and(Value::is_string)),
            (Some(_), Some(_)) => false,
        };
        let details = self.details.as_ref().map(Value::to_string);
        let listed = errors.iter().map(Value::to_string);
        let texts = [self.status.clone(), message.map(str::to_owned), self.error.clone(), details];
        is_one.then(|| texts.into_iter().flatten().chain(listed).collect::<Vec<_>>().join(" ").to_lowercase())
    }
}

/// `GET /v1/calls/{id}`, a row of a list, and the body of a webhook after the call.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Call {
    call_id: Lenient<String>,
    c_id: Lenient<String>,
    pub to: Lenient<String>,
    pub inbound: Lenient<bool>,
    pub completed: Lenient<bool>,
    pub queue_status: Lenient<String>,
    pub status: Lenient<String>,
    pub answered_by: Lenient<String>,
    pub call_ended_by: Lenient<String>,
    pub error_message: Lenient<String>,
    corrected_duration: Lenient<Number>,
    call_length: Lenient<Number>,
    pub concatenated_transcript: Lenient<String>,
    pub transcripts: Items<Said>,
    pub summary: Lenient<String>,
    pub recording_url: Lenient<String>,
    metadata: Lenient<Value>,
    request_data: Lenient<Value>,
    analysis: Lenient<Value>,
    citations: Lenient<Value>,
    variables: Lenient<Value>,
    disposition_tag: Lenient<String>,
}

/// One thing said, or done.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub user: Lenient<String>,
    pub text: Lenient<String>,
}

/// What comes back of what we sent along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Our reference.
    Ours(AttemptId),
    /// Somebody else's: it always comes back as it was sent.
    Others,
    /// None.
    Missing,
}

impl Call {
    /// Theirs: the same under two names.
    pub fn id(&self) -> Option<ProviderCallId> {
        theirs::id(self.call_id.text().or(self.c_id.text()))
    }

    /// What comes back in `metadata`.
    pub fn echo(&self) -> Echo {
        match object(&self.metadata) {
            Some(fields) if !fields.is_empty() => {
                let held = fields.get(theirs::REFERENCE).and_then(Value::as_str);
                theirs::reference(held).map_or(Echo::Others, Echo::Ours)
            }
            _ => Echo::Missing,
        }
    }

    /// Whole seconds. `call_length` is minutes, and less exact.
    pub fn duration_s(&self) -> Option<u32> {
        let minutes = || self.call_length.get().map(|minutes| Number(minutes.0 * 60.0));
        self.corrected_duration.get().copied().or_else(minutes).and_then(Number::seconds)
    }

    /// What the agent found out. Variables that we sent ourselves are none of it.
    pub fn extracted(&self) -> Map<String, Value> {
        let mut found = theirs::extracted(self.analysis.get());
        if let Some(tag) = self.disposition_tag.text() {
            found.insert("disposition_tag".to_owned(), Value::String(tag.to_owned()));
        }
        if let Some(citations) = self.citations.get().filter(|told| !is_empty(told)) {
            found.insert("citations".to_owned(), citations.clone());
        }
        let sent = object(&self.request_data).unwrap_or_default();
        let mut variables = object(&self.variables).unwrap_or_default();
        variables.retain(|name, value| sent.get(name) != Some(value));
        let found = theirs::extracted(Some(&Value::Object(found)));
        if variables.is_empty() {
            return found;
        }
        let mut whole = found.clone();
        whole.insert("variables".to_owned(), Value::Object(variables));
        // Together they may be more than is kept.
        let whole = theirs::extracted(Some(&Value::Object(whole)));
        if whole.is_empty() { found } else { whole }
    }
}

/// An object, or one written as text.
fn object(told: &Lenient<Value>) -> Option<Map<String, Value>> {
    match told.get()? {
        Value::Object(fields) => Some(fields.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// `GET /v1/calls`. A list that cannot be read whole is none.
#[derive(Deserialize)]
pub struct List {
    pub calls: Vec<Call>,
}

/// What tells webhooks apart: the one after the call has none of these.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Event {
    pub category: Option<Value>,
    pub event_type: Option<Value>,
    pub message: Lenient<String>,
    pub citations: Lenient<Value>,
}
