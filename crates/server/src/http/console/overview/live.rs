//! `GET /console/live`: the parts of Overview that have changed, rendered, as server-sent events.
//!
//! An event holds elements with ids; the script puts each in the place of the one with its id. Its own id says what the whole
//! page was like then, so that a stream that goes on where another broke off sends nothing that is known. All streams share
//! what is rendered, once a second at most.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::StoreError;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, timeout_at};
use url::form_urlencoded;

use super::parts::{Part, Parts, RENDERED_FOR};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::{self, HEARTBEAT, KEY_CHECK_EVERY, Slot};

/// Looking is the guarantee: what changes without a call is told by nobody.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Streams what changes.
#[get("/console/live")]
pub async fn stream_parts(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let moves = http.gateway.hub.moves();
    let header = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(ToOwned::to_owned);
    // The page itself says what it shows.
    let seen = header.or_else(|| {
        let mut query = form_urlencoded::parse(request.query_string().as_bytes());
        query.find(|(name, _)| name == "after").map(|(_, seen)| seen.into_owned())
    });
    let slot = http.streams.open()?;
    let now = Instant::now();
    let follow =
        Follow { http, caller, moves, known: None, seen, look: now + LOOK_EVERY, heartbeat: now + HEARTBEAT, _slot: slot };
    Ok(live::answer(stream::unfold(follow, |mut follow| async move { Some((follow.next().await?, follow)) })))
}

/// One open stream.
struct Follow {
    http: Data<Http>,
    /// Whoever follows; when its session is over, so is the stream.
    caller: Caller,
    moves: Receiver<(CallId, Revision)>,
    /// What was sent last, or is known to be there.
    known: Option<Arc<Parts>>,
    /// What the reader had when it came.
    seen: Option<String>,
    look: Instant,
    heartbeat: Instant,
    _slot: Slot,
}

impl Follow {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        loop {
            // While the store cannot be used the stream stays open: the next look may find it again.
            if let Ok(parts) = self.http.overview.now(&self.http).await
                && let Some(event) = self.news(parts)
            {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(event));
            }
            if self.heartbeat <= Instant::now() {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(Bytes::from_static(b": still here\n\n")));
            }
            self.wait().await?;
        }
    }

    fn news(&mut self, parts: Arc<Parts>) -> Option<Bytes> {
        let had = self.seen.take().is_some_and(|seen| seen == parts.mark);
        let event = match &self.known {
            None if had => None,
            None => event(&parts.mark, parts.all.iter()),
            Some(known) => {
                let is_new = |(part, known): &(&Part, &Part)| part.still != known.still;
                event(&parts.mark, parts.all.iter().zip(&known.all).filter(is_new).map(|(part, _)| part))
            }
        };
        self.known = Some(parts);
        event
    }

    /// Until there may be something to send; `None` when the process is to stop, or the session is over.
    async fn wait(&mut self) -> Option<()> {
        loop {
            let until = self.heartbeat.min(self.look).min(Instant::now() + KEY_CHECK_EVERY);
            let is_hinted = tokio::select! {
                () = self.http.gateway.stopping.cancelled() => return None,
                hint = timeout_at(until, self.moves.recv()) => match hint {
                    Ok(Err(RecvError::Closed)) => return None,
                    Ok(Ok(_) | Err(RecvError::Lagged(_))) => true,
                    Err(_elapsed) => false,
                },
            };
            if is_hinted {
                // What is rendered is shared for so long, and holds all that comes meanwhile.
                sleep(RENDERED_FOR).await;
                self.moves = self.moves.resubscribe();
            }
            if !self.http.auth.is_still_good(&self.caller).await {
                return None;
            }
            let now = Instant::now();
            if is_hinted || now >= self.look || now >= self.heartbeat {
                self.look = now + LOOK_EVERY;
                return Some(());
            }
        }
    }
}

/// Parts as one event; `None` where there are none.
fn event<'a>(mark: &str, parts: impl Iterator<Item = &'a Part>) -> Option<Bytes> {
    let mut text = format!("id: {mark}\nevent: part\n");
    let head = text.len();
    // A carriage return ends a line too: what somebody said must not become a line of its own.
    for line in parts.flat_map(|part| part.still.split(['\n', '\r'])).filter(|line| !line.is_empty()) {
        // Writing to a string cannot fail.
        let _written = writeln!(text, "data: {line}");
    }
    (text.len() > head).then(|| {
        text.push('\n');
        Bytes::from(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_part_stands_behind_data() {
        let part = |still: &str| Part { id: "x", shown: String::new(), still: still.to_owned() };
        let parts = [part("<p id=\"a\">\r\none\n\n</p>"), part("<b>\revent: end</b>")];
        let expected = "id: m\nevent: part\ndata: <p id=\"a\">\ndata: one\ndata: </p>\ndata: <b>\ndata: event: end</b>\n\n";
        assert_eq!(event("m", parts.iter()).as_deref(), Some(expected.as_bytes()));
        assert_eq!(event("m", [].iter()), None);
    }
}
