//! `GET /v1/admin/audit`: which key did what to which thing, newest first.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::{AuditId, KeyId};
use callgate_domain::ports::{AuditAction, AuditEntry, AuditResult};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::calls::list::{LONGEST_PAGE, PAGE};
use crate::http::error::Problem;
use crate::http::query::{Known, Query};
use crate::http::view::Text;
use crate::http::{Http, cursor};

const QUERY: Known = Known { now: &["limit", "cursor"], later: &[] };

/// A page of the audit log.
#[derive(Serialize)]
struct AuditList<'a> {
    data: Vec<LineView<'a>>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct LineView<'a> {
    at: Timestamp,
    /// Null for the gateway itself, and for whoever has no key.
    key_id: Option<Text<KeyId>>,
    action: Text<AuditAction>,
    object: &'a str,
    result: Text<AuditResult>,
    /// One line may stand for several failures.
    times: u32,
    request_id: Option<&'a str>,
}

/// Reads the audit log.
#[get("/v1/admin/audit")]
pub async fn list_audit(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let before = query.get("cursor").map(cursor::read).transpose()?.map(|id| AuditId::from_uuid(Uuid::from_bytes(id)));
    // One more than is shown: whether there is another page.
    let mut found = http.gateway.audit.list(before, limit + 1).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.id.as_uuid().into_bytes());
    Ok(json(StatusCode::OK, &AuditList { data: found.iter().map(view).collect(), next_cursor }))
}

fn view(line: &AuditEntry) -> LineView<'_> {
    LineView {
        at: line.at,
        key_id: line.by.key.map(Text),
        action: Text(line.action),
        object: &line.object,
        result: Text(line.result),
        times: line.times,
        request_id: line.by.request_id.as_deref(),
    }
}
