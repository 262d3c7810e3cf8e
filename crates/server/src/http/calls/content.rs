//! `DELETE /v1/calls/{call_id}/content`: what was said and sent along is forgotten; that the call was made is not.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete};
use callgate_domain::model::CallId;
use callgate_domain::ports::AuditAction;
use callgate_domain::usecases::erase::Erased;

use super::id_of;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};

/// Erase a call's content.
///
/// Transcript, turns, summary, extracted, variables, metadata and recording go, and so does every copy of them that the
/// gateway keeps. The call itself stays, with its times and its end; `transcript_status` is `erased` for good, and content
/// that comes later is dropped. Copies elsewhere are not touched.
#[utoipa::path(
    operation_id = "eraseContent",
    tag = "Calls",
    params(("call_id" = String, Path, description = "What creating the call returned.", format = Uuid)),
    responses(
        (status = 204, description = "It is gone, now or before."),
        (status = 404, description = "No such call."),
        (status = 409, description = "The call is not over yet."),
    ),
)]
#[delete("/v1/calls/{call_id}/content")]
pub async fn erase_content(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let erased = erase(&http, id, &caller).await;
    http.audit(&caller, AuditAction::CallErased, id, &erased).await;
    erased.map(|()| HttpResponse::NoContent().finish())
}

async fn erase(http: &Http, id: CallId, caller: &Caller) -> Result<(), Problem> {
    match http.gateway.erase.content(id, &caller.reader()).await? {
        Erased::Done => Ok(()),
        Erased::NotOver(call) => {
            let detail = format!("The call is not over yet: it is {}. Cancel it, or wait for its end.", call.status());
            Err(Problem::new(Code::NotTerminal, detail))
        }
    }
}
