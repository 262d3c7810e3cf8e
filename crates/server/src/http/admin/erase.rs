//! `POST /v1/admin/erase`: everything that points to one person, by the number, whoever called it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::model::{CallId, Phone};
use callgate_domain::ports::AuditAction;
use serde::Serialize;

use super::{fault, texts};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::{Code, Problem};
use crate::http::faults::{Wrong, shown};
use crate::http::query::{NOTHING, Query};
use crate::http::view::Text;

/// What was erased, and what could not be yet.
#[derive(Serialize)]
struct ErasedView {
    erased: u32,
    open: Vec<Text<CallId>>,
    more: bool,
}

/// Erases every call with this number that is over.
#[post("/v1/admin/erase")]
pub async fn erase(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let phone = number(&body.json(&request, SMALL).await?)?;
    let told = http.gateway.erase.person(&phone).await.map_err(Problem::from);
    // Which number it was is told to whoever knows it: by its mark.
    let mark = http.gateway.hub.mark(&phone).map(|mark| mark.to_string()).unwrap_or_default();
    http.audit(&caller, AuditAction::PhoneErased, mark, &told).await;
    let told = told?;
    tracing::info!(calls = told.erased, open = told.open.len(), more = told.more, "a person was erased");
    let open = told.open.into_iter().map(Text).collect();
    Ok(json(StatusCode::OK, &ErasedView { erased: told.erased, open, more: told.more }))
}

fn number(body: &[u8]) -> Result<Phone, Problem> {
    let [phone] = texts(body, ["phone"])?;
    let phone = phone.ok_or_else(|| fault("/phone", Wrong::new(Code::Required, "is missing")))?;
    Phone::parse(&phone).map_err(|why| {
        let sentence = format!("'{}' {why}. Write it as it was called: +, country code, number.", shown(&phone));
        fault("/phone", Wrong::new(Code::InvalidPhone, "is no phone number").saying(sentence))
    })
}
