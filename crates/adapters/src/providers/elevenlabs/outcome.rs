//! What a conversation says of a call, and how one ended. Pure.
//!
//! There is no status for a phone that rings, is busy or is not answered: that is in `call_result` where their API is new
//! enough, in a webhook of its own, or nowhere.

use callgate_domain::model::{AttemptId, EndedReason, Evidence, Seen, Source};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::path;
use super::wire::{CarrierSays, Conversation, NotStarted};
use crate::providers::theirs::{self, REFERENCE};

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Queued, dialed, ringing, or never connected: they do not say which.
    Waiting,
    Talking,
    /// They write the summary; the words may not be complete.
    Over,
    Ended(Seen, EndedReason),
}

/// Our reference, as a conversation brings it back.
pub fn reference(told: &Conversation) -> Option<AttemptId> {
    let variables = told.conversation_initiation_client_data.get().and_then(|echo| echo.dynamic_variables.get());
    let echoed = variables.and_then(|variables| variables.get(REFERENCE)).and_then(Value::as_str);
    theirs::reference(echoed).or_else(|| theirs::reference(told.user_id.text()))
}

/// What a conversation says; nothing has been seen where its status is none we know.
pub fn evidence(told: &Conversation, source: Source, origin: &Url) -> Evidence {
    let mut evidence = Evidence { provider_call: theirs::id(told.conversation_id.text()), ..Evidence::new(source) };
    let Some(stage) = stage(told) else { return evidence };
    let turns = theirs::turns(told.transcript.0.iter().map(|said| {
        let start_ms = said.time_in_call_secs.get().and_then(|seconds| seconds.millis());
        theirs::turn(said.role.text()?, said.message.text(), start_ms, None)
    }));
    let duration_s = duration_s(told);
    let has_talked = duration_s.is_some_and(|seconds| seconds > 0) || !turns.is_empty();
    match stage {
        Stage::Waiting => evidence.seen = Some(Seen::Accepted),
        Stage::Talking | Stage::Over => {
            evidence.seen = Some(if stage == Stage::Talking { Seen::Answered } else { Seen::Over });
            evidence.answered_at = answered_at(told);
            evidence.turns = turns;
        }
        Stage::Ended(seen, reason) => {
            evidence.seen = Some(seen);
            evidence.ended_reason = Some(reason);
            evidence.words_final = true;
            if seen == Seen::Completed || (seen == Seen::Failed && has_talked) {
                evidence.answered_at = answered_at(told);
                evidence.turns = turns;
                evidence.duration_s = duration_s;
                evidence.recording = recording(told, origin);
                if let Some(analysis) = told.analysis.get() {
                    evidence.summary = theirs::summary(analysis.transcript_summary.text());
                    evidence.extracted = extracted(analysis.data_collection_results.get());
                }
            }
        }
    }
    evidence
}

/// Whole seconds of talk.
pub fn duration_s(told: &Conversation) -> Option<u32> {
    told.metadata.get().and_then(|metadata| metadata.call_duration_secs.get()).and_then(|seconds| seconds.seconds())
}

fn answered_at(told: &Conversation) -> Option<Timestamp> {
    let seconds = told.metadata.get().and_then(|metadata| metadata.accepted_time_unix_secs.get())?;
    Timestamp::from_second(*seconds).ok().filter(|_| *seconds > 0)
}

/// No address of audio is ever told: it is fetched from here with our key.
fn recording(told: &Conversation, origin: &Url) -> Option<String> {
    let id = theirs::id(told.conversation_id.text()).filter(|_| told.has_audio.get() == Some(&true))?;
    theirs::address(Some(path(origin, &["conversations", id.as_str(), "audio"]).as_str()))
}

fn extracted(results: Option<&Map<String, Value>>) -> Map<String, Value> {
    let values = results.into_iter().flatten();
    let values = values.filter_map(|(name, result)| Some((name.clone(), result.get("value")?.clone())));
    theirs::extracted(Some(&Value::Object(values.collect())))
}

fn stage(told: &Conversation) -> Option<Stage> {
    let stage = match told.status.text()? {
        "initiated" => not_answered(told).unwrap_or(Stage::Waiting),
        "in-progress" => Stage::Talking,
        "processing" => not_answered(told).unwrap_or(Stage::Over),
        "done" => not_answered(told).unwrap_or_else(|| Stage::Ended(Seen::Completed, reason_of(told))),
        "failed" => not_answered(told).unwrap_or_else(|| failed(told)),
        _ => return None,
    };
    Some(stage)
}

