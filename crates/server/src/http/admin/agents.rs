//! `POST /v1/admin/agents/check`: whether every agent is there and can dial, over every route. Rings nobody.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::ports::AuditAction;
use serde::Serialize;

use super::connections::RouteView;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};

/// Every route, by agent.
#[derive(Serialize)]
struct RouteList {
    data: Vec<RouteView>,
}

/// Asks.
#[post("/v1/admin/agents/check")]
pub async fn check_agents(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    body.bytes(SMALL).await?;
    let data = http.gateway.checks.agents().await.into_iter().map(RouteView::of).collect();
    http.audit(&caller, AuditAction::ConnectionChecked, "all agents", &Ok::<_, Problem>(())).await;
    Ok(json(StatusCode::OK, &RouteList { data }))
}
