//! `GET /v1/webhook-endpoints`: a client's endpoints, oldest first.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::EndpointId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{EndpointView, missing_or, view};
use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::calls::list::{LONGEST_PAGE, PAGE};
use crate::http::error::Problem;
use crate::http::query::{Known, Query};
use crate::http::{Http, cursor};

const QUERY: Known = Known { now: &["limit", "cursor"], later: &[] };

/// A page of endpoints.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpointList)]
pub struct EndpointPage<'a> {
    /// Oldest first.
    data: Vec<EndpointView<'a>>,
    /// Continues the list; null at its end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// List webhook endpoints.
///
/// Oldest first, without their secrets.
#[utoipa::path(
    operation_id = "listWebhookEndpoints",
    tag = "Webhooks",
    params(
        ("limit" = Option<u32>, Query, description = "Endpoints on a page; 50 where it is left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of endpoints.", body = EndpointPage<'static>)),
)]
#[get("/v1/webhook-endpoints")]
pub async fn list_endpoints(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let after = query.get("cursor").map(cursor::read).transpose()?.map(|id| EndpointId::from_uuid(Uuid::from_bytes(id)));
    // One more than is shown: whether there is another page.
    let mut found = http.gateway.endpoints.list(&caller.reader(), after, limit + 1).await.map_err(missing_or)?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.id.as_uuid().into_bytes());
    Ok(json(StatusCode::OK, &EndpointPage { data: found.iter().map(view).collect(), next_cursor }))
}
