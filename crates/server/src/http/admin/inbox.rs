//! `/v1/admin/inbox`: webhooks that nobody could use: those without a call yet, and those that could not be handled.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callgate_domain::model::{AttemptId, InboxId};
use callgate_domain::ports::{AuditAction, Looked, Progress, Replayed, StoreError};
use jiff::Timestamp;
use serde::Serialize;

use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::calls::list::{LONGEST_PAGE, PAGE};
use crate::http::error::{Code, Problem};
use crate::http::query::{Known, NOTHING, Query};
use crate::http::view::Text;
use crate::http::{Http, cursor};

const QUERY: Known = Known { now: &["progress", "limit", "cursor"], later: &[] };
/// Headers that are shown with their values; of any other the value may be a secret of the provider's.
const SHOWN: [&str; 6] = ["content-type", "content-length", "user-agent", "webhook-id", "webhook-timestamp", "date"];

#[derive(Serialize)]
struct Page<'a> {
    data: Vec<WebhookView<'a>>,
    next_cursor: Option<String>,
}

/// A webhook as operators see it. Its content is left out of lists, and gone once it was cleared.
#[derive(Serialize)]
pub struct WebhookView<'a> {
    id: Text<InboxId>,
    connection: Option<&'a str>,
    progress: &'static str,
    tries: u16,
    received_at: Timestamp,
    again_at: Option<Timestamp>,
    attempt_id: Option<Text<AttemptId>>,
    provider_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<ContentView<'a>>,
}

/// What was sent.
#[derive(Serialize)]
struct ContentView<'a> {
    /// Name and value; the value is null where it may be a secret.
    headers: Vec<(&'a str, Option<&'a str>)>,
    /// As text, where it is text.
    body: Option<&'a str>,
    body_base64: Option<String>,
}

impl<'a> WebhookView<'a> {
    fn listed(looked: &'a Looked) -> Self {
        let parcel = &looked.kept.parcel;
        Self {
            id: Text(parcel.id),
            connection: parcel.connection.as_ref().map(|id| id.as_str()),
            progress: looked.kept.progress.as_str(),
            tries: looked.kept.tries,
            received_at: parcel.received_at,
            again_at: looked.again_at,
            attempt_id: looked.about.attempt.map(Text),
            provider_call_id: looked.about.provider_call.as_ref().map(|id| id.as_str()),
            content: None,
        }
    }

    /// With its content.
    pub fn whole(looked: &'a Looked) -> Self {
        let webhook = looked.kept.parcel.webhook.webhook();
        let text = std::str::from_utf8(&webhook.body).ok();
        let is_shown = |name: &str| SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name));
        let header = |(name, value): &'a (String, String)| (name.as_str(), is_shown(name).then_some(value.as_str()));
        let content = (!webhook.body.is_empty()).then(|| ContentView {
            headers: webhook.headers.iter().map(header).collect(),
            body: text,
            body_base64: text.is_none().then(|| STANDARD.encode(&webhook.body)),
        });
        Self { content, ..Self::listed(looked) }
    }
}

/// Lists what is left over, newest first.
#[get("/v1/admin/inbox")]
pub async fn list_inbox(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let progress = match query.get("progress") {
        None | Some("parked") => Progress::Parked,
        Some("quarantined") => Progress::Quarantined,
        Some("orphaned") => Progress::Orphaned,
        Some(_) => return Err(crate::http::query::invalid("progress", "must be parked, quarantined or orphaned")),
    };
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let before = query.get("cursor").map(cursor::read).transpose()?;
    let before = before.map(|key| InboxId::from_uuid(uuid::Uuid::from_bytes(key)));
    let mut found = http.gateway.inspect.left_over(progress, before, limit + 1).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.kept.parcel.id.as_uuid().into_bytes());
    Ok(json(StatusCode::OK, &Page { data: found.iter().map(WebhookView::listed).collect(), next_cursor }))
}

/// Shows one, with what was sent.
#[get("/v1/admin/inbox/{webhook_id}")]
pub async fn get_webhook(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let seen = http.gateway.inspect.webhook(id).await.map_err(missing)?;
    Ok(json(StatusCode::OK, &WebhookView::whole(&seen)))
}

/// Has one handled once more.
#[post("/v1/admin/inbox/{webhook_id}/replay")]
pub async fn replay(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let replayed = http.gateway.inspect.replay(id).await.map_err(missing);
    http.audit(&caller, AuditAction::WebhookReplayed, id, &replayed).await;
    match replayed? {
        Replayed::Waiting => {
            let seen = http.gateway.inspect.webhook(id).await.map_err(missing)?;
            Ok(json(StatusCode::ACCEPTED, &WebhookView::listed(&seen)))
        }
        Replayed::Not(progress) => {
            let detail = match progress {
                Progress::Waiting => "This webhook waits to be handled already.".to_owned(),
                Progress::Applied | Progress::Duplicate | Progress::Ignored => {
                    format!("This webhook was handled ({progress}); handling it again would change nothing.")
                }
                Progress::Parked | Progress::Quarantined | Progress::Orphaned => {
                    "The content of this webhook was erased, or is no longer kept (calls.keep_raw): nothing is left to handle."
                        .to_owned()
                }
            };
            Err(Problem::new(Code::NotReplayable, detail))
        }
    }
}

fn id_of(request: &HttpRequest) -> Result<InboxId, Problem> {
    request.match_info().query("webhook_id").parse().map_err(|_no_id| no_such_webhook())
}

fn missing(error: StoreError) -> Problem {
    if matches!(error, StoreError::NotFound) { no_such_webhook() } else { error.into() }
}

fn no_such_webhook() -> Problem {
    Problem::new(Code::NotFound, "There is no webhook with this id in the inbox.")
}
