//! `GET`, `PATCH` and `DELETE /v1/webhook-endpoints/{id}`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch};
use callgate_domain::model::EndpointChange;
use callgate_domain::ports::AuditAction;
use utoipa::ToSchema;

use super::{EndpointView, id_of, missing_or, refused, view, wish};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};
use crate::http::words::NoticeTypeWord;

// Read by hand in `wish.rs`, so that every fault is named; this is its description.
/// What is to be different; what is left out stays.
#[derive(ToSchema)]
#[schema(as = WebhookEndpointChange, example = json!({"events": ["call.completed"], "disabled": false}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct Change {
    /// As when it is added.
    #[schema(max_length = 2048, nullable = false)]
    url: Option<String>,
    /// What it is told from now on.
    #[schema(min_items = 1, max_items = 2, value_type = Option<Vec<NoticeTypeWord>>)]
    events: Option<Vec<String>>,
    /// Null takes it away.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// `true`: nothing is sent there any more. `false`: it is enabled again and counts as new; what waited is sent.
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// Get a webhook endpoint.
#[utoipa::path(
    operation_id = "getWebhookEndpoint",
    tag = "Webhooks",
    params(("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid)),
    responses(
        (status = 200, description = "The endpoint, without its secret.", body = EndpointView<'static>),
        (status = 404, description = "No such endpoint."),
    ),
)]
#[get("/v1/webhook-endpoints/{id}")]
pub async fn get_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let endpoint = http.gateway.endpoints.get(id, &caller.reader()).await.map_err(missing_or)?;
    Ok(json(StatusCode::OK, &view(&endpoint)))
}

/// Change a webhook endpoint.
///
/// Its secret stays; rotate it to change it.
#[utoipa::path(
    operation_id = "changeWebhookEndpoint",
    tag = "Webhooks",
    params(("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid)),
    request_body(content = Change, content_type = "application/json"),
    responses(
        (status = 200, description = "The endpoint as it is now.", body = EndpointView<'static>),
        (status = 404, description = "No such endpoint."),
    ),
)]
#[patch("/v1/webhook-endpoints/{id}")]
pub async fn change_endpoint(
    http: Data<Http>,
    caller: Caller,
    request: HttpRequest,
    body: Unread,
) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let body = body.json(&request, SMALL).await?;
    let wish::Wish { url, events, description, disabled } =
        wish::read(&body, &["url", "events", "description", "disabled"], &[])?;
    let change = EndpointChange::Edit { url, events, description, disabled };
    let changed = http.gateway.endpoints.change(id, &caller.reader(), change).await.map_err(refused);
    let action = if disabled == Some(true) { AuditAction::EndpointDisabled } else { AuditAction::EndpointChanged };
    http.audit(&caller, action, id, &changed).await;
    Ok(json(StatusCode::OK, &view(&changed?)))
}

/// Remove a webhook endpoint.
///
/// Nothing is sent there any more, and its deliveries are gone with it.
#[utoipa::path(
    operation_id = "removeWebhookEndpoint",
    tag = "Webhooks",
    params(("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid)),
    responses((status = 204, description = "It is removed."), (status = 404, description = "No such endpoint.")),
)]
#[delete("/v1/webhook-endpoints/{id}")]
pub async fn remove_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let removed = http.gateway.endpoints.remove(id, &caller.reader()).await.map_err(missing_or);
    http.audit(&caller, AuditAction::EndpointDeleted, id, &removed).await;
    removed?;
    Ok(HttpResponse::NoContent().finish())
}
