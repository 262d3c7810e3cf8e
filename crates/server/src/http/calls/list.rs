//! `GET /v1/calls`: a client's calls, newest first.

use std::str::FromStr;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::model::nearest::nearest;
use callgate_domain::model::{CallId, Phone, Status};
use callgate_domain::ports::{CallFilter, Page};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::json;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::faults::shown;
use crate::http::query::{Known, Query, invalid};
use crate::http::view::{self, CallView};
use crate::http::words::StatusWord;
use crate::http::{Http, cursor};

const QUERY: Known = Known {
    now: &["status", "agent", "phone", "reference", "created_after", "created_before", "limit", "cursor"],
    later: &["batch_id"],
};
/// Rows on a page where the client does not say, and at most.
pub const PAGE: u32 = 50;
pub const LONGEST_PAGE: u32 = 200;

/// A page of calls, without transcripts, turns and variables.
#[derive(Serialize, ToSchema)]
#[schema(as = CallList)]
pub struct CallPage<'a> {
    /// Newest first.
    data: Vec<CallView<'a>>,
    /// Continues the list; null at its end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// List calls.
///
/// Newest first. An unknown parameter is refused. In `phone` a leading space counts as the
/// `+` that an unescaped query loses.
#[utoipa::path(
    operation_id = "listCalls",
    tag = "Calls",
    params(
        ("status" = Option<Vec<StatusWord>>, Query, description = "Calls of one of these statuses, joined by commas."),
        ("agent" = Option<String>, Query, description = "Calls with this agent."),
        ("phone" = Option<String>, Query, description = "Calls to this number."),
        ("reference" = Option<String>, Query, description = "Calls with this reference, to the letter."),
        ("created_after" = Option<String>, Query, description = "Calls accepted after this moment.", format = DateTime),
        ("created_before" = Option<String>, Query, description = "Calls accepted before this moment.", format = DateTime),
        ("limit" = Option<u32>, Query, description = "Calls on a page; 50 where it is left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of calls.", body = CallPage<'static>)),
)]
#[get("/v1/calls")]
pub async fn list_calls(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let before = query.get("cursor").map(cursor::read).transpose()?.map(|id| CallId::from_uuid(Uuid::from_bytes(id)));
    // One more than is shown: whether there is another page.
    let page = Page { before, limit: limit + 1 };
    let calls = &http.gateway.calls;
    let mut found = calls.list(&caller.reader(), &filter(&query)?, page).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.0.id.as_uuid().into_bytes());
    let data = found.iter().map(|held| view::listed(&held.0, calls.can_be_canceled(&held.0))).collect();
    Ok(json(StatusCode::OK, &CallPage { data, next_cursor }))
}

fn filter(query: &Query<'_>) -> Result<CallFilter, Problem> {
    let statuses = query.get("status").map(|words| words.split(',').map(status).collect()).transpose()?;
    Ok(CallFilter {
        statuses: statuses.unwrap_or_default(),
        agent: query.parsed("agent", "is not the key of an agent")?,
        phone: query.get("phone").map(phone).transpose()?,
        reference: query.get("reference").map(str::to_owned),
        created_after: query.moment("created_after")?,
        created_before: query.moment("created_before")?,
    })
}

fn status(word: &str) -> Result<Status, Problem> {
    Status::from_str(word).map_err(|_unknown| {
        let known = Status::ALL.iter().map(|status| status.as_str());
        let meant = nearest(word, known).map(|meant| format!("; did you mean '{meant}'?")).unwrap_or_default();
        invalid("status", format!("has no status '{}'{meant}", shown(word)))
    })
}

fn phone(text: &str) -> Result<Phone, Problem> {
    let lost_plus = text.strip_prefix(' ').map(|rest| format!("+{rest}"));
    let text = lost_plus.as_deref().unwrap_or(text);
    Phone::parse(text).map_err(|fault| invalid("phone", format!("holds '{}', which {fault}", shown(text))))
}
