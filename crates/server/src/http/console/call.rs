//! One call at `/console/calls/{call_id}`: what was said, where it is, what stands behind it; live while it goes on.
//!
//! The page is made of parts, each an element with an id ([`parts`]); the stream ([`live`]) sends those that have changed.

mod again;
mod aside;
pub mod deeds;
pub mod live;
mod outcome;
mod parts;
mod rail;
mod seen;
mod talk;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use self::again::Again;
use self::parts::Parts;
use self::seen::Seen;
use super::frame::{Frame, Here};
use super::page::page;
use super::words;
use crate::http::auth::Caller;
use crate::http::calls::{id_of, json};
use crate::http::error::{Code, Problem};
use crate::http::{Http, view};

#[derive(Template)]
#[template(path = "call.html")]
struct Page {
    frame: Frame,
    id: String,
    phone: String,
    parts: Parts,
    talk: String,
    /// Where the stream is; nowhere once there is nothing to wait for.
    live: Option<String>,
    again: Option<Again>,
    base: String,
}

/// The page.
#[get("/console/calls/{call_id}")]
pub async fn show(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let seen = Seen::load(&http, id_of(&request)?, &caller.reader()).await?;
    let (parts, items) = parts::of(&seen)?;
    let (id, phone) = (seen.call.id.to_string(), words::number(&seen.call.phone, true));
    let live = seen.is_awaited().then(|| format!("/console/calls/{id}/live?after={}", seen.call.revision.0));
    page(&Page {
        frame: Frame::of(&http, Here::Calls, format!("Call {phone}")).await?,
        talk: talk::list(&items)?,
        again: again::offered(&seen, &*http.gateway.chance),
        base: http.base(&request),
        id,
        phone,
        parts,
        live,
    })
}

/// The call exactly as the API shows it.
#[get("/console/calls/{call_id}/json")]
pub async fn as_json(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let call = http.gateway.calls.get(id_of(&request)?, &caller.reader()).await?;
    Ok(json(StatusCode::OK, &view::call(&call, http.gateway.calls.can_be_canceled(&call))))
}

/// The whole transcript as text.
#[get("/console/calls/{call_id}/transcript")]
pub async fn transcript(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let call = http.gateway.calls.get(id_of(&request)?, &caller.reader()).await?;
    let Some(said) = call.result.transcript else {
        return Err(Problem::new(Code::NotFound, "This call has no transcript."));
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "inline"))
        .body(said.text))
}
