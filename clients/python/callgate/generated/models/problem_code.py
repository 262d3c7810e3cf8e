from enum import StrEnum


class ProblemCode(StrEnum):
    ALREADY_TERMINAL = "already_terminal"
    AMBIGUOUS_PROVIDER_CALL = "ambiguous_provider_call"
    BAD_REQUEST = "bad_request"
    BODY_TOO_LARGE = "body_too_large"
    CONNECTION_IN_USE = "connection_in_use"
    CROSS_SITE = "cross_site"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    DUPLICATE_FIELD = "duplicate_field"
    ENDPOINT_DISABLED = "endpoint_disabled"
    FILE_EXISTS = "file_exists"
    FIRST_KEY = "first_key"
    HEADERS_TOO_LARGE = "headers_too_large"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    INTERNAL_ERROR = "internal_error"
    INVALID = "invalid"
    INVALID_BODY = "invalid_body"
    INVALID_CONFIGURATION = "invalid_configuration"
    INVALID_HEADER = "invalid_header"
    INVALID_PHONE = "invalid_phone"
    INVALID_QUERY = "invalid_query"
    INVALID_TOKEN = "invalid_token"
    INVALID_URL = "invalid_url"
    KEY_OVER = "key_over"
    LAST_ADMIN_KEY = "last_admin_key"
    LIMIT_REACHED = "limit_reached"
    MALFORMED_JSON = "malformed_json"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MISSING_CREDENTIALS = "missing_credentials"
    NOT_AUTHENTIC = "not_authentic"
    NOT_FOUND = "not_found"
    NOT_REPLAYABLE = "not_replayable"
    NOT_SUPPORTED_HERE = "not_supported_here"
    NOT_SUPPORTED_YET = "not_supported_yet"
    NOT_TERMINAL = "not_terminal"
    NO_RECORDING = "no_recording"
    NUL = "nul"
    OUT_OF_RANGE = "out_of_range"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    RATE_LIMITED = "rate_limited"
    REQUEST_TIMEOUT = "request_timeout"
    REQUIRED = "required"
    TOO_LONG = "too_long"
    TOO_MANY_ENDPOINTS = "too_many_endpoints"
    UNAVAILABLE = "unavailable"
    UNKNOWN_AGENT = "unknown_agent"
    UNKNOWN_CONNECTION = "unknown_connection"
    UNKNOWN_FIELD = "unknown_field"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    WINDOW_PASSED = "window_passed"
    WRONG_TYPE = "wrong_type"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "ProblemCode | None":
        # A word that only a newer gateway knows is no reason to fail.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
