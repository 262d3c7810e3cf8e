from enum import StrEnum


class TimelineWhat(StrEnum):
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    CANCEL_REQUESTED = "cancel_requested"
    CLAIMED = "claimed"
    CONTRADICTED = "contradicted"
    CREATED = "created"
    DUE = "due"
    EARLIER_ATTEMPT = "earlier_attempt"
    ENDED = "ended"
    ERASED = "erased"
    FACTS_ADDED = "facts_added"
    NOT_DIALED = "not_dialed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RELEASED = "released"
    RESTORED = "restored"
    RINGING = "ringing"
    SENT = "sent"
    TALK_ENDED = "talk_ended"
    TRY_AGAIN = "try_again"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "TimelineWhat | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
