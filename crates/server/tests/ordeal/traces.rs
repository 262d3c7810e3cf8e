//! One trace for a call, whoever works on it: what the real program sends over OTLP.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::engine::{Engine, Manners, SECRET, Told, read};
use crate::process::Site;
use crate::receiver::Receiver;

/// A collector that keeps what it is sent.
async fn sink() -> (String, Arc<Mutex<Vec<Span>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its number"));
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                while let Some(request) = read(&mut stream).await {
                    assert_eq!(request.path, "/v1/traces");
                    let sent = ExportTraceServiceRequest::decode(request.body.as_slice()).expect("spans");
                    let scopes = sent.resource_spans.into_iter().flat_map(|of| of.scope_spans);
                    kept.lock().expect("no panic").extend(scopes.flat_map(|scope| scope.spans));
                    if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, spans)
}

/// What a call's requests carry: its trace, and the first span of it.
fn parent(call: &str) -> String {
    let trace = call.replace('-', "");
    format!("00-{trace}-{}-01", &trace[16..])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_tells_of_a_call_from_its_request_to_its_client() {
    let (collector, spans) = sink().await;
    let engine = Engine::start(|_| Manners { told: Told::ByWebhook, ..Manners::default() }).await;
    let receiver = Receiver::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let config = engine.config(&site.url(), "30s", "60s");
    site.configure(&format!("{config}[webhooks]\nallow_private = [\"127.0.0.0/8\"]\n"));
    engine.book.tell(site.api());
    let process = site.start().await;
    let (status, endpoint) = process.post("/v1/webhook-endpoints", &json!({"url": format!("{}/up", receiver.url)})).await;
    assert_eq!(status, 201, "{endpoint}");
    receiver.ear.knows(endpoint["secret"].as_str().expect("a secret"));
    let ids = [process.place("+996700000000", "akylai").await, process.place("+996700000001", "akylai").await];
    for id in &ids {
        process.when(id, |call| call["terminal"] == true).await;
    }
    let told = async {
        while receiver.ear.heard().len() < ids.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("the client is told");
    // What is left is sent when it stops.
    assert_eq!(process.stop().await, Some(0));

    let parents: BTreeSet<String> = ids.iter().map(|id| parent(id)).collect();
    assert_eq!(engine.book.parents().into_iter().collect::<BTreeSet<_>>(), parents, "what the engine was told");
    assert_eq!(receiver.ear.parents().into_iter().collect::<BTreeSet<_>>(), parents, "what the client was told");
    let spans = spans.lock().expect("no panic");
    for id in &ids {
        let trace = uuid::Uuid::parse_str(id).expect("an id").into_bytes().to_vec();
        let own: Vec<_> = spans.iter().filter(|span| span.trace_id == trace).collect();
        let names: BTreeSet<_> = own.iter().map(|span| span.name.as_str()).collect();
        for step in ["accept call", "dispatch", "webhook", "tell client"] {
            assert!(names.contains(step), "{step}: {names:?}");
        }
        let first = own.iter().find(|span| span.parent_span_id.is_empty()).expect("a first span");
        assert_eq!(first.name, "accept call");
        assert!(own.iter().all(|span| span.span_id == first.span_id || span.parent_span_id == first.span_id), "{own:?}");
    }
    let traces: BTreeSet<_> = spans.iter().map(|span| &span.trace_id).collect();
    assert_eq!(traces.len(), 2, "nothing but the calls");
    assert!(!format!("{spans:?}").contains("+99670"), "no number is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_share_of_the_calls_whole_traces_are_sent_and_of_the_others_nothing() {
    let (collector, spans) = sink().await;
    let engine = Engine::start(|_| Manners { told: Told::ByWebhook, ..Manners::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let site = site.with("OTEL_TRACES_SAMPLER", "traceidratio").with("OTEL_TRACES_SAMPLER_ARG", "0.5");
    site.configure(&engine.config(&site.url(), "30s", "60s"));
    engine.book.tell(site.api());
    let process = site.start().await;
    let mut ids = Vec::new();
    for n in 0..24 {
        ids.push(process.place(&format!("+9967000000{n:02}"), "akylai").await);
    }
    for id in &ids {
        process.when(id, |call| call["terminal"] == true).await;
    }
    assert_eq!(process.stop().await, Some(0));

    let spans = spans.lock().expect("no panic");
    let sent: BTreeSet<_> = spans.iter().map(|span| &span.trace_id).collect();
    // All or none by chance: once in eight million runs.
    assert!((1..ids.len()).contains(&sent.len()), "{} of {}", sent.len(), ids.len());
    for trace in sent {
        let names: Vec<_> = spans.iter().filter(|span| span.trace_id == *trace).map(|span| span.name.as_str()).collect();
        for step in ["accept call", "dispatch", "webhook"] {
            assert!(names.contains(&step), "{step}: {names:?}");
        }
    }
}
