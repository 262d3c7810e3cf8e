//! `POST /v1/admin/pause` and `…/resume`: nothing is dialed, and then again. Both may be repeated.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use bytes::Bytes;
use callgate_domain::model::{Hold, OnHold};
use callgate_domain::ports::AuditAction;
use callgate_domain::usecases::pause::{Named, PauseError};
use jiff::Timestamp;
use serde::Serialize;

use super::{fault, texts};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::{Code, Problem};
use crate::http::faults::{Wrong, shown};
use crate::http::query::{NOTHING, Query};

/// Every hold in force.
#[derive(Serialize)]
struct HoldList<'a> {
    data: Vec<HoldView<'a>>,
}

/// A hold; one that names neither agent nor connection is on everything.
#[derive(Serialize)]
pub(super) struct HoldView<'a> {
    agent: Option<&'a str>,
    connection: Option<&'a str>,
    reason: &'a str,
    created_at: Timestamp,
}

/// Holds back everything, an agent, or a connection.
#[post("/v1/admin/pause")]
pub async fn pause(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    let named = named(&read(&request, &body).await?)?;
    let holds = http.gateway.pause.pause(&named).await.map_err(refused);
    http.audit(&caller, AuditAction::DialingPaused, told(&named), &holds).await;
    Ok(answer(&holds?))
}

/// Lets it go on.
#[post("/v1/admin/resume")]
pub async fn resume(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    let named = named(&read(&request, &body).await?)?;
    let holds = http.gateway.pause.resume(&named).await.map_err(refused);
    http.audit(&caller, AuditAction::DialingResumed, told(&named), &holds).await;
    Ok(answer(&holds?))
}

async fn read(request: &HttpRequest, body: &Unread) -> Result<Bytes, Problem> {
    Query::of(request, &NOTHING)?;
    body.json(request, SMALL).await
}

fn named(body: &[u8]) -> Result<Named, Problem> {
    match texts(body, ["agent", "connection"])? {
        [None, None] => Ok(Named::Everything),
        [Some(key), None] => Ok(Named::Agent(key)),
        [None, Some(id)] => Ok(Named::Connection(id)),
        [Some(_), Some(_)] => {
            Err(fault("/connection", Wrong::new(Code::Invalid, "cannot stand beside agent: name one of them, or neither")))
        }
    }
}

/// What is named, as the audit log has it.
fn told(named: &Named) -> String {
    match named {
        Named::Everything => "everything".to_owned(),
        Named::Agent(key) => format!("agent {}", shown(key)),
        Named::Connection(id) => format!("connection {}", shown(id)),
    }
}

fn refused(error: PauseError) -> Problem {
    let meant = |nearest: Option<String>| nearest.map(|name| format!(" Did you mean '{name}'?")).unwrap_or_default();
    match error {
        PauseError::UnknownAgent { key, nearest } => {
            let sentence = format!("There is no agent '{}'.{}", shown(&key), meant(nearest));
            fault("/agent", Wrong::new(Code::UnknownAgent, "is the key of no agent").saying(sentence))
        }
        PauseError::UnknownConnection { id, nearest } => {
            let sentence = format!("There is no connection '{}'.{}", shown(&id), meant(nearest));
            fault("/connection", Wrong::new(Code::UnknownConnection, "is the id of no connection").saying(sentence))
        }
        PauseError::Store(error) => error.into(),
    }
}

fn answer(holds: &[Hold]) -> HttpResponse {
    json(StatusCode::OK, &HoldList { data: holds.iter().map(view).collect() })
}

/// A hold as it is told.
pub(super) fn view(hold: &Hold) -> HoldView<'_> {
    let (agent, connection) = match &hold.what {
        OnHold::Everything => (None, None),
        OnHold::Agent(key) => (Some(key.as_str()), None),
        OnHold::Connection(id) => (None, Some(id.as_str())),
    };
    HoldView { agent, connection, reason: &hold.reason, created_at: hold.created_at }
}
