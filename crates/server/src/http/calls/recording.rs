//! `GET /v1/calls/{call_id}/recording`: the audio of a call. This release has none yet.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::id_of;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};

/// Read a call's recording.
///
/// The audio of a call. In this release no call has one, which its field `recording` says too.
#[utoipa::path(
    operation_id = "getRecording",
    tag = "Calls",
    params(("call_id" = String, Path, description = "What creating the call returned.", format = Uuid)),
    responses((status = 404, description = "No such call, or it has no recording.")),
)]
#[get("/v1/calls/{call_id}/recording")]
pub async fn get_recording(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    http.gateway.calls.get(id, &caller.reader()).await?;
    Err(Problem::new(Code::NoRecording, "This call has no recording."))
}
