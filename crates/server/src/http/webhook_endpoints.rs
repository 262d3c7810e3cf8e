//! `/v1/webhook-endpoints`: where a client wants to be told, and with which secret.

pub mod add;
pub mod list;
pub mod one;
pub mod rotate;
pub mod send;

mod wish;

use actix_web::HttpRequest;
use callgate_domain::model::endpoint::MOST_ENDPOINTS;
use callgate_domain::model::{Endpoint, EndpointId, NoticeType};
use callgate_domain::ports::StoreError;
use callgate_domain::usecases::endpoints::EndpointError;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Code, Problem};
use super::faults::{Faults, Wrong};
use super::view::Text;
use super::words::NoticeTypeWord;

/// Where a client wants to be told. Its secret is shown when it is made, and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint, example = json!({
    "id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "url": "https://example.com/hooks/calls",
    "events": ["call.completed", "call.updated"], "description": null, "created_at": "2026-01-31T09:30:00Z",
    "disabled_at": null, "failing_since": null, "previous_secret_until": null
}))]
pub struct EndpointView<'a> {
    /// Names it on these routes.
    #[schema(value_type = String, format = Uuid)]
    id: Text<EndpointId>,
    /// Where notices go.
    url: &'a str,
    /// What it is told.
    #[schema(value_type = Vec<NoticeTypeWord>)]
    events: Vec<Text<NoticeType>>,
    /// What the client calls it.
    #[schema(required = true)]
    description: Option<&'a str>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Nothing is sent there since: it was switched off, it answered 410, or nothing came through for 120 hours.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    disabled_at: Option<Timestamp>,
    /// Nothing has come through since; null while it does.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    failing_since: Option<Timestamp>,
    /// Until then the secret before signs as well; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    previous_secret_until: Option<Timestamp>,
}

/// The same with its secret, which is shown here alone.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpointWithSecret, example = json!({
    "id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "url": "https://example.com/hooks/calls",
    "events": ["call.completed", "call.updated"], "description": null, "created_at": "2026-01-31T09:30:00Z",
    "disabled_at": null, "failing_since": null, "previous_secret_until": null,
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD2h7Nk6nKQPA="
}))]
pub struct SecretView<'a> {
    #[serde(flatten)]
    #[schema(inline)]
    endpoint: EndpointView<'a>,
    /// What its notices are signed with, as Standard Webhooks writes it. Keep it: it is not shown again.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/=]+$")]
    secret: &'a str,
}

/// An endpoint as clients see it.
fn view(endpoint: &Endpoint) -> EndpointView<'_> {
    EndpointView {
        id: Text(endpoint.id),
        url: endpoint.url.as_str(),
        events: endpoint.events.iter().copied().map(Text).collect(),
        description: endpoint.description.as_deref(),
        created_at: endpoint.created_at,
        disabled_at: endpoint.disabled_at,
        failing_since: endpoint.failing_since,
        previous_secret_until: endpoint.secrets.iter().filter_map(|held| held.until).max(),
    }
}

/// The same with the secret that signs first.
fn with_secret(endpoint: &Endpoint) -> SecretView<'_> {
    let secret = endpoint.secrets.first().map(|held| held.secret.expose()).unwrap_or_default();
    SecretView { endpoint: view(endpoint), secret }
}

/// The endpoint that the path names.
///
/// # Errors
/// 404 for anything that is no UUID as we write it.
fn id_of(request: &HttpRequest) -> Result<EndpointId, Problem> {
    let id = request.match_info().get("id").filter(|id| id.len() == 36);
    id.and_then(|id| id.parse().ok()).ok_or_else(no_such_endpoint)
}

/// There is no such endpoint, or it is another client's: the same words for both.
fn no_such_endpoint() -> Problem {
    Problem::new(Code::NotFound, "There is no webhook endpoint with this id.")
}

fn missing_or(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound => no_such_endpoint(),
        other => other.into(),
    }
}

/// Why nothing was done. What is not found is an endpoint.
pub(super) fn refused(error: EndpointError) -> Problem {
    match error {
        EndpointError::Url(fault) => one_fault("/url", Wrong::new(Code::InvalidUrl, fault.to_string())),
        EndpointError::Events => one_fault("/events", Wrong::new(Code::Invalid, format!("must name {}, or both", wish::EVENTS))),
        EndpointError::TooMany => Problem::new(
            Code::TooManyEndpoints,
            format!("There are {MOST_ENDPOINTS} webhook endpoints already, which is the most. Remove one first."),
        ),
        EndpointError::Disabled => Problem::new(
            Code::EndpointDisabled,
            "The webhook endpoint is disabled. Enable it first: PATCH it with {\"disabled\": false}.",
        ),
        EndpointError::Store(error) => missing_or(error),
    }
}

/// The same where a delivery is asked for.
pub(super) fn refused_delivery(error: EndpointError) -> Problem {
    match error {
        EndpointError::Store(StoreError::NotFound) => Problem::new(Code::NotFound, "There is no webhook delivery with this id."),
        other => refused(other),
    }
}

fn one_fault(pointer: &str, wrong: Wrong) -> Problem {
    let mut faults = Faults::default();
    faults.add(pointer, wrong);
    faults.into_problem()
}
