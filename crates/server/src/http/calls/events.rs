//! `GET /v1/calls/{call_id}/events`: a call as it is now, sent again whenever it has changed (server-sent events).
//!
//! The stream reads the store each time, so nothing is lost between hints, and a change made by another process arrives
//! with the next look. It holds one call's revision and nothing else.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::model::{Call, CallId, Revision};
use callgate_domain::ports::{Reader, StoreError};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::time::{Instant, timeout_at};

use super::follow::moved;
use super::id_of;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::{self, HEARTBEAT, KEY_CHECK_EVERY, Slot};
use crate::http::query::{NOTHING, Query};

/// Looking is the guarantee: another process may have moved the call.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Follow a call.
///
/// Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may be skipped. The
/// last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the call's revision:
/// with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is answered with 204.
#[utoipa::path(
    operation_id = "streamCall",
    tag = "Calls",
    params(
        ("call_id" = String, Path, description = "What creating the call returned.", format = Uuid),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen."),
    ),
    responses(
        (status = 200, description = "Events, until the call is over.", body = String, content_type = "text/event-stream",
            example = "id: 1\nevent: call.updated\ndata: {\"call_id\":\"019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d\",\"status\":\"queued\"}\n\n"),
        (status = 204, description = "The last event was seen already."),
        (status = 404, description = "No such call."),
    ),
)]
#[get("/v1/calls/{call_id}/events")]
pub async fn stream_call(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    // Registered before reading, so that no change falls between.
    let moves = http.gateway.hub.moves();
    let reader = caller.reader();
    let call = http.gateway.calls.get(id, &reader).await?;
    let last = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok()).map(Revision);
    let seen = last.filter(|last| *last == call.revision);
    if seen.is_some() && call.state.is_terminal() {
        return Ok(HttpResponse::NoContent().finish());
    }
    let slot = http.streams.open()?;
    let follow = Follow {
        http,
        caller,
        id,
        reader,
        moves,
        look: Instant::now() + LOOK_EVERY,
        first: Some(call),
        seen,
        heartbeat: Instant::now() + HEARTBEAT,
        over: false,
        _slot: slot,
    };
    Ok(live::answer(stream::unfold(follow, |mut follow| async move { Some((follow.next().await?, follow)) })))
}

/// One open stream.
struct Follow {
    http: Data<Http>,
    /// Whoever follows; when its key is over, so is the stream.
    caller: Caller,
    id: CallId,
    reader: Reader,
    moves: Receiver<(CallId, Revision)>,
    /// As it was read before the stream began.
    first: Option<Call>,
    seen: Option<Revision>,
    /// When it is read at the latest.
    look: Instant,
    heartbeat: Instant,
    over: bool,
    _slot: Slot,
}

impl Follow {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        if self.over {
            return None;
        }
        loop {
            let call = match self.first.take() {
                Some(call) => call,
                // While the store cannot be used the stream stays open: the next look may find it again.
                None => match self.http.gateway.calls.get(self.id, &self.reader).await {
                    Ok(call) => call,
                    Err(StoreError::Unavailable(_)) if self.heartbeat > Instant::now() => {
                        self.wait().await?;
                        continue;
                    }
                    Err(error) => return Some(Err(error)),
                },
            };
            if self.seen != Some(call.revision) {
                return Some(Ok(self.event(&call)));
            }
            if self.heartbeat <= Instant::now() {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(Bytes::from_static(b": still here\n\n")));
            }
            self.wait().await?;
        }
    }

    /// Until there may be something to send; `None` when the process is to stop, or the key is over.
    async fn wait(&mut self) -> Option<()> {
        let known = self.seen.unwrap_or(Revision(0));
        loop {
            let until = self.heartbeat.min(self.look).min(Instant::now() + KEY_CHECK_EVERY);
            let is_hinted = tokio::select! {
                () = self.http.gateway.stopping.cancelled() => return None,
                hinted = timeout_at(until, moved(&mut self.moves, self.id, known)) => hinted.is_ok(),
            };
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

    fn event(&mut self, call: &Call) -> Bytes {
        self.seen = Some(call.revision);
        self.over = call.state.is_terminal();
        self.heartbeat = Instant::now() + HEARTBEAT;
        live::event(&self.http.gateway.calls, call.revision.0, call)
    }
}
