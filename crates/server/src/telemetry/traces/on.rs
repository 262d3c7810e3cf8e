//! The same, with OpenTelemetry.

use std::cell::Cell;
use std::sync::OnceLock;

use callgate_domain::model::{Call, CallId, CallState, Revision, Source};
use callgate_domain::ports::Cause;
use opentelemetry::trace::{
    Link, SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer, SdkTracerProvider};

use super::Request;
use crate::NAME;

pub type Provider = SdkTracerProvider;
/// Ends when it is dropped.
pub type Span = <SdkTracer as Tracer>::Span;

/// OpenTelemetry's own names of where traces go.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

thread_local! {
    /// The ids of the span that is begun next, where they are not random.
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
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !ENDPOINTS.into_iter().any(is_set) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = if is_set("OTEL_SERVICE_NAME") { resource } else { resource.with_service_name(NAME) };
    let provider = Provider::builder().with_batch_exporter(exporter).with_id_generator(Ids::default());
    let provider = provider.with_resource(resource.build()).build();
    let _first = TRACER.set(provider.tracer(NAME));
    Ok(Some(provider))
}

pub fn stop(provider: &Provider) {
    if let Err(error) = provider.shutdown() {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

pub fn moved(call: &Call, from: CallState, cause: Cause) {
    let Some(tracer) = TRACER.get() else { return };
    let is_first = call.revision == Revision(1);
    if !is_first && from == call.state {
        return;
    }
    let (name, kind) = match cause.source {
        _ if is_first => ("accept call", SpanKind::Internal),
        Some(Source::Webhook) => ("webhook", SpanKind::Consumer),
        Some(Source::LookUp) => ("look up", SpanKind::Client),
        None => ("call state", SpanKind::Internal),
    };
    let connection = call.connection.as_ref().map(|id| KeyValue::new("connection", id.to_string()));
    let attributes = [
        KeyValue::new("call_id", call.id.to_string()),
        KeyValue::new("agent", call.agent.to_string()),
        KeyValue::new("from", from.as_str()),
        KeyValue::new("to", call.state.as_str()),
        KeyValue::new("by", cause.by.as_str()),
    ];
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes.into_iter().chain(connection));
    if is_first {
        NEXT.set(Some(ids(call.id)));
        drop(tracer.build_with_context(builder, &Context::new()));
        NEXT.set(None);
    } else {
        drop(tracer.build_with_context(builder, &within(call.id)));
    }
}

pub fn asked(call: CallId, traceparent: Option<&str>) {
    let (Some(tracer), Some(theirs)) = (TRACER.get(), traceparent.and_then(read)) else { return };
    let builder = SpanBuilder::from_name("POST /v1/calls")
        .with_kind(SpanKind::Server)
        .with_attributes([KeyValue::new("call_id", call.to_string())])
        .with_links(vec![Link::with_context(first(call))]);
    drop(tracer.build_with_context(builder, &Context::new().with_remote_span_context(theirs)));
}

pub fn begin(call: CallId, request: Request) -> Option<Span> {
    let (name, kind) = match request {
        Request::Dispatch => ("dispatch", SpanKind::Client),
        Request::Notice => ("tell client", SpanKind::Producer),
    };
    let attributes = [KeyValue::new("call_id", call.to_string())];
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
    Some(TRACER.get()?.build_with_context(builder, &within(call)))
}

/// Below the first span of a call.
fn within(call: CallId) -> Context {
    Context::new().with_remote_span_context(first(call))
}

fn first(call: CallId) -> SpanContext {
    let (trace, span) = ids(call);
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default())
}

/// A call's trace, and its first span: the second half of a UUIDv7 is random.
fn ids(call: CallId) -> (TraceId, SpanId) {
    let bytes = call.as_uuid().into_bytes();
    let mut half = [0; 8];
    half.iter_mut().zip(bytes.iter().skip(8)).for_each(|(to, from)| *to = *from);
    (TraceId::from_bytes(bytes), SpanId::from_bytes(half))
}

/// `00-<trace>-<span>-<flags>` (W3C Trace Context, 3.2); anything else is nothing.
fn read(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !(is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2)) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default())).filter(SpanContext::is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_or_left_alone() {
        let check = |text: &str, expected: bool| assert_eq!(read(text).is_some(), expected, "{text}");
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true);
        check("00-00000000000000000000000000000000-b7ad6b7169203331-01", false);
        check("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01", false);
        check("nonsense", false);
    }
}
