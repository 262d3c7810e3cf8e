//! The same, with OpenTelemetry.

use std::cell::Cell;

use callgate_domain::model::CallId;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider};

use super::Step;
use crate::NAME;

pub type Provider = SdkTracerProvider;
pub type Span = global::BoxedSpan;

/// Says where traces go (OpenTelemetry's own name).
const ENDPOINT: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

thread_local! {
    /// The ids of the span that is begun next: a call's first span has ids that follow from the call's.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Random ids, but for the first span of a call.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}

pub fn start() -> anyhow::Result<Option<Provider>> {
    if ENDPOINT.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder();
    let resource = match std::env::var("OTEL_SERVICE_NAME") {
        Ok(name) if !name.is_empty() => resource,
        _ => resource.with_service_name(NAME),
    };
    let resource = resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build();
    let provider =
        Provider::builder().with_batch_exporter(exporter).with_id_generator(Ids::default()).with_resource(resource).build();
    global::set_tracer_provider(provider.clone());
    IS_ON.store(true, std::sync::atomic::Ordering::Relaxed);
    Ok(Some(provider))
}

static IS_ON: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

pub fn stop(provider: &Provider) {
    if let Err(error) = provider.shutdown() {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

pub fn begin(call: CallId, step: Step) -> Option<Span> {
    if !IS_ON.load(std::sync::atomic::Ordering::Relaxed) {
        return None;
    }
    let (name, kind) = match step {
        Step::Accept => ("accept call", SpanKind::Server),
        Step::Dispatch => ("dispatch call", SpanKind::Client),
        Step::LookUp => ("look call up", SpanKind::Client),
        Step::Webhook => ("understand webhook", SpanKind::Consumer),
        Step::Notice => ("tell client", SpanKind::Producer),
    };
    let (trace, first) = ids(call);
    let tracer = global::tracer_provider().tracer(NAME);
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes([KeyValue::new("call_id", call.to_string())]);
    if step == Step::Accept {
        NEXT.set(Some((trace, first)));
        let span = tracer.build_with_context(builder, &Context::new());
        NEXT.set(None);
        return Some(span);
    }
    let parent = SpanContext::new(trace, first, TraceFlags::SAMPLED, true, TraceState::default());
    Some(tracer.build_with_context(builder, &Context::new().with_remote_span_context(parent)))
}

pub fn note(span: &mut Span, name: &'static str, value: &str) {
    span.set_attribute(KeyValue::new(name, value.to_owned()));
}

pub fn link(span: &mut Span, theirs: SpanContext) {
    span.add_link(theirs, Vec::new());
}

/// A call's trace, and the first span of it: the second half of a UUIDv7 is random.
fn ids(call: CallId) -> (TraceId, SpanId) {
    let bytes = call.as_uuid().into_bytes();
    let mut half = [0; 8];
    half.iter_mut().zip(bytes.iter().skip(8)).for_each(|(to, from)| *to = *from);
    (TraceId::from_bytes(bytes), SpanId::from_bytes(half))
}

/// `00-<trace>-<span>-<flags>` (W3C Trace Context, 3.2); anything else is nothing.
pub fn context(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    (fits && context.is_valid()).then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_or_left_alone() {
        let check = |text: &str, expected: bool| assert_eq!(context(text).is_some(), expected, "{text}");
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
        check("00-00000000000000000000000000000000-b7ad6b7169203331-01", false);
        check("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01", false);
        check("nonsense", false);
    }
}
