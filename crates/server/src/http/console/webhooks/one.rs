//! `/console/webhooks/deliveries/{id}`: what was sent at the last try, and what was answered.
//!
//! What was sent is made anew: the call as it is now, which for a call that is over is what it was, but for what came late.
//! Numbers are masked, as elsewhere here.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use callgate_domain::model::exchange::KEPT_BODY;
use callgate_domain::model::{Call, Delivery, Exchange};
use callgate_domain::ports::{Reader, StoreError};

use super::sample::indented;
use super::view::DeliveryRow;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::console::frame::{Frame, Here};
use crate::http::console::page::page;
use crate::http::console::words;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};
use crate::http::webhook_deliveries::id_of;
use crate::http::webhook_endpoints::refused_delivery;

#[derive(Template)]
#[template(path = "delivery.html")]
struct Page {
    frame: Frame,
    row: DeliveryRow,
    /// The last try.
    tried: Option<Tried>,
    /// What came back, where anything of it is kept.
    answer: Option<Answered>,
    /// What is sent: headers and body.
    sent: String,
    /// Of its body, there is more.
    is_cut: bool,
}

/// How the last try went.
struct Tried {
    /// When, for machines and for people.
    at: (String, String),
    took: String,
}

struct Answered {
    /// Headers and body.
    text: String,
    is_cut: bool,
}

/// One delivery.
#[get("/console/webhooks/deliveries/{id}")]
pub async fn show_delivery(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let (gateway, reader) = (&http.gateway, caller.reader());
    let now = gateway.clock.now();
    let (delivery, exchange) = gateway.endpoints.delivery(id, &reader).await.map_err(|error| refused_delivery(error.into()))?;
    let endpoint = gateway.endpoints.get(delivery.endpoint, &reader).await.map_err(|error| refused_delivery(error.into()))?;
    let call = call(&http, &delivery, &reader).await?;
    let body = (gateway.deliver.render)(&delivery.notice(), call.as_ref());
    let (body, is_cut) = shown(&String::from_utf8_lossy(&body), call.as_ref());
    page(&Page {
        frame: Frame::of(&http, Here::Webhooks, "Delivery").await?,
        row: DeliveryRow::of(&delivery, Some(&endpoint), now),
        sent: format!("{}\n\n{body}", headers(&delivery, exchange.as_ref())),
        is_cut,
        tried: exchange.as_ref().map(|exchange| Tried {
            at: (words::exact(exchange.began_at), words::ago(exchange.began_at, now)),
            took: words::took(exchange.took),
        }),
        answer: exchange.and_then(|exchange| exchange.answer).map(|answer| Answered {
            text: answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>()
                + "\n"
                + &answer.body,
            is_cut: answer.is_cut,
        }),
    })
}

async fn call(http: &Http, delivery: &Delivery, reader: &Reader) -> Result<Option<Call>, StoreError> {
    let Some(id) = delivery.call else { return Ok(None) };
    match http.gateway.calls.get(id, reader).await {
        Ok(call) => Ok(Some(call)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// As in `adapters/sender`. A signature is made for each try and kept nowhere.
fn headers(delivery: &Delivery, exchange: Option<&Exchange>) -> String {
    let at = exchange.map_or_else(|| "of the try".to_owned(), |exchange| exchange.began_at.as_second().to_string());
    format!(
        "content-type: application/json\nwebhook-id: {}\nwebhook-timestamp: {at}\nwebhook-signature: v1,… (not kept)",
        delivery.notice
    )
}

/// A body with the number of its call masked, and whether it was cut.
fn shown(body: &str, call: Option<&Call>) -> (String, bool) {
    let body = match call.map(|call| &call.phone) {
        Some(phone) if !phone.is_erased() => body.replace(phone.e164(), &words::number(phone, false)),
        _ => body.to_owned(),
    };
    let cut = body.floor_char_boundary(KEPT_BODY);
    let is_cut = cut < body.len();
    (indented(body.get(..cut).unwrap_or_default()), is_cut)
}

#[cfg(test)]
mod tests {
    use callgate_domain::testing::builders::a_call;

    use super::*;

    #[test]
    fn numbers_are_masked_and_a_long_body_is_cut() {
        let call = a_call().to("+12025550142").queued();
        let (body, is_cut) = shown("{\"phone\":\"+12025550142\"}", Some(&call));
        assert!(!body.contains("2025550142") && !is_cut, "{body}");
        let (body, is_cut) = shown(&"ж".repeat(KEPT_BODY), None);
        assert!(is_cut && body.len() <= KEPT_BODY, "{}", body.len());
    }
}
