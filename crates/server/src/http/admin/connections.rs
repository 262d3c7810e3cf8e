//! `/v1/admin/connections`: accounts with providers, how they are, and where their webhooks reach us.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use callgate_domain::model::ConnectionId;
use callgate_domain::model::moment::later;
use callgate_domain::ports::AuditAction;
use callgate_domain::usecases::checks::{Checked, CheckedRoute, Listed};
use callgate_domain::usecases::dispatch::Mishap;
use jiff::Timestamp;
use serde::Serialize;

use super::reload::not_reloaded;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};
use crate::http::table;
use crate::wiring::{fresh_token, webhook_url};

/// A webhook address that was replaced works for so long: it may be inside callbacks already given away.
const STILL_WORKS: std::time::Duration = std::time::Duration::from_hours(24);

/// All connections.
#[derive(Serialize)]
struct ConnectionList {
    data: Vec<ConnectionView>,
}

/// A connection.
#[derive(Serialize)]
struct ConnectionView {
    id: String,
    kind: String,
    /// `unchecked`, `ready` or `not_ready`, by the last check of the process that answers.
    health: &'static str,
    checked_at: Option<Timestamp>,
    /// `closed` or `open`, in the process that answers.
    breaker: &'static str,
    live: u32,
    max_live: Option<u32>,
    /// Of the process that answers, newest first.
    recent_errors: Vec<MishapView>,
    webhook_url: Option<String>,
}

/// A request to place a call that came to nothing.
#[derive(Serialize)]
struct MishapView {
    at: Timestamp,
    reason: &'static str,
    may_have_rung: bool,
}

/// What a check found.
#[derive(Serialize)]
struct CheckView {
    id: String,
    health: &'static str,
    checked_at: Timestamp,
    agents: Vec<RouteView>,
}

/// An agent over a connection.
#[derive(Serialize)]
pub(super) struct RouteView {
    agent: String,
    connection: String,
    ready: bool,
    took_ms: u64,
    detail: String,
}

/// Where webhooks reach a connection from now on.
#[derive(Serialize)]
struct RotatedView {
    id: String,
    webhook_url: String,
    previous_works_until: Timestamp,
}

/// Lists them.
#[get("/v1/admin/connections")]
pub async fn list_connections(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let mut data = Vec::new();
    for listed in http.gateway.checks.list().await? {
        data.push(view(&http, listed).await?);
    }
    Ok(json(StatusCode::OK, &ConnectionList { data }))
}

/// Asks the provider behind one how it is. Rings nobody.
#[post("/v1/admin/connections/{connection}/check")]
pub async fn check_connection(
    http: Data<Http>,
    caller: Caller,
    request: HttpRequest,
    body: Unread,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    body.bytes(SMALL).await?;
    let id = request.match_info().get("connection").unwrap_or_default().to_owned();
    let checked = http.gateway.checks.connection(&id).await.ok_or_else(table::nothing_here);
    http.audit(&caller, AuditAction::ConnectionChecked, &id, &checked).await;
    let checked = checked?;
    let health = health(Some(&checked));
    let agents = checked.routes.into_iter().map(RouteView::of).collect();
    Ok(json(StatusCode::OK, &CheckView { id, health, checked_at: checked.at, agents }))
}

/// Gives one another webhook address.
#[post("/v1/admin/connections/{connection}/rotate-url")]
pub async fn rotate_url(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    body.bytes(SMALL).await?;
    let id = request.match_info().get("connection").unwrap_or_default().to_owned();
    let rotated = rotate(&http, &id).await;
    http.audit(&caller, AuditAction::ConnectionUrlRotated, &id, &rotated).await;
    Ok(json(StatusCode::OK, &rotated?))
}

async fn rotate(http: &Http, id: &str) -> Result<RotatedView, Problem> {
    let gateway = &http.gateway;
    let known = ConnectionId::new(id).ok().filter(|id| gateway.connections.get(id).is_some());
    let id = known.ok_or_else(table::nothing_here)?;
    let Some(public_url) = gateway.facts.public_url.as_deref() else {
        let detail = "Without server.public_url no webhook can reach this gateway. Set it, and start the gateway again.";
        return Err(Problem::new(Code::NotSupportedHere, detail));
    };
    let fresh = fresh_token(&*gateway.chance).ok_or_else(Problem::internal)?;
    let until = later(gateway.clock.now(), STILL_WORKS);
    gateway.settings.rotate_webhook_token(&id, fresh, until).await?;
    http.tokens.forget(&id);
    // From now on this process tells providers the new one. Others do when they are told to read their configuration again.
    gateway.reload.after_rotation().await.map_err(not_reloaded)?;
    let url = webhook_url(Some(public_url), &id, gateway.settings.as_ref(), &*gateway.chance).await?;
    Ok(RotatedView { id: id.to_string(), webhook_url: url.unwrap_or_default(), previous_works_until: until })
}

async fn view(http: &Http, listed: Listed) -> Result<ConnectionView, Problem> {
    let gateway = &http.gateway;
    let Listed { connection, live, checked } = listed;
    let public_url = gateway.facts.public_url.as_deref();
    let pacing = &gateway.dispatch.pacing;
    Ok(ConnectionView {
        kind: connection.kind.to_string(),
        health: health(checked.as_ref()),
        checked_at: checked.map(|checked| checked.at),
        breaker: if pacing.is_open(&connection.id) { "open" } else { "closed" },
        live,
        max_live: connection.max_live,
        recent_errors: pacing.mishaps(&connection.id).into_iter().map(MishapView::of).collect(),
        webhook_url: webhook_url(public_url, &connection.id, gateway.settings.as_ref(), &*gateway.chance).await?,
        id: connection.id.to_string(),
    })
}

fn health(checked: Option<&Checked>) -> &'static str {
    match checked {
        None => "unchecked",
        Some(checked) if checked.is_ready() => "ready",
        Some(_) => "not_ready",
    }
}

impl MishapView {
    fn of(mishap: Mishap) -> Self {
        Self { at: mishap.at, reason: mishap.reason.as_str(), may_have_rung: mishap.may_have_rung }
    }
}

impl RouteView {
    pub(super) fn of(route: CheckedRoute) -> Self {
        let CheckedRoute { agent, connection, health, took } = route;
        Self {
            agent: agent.to_string(),
            connection: connection.to_string(),
            ready: health.ready,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            detail: health.detail,
        }
    }
}
