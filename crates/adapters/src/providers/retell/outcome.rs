//! What a call over there says, and how it ended. Pure.
//!
//! Reasons come before statuses: which reason stands under which status has changed over their versions.

use callgate_domain::model::call::Turn;
use callgate_domain::model::call::conversation::turns_of;
use callgate_domain::model::{AttemptId, EndedBy, EndedReason, Evidence, Seen, Source};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::wire::{Call, Said};
use crate::providers::lenient::Number;
use crate::providers::theirs::{self, REFERENCE};

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Dialed, or ringing: there is one word for both.
    Waiting,
    Talking,
    Ended(Seen, EndedReason),
}

/// Their reason for an end.
const USER_WANTS_NO_CALLS: &str = "user_requested_dnc";
const STOPPED: &str = "manual_stopped";

/// Our reference, as it comes back.
pub fn reference(metadata: Option<&Map<String, Value>>) -> Option<AttemptId> {
    theirs::reference(metadata.and_then(|metadata| metadata.get(REFERENCE)).and_then(Value::as_str))
}

/// What a call says, and a word in it that we do not know. Nothing has been seen where that is its status.
pub fn evidence(call: &Call, source: Source) -> (Evidence, Option<String>) {
    let mut evidence = Evidence { provider_call: theirs::id(call.call_id.text()), ..Evidence::new(source) };
    let turns = turns(call);
    let duration_s = call.duration_ms.get().and_then(|millis| Number(millis.0 / 1_000.0).seconds());
    let has_talked = duration_s.is_some_and(|seconds| seconds > 0) || !turns.is_empty();
    let Some(stage) = stage(call, has_talked) else {
        return (evidence, call.call_status.text().map(str::to_owned));
    };
    let reason = call.disconnection_reason.text();
    let unknown = reason.filter(|reason| matches!(stage, Stage::Ended(..)) && by_reason(reason, has_talked).is_none());
    match stage {
        Stage::Waiting => evidence.seen = Some(Seen::Accepted),
        Stage::Talking => {
            evidence.seen = Some(Seen::Answered);
            evidence.answered_at = moment(call.start_timestamp.get());
            evidence.turns = turns;
        }
        Stage::Ended(seen, ended) => {
            evidence.seen = Some(seen);
            evidence.ended_reason = Some(ended);
            evidence.ended_at = moment(call.end_timestamp.get());
            evidence.words_final = true;
            if reason == Some(USER_WANTS_NO_CALLS) {
                evidence.opt_out = true;
                // Nothing of ours kept this number from being called: it ended as the one called wished.
                evidence.ended_by = Some(EndedBy::User);
            }
            // The begin of a call that never connected is the moment it was made.
            if seen == Seen::Completed || (seen == Seen::Failed && has_talked) {
                evidence.answered_at = moment(call.start_timestamp.get());
                evidence.turns = turns;
                evidence.duration_s = duration_s;
                let recording = call.recording_url.text().or_else(|| call.scrubbed_recording_url.text());
                evidence.recording = theirs::address(recording);
                if let Some(analysis) = call.call_analysis.get() {
                    evidence.summary = theirs::summary(analysis.call_summary.text());
                    let found_out = analysis.custom_analysis_data.get().cloned().map(Value::Object);
                    evidence.extracted = theirs::extracted(found_out.as_ref());
                }
            }
        }
    }
    (evidence, unknown.map(str::to_owned))
}

fn moment(millis: Option<&i64>) -> Option<Timestamp> {
    millis.filter(|millis| **millis > 0).and_then(|millis| Timestamp::from_millisecond(*millis).ok())
}

/// The turns with their moments; without them those of the text.
fn turns(call: &Call) -> Vec<Turn> {
    let told = [&call.transcript_object, &call.scrubbed_transcript_with_tool_calls];
    let timed = told.map(|said| theirs::turns(said.0.iter().map(turn))).into_iter().find(|turns| !turns.is_empty());
    timed.unwrap_or_else(|| {
        let text = theirs::text(call.transcript.text()).unwrap_or_default();
        theirs::turns(turns_of(&text).into_iter().map(Some))
    })
}

