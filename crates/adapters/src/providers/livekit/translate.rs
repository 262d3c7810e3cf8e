//! LiveKit's words into ours. Pure.
//!
//! There is no record of calls over there: a call is a participant of a room, seen while it is there, and once more when it
//! leaves.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::provider::{Health, LookUpOrder};
use callgate_domain::model::{AttemptId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Seen, Source};
use callgate_domain::ports::{Found, ProviderError};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::wire::{CALLEE, Event, Participant, Placed, Refusal, Trunks};
use crate::providers::client::{Answer, wait_of};
use crate::providers::theirs::reference;

/// How long to wait where a quota is used up, but nobody says for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);
/// A callee may come into the room a little after the request was answered: until then not being there says nothing.
const COMES_WITHIN: Duration = Duration::from_secs(10);

/// The names of our rooms: a prefix and the attempt.
#[derive(Debug, Clone)]
pub struct Rooms {
    pub prefix: String,
}

impl Rooms {
    pub fn name(&self, attempt: AttemptId) -> String {
        format!("{}{attempt}", self.prefix)
    }

    /// The room that a look-up is about: also where the prefix has changed since, and where the id was never told.
    pub fn of(&self, order: &LookUpOrder) -> String {
        order.provider_call.as_ref().map_or_else(|| self.name(order.attempt), |room| room.as_str().to_owned())
    }

    /// The attempt a room is for, where it is one of ours.
    pub fn attempt(&self, room: &str) -> Option<AttemptId> {
        reference(room.strip_prefix(&self.prefix))
    }
}

/// What is text and JSON of this shape, or nothing.
fn read<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    std::str::from_utf8(&answer.body).ok().and_then(|text| serde_json::from_str(text).ok())
}

/// What became of the request to open a room: `None` where it is open. Nobody has been rung yet, whatever went wrong.
pub fn opened(answer: &Answer, now: Timestamp) -> Option<Placing> {
    let retry = match (answer.status, read::<Refusal>(answer).as_ref().map(|refusal| refusal.code.as_str())) {
        (200..=299, _) => return None,
        (401, Some("unauthenticated")) | (403, Some("permission_denied")) => Retry::Never,
        (429, _) => Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT)),
        _ => Retry::Backoff,
    };
    Some(not_dialed(retry))
}

/// What became of the request that rings. Whatever stands in no row of the table is unknown.
pub fn placing(answer: &Answer, room: &str, now: Timestamp) -> Placing {
    if answer.status == 200 {
        let placed: Placed = read(answer).unwrap_or_default();
        let is_it = placed.participant_id.is_some_and(|id| !id.is_empty())
            && placed.participant_identity.as_deref() == Some(CALLEE)
            && placed.room_name.as_deref() == Some(room);
        return ProviderCallId::new(room).filter(|_| is_it).map_or_else(Placing::default, Placing::Dialed);
    }
    let Some(refusal) = read::<Refusal>(answer) else { return Placing::default() };
    // The far end has answered: somebody may have been rung.
    if refusal.meta.keys().any(|name| name.starts_with("sip_")) {
        return Placing::default();
    }
    let says = |words: &str| refusal.msg.contains(words);
    match (answer.status, refusal.code.as_str()) {
        (429, "resource_exhausted") => {
            not_dialed(Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT)))
        }
        (400, "invalid_argument" | "malformed" | "out_of_range")
        | (401, "unauthenticated")
        | (403, "permission_denied")
        | (404, "not_found" | "bad_route") => not_dialed(Retry::Never),
        // No SIP worker took it, which is not the same as one that did not answer.
        (503, "unavailable") if says("no response from servers") => not_dialed(Retry::Backoff),
        (500, "internal" | "unknown") if says("sip not connected") => not_dialed(Retry::Never),
        _ => Placing::default(),
    }
}

const fn not_dialed(retry: Retry) -> Placing {
    Placing::NotDialed { reason: EndedReason::ProviderError, retry }
}

