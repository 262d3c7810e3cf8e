//! `POST /v1/calls`: durable when it is answered, dialed later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::model::RetryPlan;
use callgate_domain::model::quota::DAY;
use callgate_domain::usecases::calls::PlaceError;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use super::wish::{self, Wish};
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::error::{Code, Problem};
use crate::http::query::{Known, Query};
use crate::http::throttle::{Policy, Standing, seconds};
use crate::http::{Http, headers};
use crate::telemetry::traces;

const QUERY: Known = Known { now: &[], later: &["dry_run"] };
/// W3C Trace Context, 3.2.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// A twin that still runs is done after so many seconds.
const TWIN_RETRY_S: u64 = 1;

// Read by hand in `wish.rs`, so that every fault is named; this is its description.
/// What a client wishes for.
#[derive(ToSchema)]
#[schema(as = NewCall, example = json!({"phone": "+996700000000", "agent": "akylai"}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct NewCall {
    /// An international number. Spaces, dashes, brackets and a leading `00` are normalised to E.164; no country is
    /// guessed.
    #[schema(min_length = 1, examples("+996700000000"))]
    phone: String,
    /// The key of a public agent: `GET /v1/agents` lists them.
    #[schema(examples("akylai"))]
    agent: String,
    /// The client's own id for this call; lists can be searched by it.
    #[schema(max_length = 128)]
    reference: Option<String>,
    /// Handed to the agent's conversation: up to 50 entries and 16 KiB.
    variables: Option<BTreeMap<String, Variable>>,
    /// Stored and returned unchanged, never sent to whoever carries the call: up to 50 entries and 16 KiB.
    metadata: Option<BTreeMap<String, String>>,
    /// Dial inside this window; a call whose window has passed never rings.
    schedule: Option<NewSchedule>,
    /// Try again under the same `call_id`, each time only after proof that the try before ended so; without it a call is
    /// tried once.
    retry: Option<NewRetry>,
    /// Hang up after so many seconds; at most the agent's own limit, which also holds where this is left out.
    #[schema(minimum = 10, maximum = 86400)]
    max_duration: Option<u64>,
}

/// A window to dial in.
#[derive(ToSchema)]
#[schema(as = NewSchedule)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct NewSchedule {
    /// Not dialed before.
    #[schema(format = DateTime)]
    not_before: Option<String>,
    /// Never rings after.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A plan for further tries. Whoever declined, or asked not to be called again, is not tried again.
#[derive(ToSchema)]
#[schema(as = NewRetry, example = json!({"on": ["no_answer", "busy"], "max": 2, "delays_s": [300, 3600]}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct NewRetry {
    /// Which ends are followed by another try; each word once.
    #[schema(min_items = 1, max_items = 2)]
    on: BTreeSet<RetryOn>,
    /// The most further tries.
    #[schema(minimum = 1, maximum = 5)]
    max: u16,
    #[schema(schema_with = delays)]
    delays_s: Option<Vec<u32>>,
}

fn delays() -> ArrayBuilder {
    let bound = |delay: Duration| Some(delay.as_secs() as f64);
    let about = "Seconds to wait before each further try, at most `max` of them; the last one serves for all beyond the \
                 list. 900 where it is left out.";
    let delay = ObjectBuilder::new().schema_type(Type::Integer);
    let delay = delay.minimum(bound(RetryPlan::SHORTEST_DELAY)).maximum(bound(RetryPlan::LONGEST_DELAY));
    let list = ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null])).description(Some(about));
    list.items(delay).min_items(Some(1)).max_items(Some(RetryPlan::MOST.into()))
}

/// An end that can be followed by another try.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its description is used")]
pub enum RetryOn {
    NoAnswer,
    Busy,
}

