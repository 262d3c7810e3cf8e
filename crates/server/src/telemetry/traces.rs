//! Traces over OTLP, with the feature `otlp` and where `OTEL_EXPORTER_OTLP_ENDPOINT` is set: one for each call.
//!
//! A call's trace has the call's id for its own, and its first span an id that follows from it. So whoever works on the call,
//! minutes later or in another process, adds to the same trace, and nothing has to be kept for that. Each change of its state
//! is a span, and so is each request that is made for it. They name agents and connections, never a person. Without the
//! feature, or the variable, all of this does nothing.

#[cfg(feature = "otlp")]
mod on;
#[cfg(feature = "otlp")]
mod parent;
#[cfg(feature = "otlp")]
mod sampler;

use callgate_domain::model::{Call, CallId, CallState};
use callgate_domain::ports::Cause;

/// A request that is made for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To its provider, to place it.
    Dispatch,
    /// To one of its client's endpoints.
    Notice,
}

/// Starts sending traces where the environment says so; they end with what this returns.
///
/// # Errors
/// The exporter could not be made.
pub fn start() -> anyhow::Result<Option<Started>> {
    #[cfg(feature = "otlp")]
    let started = on::start()?.map(Started);
    #[cfg(not(feature = "otlp"))]
    let started = None;
    Ok(started)
}

/// Traces are being sent.
pub struct Started(#[cfg(feature = "otlp")] on::Provider);

impl Started {
    /// Sends what is left. Blocks for two seconds at most.
    pub fn stop(self) {
        #[cfg(feature = "otlp")]
        on::stop(&self.0);
    }
}

/// A call has moved.
pub fn moved(call: &Call, from: CallState, cause: Cause) {
    #[cfg(feature = "otlp")]
    on::moved(call, from, cause);
    #[cfg(not(feature = "otlp"))]
    let _off = (call, from, cause);
}

/// A client's request with this `traceparent` (W3C Trace Context) has made a call: a span of the client's own trace, which
/// leads to the call's.
pub fn asked(call: CallId, traceparent: Option<&str>) {
    #[cfg(feature = "otlp")]
    on::asked(call, traceparent);
    #[cfg(not(feature = "otlp"))]
    let _off = (call, traceparent);
}

/// The `traceparent` of requests that are made for a call, so that whoever is asked can add to its trace; `None` where traces are not
/// sent. It follows from the call's id: every request for it has the same.
#[must_use]
pub fn traceparent(call: CallId) -> Option<String> {
    #[cfg(feature = "otlp")]
    return on::traceparent(call);
    #[cfg(not(feature = "otlp"))]
    {
        let _off = call;
        None
    }
}

/// A request under way, from now until this is dropped.
#[must_use]
pub struct Span {
    #[cfg(feature = "otlp")]
    _ends_with_this: Option<on::Span>,
}

impl Span {
    /// Begins.
    pub fn of(call: CallId, request: Request) -> Self {
        #[cfg(feature = "otlp")]
        return Self { _ends_with_this: on::begin(call, request) };
        #[cfg(not(feature = "otlp"))]
        {
            let _off = (call, request);
            Self {}
        }
    }
}
