//! `GET /v1/admin/calls/{call_id}`: a call with what no client sees of it: connection, provider's ids, attempts, webhooks.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::call::Attempt;
use callgate_domain::model::{AttemptId, CallState};
use jiff::Timestamp;
use serde::Serialize;

use super::inbox::WebhookView;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::{id_of, json};
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};
use crate::http::view::{self, CallView, Text};

/// A call, and what stands behind it.
#[derive(Serialize)]
struct InspectedView<'a> {
    call: CallView<'a>,
    client: &'a str,
    state: Text<CallState>,
    connection: Option<&'a str>,
    look_at: Option<Timestamp>,
    attempts: Vec<AttemptView<'a>>,
    webhooks: Vec<WebhookView<'a>>,
}

/// One request to a provider.
#[derive(Serialize)]
struct AttemptView<'a> {
    attempt_id: Text<AttemptId>,
    r#try: u16,
    connection: &'a str,
    provider_call_id: Option<&'a str>,
    outcome: &'static str,
    sent_mark_at: Timestamp,
    guessed_at: Option<Timestamp>,
    contradicted_at: Option<Timestamp>,
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            attempt_id: Text(attempt.id),
            r#try: attempt.try_number,
            connection: attempt.connection.as_str(),
            provider_call_id: attempt.provider_call.as_ref().map(|id| id.as_str()),
            outcome: attempt.outcome.as_str(),
            sent_mark_at: attempt.sent_mark_at,
            guessed_at: attempt.guessed_at,
            contradicted_at: attempt.contradicted_at,
        }
    }
}

/// Shows a call with everything behind it.
#[get("/v1/admin/calls/{call_id}")]
pub async fn inspect_call(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let seen = http.gateway.inspect.call(id).await?;
    let shown = InspectedView {
        call: view::call(&seen.call, http.gateway.calls.can_be_canceled(&seen.call)),
        client: seen.call.client.as_str(),
        state: Text(seen.call.state),
        connection: seen.call.connection.as_ref().map(|id| id.as_str()),
        look_at: seen.call.look_at,
        attempts: seen.attempts.iter().map(AttemptView::of).collect(),
        webhooks: seen.webhooks.iter().map(WebhookView::whole).collect(),
    };
    Ok(json(StatusCode::OK, &shown))
}
