from enum import StrEnum


class CallStatus(StrEnum):
    BLOCKED = "blocked"
    BUSY = "busy"
    CANCELED = "canceled"
    COMPLETED = "completed"
    DIALING = "dialing"
    EXPIRED = "expired"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    NO_ANSWER = "no_answer"
    PROCESSING = "processing"
    QUEUED = "queued"
    RINGING = "ringing"
    SCHEDULED = "scheduled"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "CallStatus | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
