//! `GET /v1/calls/{call_id}/timeline`: what happened to a call, in order, each entry hashed over the one before.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::call::history::{By, What};
use callgate_domain::model::call::{Entry, Hash};
use callgate_domain::model::{Revision, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{LONGEST_PAGE, PAGE};
use super::{id_of, json};
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::query::{Known, Query};
use crate::http::view::Text;
use crate::http::words::{ByWord, StatusWord, WhatWord};
use crate::http::{Http, cursor};

const QUERY: Known = Known { now: &["limit", "cursor"], later: &[] };

/// A page of a call's history.
#[derive(Serialize, ToSchema)]
pub struct Timeline {
    /// Oldest first.
    data: Vec<TimelineEntry>,
    /// Continues the list; null at its end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// One change of a call.
#[derive(Serialize, ToSchema)]
pub struct TimelineEntry {
    /// The revision this change made.
    #[schema(minimum = 1)]
    revision: u32,
    /// When, with six digits of a second.
    #[schema(format = DateTime)]
    at: String,
    /// The call's status since then.
    #[schema(value_type = StatusWord)]
    status: Text<Status>,
    /// What changed.
    #[schema(value_type = WhatWord)]
    what: Text<What>,
    /// What caused it.
    #[schema(value_type = ByWord)]
    by: Text<By>,
    /// `sha256:` and the SHA-256 in hex over the hash of the entry before (nothing for the first), the call's id, and this
    /// entry's revision, at, status, what and by, each as shown and with a line feed between; that of the last entry is
    /// the call's `history_head`.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    hash: Text<Hash>,
}

impl From<Entry> for TimelineEntry {
    fn from(entry: Entry) -> Self {
        let Entry { revision, at, status, what, by, hash } = entry;
        // Six digits, since the hash is over them.
        let at = format!("{at:.6}");
        Self { revision: revision.0, at, status: Text(status), what: Text(what), by: Text(by), hash: Text(hash) }
    }
}

/// Read a call's timeline.
///
/// The append-only history of a call: when, what changed, and by what. Each `hash` covers its entry and the hash before
/// it, so whoever kept an earlier one can tell whether anything was changed since.
#[utoipa::path(
    operation_id = "getTimeline",
    tag = "Calls",
    params(
        ("call_id" = String, Path, description = "What creating the call returned.", format = Uuid),
        ("limit" = Option<u32>, Query, description = "Entries on a page; 50 where it is left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page of the history, oldest first.", body = Timeline),
        (status = 404, description = "No such call."),
    ),
)]
#[get("/v1/calls/{call_id}/timeline")]
pub async fn get_timeline(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    let query = Query::of(&request, &QUERY)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let after = query.get("cursor").map(cursor::read).transpose()?.map_or(Revision(0), |key| Revision(u32::from_be_bytes(key)));
    let mut found = http.gateway.calls.history(id, &caller.reader(), after, limit + 1).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.revision.0.to_be_bytes());
    Ok(json(StatusCode::OK, &Timeline { data: found.into_iter().map(TimelineEntry::from).collect(), next_cursor }))
}
