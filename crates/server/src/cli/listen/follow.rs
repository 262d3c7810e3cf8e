//! Following all calls for as long as somebody listens: over a line that breaks and a gateway that comes back.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Response;

use crate::cli::client::{Answer, Client};
use crate::cli::out::Out;
use crate::cli::stream::Events;
use crate::failure::{Exit, Failure};

const PATH: &str = "/v1/events";
/// A stream is silent for this long only when it is dead: the server sends a heartbeat every 15 seconds.
const SILENCE: Duration = Duration::from_secs(50);
/// Before it is opened again; twice as long each time that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A stream of all calls that is opened again when it breaks.
pub struct Following<'a> {
    client: &'a Client,
    out: &'a Out,
    response: Response,
    events: Events,
    /// The newest id of streams before this one.
    last: Option<String>,
    ready: VecDeque<Answer>,
}

impl<'a> Following<'a> {
    /// Opens the stream.
    ///
    /// # Errors
    /// What the server refuses, or that it cannot be reached.
    pub async fn begin(client: &'a Client, out: &'a Out) -> Result<Self, Failure> {
        let response = client.stream(PATH, None).await?;
        Ok(Self { client, out, response, events: Events::default(), last: None, ready: VecDeque::new() })
    }

    /// The next call that has changed, as it is now.
    ///
    /// # Errors
    /// The server refuses to go on: the key is no longer good.
    pub async fn next(&mut self) -> Result<Answer, Failure> {
        loop {
            if let Some(call) = self.ready.pop_front() {
                return Ok(call);
            }
            match tokio::time::timeout(SILENCE, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) if self.events.push(&chunk).is_ok() => {
                    let calls = self.events.by_ref().map(|event| Answer::of(event.data)).filter(|call| !call.body.is_null());
                    self.ready.extend(calls);
                }
                _ => self.open_again().await?,
            }
        }
    }

    async fn open_again(&mut self) -> Result<(), Failure> {
        self.last = self.events.newest_id().map(str::to_owned).or_else(|| self.last.take());
        let mut pause = FIRST_PAUSE;
        let mut is_told = false;
        loop {
            tokio::time::sleep(pause).await;
            match self.client.stream(PATH, self.last.as_deref()).await {
                Ok(response) => {
                    (self.response, self.events) = (response, Events::default());
                    if is_told {
                        self.out.note("The gateway is back; nothing was missed.");
                    }
                    return Ok(());
                }
                Err(failure) if !is_away(&failure) => return Err(failure),
                Err(failure) => {
                    if !is_told {
                        self.out.note(&format!("The stream broke off: {failure}. Trying again until it is back."));
                        is_told = true;
                    }
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

fn is_away(failure: &Failure) -> bool {
    matches!(failure.exit, Exit::Unreachable | Exit::TimeRanOut | Exit::Other)
}
