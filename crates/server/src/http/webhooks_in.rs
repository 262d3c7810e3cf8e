//! `POST /v1/webhooks/in/{connection}/{token}`: the providers' own webhooks, verified and kept; understood later.
//!
//! The route knows no provider. Its URL holds a token beside the provider's own signature, and is in no log.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::model::ConnectionId;
use callgate_domain::ports::RawWebhook;
use callgate_domain::usecases::intake::ArriveError;

use super::body::Unread;
use super::error::{Code, Problem};
use super::{Http, table};

/// The longest webhook of a provider.
const LIMIT: usize = 4 * 1024 * 1024;

/// Takes a webhook. Whatever is wrong with its authenticity, the answer is the same.
#[post("/v1/webhooks/in/{connection}/{token}")]
pub async fn take_webhook(http: Data<Http>, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    let Some(connection) = known(&http, &request).await? else { return Err(table::nothing_here()) };
    let body = body.bytes(LIMIT).await?;
    match http.gateway.intake.arrive(&connection, &raw(&http, &request, &body)).await {
        Ok(()) => Ok(HttpResponse::Ok().finish()),
        Err(ArriveError::NotAuthentic(fault)) => {
            tracing::warn!(connection = %connection, error = %fault, "webhook refused");
            Err(Problem::new(Code::NotAuthentic, "The webhook is not authentic."))
        }
        Err(ArriveError::Store(error)) => Err(error.into()),
        Err(ArriveError::UnknownConnection | ArriveError::Ambiguous) => Err(table::nothing_here()),
    }
}

/// The connection that the path names, where it also holds that connection's token.
async fn known(http: &Http, request: &HttpRequest) -> Result<Option<ConnectionId>, Problem> {
    let part = |name| request.match_info().get(name).unwrap_or_default();
    let connection = ConnectionId::new(part("connection"))
        .ok()
        .filter(|id| http.gateway.connections.heard(id, http.gateway.clock.now()).is_some());
    let Some(connection) = connection else { return Ok(None) };
    Ok(http.tokens.is(&connection, part("token")).await?.then_some(connection))
}

/// The webhook as it came. Its URL is the configured one, since providers sign that and its headers prove nothing.
fn raw(http: &Http, request: &HttpRequest, body: &[u8]) -> RawWebhook {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let headers = request.headers().iter();
    RawWebhook {
        url: http.gateway.facts.public_url.as_ref().map(|public| format!("{public}{target}")),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    }
}
