//! What the answers and webhooks of ElevenLabs mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{AttemptId, ConnectionId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Source};
use callgate_domain::ports::{AttemptRef, ProviderError, Reading};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::outcome;
use super::wire::{self, Conversation, Event, NotStarted, PhoneNumber, Placed, Refused, Via};
use crate::providers::client::{Answer, wait_of};
use crate::providers::theirs;

/// How long to wait where they have no room, but do not say for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// What became of the request to place a call: the table of what proves that nobody was rung. Everything that is not in it
/// is unknown. A 409 is not: their documents have it elsewhere only.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    match answer.status {
        200..=299 => answered(answer),
        429 if refusal(answer).is_some() => {
            let wait = wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT);
            Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(wait) }
        }
        400 | 401 | 402 | 403 | 404 | 422 => match refusal(answer) {
            Some(reason) => Placing::NotDialed { reason, retry: Retry::Never },
            None => Placing::default(),
        },
        _ => Placing::default(),
    }
}

/// A success may say that it was none: then there is no id of any kind, and the carrier's complaint is the message. It is
/// proof over Twilio alone (`callSid` is a field of that answer), which refuses before it dials: over a SIP trunk the answer
/// may come after the `INVITE`, and then somebody may have heard it ring and declined.
fn answered(answer: &Answer) -> Placing {
    let Some(placed) = whole::<Placed>(answer) else { return Placing::default() };
    let names_a_call = placed.conversation_id.is_some() || placed.call_sid.is_some() || placed.sip_call_id.is_some();
    match (placed.success, placed.conversation_id.and_then(ProviderCallId::new)) {
        (Some(true), Some(id)) => Placing::Dialed(id),
        (Some(false), None) if answer.status == 200 && placed.message.is_some() && !names_a_call && is_twilios(answer) => {
            Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never }
        }
        _ => Placing::default(),
    }
}

fn is_twilios(answer: &Answer) -> bool {
    whole::<serde_json::Map<String, Value>>(answer).is_some_and(|fields| fields.contains_key("callSid"))
}

/// Why it was refused, where the body is a refusal of theirs.
fn refusal(answer: &Answer) -> Option<EndedReason> {
    let refused = whole::<Refused>(answer).filter(|refused| refused.conversation_id.is_none())?;
    let has_text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match &refused.detail {
        Value::String(text) if !text.is_empty() => Some(EndedReason::ProviderError),
        detail @ Value::Object(_) if has_text(detail, "message") => Some(EndedReason::ProviderError),
        Value::Array(faults) if !faults.is_empty() && faults.iter().all(|fault| has_text(fault, "msg")) => {
            let is_of_number = |part: &Value| part.as_str() == Some("to_number");
            let of_number = faults.iter().filter_map(|fault| fault.get("loc")?.as_array()).flatten().any(is_of_number);
            Some(if of_number { EndedReason::InvalidNumber } else { EndedReason::ProviderError })
        }
        _ => None,
    }
}

/// The whole body is text, or none of it counts.
fn whole<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(&answer.body).ok()?).ok()
}

/// What a look-up shows.
#[derive(Debug)]
pub struct LookedUp {
    /// Our reference, as it comes back.
    pub reference: Option<AttemptId>,
    /// The facts.
    pub evidence: Evidence,
    /// For the log.
    pub unknown: Option<String>,
}

/// The conversation that was `asked` for; `None` where they have no such one.
pub fn conversation(
    answer: &Answer,
    asked: &ProviderCallId,
    origin: &Url,
    now: Timestamp,
) -> Result<Option<LookedUp>, ProviderError> {
    match answer.status {
        200 => {}
        404 if refusal(answer).is_some() => return Ok(None),
        _ => return Err(answer.unusable(now)),
    }
    let told: Conversation = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no conversation")))?;
    let evidence = outcome::evidence(&told, Source::LookUp, origin);
    if evidence.provider_call.as_ref() != Some(asked) {
        return Err(ProviderError::Failed(anyhow!("the answer is about another call")));
    }
    let status = told.status.text().ok_or_else(|| ProviderError::Failed(anyhow!("the answer has no status")))?;
    let unknown = evidence.seen.is_none().then(|| status.to_owned());
    Ok(Some(LookedUp { reference: outcome::reference(&told), evidence, unknown }))
}

/// A page of conversations.
#[derive(Debug)]
pub struct Page {
    /// In their order.
    pub ids: Vec<ProviderCallId>,
    /// What the next page is asked for with.
    pub next: Option<String>,
    /// There is no other page.
    pub is_last: bool,
}

