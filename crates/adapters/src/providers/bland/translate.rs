//! What Bland's answers mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{ConnectionId, EndedReason, Placing, ProviderCallId, Retry, Source};
use callgate_domain::ports::{AttemptRef, ProviderError, Reading};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::told::{self, Told};
use super::wire::{Call, Echo, Event, List, Placed};
use crate::providers::client::{Answer, wait_of};
use crate::providers::theirs;

/// How long to wait where Bland does not say: the same number is dialed once in ten seconds at most.
const USUAL_WAIT: Duration = Duration::from_secs(10);

/// What became of the request to place a call. The table of refusals; everything that is not in it is unknown.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    let placed = Placed::read(&answer.body);
    if answer.is_success() {
        return placed.and_then(|placed| placed.taken_on()).map_or_else(Placing::default, Placing::Dialed);
    }
    let refusal = placed.as_ref().and_then(Placed::refusal);
    if answer.status == 429 {
        // Also where it cannot be read otherwise: what names a call may be one.
        let speaks = placed.is_some_and(|placed| placed.speaks_of_a_call());
        let names_one = String::from_utf8_lossy(&answer.body).contains("call_id");
        return if speaks || names_one { Placing::default() } else { too_many(refusal.as_deref(), answer, now) };
    }
    let Some(text) = refusal else { return Placing::default() };
    let says = |part: &str| text.contains(part);
    match answer.status {
        // Their own fault under a status that blames us: whether there is a call then nobody documents.
        400 if says("unable to save request body") || says("unable to queue call") => Placing::default(),
        400 | 401 | 402 | 403 | 404 | 418 if says("dnc error") || says("do not call") || says("do-not-call") => {
            refused(EndedReason::CarrierRejected, Retry::Never)
        }
        400 if says("phone_number") && says("invalid") || says("invalid phone number") => {
            refused(EndedReason::InvalidNumber, Retry::Never)
        }
        400 | 401 | 402 | 403 | 404 | 418 => refused(EndedReason::ProviderError, Retry::Never),
        _ => Placing::default(),
    }
}

const fn refused(reason: EndedReason, retry: Retry) -> Placing {
    Placing::NotDialed { reason, retry }
}

/// 429 is four different things, of which two pass with time. None of them is a call.
fn too_many(text: Option<&str>, answer: &Answer, now: Timestamp) -> Placing {
    let wait = Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT));
    let Some(text) = text else { return refused(EndedReason::ProviderError, wait) };
    let says = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    match () {
        () if says(&["blocked"]) => refused(EndedReason::CarrierRejected, Retry::Never),
        () if says(&["new customer", "new-customer", "international"]) => refused(EndedReason::ProviderError, Retry::Never),
        () if says(&["rate limit", "ratelimit", "rate_limit", "too many", "same number", "same phone", "10 seconds"]) => {
            refused(EndedReason::ProviderError, wait)
        }
        () => refused(EndedReason::ProviderError, Retry::Never),
    }
}

/// What became of the request to end a call.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    let said = Placed::read(&answer.body);
    let refusal = said.as_ref().and_then(Placed::refusal).unwrap_or_default();
    match answer.status {
        // It has ended already, or is not dialed yet; which of them, a look-up tells.
        _ if refusal.contains("sid not found") => Err(ProviderError::Gone),
        200..=299 if said.is_some_and(|said| said.is_success()) => Ok(()),
        200..=299 => Err(ProviderError::Failed(anyhow!("the answer does not say that the call was ended"))),
        404 => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
}

/// The call that was asked for; `None` where Bland says that there is none.
pub fn call(answer: &Answer, asked: &ProviderCallId, now: Timestamp) -> Result<Option<Call>, ProviderError> {
    match answer.status {
        200 => {}
        404 if Placed::read(&answer.body).is_some_and(|said| said.refusal().is_some()) => return Ok(None),
        _ => return Err(answer.unusable(now)),
    }
    let call: Call = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no call")))?;
    match call.id() {
        Some(id) if id == *asked => Ok(Some(call)),
        _ => Err(ProviderError::Failed(anyhow!("the answer is about another call"))),
    }
}

/// A list of calls.
pub fn list(answer: &Answer, now: Timestamp) -> Result<List, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list of calls")))
}

/// What a webhook says, and the status word where that is none we know.
pub fn reading(body: &[u8], connection: &ConnectionId) -> (Reading, Option<String>) {
    let (Ok(event), Ok(call)) = (serde_json::from_slice::<Event>(body), serde_json::from_slice::<Call>(body)) else {
        return (Reading::Nothing, None);
    };
    let Some(id) = call.id() else { return (Reading::Nothing, None) };
    let Told { evidence, unknown_status } = match (&event.category, &event.event_type) {
        (None, None) => told::told(&call, Source::Webhook),
        // During the call: of all that is told then, only that somebody answered is taken, and that from a text which is
        // no promise.
        (Some(category), None) if category == "call" && event.message.text() == Some("Call connected") => told::answered(&id),
        (None, Some(kind)) if kind == "citations" => told::found_out(&id, citations(&event)),
        _ => return (Reading::Nothing, None),
    };
    if evidence.seen.is_none() && evidence.extracted.is_empty() {
        return (Reading::Nothing, unknown_status);
    }
    let attempt = match call.echo() {
        Echo::Ours(attempt) => Some(attempt),
        Echo::Others | Echo::Missing => None,
    };
    let about = AttemptRef { attempt, provider_call: Some(id), connection: Some(connection.clone()) };
    (Reading::Says { about, evidence: Box::new(evidence) }, unknown_status)
}

fn citations(event: &Event) -> Map<String, Value> {
    let told = event.citations.get().filter(|told| !told.is_null()).cloned();
    let found = told.map(|told| Map::from_iter([("citations".to_owned(), told)])).unwrap_or_default();
    theirs::extracted(Some(&Value::Object(found)))
}

/// Whether the key is good. Of agents nothing is asked: which of three things they are, each has an address of its own.
pub fn health(status: u16, has_webhook: bool) -> Health {
    let how = if has_webhook { "" } else { "; without an https public_url there are no webhooks, and results come by polling" };
    let (ready, detail) = match status {
        200 => (true, format!("the key is good; whether the agent is there shows at the first call{how}")),
        401 | 403 => (false, format!("the key is refused ({status}); is api_key this account's?")),
        _ => (false, format!("GET /v1/me is answered with {status}; nothing can be said of the account")),
    };
    Health { ready, detail }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
