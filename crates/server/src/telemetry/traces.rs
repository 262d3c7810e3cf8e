//! Traces over OTLP, with the feature `otlp` and where `OTEL_EXPORTER_OTLP_ENDPOINT` is set: one for each call.
//!
//! A call's trace has the call's id for its own, and its first span an id that follows from it. So whoever works on the call,
//! minutes later or in another process, adds to the same trace, and nothing has to be kept for that. Spans name agents and
//! connections, never a person. Without the feature, or the variable, all of this does nothing.

#[cfg(feature = "otlp")]
mod on;

use callgate_domain::model::CallId;

/// What a span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A client's request was accepted: the first of all.
    Accept,
    /// The request to the provider.
    Dispatch,
    /// The provider is asked about it.
    LookUp,
    /// A webhook of the provider is understood.
    Webhook,
    /// Its client is told.
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
    /// Sends what is left. Blocks for some seconds at most.
    pub fn stop(self) {
        #[cfg(feature = "otlp")]
        on::stop(&self.0);
    }
}

/// A span under way: of the call's trace, from now until it is dropped.
pub struct Span(#[cfg(feature = "otlp")] Option<on::Span>);

impl Span {
    /// One step of a call.
    #[must_use]
    pub fn of(call: CallId, step: Step) -> Self {
        #[cfg(feature = "otlp")]
        return Self(on::begin(call, step));
        #[cfg(not(feature = "otlp"))]
        {
            let _off = (call, step);
            Self()
        }
    }

    /// The same, in a trace of the client's as well: the `traceparent` of its request (W3C Trace Context).
    #[must_use]
    pub fn linked(self, traceparent: Option<&str>) -> Self {
        #[cfg(feature = "otlp")]
        let Self(mut span) = self;
        #[cfg(feature = "otlp")]
        if let (Some(span), Some(theirs)) = (&mut span, traceparent.and_then(on::context)) {
            on::link(span, theirs);
        }
        #[cfg(feature = "otlp")]
        return Self(span);
        #[cfg(not(feature = "otlp"))]
        {
            let _off = traceparent;
            self
        }
    }

    /// Says more of it. Never of a person.
    pub fn note(&mut self, name: &'static str, value: &str) {
        #[cfg(feature = "otlp")]
        if let Some(span) = &mut self.0 {
            on::note(span, name, value);
        }
        #[cfg(not(feature = "otlp"))]
        let _off = (name, value);
    }
}
