//! What is done from the page: cancel, call again, send a delivery again. Each is a form, and leads back to a page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use askama::Template;
use callgate_domain::model::ids::DeliveryId;
use callgate_domain::ports::{AuditAction, Scope};

use super::again::{self, Again};
use super::seen::Seen;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::{create, id_of};
use crate::http::console::frame::{Frame, Here};
use crate::http::console::gate::to;
use crate::http::console::page::page;
use crate::http::error::{Code, Problem};
use crate::http::webhook_endpoints::refused_delivery;

#[derive(Template)]
#[template(path = "again.html")]
struct Sure {
    frame: Frame,
    id: String,
    again: Again,
}

/// Asks for the end of a call. One that is over meanwhile needs no words: its page says how it ended.
#[post("/console/calls/{call_id}/cancel")]
pub async fn cancel(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    caller.must(Scope::CallsWrite)?;
    let id = id_of(&request)?;
    http.gateway.calls.cancel(id, &caller.reader()).await?;
    Ok(to(&format!("/console/calls/{id}")))
}

/// Asks whether it is meant, and once that was answered places the call and leads to it.
#[post("/console/calls/{call_id}/again")]
pub async fn call_again(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    caller.must(Scope::CallsWrite)?;
    let seen = Seen::load(&http, id_of(&request)?, &caller.reader()).await?;
    let Some(again) = again::offered(&seen, &*http.gateway.chance) else {
        return Err(Problem::new(
            Code::BadRequest,
            "This call cannot be repeated: it is not over, was erased, or its agent is gone.",
        ));
    };
    let body = body.bytes(SMALL).await?;
    let once = url::form_urlencoded::parse(&body).find(|(name, _)| name == "once").map(|(_, once)| once.into_owned());
    let Some(once) = once.filter(|once| is_nonce(once)) else {
        let id = seen.call.id.to_string();
        let frame = Frame::of(&http, Here::Calls, again.title.clone()).await?;
        return page(&Sure { frame, id, again });
    };
    let placed = http.gateway.calls.place(again::wish(&seen, &caller, &once)).await.map_err(create::refusal)?;
    Ok(to(&format!("/console/calls/{}", placed.call_id)))
}

/// Sends a delivery again.
#[post("/console/calls/{call_id}/deliveries/{delivery_id}/resend")]
pub async fn resend(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    caller.must(Scope::CallsWrite)?;
    let call = id_of(&request)?;
    let id: Option<DeliveryId> = request.match_info().get("delivery_id").and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| Problem::new(Code::NotFound, "There is no webhook delivery with this id."))?;
    let resent = http.gateway.endpoints.resend(id, &caller.reader()).await.map_err(refused_delivery);
    http.audit(&caller, AuditAction::DeliveryResent, id, &resent).await;
    resent?;
    Ok(to(&format!("/console/calls/{call}")))
}

/// What we made ourselves.
fn is_nonce(once: &str) -> bool {
    once.len() == 20 && once.bytes().all(|byte| byte.is_ascii_hexdigit())
}
