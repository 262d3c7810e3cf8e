//! Where clients are told, what became of it, and sending it again.
//!
//! A row opens to how it went; what was sent and answered has a page of its own.

mod one;
mod sample;
mod send;
mod view;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use callgate_domain::model::{Delivery, DeliveryId, DeliveryResult, Endpoint};
use callgate_domain::ports::{DeliveryFilter, DeliveryPage, Reader, StoreError};

pub use self::one::show_delivery;
use self::sample::sample;
pub use self::send::{resend_delivery, resend_failed, test_endpoint};
use self::view::{DeliveryRow, EndpointRow};
use super::frame::{Frame, Here};
use super::page::page;
use crate::hint;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::query::{Known, Query, invalid};

const QUERY: Known = Known { now: &["result", "before", "done"], later: &[] };
const PATH: &str = "/console/webhooks";
/// Deliveries on a page.
const PAGE: u32 = 20;
/// Endpoints on the page.
const ENDPOINTS: u32 = 12;
/// So many failed deliveries are sent again by one press.
const AT_ONCE: u32 = 50;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct Page {
    frame: Frame,
    endpoints: Vec<EndpointRow>,
    more_endpoints: bool,
    rows: Vec<DeliveryRow>,
    /// Results to choose from: address, words, whether it is chosen.
    results: Vec<(String, &'static str, bool)>,
    /// One result alone is shown.
    is_narrowed: bool,
    /// Failed ones that can be sent again.
    failed: usize,
    /// There may be more of them.
    more_failed: bool,
    said: Option<&'static str>,
    newest: Option<String>,
    older: Option<String>,
    sample: Option<String>,
    listen: String,
    add: String,
    list: String,
}

/// Endpoints and deliveries.
#[get("/console/webhooks")]
pub async fn webhooks(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let not_one = |_unknown| invalid("result", "is no result of a delivery");
    let result: Option<DeliveryResult> = given("result").map(|word| word.parse().map_err(not_one)).transpose()?;
    let id = |id: &str| id.parse().map_err(|_not_one| invalid("before", "is no position in this list"));
    let before: Option<DeliveryId> = given("before").map(id).transpose()?;
    let said = given("done").map(said).transpose()?;
    let (gateway, reader) = (&http.gateway, caller.reader());
    let now = gateway.clock.now();
    let mut endpoints = gateway.endpoints.list(&reader, None, ENDPOINTS + 1).await?;
    let more_endpoints = endpoints.len() > ENDPOINTS as usize;
    endpoints.truncate(ENDPOINTS as usize);
    // One more than is shown: whether there is another page.
    let filter = DeliveryFilter { result, ..DeliveryFilter::default() };
    let mut deliveries = gateway.endpoints.deliveries(&reader, &filter, DeliveryPage { before, limit: PAGE + 1 }).await?;
    let more = deliveries.len() > PAGE as usize;
    deliveries.truncate(PAGE as usize);
    let older = deliveries.last().filter(|_| more).map(|last| path(result, Some(last.id)));
    let mut rows = Vec::new();
    for delivery in &deliveries {
        let endpoint = receiver(&http, &reader, &mut endpoints, delivery).await?;
        rows.push(DeliveryRow::of(delivery, endpoint.as_ref(), now));
    }
    endpoints.truncate(ENDPOINTS as usize);
    let failed = failed(&http, &reader).await?;
    page(&Page {
        frame: Frame::of(&http, Here::Webhooks, "Webhooks").await?,
        endpoints: endpoints.iter().map(|endpoint| EndpointRow::of(endpoint, now)).collect(),
        more_endpoints,
        rows,
        results: results(result),
        is_narrowed: result.is_some(),
        more_failed: failed.len() >= AT_ONCE as usize,
        failed: failed.len(),
        said,
        newest: before.map(|_| path(result, None)),
        older,
        sample: sample(&gateway.deliver.render, now),
        listen: hint::command("listen --forward-to http://localhost:3000/hooks"),
        add: hint::command("webhooks add https://example.com/hooks"),
        list: hint::command("webhooks endpoints"),
    })
}

/// What was just done, by its word in the address.
fn said(done: &str) -> Result<&'static str, Problem> {
    match done {
        "tested" => Ok("Test event sent. Its delivery is the newest below."),
        "resent" => Ok("Sent again. What becomes of it stands below."),
        _ => Err(invalid("done", "is nothing that was done here")),
    }
}

/// The endpoint of a delivery, looked up once.
async fn receiver(
    http: &Http,
    reader: &Reader,
    known: &mut Vec<Endpoint>,
    delivery: &Delivery,
) -> Result<Option<Endpoint>, StoreError> {
    if let Some(endpoint) = known.iter().find(|endpoint| endpoint.id == delivery.endpoint) {
        return Ok(Some(endpoint.clone()));
    }
    match http.gateway.endpoints.get(delivery.endpoint, reader).await {
        Ok(endpoint) => {
            known.push(endpoint.clone());
            Ok(Some(endpoint))
        }
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest failed deliveries that can be sent again: what is disabled is sent nothing.
async fn failed(http: &Http, reader: &Reader) -> Result<Vec<DeliveryId>, StoreError> {
    let endpoints = &http.gateway.endpoints;
    let filter = DeliveryFilter { result: Some(DeliveryResult::Failed), ..DeliveryFilter::default() };
    let (mut known, mut found) = (Vec::new(), Vec::new());
    for delivery in endpoints.deliveries(reader, &filter, DeliveryPage { before: None, limit: AT_ONCE }).await? {
        let endpoint = receiver(http, reader, &mut known, &delivery).await?;
        if endpoint.is_some_and(|endpoint| endpoint.disabled_at.is_none()) {
            found.push(delivery.id);
        }
    }
    Ok(found)
}

fn path(result: Option<DeliveryResult>, before: Option<DeliveryId>) -> String {
    let result = result.map(|result| format!("result={result}"));
    let before = before.map(|id| format!("before={id}"));
    let query: Vec<_> = [result, before].into_iter().flatten().collect();
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", query.join("&")) }
}

fn results(chosen: Option<DeliveryResult>) -> Vec<(String, &'static str, bool)> {
    let all = [
        (None, "All"),
        (Some(DeliveryResult::Pending), "Waiting"),
        (Some(DeliveryResult::Delivered), "Delivered"),
        (Some(DeliveryResult::Failed), "Gave up"),
    ];
    all.into_iter().map(|(result, word)| (path(result, None), word, result == chosen)).collect()
}
