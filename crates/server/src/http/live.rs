//! What live streams have in common: their places, their heartbeat, their headers, and an event on the wire.
//!
//! [`follow`] is the stream of one thing that is read again as it changes; the stream of all calls has a way of its own.

pub mod follow;

use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use bytes::Bytes;
use callgate_domain::model::Call;
use callgate_domain::ports::StoreError;
use callgate_domain::usecases::Calls;
use futures_util::Stream;

use super::error::{Code, Problem};
use super::view;

/// A comment this often keeps proxies from cutting the line, and shows us that somebody is still there.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends within five seconds of its key: what is known of a key may be four old.
pub const KEY_CHECK_EVERY: Duration = Duration::from_secs(1);
/// Streams that are open at once.
const MOST_STREAMS: usize = 4_096;
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A stream as the answer to a request.
pub fn answer(stream: impl Stream<Item = Result<Bytes, StoreError>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(stream)
}

/// The call as it is now, as one event: exactly what reading it shows.
pub fn event(calls: &Calls, id: impl Display, call: &Call) -> Bytes {
    let name = if call.state.is_terminal() { "call.completed" } else { "call.updated" };
    // JSON on one line: a line feed in a text is escaped there.
    let data = serde_json::to_string(&view::call(call, calls.can_be_canceled(call))).unwrap_or_default();
    Bytes::from(format!("id: {id}\nevent: {name}\ndata: {data}\n\n"))
}

/// Writes an event of text; every line of it is said to be data, whatever ends lines in what was said. Without text there is
/// no event.
pub fn push(into: &mut String, id: impl Display, name: &str, text: &str) {
    // A carriage return ends a line too.
    let mut lines = text.split(['\n', '\r']).filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_none() {
        return;
    }
    // Writing to a string cannot fail.
    let _written = writeln!(into, "id: {id}\nevent: {name}");
    for line in lines {
        let _written = writeln!(into, "data: {line}");
    }
    into.push('\n');
}

/// How many streams are open.
#[derive(Default)]
pub struct Streams(Arc<AtomicUsize>);

/// One open stream's place; given back when it is dropped.
pub struct Slot(Arc<AtomicUsize>, For);

/// Who reads a stream.
#[derive(Debug, Clone, Copy)]
pub enum For {
    Api,
    Console,
}

impl For {
    fn gauge(self) -> metrics::Gauge {
        let kind = match self {
            Self::Api => "api",
            Self::Console => "console",
        };
        metrics::gauge!("callgate_streams_open", "kind" => kind)
    }
}

impl Streams {
    /// A place for one more.
    ///
    /// # Errors
    /// 503 when there is none.
    pub fn open(&self, whom: For) -> Result<Slot, Problem> {
        let slot = Slot(Arc::clone(&self.0), whom);
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        whom.gauge().increment(1);
        if before < MOST_STREAMS { Ok(slot) } else { Err(crowded()) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        self.1.gauge().decrement(1);
    }
}

fn crowded() -> Problem {
    Problem::new(Code::Unavailable, "Too many streams are open. Try again in 5 seconds, or read the call with ?wait=30.")
        .retry_after(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut event = String::new();
        push(&mut event, 7, "part", text);
        assert_eq!(event, expected, "{text}");
    }

    #[test]
    fn every_line_of_an_event_is_data() {
        check(
            "<p>one\r\nid: 9\revent: end\n\ndata</p>",
            "id: 7\nevent: part\ndata: <p>one\ndata: id: 9\ndata: event: end\ndata: data</p>\n\n",
        );
    }

    #[test]
    fn nothing_is_no_event() {
        check("\n", "");
    }
}
