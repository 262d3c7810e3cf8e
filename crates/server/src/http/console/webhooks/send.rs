//! Sending something that no call caused just now. Each is written down as the API writes it down.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::model::{DeliveryId, EndpointId};
use callgate_domain::ports::AuditAction;

use super::{PATH, failed};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::console::gate::to;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};
use crate::http::webhook_deliveries::id_of;
use crate::http::webhook_endpoints::{refused, refused_delivery};

/// Sends a test event to an endpoint.
#[post("/console/webhooks/{id}/test")]
pub async fn test_endpoint(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let id = request.match_info().get("id").filter(|id| id.len() == 36).and_then(|id| id.parse().ok());
    let id: EndpointId = id.ok_or_else(|| Problem::new(Code::NotFound, "There is no webhook endpoint with this id."))?;
    let sent = http.gateway.endpoints.test(id, &caller.reader()).await.map_err(refused);
    http.audit(&caller, AuditAction::EndpointTested, id, &sent).await;
    sent.map(|_delivery| to(&format!("{PATH}?done=tested")))
}

/// Sends one delivery again.
#[post("/console/webhooks/deliveries/{id}/resend")]
pub async fn resend_delivery(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    again(&http, &caller, id_of(&request)?).await?;
    Ok(to(&format!("{PATH}?done=resent")))
}

/// Sends the failed ones again: as many as the button said, the newest first.
#[post("/console/webhooks/resend")]
pub async fn resend_failed(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    for id in failed(&http, &caller.reader()).await? {
        match again(&http, &caller, id).await {
            // It was taken away, or its endpoint disabled, since it was found.
            Err(problem) if !matches!(problem.code, Code::NotFound | Code::EndpointDisabled) => return Err(problem),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(to(&format!("{PATH}?done=resent")))
}

async fn again(http: &Http, caller: &Caller, id: DeliveryId) -> Result<(), Problem> {
    let resent = http.gateway.endpoints.resend(id, &caller.reader()).await.map_err(refused_delivery);
    http.audit(caller, AuditAction::DeliveryResent, id, &resent).await;
    resent.map(drop)
}
