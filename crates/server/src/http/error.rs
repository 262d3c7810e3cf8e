//! What goes wrong over HTTP: one catalogue of codes, and the problem document (RFC 9457) that carries one.
//!
//! This and its neighbours are the only places that know status codes. `/docs/errors` and the API document are made
//! from [`Code::ALL`]. Nothing from inside stands in a problem: the cause goes to the log, under the request's id.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use callgate_domain::model::CallId;
use callgate_domain::ports::StoreError;
use callgate_domain::usecases::record::RecordError;
use serde::Serialize;

use super::faults::Fault;

macro_rules! catalogue {
    ($($variant:ident $status:ident $code:literal $title:literal $advice:literal;)+) => {
        /// What went wrong, as a word that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant,)+ }

        impl Code {
            /// The catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The status it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// The same sentence each time.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What to do about it.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)+ }
            }
        }
    };
}

catalogue! {
    BadRequest BAD_REQUEST "bad_request" "The request cannot be read"
        "It broke off, or is not HTTP. Send it again.";
    MalformedJson BAD_REQUEST "malformed_json" "The body is not JSON"
        "Send one JSON object in UTF-8 and nothing after it. The detail says where reading stopped.";
    InvalidQuery BAD_REQUEST "invalid_query" "The query is not valid"
        "The detail names the parameter. An unknown parameter is refused and never ignored.";
    InvalidHeader BAD_REQUEST "invalid_header" "A header is not valid"
        "The detail names the header and what it may hold.";
    MissingCredentials UNAUTHORIZED "missing_credentials" "The request carries no key"
        "Send the header Authorization: Bearer <your API key>.";
    InvalidToken UNAUTHORIZED "invalid_token" "The key is not valid"
        "The key is unknown, expired or revoked. Check what stands after Bearer.";
    NotAuthentic UNAUTHORIZED "not_authentic" "The webhook is not authentic"
        "Sign it as agreed, with the secret that this gateway was given, and with a clock that is right.";
    InsufficientScope FORBIDDEN "insufficient_scope" "The key may not do this"
        "Use a key with the scope that the detail names.";
    CrossSite FORBIDDEN "cross_site" "The request comes from another site"
        "The console changes something only from its own pages. Open it and do it there.";
    DestinationNotAllowed FORBIDDEN "destination_not_allowed" "This destination may not be called"
        "The operator of this gateway lists the numbers that may be called. Nothing was stored and nobody was called.";
    NotFound NOT_FOUND "not_found" "There is no such thing here"
        "Check the path and the id. What belongs to another client looks the same as what does not exist.";
    FileExists CONFLICT "file_exists" "There is a file of this name"
        "A backup never overwrites anything. Name another file.";
    NoRecording NOT_FOUND "no_recording" "There is no recording"
        "Not every call has one.";
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed" "This method is not allowed here"
        "The header Allow names the methods that are.";
    RequestTimeout REQUEST_TIMEOUT "request_timeout" "The request took too long to arrive"
        "A body has to be complete within 10 seconds. Send it again.";
    IdempotencyInProgress CONFLICT "idempotency_in_progress" "A request with this key is still running"
        "Send the same request again after the seconds in Retry-After: it gets the answer of the first.";
    PossibleDuplicate CONFLICT "possible_duplicate" "This call may already be under way"
        "The member call_id names the earlier call. Send an Idempotency-Key where this one is meant as well. Nothing was stored.";
    AlreadyTerminal CONFLICT "already_terminal" "The call is already over"
        "The status of a call that is over never changes.";
    NotTerminal CONFLICT "not_terminal" "The call is not over yet"
        "This can be done once the call is over. Cancel it, or wait for its end.";
    NotReplayable CONFLICT "not_replayable" "This webhook cannot be handled again"
        "Only one that is parked, quarantined or orphaned, and whose content is still kept, can be.";
    FirstKey CONFLICT "first_key" "The first key is not changed over HTTP"
        "It comes from the gateway's environment or from a file in its data folder. Change it there and start the gateway again.";
    KeyOver CONFLICT "key_over" "The key is over"
        "It is expired, revoked or replaced, which is final. Make a new key, or rotate the one that replaced it.";
    LastAdminKey CONFLICT "last_admin_key" "This is the last key that may operate the gateway"
        "Make another key with the scope admin first.";
    ConnectionInUse CONFLICT "connection_in_use" "The connection has open calls"
        "A connection's id is permanent: it is renamed or removed once its calls are over. Nothing was changed.";
    AmbiguousProviderCall CONFLICT "ambiguous_provider_call" "More than one call has this id"
        "Name the connection in the field connection. Nothing was kept.";
    TooManyEndpoints CONFLICT "too_many_endpoints" "There are too many webhook endpoints"
        "Remove one that is not needed any more, or change one.";
    EndpointDisabled CONFLICT "endpoint_disabled" "The webhook endpoint is disabled"
        "Enable it first: PATCH it with {\"disabled\": false}.";
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large" "The body is too large"
        "The detail says how large it may be.";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body is not of a type that is read here"
        "Send JSON in UTF-8, uncompressed, with the header Content-Type: application/json.";
    InvalidBody UNPROCESSABLE_ENTITY "invalid_body" "The body has several faults"
        "Each of them stands in errors, in the order of the body, with a code of its own.";
    WrongType UNPROCESSABLE_ENTITY "wrong_type" "A value is of the wrong type"
        "The pointer says where, the detail which type is read there.";
    Required UNPROCESSABLE_ENTITY "required" "A field is missing"
        "The pointer names it.";
    UnknownField UNPROCESSABLE_ENTITY "unknown_field" "A field is not known"
        "Fields that are not known are refused and never ignored. The detail names the nearest one that is.";
    DuplicateField UNPROCESSABLE_ENTITY "duplicate_field" "A field stands there twice"
        "Write it once.";
    Nul UNPROCESSABLE_ENTITY "nul" "A text holds a NUL character"
        "No text here can hold one. Leave it out.";
    TooLong UNPROCESSABLE_ENTITY "too_long" "A value is too long"
        "The detail says how long it may be.";
    OutOfRange UNPROCESSABLE_ENTITY "out_of_range" "A number is out of its range"
        "The detail says what the range is.";
    Invalid UNPROCESSABLE_ENTITY "invalid" "A value is not valid"
        "The detail says what is read there.";
    InvalidPhone UNPROCESSABLE_ENTITY "invalid_phone" "The phone number is not valid"
        "Write it in international form: +, country code, number. Spaces, dashes, brackets and a leading 00 are fine; no country is guessed.";
    UnknownAgent UNPROCESSABLE_ENTITY "unknown_agent" "There is no such agent"
        "GET /v1/agents lists the agents there are.";
    UnknownConnection UNPROCESSABLE_ENTITY "unknown_connection" "There is no such connection"
        "The gateway's configuration names those there are.";
    InvalidUrl UNPROCESSABLE_ENTITY "invalid_url" "The URL cannot be called"
        "Webhooks go to https on port 443 at public addresses. The operator of this gateway can allow others.";
    WindowPassed UNPROCESSABLE_ENTITY "window_passed" "The window is over already"
        "schedule.expires_at lies in the past, so this call could never ring.";
    InvalidConfiguration UNPROCESSABLE_ENTITY "invalid_configuration" "The configuration has faults"
        "The detail names each with its place and what to do. The settings in force stay as they are.";
    NotSupportedHere UNPROCESSABLE_ENTITY "not_supported_here" "This gateway is not set up for that"
        "The detail says what to do instead.";
    NotSupportedYet UNPROCESSABLE_ENTITY "not_supported_yet" "This release does not do that yet"
        "It is part of the contract and comes with a later release. Until then it is refused and never silently dropped.";
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused" "The key was used for another request"
        "Make a new Idempotency-Key for each new wish, and keep it for repetitions of the same one.";
    RateLimited TOO_MANY_REQUESTS "rate_limited" "Too many requests"
        "Wait the seconds in Retry-After. Wrong keys are counted apart: a good key from the same address still works.";
    LimitReached TOO_MANY_REQUESTS "limit_reached" "A limit on calls is reached"
        "The operator of this gateway limits how many calls one number may get, or one key may place, within 24 hours. Nothing was stored. Wait the seconds in Retry-After.";
    RangeNotSatisfiable RANGE_NOT_SATISFIABLE "range_not_satisfiable" "There are no such bytes"
        "Ask for bytes that there are, or for all. The header Content-Range says how many there are, where that is known.";
    HeadersTooLarge REQUEST_HEADER_FIELDS_TOO_LARGE "headers_too_large" "The headers are too large"
        "All headers together may hold 16 KiB.";
    InternalError INTERNAL_SERVER_ERROR "internal_error" "Something went wrong in the gateway"
        "Tell its operator the request_id: the cause stands in the log under it.";
    Unavailable SERVICE_UNAVAILABLE "unavailable" "The gateway cannot do this now"
        "Send the same request again after the seconds in Retry-After.";
}

