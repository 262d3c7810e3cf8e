//! `GET /v1/calls/{call_id}/events`: a call as it is now, sent again whenever it has changed (server-sent events).
//!
//! The stream reads the store each time, so nothing is lost between hints, and a change made by another process arrives
//! with the next look. It holds one call's revision and nothing else.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::{Call, CallId, Revision};
use callgate_domain::ports::{Reader, StoreError};

use super::id_of;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::follow::{Followed, LOOK_EVERY, News, follow};
use crate::http::live::{self, For};
use crate::http::query::{NOTHING, Query};

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
    follow(http, caller, moves, For::Api, Follow { id, reader, first: Some(call), seen })
}

/// What a reader has of a call.
struct Follow {
    id: CallId,
    reader: Reader,
    /// As it was read before the stream began.
    first: Option<Call>,
    seen: Option<Revision>,
}

impl Followed for Follow {
    async fn news(&mut self, http: &Http) -> Result<News, StoreError> {
        let call = match self.first.take() {
            Some(call) => call,
            None => http.gateway.calls.get(self.id, &self.reader).await?,
        };
        let is_new = self.seen != Some(call.revision);
        self.seen = Some(call.revision);
        Ok(News {
            event: is_new.then(|| live::event(&http.gateway.calls, call.revision.0, &call)),
            is_last: call.state.is_terminal(),
            look_in: LOOK_EVERY,
        })
    }

    fn is_moved_by(&self, call: CallId, to: Revision) -> bool {
        call == self.id && self.seen != Some(to)
    }
}
