//! `POST /v1/webhooks/call-completed`: a call's result in our own words, kept before it is answered and applied at once
//! where that is quick.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_adapters::providers::report::{Fault as ReportFault, Report, Unreadable};
use callgate_domain::ports::{Authentic, Progress, RawWebhook};
use callgate_domain::usecases::intake::{ArriveError, KeptReport};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::Http;
use super::auth::Caller;
use super::body::Unread;
use super::calls::json;
use super::error::{Code, Problem};
use super::faults::{Fault, problem};
use super::query::{NOTHING, Query};
use crate::telemetry;

/// The longest result.
const LIMIT: usize = 2 * 1024 * 1024;
/// A result that cannot be applied within this is applied later.
const WITHIN: Duration = Duration::from_secs(2);

// Read in `adapters`; this is its description.
/// The result of a call.
#[derive(ToSchema)]
#[schema(as = CallResult, example = json!({"event_type": "call.completed", "provider_call_id": "internal-provider-reference",
    "status": "completed", "transcript": "agent: Hello\nuser: Hi", "duration": 120}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct ResultBody {
    /// What is reported.
    event_type: EventType,
    /// The id that whoever placed the call knows it by.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$")]
    provider_call_id: String,
    /// How it ended.
    status: ResultStatus,
    /// `role: text` lines, kept byte for byte.
    transcript: Option<String>,
    /// Seconds of conversation; a fraction is rounded.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    duration: Option<f64>,
    /// Why it ended; a word that is not known counts as `unknown`.
    #[schema(max_length = 64)]
    ended_reason: Option<String>,
    /// The transcript, taken apart.
    #[schema(max_items = 10_000)]
    turns: Option<Vec<ResultTurn>>,
    /// The conversation in short.
    summary: Option<String>,
    /// What the agent was asked to find out.
    #[schema(value_type = Option<Object>)]
    extracted: Option<()>,
    /// The one called does not want to be called again.
    opt_out: Option<bool>,
    /// Where the audio is; never shown to a client.
    #[schema(format = "uri")]
    recording_url: Option<String>,
    /// Whose id `provider_call_id` is, where several could have it.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$")]
    connection: Option<String>,
    /// The gateway's own id of the attempt, echoed; it matches first.
    #[schema(format = Uuid)]
    attempt_id: Option<String>,
}

/// One turn of a reported conversation.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct ResultTurn {
    /// Who speaks: `agent` or `user`, or one of the words that mean them.
    role: ResultRole,
    /// What is said.
    text: String,
    /// Milliseconds after the answer.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    start_ms: Option<f64>,
    /// Milliseconds after the answer.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    end_ms: Option<f64>,
    /// Its place; the order of the list is what counts.
    #[schema(value_type = Option<Value>)]
    index: Option<()>,
}

/// What is reported.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
pub enum EventType {
    #[schema(rename = "call.completed")]
    Completed,
}

/// How a call ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its description is used")]
pub enum ResultStatus {
    Completed,
    NoAnswer,
    Busy,
    Voicemail,
    Canceled,
    Failed,
}

/// The words for who speaks: the first four are the agent, the others the user.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its description is used")]
pub enum ResultRole {
    Agent,
    Assistant,
    Bot,
    Ai,
    User,
    Customer,
    Human,
    Caller,
}

/// What became of a result.
#[derive(Serialize, ToSchema)]
pub struct ReportAnswer {
    status: ReportStatus,
}

/// What became of a result.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportStatus {
    /// It is in its call.
    Applied,
    /// Everything in it was known.
    Duplicate,
    /// It contradicts what is final: it is kept in the timeline and changes nothing.
    Ignored,
    /// No call has this id yet: it is applied when one has.
    Parked,
    /// It is kept and will be applied.
    Accepted,
}

/// Report a call's result.
///
/// Kept before it is answered. The same result again is a `duplicate`; one whose call is not known yet is `parked` and
/// applied when that id appears.
#[utoipa::path(
    operation_id = "reportResult",
    tag = "Result webhook",
    request_body(content = ResultBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It is in its call, was before, or contradicts what is final.", body = ReportAnswer, example = json!({"status": "applied"})),
        (status = 202, description = "It is kept and will be applied.", body = ReportAnswer, example = json!({"status": "parked"})),
        (status = 409, description = "The id is known under several connections, and none is named. Nothing is kept."),
    ),
)]
#[post("/v1/webhooks/call-completed")]
pub async fn report_result(
    http: Data<Http>,
    _caller: Caller,
    request: HttpRequest,
    body: Unread,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let body = body.json(&request, LIMIT).await?;
    let reading = Report::parse(&body).map_err(unreadable)?.reading();
    // The key was checked at the edge: this is authentic.
    let authentic = Authentic::verified(RawWebhook { url: None, headers: Vec::new(), body: body.into() });
    let kept = http.gateway.intake.keep_report(authentic, reading).await.map_err(not_kept)?;
    let (status, became) = match apply(&http, kept).await {
        Some(Progress::Applied) => (StatusCode::OK, ReportStatus::Applied),
        Some(Progress::Duplicate) => (StatusCode::OK, ReportStatus::Duplicate),
        Some(Progress::Ignored) => (StatusCode::OK, ReportStatus::Ignored),
        Some(Progress::Parked | Progress::Orphaned) => (StatusCode::ACCEPTED, ReportStatus::Parked),
        Some(Progress::Waiting | Progress::Quarantined) | None => (StatusCode::ACCEPTED, ReportStatus::Accepted),
    };
    Ok(json(status, &ReportAnswer { status: became }))
}

/// What became of it; `None` when that is not known yet. It is kept, so the worker goes on where this stops.
async fn apply(http: &Http, kept: KeptReport) -> Option<Progress> {
    match timeout(WITHIN, http.gateway.intake.handle_report(kept)).await {
        Ok(Ok(progress)) => {
            telemetry::webhook_handled(None, progress);
            Some(progress)
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "a kept result is applied later");
            None
        }
        Err(_elapsed) => None,
    }
}

fn not_kept(error: ArriveError) -> Problem {
    match error {
        ArriveError::Ambiguous => Problem::new(
            Code::AmbiguousProviderCall,
            "This provider_call_id is known under several connections. Name one in the field connection.",
        ),
        ArriveError::Store(error) => error.into(),
        error @ (ArriveError::UnknownConnection | ArriveError::NotAuthentic(_)) => {
            tracing::error!(%error, "a result was refused");
            Problem::internal()
        }
    }
}

fn unreadable(error: Unreadable) -> Problem {
    match error {
        Unreadable::Malformed(detail) => Problem::new(Code::MalformedJson, format!("The body {detail}.")),
        Unreadable::Wrong(faults) => problem(faults.into_iter().map(fault).collect()),
    }
}

fn fault(ReportFault { pointer, code, detail }: ReportFault) -> Fault {
    let code = Code::ALL.iter().copied().find(|known| known.as_str() == code).unwrap_or(Code::Invalid);
    Fault { pointer, code, detail, sentence: None }
}