/// A page of the list. What cannot be read is a failure, not an absence.
pub fn page(answer: &Answer, now: Timestamp) -> Result<Page, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let page: wire::Page = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list")))?;
    let rows = page.conversations.into_iter().map(|row| ProviderCallId::new(row.conversation_id));
    let ids = rows.collect::<Option<_>>().ok_or_else(|| ProviderError::Failed(anyhow!("a row has no id")))?;
    let next = page.next_cursor.filter(|cursor| page.has_more && !cursor.is_empty());
    Ok(Page { ids, next, is_last: !page.has_more })
}

/// A webhook, read.
#[derive(Debug)]
pub struct Read {
    /// For the caller.
    pub reading: Reading,
    /// For the log.
    pub unknown: Option<String>,
}

impl From<Reading> for Read {
    fn from(reading: Reading) -> Self {
        Self { reading, unknown: None }
    }
}

/// What a webhook says. Theirs go to a whole workspace: conversations that are not ours are told of too.
pub fn webhook(body: &[u8], connection: &ConnectionId, origin: &Url) -> Read {
    let Ok(event) = serde_json::from_slice::<Event>(body) else { return Reading::Nothing.into() };
    match event.kind.text() {
        Some("post_call_transcription") => after_the_call(event.data, connection, origin),
        Some("call_initiation_failure") => not_started(event.data, connection).into(),
        // What a machine detection says comes at any time, even after the end, and its form is not documented.
        None | Some("post_call_audio" | "answering_machine_detection") => Reading::Nothing.into(),
        Some(other) => Read { reading: Reading::Nothing, unknown: Some(other.to_owned()) },
    }
}

fn after_the_call(data: Value, connection: &ConnectionId, origin: &Url) -> Read {
    let told: Conversation = serde_json::from_value(data).unwrap_or_default();
    let Some(provider_call) = theirs::id(told.conversation_id.text()) else { return Reading::Nothing.into() };
    let attempt = outcome::reference(&told);
    let about = AttemptRef { attempt, provider_call: Some(provider_call), connection: Some(connection.clone()) };
    let evidence = outcome::evidence(&told, Source::Webhook, origin);
    let has_talked = outcome::duration_s(&told).is_some_and(|seconds| seconds > 0);
    match evidence.seen {
        None => Read { reading: Reading::Nothing, unknown: told.status.text().map(str::to_owned) },
        // The webhook may be set up to leave the words out; a look-up has them.
        Some(_) if evidence.words_final && told.transcript.0.is_empty() && has_talked => Reading::Ask(about).into(),
        Some(_) => Reading::Says { about, evidence: Box::new(evidence) }.into(),
    }
}

/// It carries nothing of ours: their id is all there is, and it may come before we know it.
fn not_started(data: Value, connection: &ConnectionId) -> Reading {
    let told: NotStarted = serde_json::from_value(data).unwrap_or_default();
    let Some(provider_call) = theirs::id(told.conversation_id.text()) else { return Reading::Nothing };
    let (seen, reason) = outcome::not_started(&told);
    let evidence = Evidence {
        provider_call: Some(provider_call.clone()),
        ended_reason: Some(reason),
        words_final: true,
        ..Evidence::new(Source::Webhook).seen(seen)
    };
    let about = AttemptRef { attempt: None, provider_call: Some(provider_call), connection: Some(connection.clone()) };
    Reading::Says { about, evidence: Box::new(evidence) }
}

/// Whether calls can be placed, by what is said of the number and of the agent.
pub fn health(number: &Answer, agent: &Answer, via: Via, now: Timestamp) -> Result<Health, ProviderError> {
    let not_ready = |detail: String| Ok(Health { ready: false, detail });
    match number.status {
        200 => {}
        401 | 403 => return not_ready(format!("the api_key is refused ({}); is it of this workspace?", number.status)),
        404 | 422 => return not_ready("there is no phone number of this number_id".to_owned()),
        _ => return Err(number.unusable(now)),
    }
    let known: Option<PhoneNumber> = number.json();
    let imported = known.as_ref().and_then(|number| number.provider.text());
    if let Some(imported) = imported.filter(|imported| *imported != via.word()) {
        let shown: String = imported.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        return not_ready(format!("the number was imported as \"{shown}\", but via is \"{}\"", via.word()));
    }
    match agent.status {
        200 => Ok(Health { ready: true, detail: "the key is taken, the number and the agent are there".to_owned() }),
        401 | 403 => not_ready(format!("the api_key may not read agents ({})", agent.status)),
        400 | 404 | 422 => not_ready("there is no agent of this remote_id".to_owned()),
        _ => Err(agent.unusable(now)),
    }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
