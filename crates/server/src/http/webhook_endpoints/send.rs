//! `POST /v1/webhook-endpoints/{id}/test` and `…/recover`: something is sent that no call caused just now.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::model::delivery::REPLAYABLE;
use callgate_domain::model::moment::earlier;
use callgate_domain::ports::AuditAction;
use serde::Serialize;
use utoipa::ToSchema;

use super::{id_of, refused};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{Known, NOTHING, Query, invalid};
use crate::http::webhook_deliveries::{DeliveryView, view};

/// So much later a request may be here than it was written.
const ON_ITS_WAY: Duration = Duration::from_mins(1);
const SINCE: Known = Known { now: &["since"], later: &[] };

/// What a recovery did.
#[derive(Serialize, ToSchema)]
#[schema(as = Recovery, example = json!({"count": 12, "complete": true}))]
pub struct RecoveryView {
    /// Deliveries that are sent now and were not before.
    count: u32,
    /// Whether everything since then was looked at; else ask again.
    complete: bool,
}

/// Send a sample to a webhook endpoint.
///
/// A notice of type `webhook.test`, signed like any other. What became of it is read in its delivery.
#[utoipa::path(
    operation_id = "testWebhookEndpoint",
    tag = "Webhooks",
    params(("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid)),
    responses(
        (status = 202, description = "It is on its way.", body = DeliveryView),
        (status = 404, description = "No such endpoint."),
        (status = 409, description = "The endpoint is disabled."),
    ),
)]
#[post("/v1/webhook-endpoints/{id}/test")]
pub async fn test_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let sent = http.gateway.endpoints.test(id, &caller.reader()).await.map_err(refused);
    http.audit(&caller, AuditAction::EndpointTested, id, &sent).await;
    Ok(json(StatusCode::ACCEPTED, &view(&sent?)))
}

/// Send what a webhook endpoint missed.
///
/// What failed since a moment is sent again, and what it was never told is sent. A notice
/// keeps its `webhook-id`.
#[utoipa::path(
    operation_id = "recoverWebhookEndpoint",
    tag = "Webhooks",
    params(
        ("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid),
        ("since" = String, Query, description = "From this moment on; at most 30 days ago.", format = DateTime),
    ),
    responses(
        (status = 202, description = "It is on its way.", body = RecoveryView),
        (status = 404, description = "No such endpoint."),
        (status = 409, description = "The endpoint is disabled."),
    ),
)]
#[post("/v1/webhook-endpoints/{id}/recover")]
pub async fn recover_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    let query = Query::of(&request, &SINCE)?;
    let since =
        query.moment("since")?.ok_or_else(|| invalid("since", "is missing: say from when on, like 2026-01-31T09:30:00Z"))?;
    // Whoever reckons 30 days back from now is here a moment later.
    if since < earlier(http.gateway.clock.now(), REPLAYABLE + ON_ITS_WAY) {
        return Err(invalid("since", "is more than 30 days ago: no notice is kept for longer"));
    }
    let recovered = http.gateway.endpoints.recover(id, &caller.reader(), since).await.map_err(refused);
    http.audit(&caller, AuditAction::EndpointRecovered, id, &recovered).await;
    let recovery = recovered?;
    Ok(json(StatusCode::ACCEPTED, &RecoveryView { count: recovery.count, complete: recovery.is_complete }))
}
