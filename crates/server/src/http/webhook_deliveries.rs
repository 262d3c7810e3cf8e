//! `/v1/webhook-deliveries`: what became of what was sent.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use callgate_domain::model::ids::{DeliveryId, NoticeId};
use callgate_domain::model::{CallId, Delivery, DeliveryResult, EndpointId, NotSent, NoticeType};
use callgate_domain::ports::{AuditAction, DeliveryFilter, DeliveryPage};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::Caller;
use super::calls::json;
use super::calls::list::{LONGEST_PAGE, PAGE};
use super::error::{Code, Problem};
use super::faults::{shown, unknown};
use super::query::{Known, NOTHING, Query, invalid};
use super::view::Text;
use super::webhook_endpoints::refused_delivery;
use super::words::{DeliveryFaultWord, DeliveryResultWord, SentTypeWord};
use super::{Http, cursor};

const QUERY: Known = Known { now: &["endpoint", "call_id", "status", "limit", "cursor"], later: &[] };

/// One notice on its way to one endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery, example = json!({
    "id": "019ab0c3-1d20-7b0c-8a11-5d2f4c7e9a01", "event_id": "019ab0c3-1d20-7c4e-b2a3-91f07d6c5e02",
    "endpoint": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "call_id": "019ab0c2-8f3e-7a51-9d2c-3f0d6a1b2c3e",
    "type": "call.completed", "result": "pending", "tries": 2, "last_status": 503, "last_fault": null,
    "next_at": "2026-01-31T09:35:00Z", "created_at": "2026-01-31T09:30:00Z", "delivered_at": null
}))]
pub struct DeliveryView {
    /// Names it for sending it again.
    #[schema(value_type = String, format = Uuid)]
    id: Text<DeliveryId>,
    /// The `webhook-id` of the notice: the same on every repeat.
    #[schema(value_type = String, format = Uuid)]
    event_id: Text<NoticeId>,
    /// Where it goes.
    #[schema(value_type = String, format = Uuid)]
    endpoint: Text<EndpointId>,
    /// The call it tells of; null for a sample.
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    call_id: Option<Text<CallId>>,
    /// What it tells.
    #[schema(value_type = SentTypeWord)]
    r#type: Text<NoticeType>,
    /// What became of it.
    #[schema(value_type = DeliveryResultWord)]
    result: Text<DeliveryResult>,
    /// How often it was tried.
    tries: u16,
    /// What the receiver answered last; null when it did not.
    #[schema(required = true)]
    last_status: Option<u16>,
    /// Why the last try got no answer.
    #[schema(value_type = Option<DeliveryFaultWord>, required = true)]
    last_fault: Option<Text<NotSent>>,
    /// When it is tried next; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    next_at: Option<Timestamp>,
    /// When the notice was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it came through.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    delivered_at: Option<Timestamp>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveryList)]
pub struct Deliveries {
    /// Newest notice first.
    data: Vec<DeliveryView>,
    /// Continues the list; null at its end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A delivery as clients see it.
pub(super) fn view(delivery: &Delivery) -> DeliveryView {
    DeliveryView {
        id: Text(delivery.id),
        event_id: Text(delivery.notice),
        endpoint: Text(delivery.endpoint),
        call_id: delivery.call.map(Text),
        r#type: Text(delivery.kind),
        result: Text(delivery.result),
        tries: delivery.tries,
        last_status: delivery.last_status,
        last_fault: delivery.last_fault.map(Text),
        next_at: delivery.next_at,
        created_at: delivery.created_at,
        delivered_at: delivery.delivered_at,
    }
}

/// List webhook deliveries.
///
/// Newest notice first. An unknown parameter is refused.
#[utoipa::path(
    operation_id = "listWebhookDeliveries",
    tag = "Webhooks",
    params(
        ("endpoint" = Option<String>, Query, description = "To this endpoint.", format = Uuid),
        ("call_id" = Option<String>, Query, description = "Of this call.", format = Uuid),
        ("status" = Option<DeliveryResultWord>, Query, description = "With this result."),
        ("limit" = Option<u32>, Query, description = "Deliveries on a page; 50 where it is left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of deliveries.", body = Deliveries)),
)]
#[get("/v1/webhook-deliveries")]
pub async fn list_deliveries(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let before = query.get("cursor").map(cursor::read).transpose()?.map(|id| DeliveryId::from_uuid(Uuid::from_bytes(id)));
    let filter = DeliveryFilter {
        endpoint: query.parsed("endpoint", "is not the id of a webhook endpoint")?,
        call: query.parsed("call_id", "is not a call_id")?,
        result: query.get("status").map(result).transpose()?,
    };
    // One more than is shown: whether there is another page.
    let page = DeliveryPage { before, limit: limit + 1 };
    let mut found = http.gateway.endpoints.deliveries(&caller.reader(), &filter, page).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.id.as_uuid().into_bytes());
    Ok(json(StatusCode::OK, &Deliveries { data: found.iter().map(view).collect(), next_cursor }))
}

/// Send a webhook delivery again.
///
/// At once, whatever became of it, and on its whole schedule; under the same `webhook-id`.
#[utoipa::path(
    operation_id = "resendWebhookDelivery",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The delivery's id.", format = Uuid)),
    responses(
        (status = 202, description = "It is on its way.", body = DeliveryView),
        (status = 404, description = "No such delivery."),
        (status = 409, description = "Its endpoint is disabled."),
    ),
)]
#[post("/v1/webhook-deliveries/{id}/resend")]
pub async fn resend_delivery(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let resent = http.gateway.endpoints.resend(id, &caller.reader()).await.map_err(refused_delivery);
    http.audit(&caller, AuditAction::DeliveryResent, id, &resent).await;
    Ok(json(StatusCode::ACCEPTED, &view(&resent?)))
}

/// The delivery that a path names.
///
/// # Errors
/// 404 when it is no id.
pub fn id_of(request: &HttpRequest) -> Result<DeliveryId, Problem> {
    let id = request.match_info().get("id").filter(|id| id.len() == 36).and_then(|id| id.parse().ok());
    id.ok_or_else(|| Problem::new(Code::NotFound, "There is no webhook delivery with this id."))
}

fn result(word: &str) -> Result<DeliveryResult, Problem> {
    word.parse().map_err(|_unknown| {
        let known = DeliveryResult::ALL.iter().map(|result| result.as_str());
        invalid("status", format!("= '{}' {}", shown(word), unknown(word, known)))
    })
}