fn call_result(told: &Conversation) -> Option<&str> {
    told.metadata.get()?.phone_call.get()?.call_result.text()
}

fn not_answered(told: &Conversation) -> Option<Stage> {
    let (seen, reason) = match call_result(told)? {
        "busy" => (Seen::Busy, EndedReason::Busy),
        "no_answer" => (Seen::NoAnswer, EndedReason::NoAnswer),
        "failed" => (Seen::Failed, EndedReason::CarrierRejected),
        _ => return None,
    };
    Some(Stage::Ended(seen, reason))
}

fn failed(told: &Conversation) -> Stage {
    if met_a_machine(told) {
        return Stage::Ended(Seen::Completed, EndedReason::Voicemail);
    }
    let has_error = told.metadata.get().is_some_and(|metadata| metadata.error.get().is_some());
    Stage::Ended(Seen::Failed, if has_error { EndedReason::AgentError } else { reason_of(told) })
}

fn met_a_machine(told: &Conversation) -> bool {
    let features = told.metadata.get().and_then(|metadata| metadata.features_usage.get());
    let used = features.and_then(|features| features.voicemail_detection.get()).and_then(|feature| feature.used.get());
    let said = termination(told);
    call_result(told) == Some("voicemail")
        || used == Some(&true)
        || said.contains("voicemail")
        || said.contains("answering machine")
}

fn termination(told: &Conversation) -> String {
    let prose = told.metadata.get().and_then(|metadata| metadata.termination_reason.text());
    prose.unwrap_or_default().to_lowercase()
}

/// Their reason is prose that changes: only pieces of it are looked for.
fn reason_of(told: &Conversation) -> EndedReason {
    if met_a_machine(told) {
        return EndedReason::Voicemail;
    }
    let said = termination(told);
    let pieces = [
        ("remote party", "callee_hangup"),
        ("client disconnected", "callee_hangup"),
        ("end_call", "agent_hangup"),
        ("transfer", "transferred"),
        ("max duration", "max_duration"),
        ("inactive", "silence_timeout"),
        ("silence", "silence_timeout"),
    ];
    let word = pieces.iter().find(|(piece, _)| said.contains(piece)).map(|(_, word)| *word);
    word.map_or(EndedReason::Unknown, EndedReason::from_theirs)
}

/// How a call ended that nobody could be connected to. What SIP says of the number and of us is more than their own word;
/// where that is "unknown", the rest of what SIP says decides.
pub fn not_started(told: &NotStarted) -> (Seen, EndedReason) {
    let carrier = told.metadata.get().and_then(|metadata| metadata.body.get());
    let code = carrier.and_then(sip_code);
    let invalid = (Seen::Failed, EndedReason::InvalidNumber);
    let refused = (Seen::Failed, EndedReason::CarrierRejected);
    let busy = (Seen::Busy, EndedReason::Busy);
    let rang_out = (Seen::NoAnswer, EndedReason::NoAnswer);
    match (code, told.failure_reason.text()) {
        (Some(603 | 607), _) => (Seen::NoAnswer, EndedReason::Declined),
        (Some(404 | 484 | 604), _) => invalid,
        (Some(401 | 403 | 407), _) => refused,
        (_, Some("busy")) => busy,
        (_, Some("no-answer")) => rang_out,
        (Some(486 | 600), _) => busy,
        (Some(408 | 480 | 487), _) => rang_out,
        (Some(_), _) => refused,
        (None, word) => match carrier.and_then(|carrier| carrier.call_status.text()) {
            Some("busy") => busy,
            Some("no-answer") => rang_out,
            Some("failed") => refused,
            _ if word == Some("unknown") => refused,
            _ => (Seen::Failed, EndedReason::Unknown),
        },
    }
}

fn sip_code(carrier: &CarrierSays) -> Option<u32> {
    let code = carrier.sip_status_code.get().or(carrier.sip_response_code.get());
    code.map(|code| code.0).filter(|code| (300.0..700.0).contains(code)).map(|code| code as u32)
}
