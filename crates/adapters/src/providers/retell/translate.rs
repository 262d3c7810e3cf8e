//! What the answers and webhooks of Retell mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{
    AttemptId, ConnectionId, EndedReason, Evidence, Phone, Placing, ProviderCallId, Retry, Seen, Source,
};
use callgate_domain::ports::{AttemptRef, ProviderError, Reading};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::outcome;
use super::wire::{Call, Event, Listed, Placed, Refused};
use crate::providers::client::{Answer, wait_of};
use crate::providers::theirs::REFERENCE;

/// How long to wait where they have no room, but do not say for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// What became of the request to place a call: the table of what proves that nobody was rung. Everything that is not in it
/// is unknown: a 409 may be about a call that our idempotency key has made already, and after a 500 nothing is sent again,
/// key or not.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    let not_dialed = |retry| Placing::NotDialed { reason: EndedReason::ProviderError, retry };
    match answer.status {
        200..=299 => {
            let id = whole::<Placed>(answer).and_then(|placed| placed.call_id).and_then(ProviderCallId::new);
            id.map_or_else(Placing::default, Placing::Dialed)
        }
        400 | 401 | 402 | 403 | 404 | 422 if is_refusal(answer) => not_dialed(Retry::Never),
        429 if is_refusal(answer) => not_dialed(Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT))),
        _ => Placing::default(),
    }
}

/// Whether a body is a refusal of theirs.
fn is_refusal(answer: &Answer) -> bool {
    let refused = whole::<Refused>(answer);
    refused.is_some_and(|refused| refused.status == "error" && !refused.message.is_empty() && refused.call_id.is_none())
}

/// The whole body is text, or none of it counts.
fn whole<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(&answer.body).ok()?).ok()
}

/// What became of the request to end a call. What a call that still rings is answered with is not documented: it is asked
/// again until the call is over.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match answer.status {
        200..=299 => Ok(()),
        400 | 404 | 409 | 422 => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
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

/// The call that was `asked` for; `None` where they have no such one, which is a 422.
pub fn call(answer: &Answer, asked: &ProviderCallId, now: Timestamp) -> Result<Option<LookedUp>, ProviderError> {
    match answer.status {
        200 => {}
        404 | 422 if is_refusal(answer) => return Ok(None),
        _ => return Err(answer.unusable(now)),
    }
    let call: Call = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no call")))?;
    let (evidence, unknown) = outcome::evidence(&call, Source::LookUp);
    if evidence.provider_call.as_ref() != Some(asked) {
        return Err(ProviderError::Failed(anyhow!("the answer is about another call")));
    }
    if call.call_status.text().is_none() {
        return Err(ProviderError::Failed(anyhow!("the answer has no status")));
    }
    Ok(Some(LookedUp { reference: outcome::reference(call.metadata.get()), evidence, unknown }))
}

/// A list of calls.
pub struct List {
    items: Vec<Candidate>,
    /// There is no more of it.
    pub is_whole: bool,
}

struct Candidate {
    id: ProviderCallId,
    /// Somebody's reference, ours or not.
    reference: Option<AttemptId>,
    has_reference: bool,
    never_connected: bool,
    to: Option<String>,
}

/// What a list has. What cannot be read is a failure, not an absence.
pub fn list(answer: &Answer, now: Timestamp) -> Result<List, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let listed: Listed = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list")))?;
    let is_whole = listed.has_more.map_or(listed.pagination_key.is_none(), |has_more| !has_more);
    let items = listed.items.into_iter().map(|item| {
        let metadata = item.metadata.get();
        Some(Candidate {
            id: ProviderCallId::new(item.call_id)?,
            reference: outcome::reference(metadata),
            has_reference: metadata.is_some_and(|metadata| metadata.contains_key(REFERENCE)),
            never_connected: matches!(item.call_status.text(), Some("not_connected" | "error")),
            to: item.to_number.0,
        })
    });
    let items = items.collect::<Option<_>>().ok_or_else(|| ProviderError::Failed(anyhow!("a call has no id")))?;
    Ok(List { items, is_whole })
}

impl List {
    /// Those that carry our reference, whatever the list was asked for.
    pub fn ours(&self, attempt: AttemptId) -> Vec<ProviderCallId> {
        self.items.iter().filter(|item| item.reference == Some(attempt)).map(|item| item.id.clone()).collect()
    }

    /// Those to this number that never connected and carry no reference at all: what was answered has kept it.
    pub fn nameless(&self, to: &Phone) -> Vec<ProviderCallId> {
        let is_to = |other: Option<&str>| other.is_none_or(|other| other == to.e164());
        let could_be = |item: &&Candidate| item.never_connected && !item.has_reference && is_to(item.to.as_deref());
        self.items.iter().filter(could_be).map(|item| item.id.clone()).collect()
    }
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

/// What a webhook says. It is about a whole account: calls that are not ours are told of too.
pub fn webhook(body: &[u8], connection: &ConnectionId) -> Read {
    let Ok(event) = serde_json::from_slice::<Event>(body) else { return Reading::Nothing.into() };
    let (Some(name), Some(call)) = (event.event.text(), event.call.get()) else { return Reading::Nothing.into() };
    let (told, unknown) = outcome::evidence(call, Source::Webhook);
    let about = AttemptRef {
        attempt: outcome::reference(call.metadata.get()),
        provider_call: told.provider_call.clone(),
        connection: Some(connection.clone()),
    };
    if about.provider_call.is_none() {
        return Reading::Nothing.into();
    }
    let is_end = told.ended_reason.is_some();
    let reading = match (name, told.seen) {
        ("call_started" | "call_ended" | "call_analyzed" | "transcript_updated", None) => Reading::Nothing,
        ("call_started", Some(_)) => says(about, answered(&told)),
        ("call_ended" | "call_analyzed", Some(_)) if is_end => says(about, told),
        // It says that it is over, and that it goes on.
        ("call_ended" | "call_analyzed", Some(_)) => Reading::Ask(about),
        ("transcript_updated", Some(Seen::Answered)) => says(about, told),
        ("transcript_updated" | "transfer_started" | "transfer_bridged" | "transfer_cancelled" | "transfer_ended", _) => {
            Reading::Nothing
        }
        (other, _) => return Read { reading: Reading::Nothing, unknown: Some(other.to_owned()) },
    };
    Read { reading, unknown }
}

fn says(about: AttemptRef, evidence: Evidence) -> Reading {
    Reading::Says { about, evidence: Box::new(evidence) }
}

/// That somebody answered, and no more: it may come after the end, with what was known then.
fn answered(told: &Evidence) -> Evidence {
    Evidence {
        provider_call: told.provider_call.clone(),
        answered_at: told.answered_at,
        ..Evidence::new(Source::Webhook).seen(Seen::Answered)
    }
}

/// Whether calls can be placed, by what is said of the number and of the agent.
pub fn health(number: &Answer, agent: &Answer, now: Timestamp) -> Result<Health, ProviderError> {
    let not_ready = |detail: &str| Ok(Health { ready: false, detail: detail.to_owned() });
    match number.status {
        200 => {}
        401 | 403 => return not_ready("the api_key is refused; is it of this account?"),
        400 | 404 | 422 => return not_ready("the number in from is none of this account"),
        _ => return Err(number.unusable(now)),
    }
    match agent.status {
        200 => Ok(Health { ready: true, detail: "the key is taken, the number and the agent are there".to_owned() }),
        401 | 403 => not_ready("the api_key may not read agents"),
        400 | 404 | 422 => not_ready("there is no agent of this remote_id"),
        _ => Err(agent.unusable(now)),
    }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
