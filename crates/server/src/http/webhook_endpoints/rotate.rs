//! `POST /v1/webhook-endpoints/{id}/rotate-secret`: a new secret, and a day to change over.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::ports::AuditAction;

use super::{SecretView, id_of, missing_or, with_secret};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};

/// Rotate the secret of a webhook endpoint.
///
/// For 24 hours notices carry two signatures, one with the new secret and one with the secret before: a receiver that
/// knows either verifies them. At most five secrets sign at once.
#[utoipa::path(
    operation_id = "rotateWebhookSecret",
    tag = "Webhooks",
    params(("id" = String, Path, description = "What adding the endpoint returned.", format = Uuid)),
    responses(
        (status = 200, description = "The endpoint, with its new secret.", body = SecretView<'static>),
        (status = 404, description = "No such endpoint."),
    ),
)]
#[post("/v1/webhook-endpoints/{id}/rotate-secret")]
pub async fn rotate_secret(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let rotated = http.gateway.endpoints.rotate(id, &caller.reader()).await.map_err(missing_or);
    http.audit(&caller, AuditAction::EndpointSecretRotated, id, &rotated).await;
    Ok(json(StatusCode::OK, &with_secret(&rotated?)))
}