/// What an agent can be told about a call.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
pub enum Variable {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// The id of an accepted call.
#[derive(ToSchema)]
#[schema(as = CreatedCall, example = json!({"call_id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its description is used")]
pub struct CreatedCall {
    /// The only id of the call a client needs.
    #[schema(format = Uuid)]
    call_id: String,
}

/// Place a call.
///
/// Answers once the call is durable, before anything is dialed. Send an `Idempotency-Key` with every call: a repetition
/// with the same key and body gets the answer of the first and makes no second call, whatever became of the connection.
#[utoipa::path(
    operation_id = "createCall",
    tag = "Calls",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters; kept for 7 days.",
        min_length = 1, max_length = 255, pattern = r#"^([!#-~][!-~]*|"[!#-\[\]-~]+")$"#)),
    request_body(content = NewCall, content_type = "application/json"),
    responses(
        (status = 201, description = "The call is accepted and durable.", body = CreatedCall, headers(
            ("Location" = String, description = "Where the call can be read."),
            ("Idempotency-Replayed" = String, description = "`true` when an earlier request with this key made the call."),
        )),
        (status = 409, description = "A request with this key is still running, or the call may be under way already: then `call_id` names it."),
    ),
)]
#[post("/v1/calls")]
pub async fn create_call(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &QUERY)?;
    let key = headers::idempotency_key(request.headers())?;
    let body = body.json(&request, SMALL).await?;
    let calls = &http.gateway.calls;
    let Wish { place, order } = wish::read(&body, calls)?.into_wish(caller.client(), caller.key(), key);
    let placed = calls.place(place).await.map_err(|error| refused(error, &order))?;
    let mut parents = request.headers().get_all(TRACEPARENT);
    // One that came twice is nobody's.
    let parent = parents.next().filter(|_| parents.next().is_none());
    traces::asked(placed.call_id, parent.and_then(|value| value.to_str().ok()));
    let mut answer = HttpResponse::Created();
    answer.insert_header((LOCATION, format!("/v1/calls/{}", placed.call_id))).insert_header((CONTENT_TYPE, "application/json"));
    if placed.replayed {
        answer.insert_header((REPLAYED, "true"));
    }
    Ok(answer.body(format!("{{\"call_id\":\"{}\"}}", placed.call_id)))
}

/// Why a call was not accepted, where its wish was no body of JSON.
pub fn not_placed(error: PlaceError) -> Problem {
    refused(error, &wish::Order::default())
}

fn limit_reached(policy: Policy, what: &str, wait: Duration) -> Problem {
    let again = seconds(wait).max(1);
    let detail = format!("{what}, and that is reached. Try again in {again} seconds.");
    let headers = policy.headers(Standing { left: 0, resets_in: wait });
    Problem::new(Code::LimitReached, detail).retry_after(again).with_all(headers)
}

/// Why a call that no body asked for was not placed.
pub fn refusal(error: PlaceError) -> Problem {
    refused(error, &wish::Order::default())
}

fn refused(error: PlaceError, order: &wish::Order) -> Problem {
    match error {
        PlaceError::Objections(objections) => wish::with_objections(Default::default(), objections, order),
        PlaceError::DestinationNotAllowed => {
            Problem::new(Code::DestinationNotAllowed, "Numbers that begin like this one may not be called from here.")
        }
        PlaceError::PossibleDuplicate { call, age } => {
            let detail = format!(
                "The same phone and agent were asked for {} seconds ago, as call {call}. Send an Idempotency-Key to say that this one is meant.",
                age.as_secs()
            );
            Problem { call_id: Some(call), ..Problem::new(Code::PossibleDuplicate, detail) }
        }
        PlaceError::NumberLimit { limit, wait } => {
            let what = format!("This number may be called {limit} times within 24 hours");
            limit_reached(Policy { name: "calls-per-number", quota: limit, window: DAY }, &what, wait)
        }
        PlaceError::SpendLimit { limit, wait } => {
            let what = format!("This key may place {limit} calls within 24 hours");
            limit_reached(Policy { name: "calls-per-day", quota: limit, window: DAY }, &what, wait)
        }
        PlaceError::KeyReused => Problem::new(
            Code::IdempotencyKeyReused,
            "This Idempotency-Key was used for a call with other content. Make a new key for a new call.",
        ),
        PlaceError::InProgress => {
            let detail =
                format!("The first request with this Idempotency-Key is still running. Try again in {TWIN_RETRY_S} second.");
            Problem::new(Code::IdempotencyInProgress, detail).retry_after(TWIN_RETRY_S)
        }
        PlaceError::Store(error) => error.into(),
    }
}
