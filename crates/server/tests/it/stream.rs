//! A stream of server-sent events, taken apart.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use crate::harness::Server;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub call: Value,
}

/// A stream, and what of it has not been taken apart yet.
pub struct Stream {
    response: Response,
    held: Vec<u8>,
    /// The newest id, with an event or alone.
    pub last: Option<String>,
    /// What was said beside events.
    pub comments: Vec<String>,
}

impl Stream {
    pub async fn open(server: &Server, path: &str, key: &str, last: Option<&str>) -> Self {
        let mut request = server.bare(reqwest::Method::GET, path).bearer_auth(key).timeout(Duration::from_secs(120));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
        Self { response, held: Vec::new(), last: None, comments: Vec::new() }
    }

    /// The next event; `None` at the end of the stream, however it came about.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.block().await? {
                return Some(event);
            }
        }
    }

    /// The next block, and the event in it, if it holds one.
    pub async fn block(&mut self) -> Option<Option<Event>> {
        loop {
            if let Some(end) = self.held.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.held.drain(..end + 2).collect();
                return Some(self.take(std::str::from_utf8(&block).expect("text").trim_end()));
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("it goes on");
            self.held.extend_from_slice(&piece.ok().flatten()?);
        }
    }

    fn take(&mut self, block: &str) -> Option<Event> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let id = field("id: ");
        self.last = id.clone().or(self.last.take());
        if let Some(comment) = field(": ") {
            self.comments.push(comment);
            assert!(block.lines().count() <= 2, "{block}");
            return None;
        }
        assert_eq!(block.lines().count(), 3, "{block}");
        let call = serde_json::from_str(&field("data: ").expect("data")).expect("JSON");
        Some(Event { id: id.expect("an id"), name: field("event: ").expect("a name"), call })
    }

    pub async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Events up to the first of which this holds.
    pub async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await.expect("it goes on");
            let is_wanted = wanted(&event);
            events.push(event);
            if is_wanted {
                return events;
            }
        }
    }
}
