//! What a handler writes into the audit log: who did what to which thing, and what came of it.

use std::fmt::Display;

use actix_web::http::StatusCode;
use callgate_domain::ports::{AuditAction, AuditResult};

use super::Http;
use super::auth::Caller;
use super::error::Problem;

impl Http {
    /// Writes a line about what `caller` did to `object`, or was refused. It is done by then: when the line cannot be kept, it
    /// goes to the log instead, and the answer stays what it is.
    pub async fn audit<T>(&self, caller: &Caller, action: AuditAction, object: impl Display, outcome: &Result<T, Problem>) {
        let log = &self.gateway.audit;
        let line = log.line(caller.actor(), action, &object.to_string(), result(outcome));
        let (object, result, key) = (line.object.clone(), line.result, line.by.key);
        if let Err(error) = log.record(line).await {
            tracing::error!(%error, %action, object, %result, ?key, "a line of the audit log could not be kept");
        }
    }
}

fn result<T>(outcome: &Result<T, Problem>) -> AuditResult {
    match outcome.as_ref().map_err(|problem| problem.code.status()) {
        Ok(_) => AuditResult::Done,
        Err(StatusCode::NOT_FOUND) => AuditResult::NotFound,
        Err(status) if status.is_client_error() => AuditResult::Refused,
        Err(_) => AuditResult::Failed,
    }
}