/// What became of the request to end a call.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match answer.status {
        200..=299 => Ok(()),
        _ if is_not_found(answer) => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
}

/// Their word that somebody, or a room, is not there; a proxy's page is none.
fn is_not_found(answer: &Answer) -> bool {
    answer.status == 404 && read::<Refusal>(answer).is_some_and(|refusal| refusal.code == "not_found")
}

/// What is seen in the room that was asked about, with a word of theirs that we do not know.
pub fn found(
    answer: &Answer,
    room: &str,
    order: &LookUpOrder,
    result_within: Option<Duration>,
    now: Timestamp,
) -> Result<(Found, Option<String>), ProviderError> {
    if is_not_found(answer) {
        return Ok((missing(order, result_within, now), None));
    }
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let participant: Participant = read(answer).ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no participant")))?;
    let attributes = participant.attributes.get();
    let named = attributes.and_then(|held| reference(held.attempt_id.text()));
    if !participant.is_callee() || named.is_some_and(|named| named != order.attempt) {
        return Err(ProviderError::Failed(anyhow!("the answer is about somebody else")));
    }
    let status = attributes.and_then(|held| held.call_status.text());
    let (seen, unknown) = match status {
        None | Some("dialing") => (Some(Seen::Accepted), None),
        Some("ringing") => (Some(Seen::Ringing), None),
        Some("automation" | "active") => (Some(Seen::Answered), None),
        // It is about to leave, and how it leaves says more.
        Some("hangup") => (None, None),
        Some(word) => (None, Some(word.to_owned())),
    };
    let evidence = Evidence { seen, provider_call: ProviderCallId::new(room), ..Evidence::new(Source::LookUp) };
    Ok((Found::Evidence(Box::new(evidence)), unknown))
}

/// Nobody is there: over, where we know that somebody was.
fn missing(order: &LookUpOrder, result_within: Option<Duration>, now: Timestamp) -> Found {
    let Some(room) = order.provider_call.clone() else { return Found::Absent { complete: true } };
    if elapsed(order.sent_at, now) < COMES_WITHIN {
        return Found::Absent { complete: false };
    }
    let gone = Evidence::new(Source::LookUp).seen(Seen::Gone);
    Found::Evidence(Box::new(Evidence { provider_call: Some(room), words_final: true, result_within, ..gone }))
}

/// What a webhook says of the callee of one of our rooms.
#[derive(Default)]
pub struct Heard {
    /// Of which attempt, in which room, what.
    pub says: Option<(AttemptId, ProviderCallId, Evidence)>,
    /// For the log.
    pub unknown: Option<String>,
}

/// Reads a webhook. All rooms of a project send theirs: those that are not ours say nothing.
pub fn heard(body: &[u8], rooms: &Rooms, result_within: Option<Duration>) -> Heard {
    let event: Event = serde_json::from_slice(body).unwrap_or_default();
    let room = event.room.get().and_then(|room| room.name.text()).unwrap_or_default();
    let (Some(attempt), Some(id)) = (rooms.attempt(room), ProviderCallId::new(room)) else { return Heard::default() };
    let callee = event.participant.get().filter(|participant| participant.is_callee());
    let at = event.created_at.get().and_then(|at| Timestamp::from_second(at.0 as i64).ok());
    let (evidence, unknown) = match (event.event.text().unwrap_or_default(), callee) {
        // Media is set up while it is still dialing: this is no answer.
        ("participant_joined", Some(_)) => (Some(Evidence::new(Source::Webhook).seen(Seen::Accepted)), None),
        ("participant_left", Some(callee)) => left(callee, true),
        ("participant_connection_aborted", Some(callee)) => left(callee, false),
        // It comes long after the talk, so it does not say when that was over.
        ("room_finished", _) => (Some(Evidence::new(Source::Webhook).seen(Seen::Gone)), None),
        (word, _) => (None, (!is_known(word)).then(|| word.to_owned())),
    };
    let is_leave = callee.is_some();
    let says = evidence.map(|evidence| (attempt, id.clone(), finished(evidence, id, at.filter(|_| is_leave), result_within)));
    Heard { says, unknown }
}

