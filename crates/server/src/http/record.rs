//! One log record and one measurement for each request, at its end. Of a stream, when the stream ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use bytes::Bytes;
use callgate_domain::ports::Clock;
use tracing::Span;

/// What is written down of a request. Never its target: a query holds phone numbers, a path holds tokens.
pub struct Record {
    /// Tells how long it took.
    pub clock: Arc<dyn Clock>,
    /// From a closed list.
    pub method: &'static str,
    /// The template of the path.
    pub route: &'static str,
    /// The answer's.
    pub status: StatusCode,
    /// The problem's, where it was one.
    pub code: Option<&'static str>,
    /// When it came.
    pub started: Duration,
    /// Carries its id.
    pub span: Span,
}

impl Record {
    /// Writes it, with the length of the answer's body.
    pub fn write(self, bytes: u64) {
        let took = self.clock.monotonic().saturating_sub(self.started);
        let status = self.status.as_u16();
        let _in_request = self.span.enter();
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let (method, route, code) = (self.method, self.route, self.code);
        if self.status.is_server_error() {
            tracing::error!(method, route, status, code, took_ms, bytes, "request");
        } else {
            tracing::info!(method, route, status, code, took_ms, bytes, "request");
        }
        metrics::histogram!(
            "http_server_request_duration_seconds",
            "http_request_method" => method,
            "http_route" => route,
            "http_response_status_code" => label(self.status)
        )
        .record(took);
    }
}

fn label(status: StatusCode) -> metrics::SharedString {
    match status {
        StatusCode::OK => "200".into(),
        StatusCode::CREATED => "201".into(),
        StatusCode::NOT_MODIFIED => "304".into(),
        other => other.as_str().to_owned().into(),
    }
}

/// A streamed body that writes its record when it is over, however that comes about.
pub struct Recorded {
    body: BoxBody,
    bytes: u64,
    record: Option<Record>,
}

impl Recorded {
    /// `body`, recorded.
    pub fn new(body: BoxBody, record: Record) -> Self {
        Self { body, bytes: 0, record: Some(record) }
    }
}

impl MessageBody for Recorded {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let piece = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &piece {
            self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        }
        piece
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            record.write(self.bytes);
        }
    }
}
