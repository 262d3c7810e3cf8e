from enum import StrEnum


class RetryOn(StrEnum):
    BUSY = "busy"
    NO_ANSWER = "no_answer"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "RetryOn | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
