//! `POST /v1/calls/{call_id}/cancel`: the end of a call, at once or as soon as it can be had.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::usecases::calls::Canceled;

use super::{answer, id_of};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};
use crate::http::view::CallView;

/// Cancel a call.
///
/// A call that waits is canceled at once. Of one that may have been sent the end is asked for: it is `canceled` only
/// once that is proven, and `completed` with `canceled_by_client` where somebody had answered.
#[utoipa::path(
    operation_id = "cancelCall",
    tag = "Calls",
    params(("call_id" = String, Path, description = "What creating the call returned.", format = Uuid)),
    responses(
        (status = 200, description = "It is canceled, now or before.", body = CallView<'static>, headers(("ETag" = String, description = "Made from the revision."))),
        (status = 202, description = "It may have been sent: its end is asked for, and further tries are dropped.", body = CallView<'static>,
            headers(("ETag" = String, description = "Made from the revision."))),
        (status = 404, description = "No such call."),
        (status = 409, description = "The call is already over."),
    ),
)]
#[post("/v1/calls/{call_id}/cancel")]
pub async fn cancel_call(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    match http.gateway.calls.cancel(id, &caller.reader()).await? {
        Canceled::Done(call) => Ok(answer(&http, StatusCode::OK, &call)),
        Canceled::AskedFor(call) => Ok(answer(&http, StatusCode::ACCEPTED, &call)),
        Canceled::AlreadyOver(call) => {
            Err(Problem::new(Code::AlreadyTerminal, format!("The call is already over: it is {}.", call.status())))
        }
    }
}
