//! `GET /v1/calls/{call_id}`: the call as it is, at once or when it has changed.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::{Call, CallId};
use callgate_domain::ports::Reader;
use tokio::time::{Instant, timeout_at};

use super::{answer, id_of};
use crate::http::auth::{self, Caller};
use crate::http::error::Problem;
use crate::http::live::follow::hint;
use crate::http::query::{Known, Query};
use crate::http::view::CallView;
use crate::http::{Http, headers};

const QUERY: Known = Known { now: &["wait"], later: &[] };
/// The longest `?wait=`, in seconds.
const LONGEST_WAIT_S: u32 = 60;
/// Looking is the guarantee: another process may have moved the call.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Read a call.
///
/// With `If-None-Match` an unchanged call is answered with 304. With `wait` the answer is held until the call changes or
/// is over; with both, until it differs from what the client has.
#[utoipa::path(
    operation_id = "getCall",
    tag = "Calls",
    params(
        ("call_id" = String, Path, description = "What creating the call returned.", format = Uuid),
        ("wait" = Option<u32>, Query, description = "Hold the answer for up to so many seconds, until the call changes or is over.", minimum = 0, maximum = 60),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what the client has."),
    ),
    responses(
        (status = 200, description = "The call as it is now.", body = CallView<'static>, headers(("ETag" = String, description = "Made from the revision."))),
        (status = 304, description = "The client has it already.", headers(("ETag" = String, description = "Made from the revision."))),
        (status = 404, description = "No such call."),
    ),
)]
#[get("/v1/calls/{call_id}")]
pub async fn get_call(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    let wait = Query::of(&request, &QUERY)?.number("wait", 0, LONGEST_WAIT_S)?.unwrap_or(0);
    let call = if wait == 0 {
        http.gateway.calls.get(id, &caller.reader()).await?
    } else {
        let call = changed(&http, id, &caller.reader(), &request, Duration::from_secs(wait.into())).await?;
        // Meanwhile the key may have been revoked.
        if !http.auth.is_still_good(&caller).await {
            return Err(auth::over());
        }
        call
    };
    let etag = headers::etag(call.revision.0);
    if headers::has_already(request.headers(), &etag) == Some(true) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    Ok(answer(&http, StatusCode::OK, &call))
}

/// The call once it differs from what the client has (from what it is now, where the client does not say), once it is
/// over, or as it is when `wait` has passed or the process is to stop.
async fn changed(http: &Http, id: CallId, reader: &Reader, request: &HttpRequest, wait: Duration) -> Result<Call, Problem> {
    let gateway = &http.gateway;
    let deadline = Instant::now() + wait;
    // Registered before reading, so that no change falls between.
    let mut moves = gateway.hub.moves();
    let first = gateway.calls.get(id, reader).await?;
    let differs = headers::has_already(request.headers(), &headers::etag(first.revision.0)) == Some(false);
    let mut call = first;
    let revision = call.revision;
    while !differs && call.revision == revision && !call.state.is_terminal() {
        let until = deadline.min(Instant::now() + LOOK_EVERY);
        tokio::select! {
            () = gateway.stopping.cancelled() => break,
            _hint_or_time = timeout_at(until, hint(&mut moves, |moved, to| moved == id && to != revision)) => {}
        }
        call = gateway.calls.get(id, reader).await?;
        if Instant::now() >= deadline {
            break;
        }
    }
    Ok(call)
}
