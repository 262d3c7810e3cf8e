from enum import StrEnum


class WebhookDeliveryFault(StrEnum):
    BLOCKED_ADDRESS = "blocked_address"
    NO_CALL = "no_call"
    NO_CONNECTION = "no_connection"
    TIMED_OUT = "timed_out"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "WebhookDeliveryFault | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
