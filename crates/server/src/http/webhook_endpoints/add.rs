//! `POST /v1/webhook-endpoints`: one more place to be told.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::ports::AuditAction;
use callgate_domain::usecases::endpoints::NewEndpoint as New;
use utoipa::ToSchema;

use super::{SecretView, no_such_endpoint, refused, wish, with_secret};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};
use crate::http::words::NoticeTypeWord;

// Read by hand in `wish.rs`, so that every fault is named; this is its description.
/// Where a client wants to be told.
#[derive(ToSchema)]
#[schema(as = NewWebhookEndpoint, example = json!({"url": "https://example.com/hooks/calls", "events": ["call.completed"]}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct NewEndpoint {
    /// `https` on port 443, without a user, a password or a `#`, at a public address. The operator can allow others.
    #[schema(max_length = 2048, examples("https://example.com/hooks/calls"))]
    url: String,
    /// What it is told, each once; both where it is left out.
    #[schema(min_items = 1, max_items = 2, value_type = Option<Vec<NoticeTypeWord>>)]
    events: Option<Vec<String>>,
    /// What the client calls it.
    #[schema(max_length = 200)]
    description: Option<String>,
}

/// Add a webhook endpoint.
///
/// From now on it is told of every call of this client that ends, and of what is learned after that: signed as Standard
/// Webhooks says, at least once each, in no promised order. Its secret is in this answer and never shown again.
#[utoipa::path(
    operation_id = "addWebhookEndpoint",
    tag = "Webhooks",
    request_body(content = NewEndpoint, content_type = "application/json"),
    responses(
        (status = 201, description = "The endpoint, with its secret.", body = SecretView<'static>,
            headers(("Location" = String, description = "Where the endpoint can be read."))),
        (status = 409, description = "There are as many endpoints as there may be."),
    ),
)]
#[post("/v1/webhook-endpoints")]
pub async fn add_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let body = body.json(&request, SMALL).await?;
    let wish = wish::read(&body, &["url", "events", "description"], &["url"])?;
    let url = wish.url.ok_or_else(no_such_endpoint)?;
    let new = New { client: caller.client(), url, events: wish.events, description: wish.description.flatten() };
    let added = http.gateway.endpoints.create(new).await.map_err(refused);
    let object = added.as_ref().map_or_else(|_| "-".to_owned(), |endpoint| endpoint.id.to_string());
    http.audit(&caller, AuditAction::EndpointCreated, object, &added).await;
    let endpoint = added?;
    let mut answer = json(StatusCode::CREATED, &with_secret(&endpoint));
    if let Ok(location) = HeaderValue::try_from(format!("/v1/webhook-endpoints/{}", endpoint.id)) {
        answer.headers_mut().insert(LOCATION, location);
    }
    Ok(answer)
}
