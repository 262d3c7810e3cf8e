//! Following a call to its end: on its stream, and by asking where the stream breaks or does not come through.

use std::time::Duration;

use callgate_domain::model::Status;
use reqwest::{Response, StatusCode};

use super::body::Body;
use super::client::{Answer, Client};
use super::stream::Events;
use crate::failure::{Exit, Failure};

/// A stream is silent for this long only when it is dead: the server sends a heartbeat every 15 seconds.
const SILENCE: Duration = Duration::from_secs(50);
/// Between two breaks, times the number of breaks.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So many breaks in a row, with nothing heard between, are no accident.
const MOST_BREAKS: u32 = 16;
/// After so many streams that brought nothing, none comes through here, and asking has to do.
const NO_STREAM: u32 = 3;

/// The following of one call.
pub struct Following<'a> {
    client: &'a Client,
    id: &'a str,
    /// It is known to exist, so that a server that is away will be back.
    is_known: bool,
    /// The id of the last event.
    last: Option<String>,
    /// The newest that was seen.
    revision: Option<i64>,
    /// Failures since something was heard.
    breaks: u32,
    /// Streams in a row that were opened and brought nothing.
    silent: u32,
}

impl<'a> Following<'a> {
    /// Nothing seen yet. `is_known` says that this call was just placed.
    pub fn new(client: &'a Client, id: &'a str, is_known: bool) -> Self {
        Self { client, id, is_known, last: None, revision: None, breaks: 0, silent: 0 }
    }

    /// Hands on the call whenever it has changed, and returns it when it is over.
    ///
    /// # Errors
    /// The server's refusal, or that it cannot be reached any more.
    pub async fn until_over(mut self, mut each: impl FnMut(&Answer)) -> Result<Answer, Failure> {
        loop {
            if self.silent < NO_STREAM
                && let Some(ended) = self.stream(&mut each).await?
            {
                return Ok(ended);
            }
            // What was missed, and what may have ended meanwhile, is read by asking.
            if let Some(ended) = self.ask(&mut each).await? {
                return Ok(ended);
            }
            tokio::time::sleep((PAUSE * self.breaks.saturating_add(self.silent).max(1)).min(LONGEST_PAUSE)).await;
        }
    }

    async fn stream(&mut self, each: &mut impl FnMut(&Answer)) -> Result<Option<Answer>, Failure> {
        let path = format!("/v1/calls/{}/events", self.id);
        match self.client.stream(&path, self.last.as_deref()).await {
            // Its last event was seen already.
            Ok(response) if response.status() == StatusCode::NO_CONTENT => Ok(None),
            Ok(response) => {
                self.silent = self.silent.saturating_add(1);
                Ok(self.read(response, each).await)
            }
            Err(failure) => self.bear(failure).map(|()| None),
        }
    }

    /// Reads events until the last one, or until the stream breaks.
    async fn read(&mut self, mut response: Response, each: &mut impl FnMut(&Answer)) -> Option<Answer> {
        let mut events = Events::default();
        while let Ok(Ok(Some(chunk))) = tokio::time::timeout(SILENCE, response.chunk()).await {
            events.push(&chunk).ok()?;
            for event in events.by_ref() {
                let call = Answer::of(event.data);
                if call.body.is_null() {
                    continue;
                }
                self.last = event.id.or_else(|| self.last.take());
                (self.breaks, self.silent) = (0, 0);
                if let Some(ended) = self.hand_on(call, each) {
                    return Some(ended);
                }
            }
        }
        None
    }

    async fn ask(&mut self, each: &mut impl FnMut(&Answer)) -> Result<Option<Answer>, Failure> {
        let path = format!("/v1/calls/{}", self.id);
        let asked = if self.silent < NO_STREAM { self.client.get(&path).await } else { self.client.get_held(&path).await };
        match asked {
            Ok(call) => {
                self.breaks = 0;
                Ok(self.hand_on(call, each))
            }
            Err(failure) => self.bear(failure).map(|()| None),
        }
    }

    /// A call that has changed is handed on; one that is over is returned.
    fn hand_on(&mut self, call: Answer, each: &mut impl FnMut(&Answer)) -> Option<Answer> {
        self.is_known = true;
        let revision = call.body.number("revision");
        if revision.is_none() || revision > self.revision {
            self.revision = revision;
            each(&call);
        }
        call.body.is("terminal").then_some(call)
    }

    /// A server that is away, or about to stop, will be back; not for ever, and not where it was never there.
    fn bear(&mut self, failure: Failure) -> Result<(), Failure> {
        let is_away = matches!(failure.exit, Exit::Unreachable | Exit::TimeRanOut | Exit::Other);
        self.breaks = self.breaks.saturating_add(1);
        if is_away && self.is_known && self.breaks < MOST_BREAKS { Ok(()) } else { Err(failure.id("call", self.id)) }
    }
}

/// The exit code of a call that is over.
#[must_use]
pub fn exit_of(call: &Answer) -> Exit {
    match call.body.text("status").and_then(|word| word.parse().ok()) {
        Some(Status::Completed) => Exit::Done,
        Some(Status::NoAnswer) => Exit::NoAnswer,
        Some(Status::Busy) => Exit::Busy,
        Some(Status::Failed) => Exit::Failed,
        Some(Status::Canceled) => Exit::Canceled,
        Some(Status::Expired) => Exit::Expired,
        Some(Status::Blocked) => Exit::Blocked,
        _ => Exit::Other,
    }
}
