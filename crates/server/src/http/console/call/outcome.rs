//! What has to be said about how a call went: its cause, and what to do. Pure.

use callgate_domain::model::call::TranscriptStatus;
use callgate_domain::model::{Call, CallState, EndedReason};

use super::seen::Seen;
use crate::http::console::words;

/// A block above the conversation.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// Broken, or only worth knowing.
    pub is_bad: bool,
    /// In one line.
    pub title: String,
    /// Sentences.
    pub texts: Vec<String>,
}

/// Everything that is worth a block.
pub fn notes(seen: &Seen) -> Vec<Note> {
    let call = &seen.call;
    let attempt = call.attempt.as_ref();
    let failed = match call.state {
        CallState::Failed | CallState::Expired | CallState::Blocked => Some(failure(call)),
        CallState::Unknown => Some(Note {
            is_bad: false,
            title: "Whether it rings is not known yet".to_owned(),
            texts: vec!["The request may have arrived. The gateway asks about it, and dials nobody twice meanwhile.".to_owned()],
        }),
        _ => None,
    };
    let guessed = attempt.filter(|attempt| attempt.guessed_at.is_some()).map(|_| {
        quiet(
            "This may be another call's story",
            "The id over there was picked from a list that does not carry our reference. It is likely the right one, and no proof.",
        )
    });
    let contradicted = attempt.filter(|attempt| attempt.contradicted_at.is_some()).map(|_| {
        quiet("Something else was told later", "Evidence disagrees with how this call ended here. What stands here is kept.")
    });
    let restored = call.restored_at.filter(|_| !call.state.is_terminal()).map(|_| {
        quiet(
            "It comes from a backup",
            "It was open in a backup that was restored: it is only looked up, and never dialed again.",
        )
    });
    let cannot = (!seen.can_cancel && !call.state.is_terminal() && call.cancel_requested_at.is_none())
        .then(|| quiet("It cannot be ended from here", "Whoever carries this call has no way to end it on request."));
    [failed, guessed, contradicted, restored, cannot].into_iter().flatten().collect()
}

/// Why there is nothing to read, or less than was said; nothing where the words are all there.
pub fn no_words(call: &Call) -> Option<&'static str> {
    let has_words = call.result.transcript.as_ref().is_some_and(|said| !said.turns.is_empty());
    match (call.transcript_status, call.state.is_terminal(), has_words) {
        (TranscriptStatus::Erased, ..) => Some("What was said was erased, for good."),
        (TranscriptStatus::Partial, true, true) => Some("These are not all the words. More may come."),
        (_, _, true) => None,
        (_, false, false) => Some("Nothing was said yet."),
        (_, true, false) if call.nobody_answered() => Some(match (call.state, call.dialed_at) {
            (CallState::Busy, _) => "The line was busy, so there is nothing to read.",
            (_, None) => "Nobody was called, so there is nothing to read.",
            _ => "Nobody answered, so there is nothing to read.",
        }),
        (TranscriptStatus::Pending | TranscriptStatus::Partial, true, false) => {
            Some("The words are not here yet. They come with the provider's result.")
        }
        (_, true, false) if call.state == CallState::Failed => Some("The call failed, and no words came of it."),
        (_, true, false) => Some("The provider's result came without words, so there is nothing to read."),
    }
}

fn quiet(title: &str, text: &str) -> Note {
    Note { is_bad: false, title: title.to_owned(), texts: vec![text.to_owned()] }
}

fn failure(call: &Call) -> Note {
    let reason = call.ended_reason.unwrap_or(EndedReason::Unknown);
    let later = call.resolved.map(|state| {
        let word = words::pill(state.status()).word.to_lowercase();
        format!("Later evidence showed how it went: {word}. The status above stays, since it was told to the client.")
    });
    let safe = call.is_retryable().then(|| "It is proven that nobody was rung, so calling again rings nobody twice.".to_owned());
    let texts = [Some(advice(reason).to_owned()), later, safe].into_iter().flatten().collect();
    Note { is_bad: true, title: words::ended(reason).to_owned(), texts }
}

/// What to do about it.
const fn advice(reason: EndedReason) -> &'static str {
    match reason {
        EndedReason::Unreachable => "The phone may be off or out of reach. Try later.",
        EndedReason::InvalidNumber => "Check the number with whoever gave it to you.",
        EndedReason::CarrierRejected => {
            "Look at the call in the provider's console: often the account, the caller's number or the destination is not allowed."
        }
        EndedReason::QueueTimeout => {
            "All lines of its connection were taken for too long. Raise max_concurrent of the connection, or place fewer calls at once."
        }
        EndedReason::ScheduleExpired => "Ask for a longer window, or see on Overview what held it up.",
        EndedReason::Suppressed => "Whoever has this number asked not to be called. It stays so until that is lifted.",
        EndedReason::LimitReached => "Wait until the limit opens again, or change it in callgate.toml.",
        EndedReason::OutsideCallingHours => "Ask for a window in which people may be called.",
        EndedReason::DestinationNotAllowed => "Add the beginning of the number to calls.allow_numbers in callgate.toml.",
        EndedReason::ProviderError => {
            "Run callgate connections check, and look at the call in the provider's console for its own words."
        }
        EndedReason::ProviderTimeout => {
            "Somebody may have been called. Look at the call in the provider's console before you call again."
        }
        EndedReason::AgentError => "Look at the agent in the provider's console: it broke while it talked.",
        EndedReason::GatewayError => "The gateway's log says why, under this call's id.",
        EndedReason::OutcomeUnknown => {
            "The request may have reached the provider, and nobody could say what became of it. The gateway does not dial it again. Look in the provider's console before you call again: the user may have been rung."
        }
        _ => "Look at the call in the provider's console for more.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_what_to_do() {
        for reason in EndedReason::ALL {
            let advice = advice(*reason);
            assert!(advice.ends_with('.') && advice.len() > 30, "{reason}: {advice}");
        }
        assert!(advice(EndedReason::OutcomeUnknown).contains("may have been rung"));
    }
}
