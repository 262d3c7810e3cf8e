//! `/v1/calls`: one file for each thing that can be asked for.

pub mod cancel;
pub mod content;
pub mod create;
pub mod events;
pub mod list;
pub mod read;
pub mod recording;
pub mod timeline;

pub mod wish;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use callgate_domain::model::{Call, CallId};
use serde::Serialize;

use super::error::Problem;
use super::{Http, headers, view};

/// The call that the path names.
///
/// # Errors
/// 404 for anything that is no UUID as we write it.
pub(super) fn id_of(request: &HttpRequest) -> Result<CallId, Problem> {
    let id = request.match_info().get("call_id").filter(|id| id.len() == 36);
    id.and_then(|id| id.parse().ok()).ok_or_else(Problem::no_such_call)
}

/// One call as an answer, with its entity tag.
fn answer(http: &Http, status: StatusCode, call: &Call) -> HttpResponse {
    let shown = view::call(call, http.gateway.calls.can_be_canceled(call));
    let mut response = json(status, &shown);
    if let Ok(etag) = headers::etag(call.revision.0).try_into() {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(body) => HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json")).body(body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            HttpResponse::from_error(Problem::internal())
        }
    }
}
