//! `POST /v1/admin/reload`: agents and connections are read again, in the process that answers.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::ports::AuditAction;
use serde::Serialize;

use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};
use crate::wiring::{ReloadError, Reloaded};

/// What there is now.
#[derive(Serialize)]
struct ReloadedView {
    agents: Vec<String>,
    connections: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

/// Reads them.
#[post("/v1/admin/reload")]
pub async fn reload(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    body.bytes(SMALL).await?;
    let reloaded = http.gateway.reload.now().await.map_err(not_reloaded);
    http.audit(&caller, AuditAction::ConfigReloaded, "agents and connections", &reloaded).await;
    let Reloaded { agents, connections, added, removed } = reloaded?;
    tracing::info!(agents = agents.len(), ?added, ?removed, "configuration read again");
    Ok(json(StatusCode::OK, &ReloadedView { agents, connections, added, removed }))
}

/// Why nothing has changed. Whoever may reload may read the configuration's faults: they hold no secret.
pub(super) fn not_reloaded(error: ReloadError) -> Problem {
    match error {
        ReloadError::NoSources => Problem::new(Code::NotSupportedHere, "This gateway was not started from a configuration."),
        ReloadError::Faults(faults) => Problem::new(Code::InvalidConfiguration, faults.to_string()),
        ReloadError::InUse { id, calls } => Problem::new(
            Code::ConnectionInUse,
            format!(
                "Connection '{id}' has {calls} open calls, which only it can look after. Wait for their end, or keep it under its id."
            ),
        ),
        ReloadError::Wiring(error) => match error {
            crate::wiring::WiringError::Connection(fault) => Problem::new(Code::InvalidConfiguration, format!("{fault}.")),
            crate::wiring::WiringError::Store(error) => error.into(),
            other => {
                tracing::error!(error = %other, "connections could not be opened");
                Problem::internal()
            }
        },
    }
}
