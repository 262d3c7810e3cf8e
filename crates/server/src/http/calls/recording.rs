//! `GET /v1/calls/{call_id}/recording`: the audio of a call, passed on as it comes.
//!
//! No header of the provider passes: type, length and range are read, and written anew in our own words.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::model::provider::{ByteRange, Extent};
use callgate_domain::ports::{Audio, AudioBody};
use callgate_domain::usecases::recording::NoAudio;
use futures_util::{Stream, stream};

use super::id_of;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::{Code, Problem};
use crate::http::query::{NOTHING, Query};

/// What is said of bytes whose type is none of audio.
const SOMETHING: &str = "application/octet-stream";
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// Audio, byte for byte.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it stands in the document alone")]
struct AudioBytes(Vec<u8>);

/// Read a call's recording.
///
/// The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's field `recording`
/// says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206 where it can be.
#[utoipa::path(
    operation_id = "getRecording",
    tag = "Calls",
    params(
        ("call_id" = String, Path, description = "What creating the call returned.", format = Uuid),
        ("Range" = Option<String>, Header, description = "One stretch of bytes: `bytes=0-1023`."),
    ),
    responses(
        (status = 200, description = "The audio.", content_type = "audio/*", body = inline(AudioBytes)),
        (status = 206, description = "The bytes that were asked for.", content_type = "audio/*", body = inline(AudioBytes)),
        (status = 404, description = "No such call, or it has no recording."),
        (status = 416, description = "There are no such bytes."),
        (status = 503, description = "It cannot be fetched now."),
    ),
)]
#[get("/v1/calls/{call_id}/recording")]
pub async fn get_recording(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let range = range_of(request.headers());
    let audio = http.gateway.calls.recording(id, &caller.reader(), range).await.map_err(problem)?;
    answer(audio)
}

fn problem(none: NoAudio) -> Problem {
    match none {
        NoAudio::Store(error) => error.into(),
        NoAudio::None => Problem::new(Code::NoRecording, "This call has no recording."),
        NoAudio::NotNow { retry_after, cause } => {
            tracing::warn!(error = format!("{cause:#}"), "a recording cannot be fetched");
            let seconds = retry_after.unwrap_or(TRY_AGAIN).as_secs().max(1);
            let detail = format!("The recording cannot be fetched now. Try again in {seconds} seconds.");
            Problem::new(Code::Unavailable, detail).retry_after(seconds)
        }
    }
}

/// One stretch of bytes. Whatever else is asked for is answered with all of them, as RFC 9110 permits.
fn range_of(headers: &HeaderMap) -> Option<ByteRange> {
    let mut given = headers.get_all(RANGE);
    let (one, None) = (given.next()?, given.next()) else { return None };
    let (first, last) = one.to_str().ok()?.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number =
        |text: &str| -> Option<u64> { if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None } };
    match (first, last) {
        ("", last) => number(last).map(ByteRange::Last),
        (first, "") => number(first).map(|first| ByteRange::From(first, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(ByteRange::From(first, Some(last)))
        }
    }
}

fn answer(audio: Audio) -> Result<HttpResponse, Problem> {
    let (status, range) = match audio.extent {
        Extent::Whole => (StatusCode::OK, None),
        Extent::Part { first, last, total } => {
            let total = total.map_or_else(|| "*".to_owned(), |total| total.to_string());
            (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {first}-{last}/{total}")))
        }
        Extent::Outside { total } => {
            let problem = Problem::new(Code::RangeNotSatisfiable, "The recording has no such bytes.");
            let range = total.and_then(|total| HeaderValue::try_from(format!("bytes */{total}")).ok());
            return Err(problem.with_all(range.map(|range| (CONTENT_RANGE, range))));
        }
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, type_of(audio.content_type.as_deref())));
    if let Some(range) = range {
        response.insert_header((CONTENT_RANGE, range));
    }
    if let Some(length) = audio.length {
        response.no_chunking(length);
    }
    Ok(response.streaming(bytes_of(audio.body)))
}

/// A type of audio as it was told, and nothing else: a page would run here with the gateway's own rights.
fn type_of(told: Option<&str>) -> String {
    let essence = told.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'+'))
    };
    if essence.strip_prefix("audio/").is_some_and(is_name) { essence } else { SOMETHING.to_owned() }
}

/// What breaks off breaks the answer off too, so that nobody takes a part for the whole.
fn bytes_of(body: Box<dyn AudioBody>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(body), |body| async move {
        let mut body = body?;
        match body.next().await {
            Ok(Some(bytes)) => Some((Ok(Bytes::from(bytes)), Some(body))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "a recording broke off");
                Some((Err(io::Error::other("the recording broke off")), None))
            }
        }
    })
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
