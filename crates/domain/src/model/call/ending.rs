//! Why a call ended, and by whom.

use crate::model::words::words;

words! {
    /// Why a call ended: the closed list of `API.md`.
    pub enum EndedReason {
        /// The one called hung up.
        UserHangup = "user_hangup",
        /// The agent ended the talk.
        AgentHangup = "agent_hangup",
        /// The longest permitted conversation was reached.
        MaxDuration = "max_duration",
        /// Nobody spoke.
        Silence = "silence",
        /// A machine answered.
        Voicemail = "voicemail",
        /// The one called refused it.
        Declined = "declined",
        /// Rang out.
        NoAnswer = "no_answer",
        /// Engaged.
        Busy = "busy",
        /// The phone cannot be reached.
        Unreachable = "unreachable",
        /// No such number.
        InvalidNumber = "invalid_number",
        /// A carrier, or an account's own rule, refused it.
        CarrierRejected = "carrier_rejected",
        /// Stopped on request.
        CanceledByClient = "canceled_by_client",
        /// Waited too long for a free line.
        QueueTimeout = "queue_timeout",
        /// Its window passed.
        ScheduleExpired = "schedule_expired",
        /// The number is on the list of numbers never called.
        Suppressed = "suppressed",
        /// A limit on calls was reached.
        LimitReached = "limit_reached",
        /// Nobody may be called at this hour.
        OutsideCallingHours = "outside_calling_hours",
        /// The destination is not on the list of permitted ones.
        DestinationNotAllowed = "destination_not_allowed",
        /// Whoever places the call could not.
        ProviderError = "provider_error",
        /// Whoever places the call never told its end.
        ProviderTimeout = "provider_timeout",
        /// The agent broke.
        AgentError = "agent_error",
        /// The gateway could not.
        GatewayError = "gateway_error",
        /// It may have rung; what became of it cannot be known.
        OutcomeUnknown = "outcome_unknown",
        /// Not told.
        Unknown = "unknown",
    }
}

words! {
    /// Who ended a call.
    pub enum EndedBy {
        /// The one called.
        User = "user",
        /// The voice agent.
        Agent = "agent",
        /// The telephone network.
        Carrier = "carrier",
        /// Whoever places the call. A neutral word; it names none.
        Provider = "provider",
        /// The integrator.
        Client = "client",
        /// This gateway.
        Gateway = "gateway",
        /// Not told.
        Unknown = "unknown",
    }
}

impl EndedReason {
    /// The providers' many words, as `API.md` section 1 folds them into ours; anything else is `Unknown`.
    #[must_use]
    pub fn from_theirs(word: &str) -> Self {
        if let Ok(ours) = word.parse() {
            return ours;
        }
        match word {
            "callee_hangup" | "customer_hangup" => Self::UserHangup,
            "silence_timeout" => Self::Silence,
            "rejected" => Self::Declined,
            "blocked" | "not_allowed" => Self::CarrierRejected,
            "config_error" | "concurrency_limit" | "insufficient_balance" => Self::ProviderError,
            "transferred" | "ivr" => Self::AgentHangup,
            "api_hangup" | "operator_hangup" => Self::CanceledByClient,
            "do_not_call" => Self::Suppressed,
            _ if word.starts_with("carrier_") => Self::CarrierRejected,
            _ if word.starts_with("billing") => Self::ProviderError,
            _ => Self::Unknown,
        }
    }

    /// Who ends a call for this reason, where nobody says otherwise.
    #[must_use]
    pub const fn usually_by(self) -> EndedBy {
        match self {
            Self::UserHangup | Self::Declined => EndedBy::User,
            Self::AgentHangup | Self::Silence | Self::Voicemail | Self::AgentError => EndedBy::Agent,
            Self::NoAnswer | Self::Busy | Self::Unreachable | Self::InvalidNumber | Self::CarrierRejected => EndedBy::Carrier,
            Self::CanceledByClient => EndedBy::Client,
            Self::ProviderError | Self::ProviderTimeout => EndedBy::Provider,
            Self::MaxDuration
            | Self::QueueTimeout
            | Self::ScheduleExpired
            | Self::Suppressed
            | Self::LimitReached
            | Self::OutsideCallingHours
            | Self::DestinationNotAllowed
            | Self::GatewayError
            | Self::OutcomeUnknown => EndedBy::Gateway,
            Self::Unknown => EndedBy::Unknown,
        }
    }
}