/// What every end says: when, and that no words will come from here.
fn finished(evidence: Evidence, id: ProviderCallId, at: Option<Timestamp>, result_within: Option<Duration>) -> Evidence {
    let is_end = evidence.seen != Some(Seen::Accepted);
    let was_talk = matches!(evidence.seen, Some(Seen::Completed | Seen::Gone));
    Evidence {
        provider_call: Some(id),
        ended_at: at.filter(|_| is_end),
        words_final: is_end,
        result_within: result_within.filter(|_| was_talk),
        ..evidence
    }
}

/// How the callee left. `was_active` is false where the leg never came about.
fn left(callee: &Participant, was_active: bool) -> (Option<Evidence>, Option<String>) {
    let word = callee.disconnect_reason.text().unwrap_or("UNKNOWN_REASON");
    let (seen, reason) = match word {
        // It goes on elsewhere.
        "MIGRATION" => return (None, None),
        "CLIENT_INITIATED" if was_active => (Seen::Completed, Some(EndedReason::UserHangup)),
        "PARTICIPANT_REMOVED" | "ROOM_DELETED" | "ROOM_CLOSED" => (Seen::Gone, None),
        "USER_UNAVAILABLE" => (Seen::NoAnswer, Some(EndedReason::NoAnswer)),
        // Busy and declined look the same here.
        "USER_REJECTED" => (Seen::NoAnswer, Some(EndedReason::Declined)),
        "AGENT_ERROR" => (Seen::Failed, Some(EndedReason::AgentError)),
        "SIP_TRUNK_FAILURE" | "MEDIA_FAILURE" | "CONNECTION_TIMEOUT" | "JOIN_FAILURE" | "SERVER_SHUTDOWN"
        | "DUPLICATE_IDENTITY" => (Seen::Failed, Some(EndedReason::ProviderError)),
        _ if !was_active => (Seen::Failed, Some(EndedReason::ProviderError)),
        _ => (Seen::Gone, None),
    };
    let is_known = matches!(word, "UNKNOWN_REASON" | "STATE_MISMATCH" | "SIGNAL_CLOSE" | "CLIENT_INITIATED");
    // A participant that vanishes for no reason may have been gone for a while.
    let measures_talk = seen == Seen::Completed || matches!(word, "PARTICIPANT_REMOVED" | "ROOM_DELETED" | "ROOM_CLOSED");
    let unknown = (seen == Seen::Gone && !measures_talk && !is_known).then(|| word.to_owned());
    let evidence = Evidence { ended_reason: reason, measures_talk, ..Evidence::new(Source::Webhook).seen(seen) };
    (Some(evidence), unknown)
}

/// Events that we know to say nothing of a call.
fn is_known(event: &str) -> bool {
    let others = ["track_", "ingress_", "egress_", "agent_job_"];
    let ours = ["room_started", "participant_joined", "participant_left", "participant_connection_aborted"];
    ours.contains(&event) || others.iter().any(|begins| event.starts_with(begins))
}

/// Whether the key is good and the trunk is there. Whether a worker waits under the agent's name cannot be asked.
pub fn health(answer: &Answer, trunk: &str) -> Health {
    let trunks = read::<Trunks>(answer).filter(|_| answer.status == 200);
    let (ready, detail) = match (answer.status, trunks) {
        (_, Some(trunks)) if trunks.items.0.iter().any(|held| held.sip_trunk_id == trunk) => {
            (true, "the key is good and the trunk is there; whether a worker is registered cannot be asked".to_owned())
        }
        (_, Some(_)) => (false, format!("the key is good, but there is no outbound trunk {trunk}; set trunk_id")),
        (401 | 403, None) => (false, "the key is refused; check api_key and api_secret".to_owned()),
        (status, None) => (false, format!("the answer to the question for the trunk was {status}; check base_url")),
    };
    Health { ready, detail }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
