//! One log record and one measurement for each request, at its end. Of a stream, when the stream ends.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use bytes::Bytes;
use callgate_domain::ports::Clock;
use metrics::Histogram;

use super::connection::Serving;

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
    /// Its id.
    pub request_id: Arc<str>,
    /// Until it is written, the request is served.
    pub serving: Option<Serving>,
}

impl Record {
    /// Writes it, with the length of the answer's body.
    pub fn write(self, bytes: u64) {
        let took = self.clock.monotonic().saturating_sub(self.started);
        let status = self.status.as_u16();
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let (request_id, method, route, code) = (&*self.request_id, self.method, self.route, self.code);
        // Outside of the request's span, which carries the id for all the others.
        if self.status.is_server_error() {
            tracing::error!(parent: None, request_id, method, route, status, code, took_ms, bytes, "request");
        } else {
            tracing::info!(parent: None, request_id, method, route, status, code, took_ms, bytes, "request");
        }
        measure(method, route, status, took);
        drop(self.serving);
    }
}

thread_local! {
    /// Each thread finds a measurement by its labels once: they come from closed lists, so there are few.
    static MEASURED: RefCell<HashMap<(&'static str, &'static str, u16), Histogram>> = RefCell::default();
}

fn measure(method: &'static str, route: &'static str, status: u16, took: Duration) {
    MEASURED.with_borrow_mut(|measured| {
        let found = measured.entry((method, route, status)).or_insert_with(|| {
            metrics::histogram!(
                "http_server_request_duration_seconds",
                "http_request_method" => method,
                "http_route" => route,
                "http_response_status_code" => status.to_string()
            )
        });
        found.record(took);
    });
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
