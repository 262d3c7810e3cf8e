//! The same, with OpenTelemetry.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

use callgate_domain::model::{Call, CallId, CallState, Revision, Source};
use callgate_domain::ports::Cause;
use opentelemetry::trace::{
    Link, SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer, SdkTracerProvider};

use super::sampler::Sampler;
use super::{Request, parent};
use crate::NAME;

pub type Provider = SdkTracerProvider;
/// Ends when it is dropped.
pub type Span = <SdkTracer as Tracer>::Span;

/// OpenTelemetry's own names of where traces go.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The last traces are sent within this. A supervisor waits for the stop of the whole process.
const LAST_WITHIN: Duration = Duration::from_secs(2);

static TRACING: OnceLock<Tracing> = OnceLock::new();

struct Tracing {
    tracer: SdkTracer,
    sampler: Sampler,
}

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
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let sampler = Sampler::of(variable("OTEL_TRACES_SAMPLER").as_deref(), variable("OTEL_TRACES_SAMPLER_ARG").as_deref());
    let provider = Provider::builder().with_batch_exporter(exporter).with_id_generator(Ids::default()).with_sampler(sampler);
    let provider = provider.with_resource(resource.build()).build();
    let _first = TRACING.set(Tracing { tracer: provider.tracer(NAME), sampler });
    Ok(Some(provider))
}

pub fn stop(provider: &Provider) {
    if let Err(error) = provider.shutdown_with_timeout(LAST_WITHIN) {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

pub fn moved(call: &Call, from: CallState, cause: Cause) {
    let Some(Tracing { tracer, sampler }) = TRACING.get() else { return };
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
        drop(tracer.build_with_context(builder, &within(call.id, *sampler)));
    }
}

pub fn asked(call: CallId, traceparent: Option<&str>) {
    let (Some(tracing), Some(theirs)) = (TRACING.get(), traceparent.and_then(parent::read)) else { return };
    let builder = SpanBuilder::from_name("POST /v1/calls")
        .with_kind(SpanKind::Server)
        .with_attributes([KeyValue::new("call_id", call.to_string())])
        .with_links(vec![Link::with_context(first(call, tracing.sampler))]);
    drop(tracing.tracer.build_with_context(builder, &Context::new().with_remote_span_context(theirs)));
}

pub fn begin(call: CallId, request: Request) -> Option<Span> {
    let (name, kind) = match request {
        Request::Dispatch => ("dispatch", SpanKind::Client),
        Request::Notice => ("tell client", SpanKind::Producer),
    };
    let attributes = [KeyValue::new("call_id", call.to_string())];
    let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
    let Tracing { tracer, sampler } = TRACING.get()?;
    Some(tracer.build_with_context(builder, &within(call, *sampler)))
}

pub fn traceparent(call: CallId) -> Option<String> {
    Some(parent::write(&first(call, TRACING.get()?.sampler)))
}

/// Below the first span of a call.
fn within(call: CallId, sampler: Sampler) -> Context {
    Context::new().with_remote_span_context(first(call, sampler))
}

/// It is sent or not by the same rule as all that hang on it: none is left without it.
fn first(call: CallId, sampler: Sampler) -> SpanContext {
    let (trace, span) = ids(call);
    let flags = TraceFlags::default().with_sampled(sampler.takes(trace));
    SpanContext::new(trace, span, flags, true, TraceState::default())
}

/// A call's trace, and its first span: the second half of a UUIDv7 is random.
fn ids(call: CallId) -> (TraceId, SpanId) {
    let bytes = call.as_uuid().into_bytes();
    let mut half = [0; 8];
    half.iter_mut().zip(bytes.iter().skip(8)).for_each(|(to, from)| *to = *from);
    (TraceId::from_bytes(bytes), SpanId::from_bytes(half))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use opentelemetry_otlp::WithExportConfig;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "how long a stop really takes")]
    fn a_collector_that_says_nothing_holds_up_no_stop() {
        callgate_adapters::providers::install_crypto();
        // Whoever connects here waits in its queue for ever.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1/traces", silent.local_addr().unwrap());
        let exporter = SpanExporter::builder().with_http().with_endpoint(address).build().unwrap();
        let provider = Provider::builder().with_batch_exporter(exporter).build();
        drop(provider.tracer(NAME).build_with_context(SpanBuilder::from_name("last"), &Context::new()));
        let began = Instant::now();
        stop(&provider);
        drop(provider);
        // A stop that nobody bounds takes five.
        assert!((LAST_WITHIN..Duration::from_millis(4_900)).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[test]
    fn a_first_span_is_sent_by_the_rule_of_those_below_it() {
        let call = CallId::new(jiff::Timestamp::UNIX_EPOCH, [7; 10]);
        for (argument, is_sent) in [("1", true), ("0", false)] {
            let sampler = Sampler::of(Some("parentbased_traceidratio"), Some(argument));
            let first = first(call, sampler);
            assert!(first.is_valid() && first.is_sampled() == is_sent, "{argument}: {first:?}");
            assert_eq!(sampler.takes(first.trace_id()), is_sent);
        }
    }
}