fn turn(said: &Said) -> Option<Turn> {
    let start_ms = said.words.0.first().and_then(|word| word.start.get()).and_then(|at| at.millis());
    let end_ms = said.words.0.last().and_then(|word| word.end.get()).and_then(|at| at.millis());
    theirs::turn(said.role.text()?, said.content.text(), start_ms, end_ms)
}

fn stage(call: &Call, has_talked: bool) -> Option<Stage> {
    let usual = match call.call_status.text()? {
        "registered" => return Some(Stage::Waiting),
        "ongoing" => return Some(Stage::Talking),
        "ended" => (Seen::Completed, "unknown"),
        "not_connected" => (Seen::Failed, "carrier_error"),
        "error" => (Seen::Failed, "provider_error"),
        _ => return None,
    };
    let (seen, word) = call.disconnection_reason.text().and_then(|reason| by_reason(reason, has_talked)).unwrap_or(usual);
    let analysis = call.call_analysis.get();
    let is_machine = analysis.is_some_and(|analysis| analysis.in_voicemail.get() == Some(&true));
    let met = seen == Seen::Completed && is_machine && !matches!(word, "do_not_call" | "operator_hangup");
    Some(Stage::Ended(seen, EndedReason::from_theirs(if met { "voicemail" } else { word })))
}

/// What each of their reasons is evidence of, with the word that `API.md` folds into one of ours.
fn by_reason(reason: &str, has_talked: bool) -> Option<(Seen, &'static str)> {
    let end = match reason {
        "user_hangup" => (Seen::Completed, "callee_hangup"),
        "agent_hangup" => (Seen::Completed, "agent_hangup"),
        "call_transfer" | "transfer_bridged" | "call_take_over" => (Seen::Completed, "transferred"),
        "transfer_cancelled" => (Seen::Completed, "transfer_failed"),
        "inactivity" => (Seen::Completed, "silence_timeout"),
        "max_duration_reached" => (Seen::Completed, "max_duration"),
        USER_WANTS_NO_CALLS => (Seen::Completed, "do_not_call"),
        "user_requested_callback" => (Seen::Completed, "callback_requested"),
        "ivr_reached" => (Seen::Completed, "ivr"),
        "voicemail_reached" | "machine_detected" => (Seen::Completed, "voicemail"),
        STOPPED if has_talked => (Seen::Completed, "operator_hangup"),
        STOPPED => (Seen::Canceled, "operator_hangup"),
        "dial_no_answer" => (Seen::NoAnswer, "no_answer"),
        "user_declined" => (Seen::NoAnswer, "declined"),
        "dial_busy" => (Seen::Busy, "busy"),
        "invalid_destination" => (Seen::Failed, "invalid_number"),
        "marked_as_spam" | "network_blocked" | "scam_detected" => (Seen::Failed, "blocked"),
        "dial_failed" | "sip_routing_error" | "telephony_provider_unavailable" => (Seen::Failed, "carrier_error"),
        "telephony_provider_permission_denied" => (Seen::Failed, "carrier_auth"),
        "concurrency_limit_reached" | "no_concurrency_fallback" => (Seen::Failed, "concurrency_limit"),
        "no_valid_payment" | "credit_exhausted" | "budget_reached" => (Seen::Failed, "billing"),
        "error_llm_websocket_open"
        | "error_llm_websocket_lost_connection"
        | "error_llm_websocket_runtime"
        | "error_llm_websocket_corrupt_payload"
        | "error_asr" => (Seen::Failed, "agent_error"),
        "error_no_audio_received" | "error_user_not_joined" => (Seen::Failed, "no_audio"),
        "registered_call_timeout" => (Seen::Failed, "provider_timeout"),
        "error_retell" | "error_unknown" | "error_inbound_webhook" => (Seen::Failed, "provider_error"),
        _ => return None,
    };
    Some(end)
}
