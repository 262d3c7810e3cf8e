//! The simulator's words into ours. Pure.

use callgate_domain::model::call::conversation::{Turn, role_of};
use callgate_domain::model::{ConnectionId, EndedReason, Evidence, ProviderCallId, Seen, Source};
use callgate_domain::ports::{AttemptRef, Reading};

use super::wire::Call;

/// What its picture of a call is evidence of; nothing where it uses a status that nobody knows.
pub fn evidence(call: &Call, source: Source) -> Option<Evidence> {
    let seen = seen(&call.status)?;
    let mut evidence = Evidence::new(source).seen(seen);
    evidence.provider_call = ProviderCallId::new(call.id.as_str());
    evidence.answered_at = call.answered_at;
    evidence.ended_at = call.ended_at;
    evidence.duration_s = call.duration_s;
    evidence.ended_reason = call.ended_reason.as_deref().map(EndedReason::from_theirs);
    evidence.turns = call.turns.iter().filter_map(turn).collect();
    evidence.words_final = call.ended_at.is_some() && !evidence.turns.is_empty();
    Some(evidence)
}

/// The same as a reading.
pub fn reading(call: &Call, connection: &ConnectionId) -> Reading {
    let Some(evidence) = evidence(call, Source::Webhook) else { return Reading::Nothing };
    let about = AttemptRef {
        attempt: call.attempt_id.parse().ok(),
        provider_call: evidence.provider_call.clone(),
        connection: Some(connection.clone()),
    };
    Reading::Says { about, evidence: Box::new(evidence) }
}

fn seen(status: &str) -> Option<Seen> {
    Some(match status {
        "queued" => Seen::Accepted,
        "ringing" => Seen::Ringing,
        "in_progress" => Seen::Answered,
        "completed" | "voicemail" => Seen::Completed,
        "no_answer" => Seen::NoAnswer,
        "busy" => Seen::Busy,
        "canceled" => Seen::Canceled,
        "failed" => Seen::Failed,
        _ => return None,
    })
}

fn turn(turn: &super::wire::Turn) -> Option<Turn> {
    let role = role_of(&turn.role)?;
    Some(Turn { role, text: turn.text.clone(), start_ms: Some(turn.start_ms), end_ms: turn.end_ms })
}
