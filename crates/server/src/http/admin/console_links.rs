//! `POST /v1/admin/console-links`: a link that signs in to the console once, as the key that asks for it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use jiff::Timestamp;
use serde::Serialize;

use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};
use crate::http::{Http, console};

/// The only answer that holds it.
#[derive(Serialize)]
struct LinkView {
    url: String,
    expires_at: Timestamp,
}

/// Makes a link.
#[post("/v1/admin/console-links")]
pub async fn make_link(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let link = http.gateway.sign_in.link(caller.key(), caller.actor()).await?;
    let base = http.base(&request);
    let view = LinkView { url: console::link(&base, &link), expires_at: link.expires_at };
    Ok(json(StatusCode::CREATED, &view))
}
