//! For operators: is it alive, is it ready, what does it measure.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::Http;
use super::calls::json;
use crate::telemetry;

/// A database that does not answer within this is not ready.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The process runs.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// One thing that is not good.
#[derive(Serialize, ToSchema)]
pub struct NotReady {
    /// What was looked at.
    check: &'static str,
    /// What was found.
    detail: &'static str,
}

/// Whether the process runs.
#[utoipa::path(
    operation_id = "getHealth",
    tag = "Operation",
    responses((status = 200, description = "It runs.", body = Health)),
)]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// Whether new calls can be taken.
///
/// An empty list when everything is good, else what is not.
#[utoipa::path(
    operation_id = "getReadiness",
    tag = "Operation",
    responses(
        (status = 200, description = "Everything is good: an empty list.", body = Vec<NotReady>),
        (status = 503, description = "What is not good.", body = Vec<NotReady>),
    ),
)]
#[get("/readyz")]
pub async fn readyz(http: Data<Http>) -> HttpResponse {
    let gateway = &http.gateway;
    let mut found = Vec::new();
    if gateway.stopping.is_cancelled() {
        found.push(NotReady { check: "process", detail: "it is stopping" });
    }
    match timeout(ANSWERS_WITHIN, gateway.store.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = format!("{error:?}"), "not ready");
            found.push(NotReady { check: "database", detail: "it cannot be used" });
        }
        Err(_elapsed) => found.push(NotReady { check: "database", detail: "it does not answer" }),
    }
    if gateway.facts.workers && !gateway.stopping.is_cancelled() {
        let still = gateway.pulse.still(gateway.clock.monotonic());
        found.extend(still.into_iter().map(|of| NotReady { check: "workers", detail: of.stands_still() }));
    }
    json(if found.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &found)
}

/// What is measured, for Prometheus. Its labels name connections: not for clients.
#[get("/metrics")]
pub async fn metrics(http: Data<Http>) -> HttpResponse {
    telemetry::process();
    let (backlog, age) = http.gateway.figures.backlog();
    telemetry::waits(backlog.as_ref(), age);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(http.gateway.metrics.render())
}
