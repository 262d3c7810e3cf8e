//! Why a call ended, in their words and in ours. Pure.
//!
//! They have hundreds of words and add more with every model they connect, so most are known by a part. The order counts:
//! the first rule that fits decides.

use callgate_domain::model::{EndedReason, Seen};

/// What a reason says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ended so.
    Is(Seen, EndedReason),
    /// The carrier says it was carried to its end: a talk, if the one called said anything.
    Carried,
}

enum Part {
    Whole,
    Begins,
    Ends,
    Within,
}

use EndedReason::{
    AgentError, AgentHangup, Busy, CanceledByClient, CarrierRejected, Declined, DestinationNotAllowed, InvalidNumber,
    MaxDuration, NoAnswer, ProviderError, Silence, Unknown, Unreachable, UserHangup, Voicemail,
};
use Part::{Begins, Ends, Whole, Within};

const fn talk(reason: EndedReason) -> End {
    End::Is(Seen::Completed, reason)
}

const fn failed(reason: EndedReason) -> End {
    End::Is(Seen::Failed, reason)
}

const RULES: &[(Part, &str, End)] = &[
    // Somebody, or a machine, answered.
    (Begins, "customer-ended-call", talk(UserHangup)),
    (Begins, "assistant-ended-call", talk(AgentHangup)),
    (Begins, "assistant-said-", talk(AgentHangup)),
    (Whole, "assistant-forwarded-call", talk(AgentHangup)),
    (Within, "hook-executed-transfer", talk(AgentHangup)),
    (Within, "hook-executed-", talk(Unknown)),
    (Whole, "exceeded-max-duration", talk(MaxDuration)),
    (Whole, "silence-timed-out", talk(Silence)),
    (Whole, "voicemail", talk(Voicemail)),
    (Begins, "call.forwarding.", talk(Unknown)),
    (Within, "warm-transfer", talk(Unknown)),
    (Ends, "transfer-failed", talk(Unknown)),
    (Ends, "twilio-completed-call", End::Carried),
    (Ends, "sip-completed-call", End::Carried),
    (Whole, "vonage-completed", End::Carried),
    // Nobody did.
    (Whole, "customer-busy", End::Is(Seen::Busy, Busy)),
    (Whole, "customer-did-not-answer", End::Is(Seen::NoAnswer, NoAnswer)),
    (Whole, "vonage-rejected", End::Is(Seen::NoAnswer, Declined)),
    (Within, "-sip-408-", End::Is(Seen::NoAnswer, NoAnswer)),
    (Within, "-sip-480-", End::Is(Seen::NoAnswer, Unreachable)),
    (Whole, "manually-canceled", End::Is(Seen::Canceled, CanceledByClient)),
    (Whole, "scheduled-call-deleted", End::Is(Seen::Canceled, CanceledByClient)),
    (Whole, "call-deleted", End::Is(Seen::Canceled, CanceledByClient)),
    // The number, and what may be called.
    (Ends, "-customer-misdialed", failed(InvalidNumber)),
    (Ends, "-unallocated-number", failed(InvalidNumber)),
    (Ends, "-vapi-number-international", failed(DestinationNotAllowed)),
    (Ends, "-fraud-check-failed", failed(CarrierRejected)),
    // It never began: the account, its limits, its settings.
    (Begins, "call.start.", failed(ProviderError)),
    (Begins, "call-start-", failed(ProviderError)),
    (Begins, "assistant-request-", failed(ProviderError)),
    (Begins, "assistant-not-", failed(ProviderError)),
    (Begins, "worker-", failed(ProviderError)),
    (Within, "-worker-", failed(ProviderError)),
    // The way to the phone.
    (Within, "-failed-to-connect", failed(CarrierRejected)),
    (Within, "-outbound-sip-", failed(CarrierRejected)),
    (Begins, "sip-outbound-", failed(CarrierRejected)),
    (Begins, "phone-call-provider-", failed(CarrierRejected)),
    (Whole, "vonage-disconnected", failed(CarrierRejected)),
    (Within, "-transport-", failed(CarrierRejected)),
    // What the agent is made of.
    (Ends, "-did-not-receive-customer-audio", failed(Unknown)),
    (Begins, "call.in-progress.error-", failed(AgentError)),
    (Begins, "pipeline-", failed(AgentError)),
    (Whole, "assistant-join-timed-out", failed(AgentError)),
    // Calls that came in or over the web: none of ours.
    (Within, "-inbound-caller-", failed(Unknown)),
    (Whole, "customer-did-not-give-microphone-permission", failed(Unknown)),
];

/// What this reason says; `None` where it is not known.
pub fn of(word: &str) -> Option<End> {
    let fits = |(part, text, _): &&(Part, &str, End)| match part {
        Whole => word == *text,
        Begins => word.starts_with(text),
        Ends => word.ends_with(text),
        Within => word.contains(text),
    };
    RULES.iter().find(fits).map(|(.., end)| *end)
}

#[cfg(test)]
#[path = "reasons_tests.rs"]
mod tests;
