//! Vapi's JSON: what we send to place and to end a call, what decides in the answer, and what is read of calls.
//!
//! What decides is read strictly: a field of the wrong type, or twice, makes the answer unreadable. What is read of calls
//! holds words and numbers of people: it does not print.

use std::collections::BTreeMap;

use callgate_domain::model::Secret;
use callgate_domain::model::provider::PlaceOrder;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Items, Lenient, Number};
use crate::providers::theirs::REFERENCE;

/// What they take for `maxDurationSeconds`.
const SHORTEST: u64 = 10;
const LONGEST: u64 = 43_200;
/// Answers of ours after which the same webhook would fare no better.
const FINAL: [u16; 6] = [400, 401, 403, 413, 415, 422];

/// `POST /call`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    assistant_id: &'a str,
    phone_number_id: &'a str,
    name: String,
    customer: Called<'a>,
    assistant_overrides: Overrides<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Called<'a> {
    number: &'a str,
    external_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Overrides<'a> {
    variable_values: &'a Map<String, Value>,
    metadata: BTreeMap<&'a str, String>,
    max_duration_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_messages: Option<[&'a str; 2]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Server<'a> {
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    timeout_seconds: u32,
    backoff_plan: BackoffPlan,
}

/// Without one, a webhook is sent once and then lost.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BackoffPlan {
    #[serde(rename = "type")]
    kind: &'static str,
    max_retries: u32,
    base_delay_seconds: u32,
    excluded_status_codes: [u16; 6],
}

impl<'a> Order<'a> {
    /// An order in their words. Our reference stands wherever it comes back from.
    pub fn of(order: &'a PlaceOrder, number_id: &'a str, hook: Option<(&'a str, &'a Secret)>) -> Self {
        let reference = order.attempt.to_string();
        Self {
            assistant_id: &order.remote_id,
            phone_number_id: number_id,
            name: reference.clone(),
            customer: Called { number: order.phone.e164(), external_id: reference.clone() },
            assistant_overrides: Overrides {
                variable_values: &order.variables,
                metadata: BTreeMap::from([(REFERENCE, reference)]),
                max_duration_seconds: order.max_duration.as_secs().clamp(SHORTEST, LONGEST),
                server: hook.map(|(url, secret)| Server {
                    url,
                    headers: BTreeMap::from([("X-Vapi-Secret", secret.expose())]),
                    timeout_seconds: 20,
                    backoff_plan: BackoffPlan {
                        kind: "exponential",
                        max_retries: 5,
                        base_delay_seconds: 1,
                        excluded_status_codes: FINAL,
                    },
                }),
                server_messages: hook.map(|_| ["status-update", "end-of-call-report"]),
            },
        }
    }
}

/// What a call's control address is told.
#[derive(Serialize)]
pub struct EndCall {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Default for EndCall {
    fn default() -> Self {
        Self { kind: "end-call" }
    }
}

/// What decides in an answer that took the order.
#[derive(Deserialize)]
pub struct Taken {
    /// Theirs.
    #[serde(default)]
    pub id: Option<String>,
}

/// Their answer when they did not do what was asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The same as the answer's own.
    pub status_code: u16,
    /// Why.
    pub message: Message,
    /// A call is spoken of: then it is no refusal.
    #[serde(default)]
    pub id: Option<IgnoredAny>,
}

/// One sentence, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Message {
    /// All of it in lower case.
    pub fn said(&self) -> String {
        match self {
            Self::One(text) => text.to_lowercase(),
            Self::Several(texts) => texts.join("\n").to_lowercase(),
        }
    }
}

/// A call, as far as it is read.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Call {
    pub id: Lenient<String>,
    pub status: Lenient<String>,
    pub name: Lenient<String>,
    pub customer: Lenient<Customer>,
    pub assistant_overrides: Lenient<Echoed>,
    pub monitor: Lenient<Monitor>,
    pub ended_reason: Lenient<String>,
    pub started_at: Lenient<String>,
    pub ended_at: Lenient<String>,
    pub updated_at: Lenient<String>,
    pub artifact: Lenient<Artifact>,
    pub analysis: Lenient<Analysis>,
}

/// Who was called, as it comes back.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Customer {
    pub external_id: Lenient<String>,
}

/// What was sent along, as it comes back.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Echoed {
    pub metadata: Lenient<Map<String, Value>>,
}

/// How a live call is reached. Whoever knows the address can end it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Monitor {
    pub control_url: Lenient<String>,
}

/// What is left of a talk.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Artifact {
    pub transcript: Lenient<String>,
    pub messages: Items<Said>,
    pub recording: Lenient<Map<String, Value>>,
    pub recording_url: Lenient<String>,
    pub stereo_recording_url: Lenient<String>,
    pub presigned_mono_url: Lenient<String>,
    pub structured_outputs: Lenient<Map<String, Value>>,
}

/// One of the messages of a talk; the first is usually the assistant's instructions.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Said {
    pub role: Lenient<String>,
    pub message: Lenient<String>,
    pub seconds_from_start: Lenient<Number>,
    /// Milliseconds since 1970, as `end_time`. Their `duration` is in seconds or milliseconds, and is not read.
    pub time: Lenient<Number>,
    pub end_time: Lenient<Number>,
}

/// What was made of a talk.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Analysis {
    pub summary: Lenient<String>,
    pub structured_data: Lenient<Value>,
}

/// A webhook.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Envelope {
    pub message: Lenient<Told>,
}

/// What it says. What stands here is newer than the same within `call`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Told {
    #[serde(rename = "type")]
    pub kind: Lenient<String>,
    pub status: Lenient<String>,
    pub ended_reason: Lenient<String>,
    pub started_at: Lenient<String>,
    pub ended_at: Lenient<String>,
    pub artifact: Lenient<Artifact>,
    pub analysis: Lenient<Analysis>,
    pub call: Lenient<Call>,
}