impl Code {
    /// The code for a status that something else than our own handlers chose.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadersTooLarge,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::InternalError,
            _ => Self::BadRequest,
        }
    }
}

/// Why a request was not done. Rendered at the edge, where the request's id is known.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// The same for a person, naming the value at fault and the way out.
    pub detail: Cow<'static, str>,
    /// Every fault of a body, in its order.
    pub faults: Vec<Fault>,
    /// The call that is meant, where it is another than the path's.
    pub call_id: Option<CallId>,
    /// What the answer carries beside.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with its sentence.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), call_id: None, headers: Vec::new() }
    }

    /// There is no such call, or it is another client's: the same words for both.
    #[must_use]
    pub fn no_such_call() -> Self {
        Self::new(Code::NotFound, "There is no call with this id.")
    }

    /// The store cannot be used now.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "The gateway cannot reach its database. Try again in 2 seconds.").retry_after(2)
    }

    /// A mistake of ours.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::InternalError, "Something went wrong in the gateway. Its operator finds the cause under the request_id.")
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same with more headers.
    #[must_use]
    pub fn with_all(mut self, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The same with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The document.
    #[must_use]
    pub fn render(&self, request_id: &str) -> Vec<u8> {
        let document = Document {
            r#type: format_args!("/docs/errors#{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            call_id: self.call_id.map(|id| id.to_string()),
            errors: &self.faults,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: fmt::Arguments<'a>,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only the status: the edge writes the document, since the request's id belongs into it.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::no_such_call(),
            StoreError::Unavailable(cause) => {
                tracing::warn!(error = format!("{cause:#}"), "store unavailable");
                Self::unavailable()
            }
            // Others kept changing the same thing; it can only be asked for again.
            StoreError::Conflict => {
                Self::new(Code::Unavailable, "The call is being changed right now. Try again in 1 second.").retry_after(1)
            }
            error @ (StoreError::Duplicate | StoreError::InProgress) => {
                tracing::error!(%error, "unexpected answer of the store");
                Self::internal()
            }
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            error @ (RecordError::Forbidden(_) | RecordError::Fenced) => {
                tracing::error!(%error, "a change was refused");
                Self::internal()
            }
        }
    }
}
