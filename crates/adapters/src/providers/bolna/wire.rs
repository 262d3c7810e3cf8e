//! Bolna's JSON: the request that places a call, the answer to it, and executions, which is what it calls its calls.

use callgate_domain::model::provider::PlaceOrder;
use callgate_domain::model::{AttemptId, Phone, ProviderCallId};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Lenient, Number};
use crate::providers::theirs;

/// `POST /call`. `retry_config` and `scheduled_at` are left out on purpose: when a phone rings is ours to decide.
#[derive(Serialize)]
pub struct Order<'a> {
    agent_id: &'a str,
    recipient_phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_phone_number: Option<&'a str>,
    user_data: Map<String, Value>,
}

impl<'a> Order<'a> {
    /// An order in Bolna's words.
    pub fn of(order: &'a PlaceOrder, from: Option<&'a Phone>) -> Self {
        let mut user_data = order.variables.clone();
        // Over a variable of that name: what comes back under it must be ours.
        user_data.insert(theirs::REFERENCE.to_owned(), Value::String(order.attempt.to_string()));
        Self {
            agent_id: &order.remote_id,
            recipient_phone_number: order.phone.e164(),
            from_phone_number: from.map(Phone::e164),
            user_data,
        }
    }
}

/// The answer to it, good or bad. A field of the wrong type, or twice, makes the whole answer unreadable, and so unknown.
#[derive(Deserialize)]
pub struct Placed {
    execution_id: Option<String>,
    status: Option<String>,
    message: Option<String>,
    error: Option<Value>,
    detail: Option<Value>,
}

impl Placed {
    /// The answer, where it is one.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
    }

    /// The call, where the answer says that Bolna has it. However it fares by now: with its id it can be asked about.
    pub fn taken_on(&self) -> Option<ProviderCallId> {
        let clean = self.error.is_none() && self.detail.is_none();
        theirs::id(self.execution_id.as_deref()).filter(|_| clean)
    }

    /// The status word, where there is one.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// What a refusal says, where the answer is one in a shape that Bolna documents. Whoever names an execution, or how it
    /// does, speaks of a call.
    pub fn refusal(&self, status: u16) -> Option<String> {
        if self.execution_id.is_some() || self.status.is_some() {
            return None;
        }
        let says = |text: &String| !text.trim().is_empty();
        match (&self.error, &self.detail, &self.message) {
            // One that broke over there proves nothing, whatever status it travels under.
            (Some(Value::Number(code)), ..) if code.as_u64().is_none_or(|code| code >= 500) => None,
            (Some(Value::Number(_) | Value::String(_)), None, Some(message)) if says(message) => Some(message.clone()),
            (None, Some(Value::String(detail)), None) if says(detail) => Some(detail.clone()),
            (None, Some(Value::Array(faults)), None) if !faults.is_empty() => Some(Value::Array(faults.clone()).to_string()),
            // Who checks the key, or counts requests, before anything is done says no more than this.
            (None, None, Some(message)) if matches!(status, 401 | 403 | 429) && says(message) => Some(message.clone()),
            _ => None,
        }
    }
}

/// An id: text, and in some samples a number.
pub struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) if number.is_u64() => Ok(Self(number.to_string())),
            _ => Err(D::Error::custom("no id")),
        }
    }
}

/// `GET /executions/{id}`, a row of a list, and the body of a webhook.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Execution {
    id: Lenient<Id>,
    pub status: Lenient<String>,
    conversation_duration: Lenient<Number>,
    conversation_time: Lenient<Number>,
    pub transcript: Lenient<String>,
    pub answered_by_voice_mail: Lenient<bool>,
    pub error_message: Lenient<String>,
    pub summary: Lenient<String>,
    extracted_data: Lenient<Value>,
    custom_extractions: Lenient<Value>,
    agent_extraction: Lenient<Value>,
    telephony_data: Lenient<Telephony>,
    context_details: Lenient<Context>,
    retry_count: Lenient<Number>,
    retry_config: Lenient<Retries>,
}

/// What the line says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Telephony {
    duration: Lenient<Number>,
    to_number: Lenient<String>,
    pub recording_url: Lenient<String>,
    pub hangup_by: Lenient<String>,
    pub hangup_reason: Lenient<String>,
}

/// Dialing again by Bolna itself, under the same id. We never ask for it; somebody may have switched it on over there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Retries {
    enabled: Lenient<bool>,
    max_retries: Lenient<Number>,
    retry_on_statuses: Lenient<Vec<String>>,
}

impl Retries {
    /// Whether a call of this status, dialed again so often, is dialed once more. What is left out is Bolna's usual.
    fn follow(&self, status: &str, count: f64) -> bool {
        let usual = || matches!(status, "no-answer" | "busy" | "failed");
        let named = self.retry_on_statuses.get().map_or_else(usual, |named| named.iter().any(|one| one == status));
        self.enabled.get() == Some(&true) && named && count < self.max_retries.get().map_or(3.0, |most| most.0)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    recipient_data: Lenient<Recipient>,
    recipient_phone_number: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Recipient {
    attempt_id: Lenient<String>,
}

impl Execution {
    /// Theirs.
    pub fn id(&self) -> Option<ProviderCallId> {
        theirs::id(self.id.get().map(|id| id.0.as_str()))
    }

    /// Ours, echoed.
    pub fn reference(&self) -> Option<AttemptId> {
        let recipient = self.context_details.get().and_then(|context| context.recipient_data.get());
        theirs::reference(recipient.and_then(|recipient| recipient.attempt_id.text()))
    }

    /// Whether Bolna dials it again by itself: then its end is none yet.
    pub fn is_dialed_again(&self) -> bool {
        let status = self.status.text().filter(|status| matches!(*status, "no-answer" | "busy" | "failed" | "error"));
        let count = self.retry_count.get().map_or(0.0, |count| count.0);
        status.is_some_and(|status| self.retry_config.get().is_some_and(|retries| retries.follow(status, count)))
    }

    /// Who was called.
    pub fn to(&self) -> Option<&str> {
        let context = self.context_details.get().and_then(|context| context.recipient_phone_number.text());
        self.telephony().and_then(|line| line.to_number.text()).or(context)
    }

    /// The line.
    pub fn telephony(&self) -> Option<&Telephony> {
        self.telephony_data.get()
    }

    /// Whole seconds, by the first of three fields that tells them.
    pub fn duration_s(&self) -> Option<u32> {
        let told = self.conversation_duration.get().or(self.conversation_time.get());
        told.or_else(|| self.telephony()?.duration.get()).and_then(|seconds| seconds.seconds())
    }

    /// What the agent found out: the first that holds something.
    pub fn extracted(&self) -> Map<String, Value> {
        let told = [&self.extracted_data, &self.custom_extractions, &self.agent_extraction];
        told.into_iter().map(|told| theirs::extracted(told.get())).find(|found| !found.is_empty()).unwrap_or_default()
    }
}

/// A page of `GET /v2/agent/{id}/executions`, newest first. A list that cannot be read whole is none.
#[derive(Deserialize)]
pub struct Page {
    /// The rows.
    pub data: Vec<Execution>,
    /// Whether there are more.
    #[serde(default)]
    pub has_more: Lenient<bool>,
}

/// `GET /v2/agent/{id}`, as far as it is asked about.
#[derive(Deserialize)]
pub struct Agent {
    #[serde(default)]
    pub id: Lenient<String>,
    #[serde(default)]
    pub agent_status: Lenient<String>,
}
