//! What a call of Bland's says of where it stands, why it ended and what came of it. Pure.
//!
//! `completed` says whether it is over; `status` is only set once there was a line, and reads `completed` for machines and
//! for calls that a carrier stopped, too.

use callgate_domain::model::call::conversation::{Role, Turn};
use callgate_domain::model::{EndedReason, Evidence, ProviderCallId, Seen, Source};
use serde_json::{Map, Value};

use super::wire::{Call, Said};
use crate::providers::theirs;

/// What a call says, and its status where that is none we know: then nothing is made of it.
pub struct Told {
    /// For the caller.
    pub evidence: Evidence,
    /// For the log.
    pub unknown_status: Option<String>,
}

/// What a call says.
pub fn told(call: &Call, source: Source) -> Told {
    let bare = Evidence { provider_call: call.id(), ..Evidence::new(source) };
    let turns = theirs::turns(call.transcripts.0.iter().map(turn));
    let (seen, ended_reason) = match seen(call, &turns) {
        Ok(known) => known,
        Err(word) => return Told { evidence: bare, unknown_status: Some(word) },
    };
    let evidence = match seen {
        Seen::Accepted | Seen::Answered | Seen::Over => bare.seen(seen),
        _ => Evidence { ended_reason, ..facts(bare, call, turns) }.seen(seen),
    };
    Told { evidence, unknown_status: None }
}

/// Somebody answered.
pub fn answered(id: &ProviderCallId) -> Told {
    let evidence = Evidence { provider_call: Some(id.clone()), ..Evidence::new(Source::Webhook) };
    Told { evidence: evidence.seen(Seen::Answered), unknown_status: None }
}

/// Something was found out; where the call stands is not said.
pub fn found_out(id: &ProviderCallId, extracted: Map<String, Value>) -> Told {
    let evidence = Evidence { provider_call: Some(id.clone()), extracted, ..Evidence::new(Source::Webhook) };
    Told { evidence, unknown_status: None }
}

fn turn(said: &Said) -> Option<Turn> {
    theirs::turn(said.user.text()?, said.text.text(), None, None)
}

type Known = (Seen, Option<EndedReason>);

/// Where a call stands, and why it ended there; or the word that says it, where we do not know it.
fn seen(call: &Call, turns: &[Turn]) -> Result<Known, String> {
    let queue = call.queue_status.text();
    match queue {
        Some("pre_queue_error" | "queue_error" | "call_error") => return Ok((Seen::Failed, Some(EndedReason::ProviderError))),
        // It happened; what broke is what comes after.
        Some("complete_error") => return over(call, turns),
        _ => {}
    }
    match (call.completed.get(), queue) {
        (Some(true), _) => over(call, turns),
        (_, Some("new" | "queued" | "allocated")) => Ok((Seen::Accepted, None)),
        // There is no word for ringing.
        (_, Some("started")) => Ok((Seen::Answered, None)),
        // Not yet by the flag that counts: what comes of it is still to come.
        (Some(false), Some("complete" | "completed")) => Ok((Seen::Over, None)),
        (None, Some("complete" | "completed")) => over(call, turns),
        (_, word) => Err(word.unwrap_or("none").to_owned()),
    }
}

/// How it ended.
fn over(call: &Call, turns: &[Turn]) -> Result<Known, String> {
    let error = call.error_message.text().unwrap_or_default().to_lowercase();
    let talked = turns.iter().any(|turn| turn.role == Role::User);
    let has_words = call.concatenated_transcript.text().is_some() || !turns.is_empty();
    Ok(match call.status.text() {
        Some("completed") if is_spam(&error) => (Seen::Failed, Some(EndedReason::CarrierRejected)),
        Some("completed") => match call.answered_by.text() {
            Some("voicemail" | "machine") => (Seen::Completed, Some(EndedReason::Voicemail)),
            // Whoever said something was there.
            Some("no-answer") if !talked => (Seen::NoAnswer, Some(EndedReason::NoAnswer)),
            _ => (Seen::Completed, Some(hung_up(call))),
        },
        Some("no-answer") => (Seen::NoAnswer, Some(EndedReason::NoAnswer)),
        Some("busy") => (Seen::Busy, Some(EndedReason::Busy)),
        Some("canceled") => (Seen::Canceled, None),
        Some("failed") => failed(&error),
        Some("unknown") => (Seen::Failed, Some(EndedReason::Unknown)),
        // There was no line; or it is told another way.
        None if has_words || call.duration_s().is_some_and(|seconds| seconds > 0) => (Seen::Completed, Some(hung_up(call))),
        None if !error.is_empty() => failed(&error),
        word => return Err(word.unwrap_or("none").to_owned()),
    })
}

fn is_spam(error: &str) -> bool {
    error.contains("spam") || error.contains("reputation")
}

fn hung_up(call: &Call) -> EndedReason {
    match call.call_ended_by.text() {
        Some("ASSISTANT") => EndedReason::AgentHangup,
        Some("USER") => EndedReason::UserHangup,
        _ => EndedReason::Unknown,
    }
}

/// A line that failed, by the text that says why: two of them are ends that have a status of their own with us.
fn failed(error: &str) -> Known {
    let says = |part: &str| error.contains(part);
    match () {
        () if is_spam(error) || says("not allowed to call") => (Seen::Failed, Some(EndedReason::CarrierRejected)),
        () if says("not found") => (Seen::Failed, Some(EndedReason::InvalidNumber)),
        () if says("temporarily unavailable") => (Seen::NoAnswer, Some(EndedReason::NoAnswer)),
        () if says("busy") => (Seen::Busy, Some(EndedReason::Busy)),
        () => (Seen::Failed, Some(EndedReason::ProviderError)),
    }
}

fn facts(bare: Evidence, call: &Call, turns: Vec<Turn>) -> Evidence {
    let turns = if turns.is_empty() { theirs::spoken(call.concatenated_transcript.text()) } else { turns };
    let duration_s = call.duration_s();
    Evidence {
        // Words come up to a minute after the end, and an account may keep them out of webhooks: where none are there of a
        // talk, it is looked at again.
        words_final: !turns.is_empty() || duration_s == Some(0),
        turns,
        duration_s,
        summary: theirs::summary(call.summary.text()),
        extracted: call.extracted(),
        recording: theirs::address(call.recording_url.text()),
        ..bare
    }
}
