from enum import StrEnum


class EndedReason(StrEnum):
    AGENT_ERROR = "agent_error"
    AGENT_HANGUP = "agent_hangup"
    BUSY = "busy"
    CANCELED_BY_CLIENT = "canceled_by_client"
    CARRIER_REJECTED = "carrier_rejected"
    DECLINED = "declined"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    GATEWAY_ERROR = "gateway_error"
    INVALID_NUMBER = "invalid_number"
    LIMIT_REACHED = "limit_reached"
    MAX_DURATION = "max_duration"
    NO_ANSWER = "no_answer"
    OUTCOME_UNKNOWN = "outcome_unknown"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_TIMEOUT = "provider_timeout"
    QUEUE_TIMEOUT = "queue_timeout"
    SCHEDULE_EXPIRED = "schedule_expired"
    SILENCE = "silence"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    USER_HANGUP = "user_hangup"
    VOICEMAIL = "voicemail"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "EndedReason | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
