//! Twilio's forms and JSON: what we send, and what we read of what comes.

use std::collections::BTreeMap;

use callgate_domain::model::AttemptId;
use callgate_domain::model::provider::PlaceOrder;
use serde::Deserialize;
use url::form_urlencoded;

use crate::providers::lenient::{Lenient, Number};
use crate::providers::theirs::{REFERENCE, as_text};

/// Nobody's phone rings longer there.
const LONGEST_RING_S: u64 = 600;
/// How webhooks are sent again, for the part of an address that only Twilio reads: three times, where connecting or reading
/// failed or we were broken.
const AGAIN: &str = "#rc=3&rp=ct,rt,5xx";

/// What a connection adds to every order.
pub struct Terms<'a> {
    pub from: &'a str,
    /// Where webhooks reach us.
    pub webhook_url: Option<&'a str>,
    pub detects_machines: bool,
}

/// `POST Calls.json`.
pub fn order(order: &PlaceOrder, terms: &Terms<'_>) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("To", order.phone.e164().to_owned()),
        ("From", terms.from.to_owned()),
        ("Url", instructions(order)),
        ("Timeout", order.ring_timeout.as_secs().min(LONGEST_RING_S).to_string()),
        ("TimeLimit", order.max_duration.as_secs().to_string()),
    ];
    let callback = terms.webhook_url.map(|url| callback(url, order.attempt));
    if let Some(callback) = &callback {
        fields.push(("StatusCallback", callback.clone()));
        let events = ["initiated", "ringing", "answered", "completed"];
        fields.extend(events.map(|event| ("StatusCallbackEvent", event.to_owned())));
    }
    if terms.detects_machines {
        // In the background: else whoever answered would listen to silence meanwhile.
        fields.extend([("MachineDetection", "Enable".to_owned()), ("AsyncAmd", "true".to_owned())]);
        fields.extend(callback.map(|callback| ("AsyncAmdStatusCallback", callback)));
    }
    fields
}

/// Where Twilio asks what to do once somebody answers: the agent's TwiML, told our reference and the variables.
fn instructions(order: &PlaceOrder) -> String {
    let variables = as_text(&order.variables);
    let ours = [(REFERENCE, order.attempt.to_string())];
    let variables = variables.into_iter().filter(|(name, _)| *name != REFERENCE);
    with_query(order.remote_id.split('#').next().unwrap_or_default(), ours.into_iter().chain(variables))
}

/// Where webhooks of this attempt are sent: the only place that takes our reference, and their signature covers it.
fn callback(webhook_url: &str, attempt: AttemptId) -> String {
    format!("{}{AGAIN}", with_query(webhook_url, [(REFERENCE, attempt.to_string())]))
}

fn with_query<'a>(url: &str, pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' })
}

/// The answer to it, as far as it decides. A field of the wrong type, or twice, makes it unreadable, and so unknown.
#[derive(Default, Deserialize)]
pub struct Placed {
    #[serde(default)]
    pub sid: Option<String>,
}

/// A refusal, read strictly for the same reason.
#[derive(Deserialize)]
pub struct Refusal {
    pub code: u32,
    pub status: u16,
    #[serde(rename = "message")]
    pub _message: String,
}

/// A call, as look-ups and lists show it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Call {
    pub sid: Lenient<String>,
    pub status: Lenient<String>,
    pub to: Lenient<String>,
    pub direction: Lenient<String>,
    pub answered_by: Lenient<String>,
    pub date_created: Lenient<String>,
    pub end_time: Lenient<String>,
    pub duration: Lenient<Number>,
}

/// One page of a list.
#[derive(Deserialize)]
pub struct Page {
    pub calls: Vec<Call>,
    #[serde(default)]
    pub next_page_uri: Lenient<String>,
}

/// The fields of a webhook, of each name the first.
pub struct Form {
    fields: BTreeMap<String, String>,
}

impl Form {
    pub fn of(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self { fields }
    }

    /// A field that says something.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
