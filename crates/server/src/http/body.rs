//! Request bodies: read whole, bounded in size and time.
//!
//! What a handler leaves unread is read by the edge and dropped: a server that answers before the body has arrived has to
//! close the connection, which costs more than the body (`PERFORMANCE.md` point 6).

use std::cell::{Cell, RefCell};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::error::{Code, Problem};

/// The longest body of an ordinary request.
pub const SMALL: usize = 64 * 1024;
/// A whole body arrives within this.
const DEADLINE: Duration = Duration::from_secs(10);
/// So much of a body that nobody wants is read.
const UNWANTED: usize = 32 * 1024 * 1024;
/// What is left of a body arrives within this, or the connection is closed.
const DRAIN: Duration = Duration::from_secs(1);

/// A body that nobody has read yet. Shared by the edge and the handler.
#[derive(Clone, Default)]
pub struct Unread {
    payload: Rc<RefCell<Option<Payload>>>,
    /// It was read to its end.
    done: Rc<Cell<bool>>,
    /// Its length, where the request says it.
    declared: Option<usize>,
}

impl Unread {
    /// What came with a request.
    pub fn new(payload: Payload, headers: &HeaderMap) -> Self {
        let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { payload: Rc::new(RefCell::new(Some(payload))), done: Rc::default(), declared }
    }

    /// The body of a request that must be JSON.
    ///
    /// # Errors
    /// 415 when it says to be something else, 413 when it is longer than `limit`, 408 when it comes too slowly.
    pub async fn json(&self, request: &HttpRequest, limit: usize) -> Result<Bytes, Problem> {
        must_be_json(request)?;
        self.bytes(limit).await
    }

    /// The body of a request, whatever it is.
    ///
    /// # Errors
    /// 413 when it is longer than `limit`, 408 when it comes too slowly.
    pub async fn bytes(&self, limit: usize) -> Result<Bytes, Problem> {
        if self.declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let Some(mut payload) = self.payload.take() else { return Ok(Bytes::new()) };
        match timeout(DEADLINE, whole(&mut payload, limit)).await {
            Ok(Ok(Some(body))) => {
                self.done.set(true);
                Ok(body)
            }
            Ok(Ok(None)) => Err(too_large(limit)),
            Ok(Err(_broken)) => Err(Problem::new(Code::BadRequest, "The body broke off. Send the request again.")),
            Err(_elapsed) => {
                let seconds = DEADLINE.as_secs();
                Err(Problem::new(Code::RequestTimeout, format!("The body was not complete within {seconds} seconds.")))
            }
        }
    }

    /// Reads what nobody wants and keeps none of it, as far as it comes at once: who is cut off in the middle of sending
    /// does not get to read why. Whether the end was reached: else the connection is of no more use.
    pub async fn drain(&self) -> bool {
        let payload = self.payload.take().filter(|_| self.declared.is_none_or(|length| length <= UNWANTED));
        if let Some(mut payload) = payload {
            self.done.set(timeout(DRAIN, discard(&mut payload)).await.unwrap_or(false));
        }
        self.done.get()
    }
}

/// Reads to the end, if it comes before [`UNWANTED`] bytes.
async fn discard(payload: &mut Payload) -> bool {
    let mut length: usize = 0;
    while let Some(piece) = payload.next().await {
        let Ok(piece) = piece else { return false };
        length = length.saturating_add(piece.len());
        if length > UNWANTED {
            return false;
        }
    }
    true
}

impl FromRequest for Unread {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions().get::<Self>().cloned().unwrap_or_default()))
    }
}

/// The whole body; `None` when it is longer than `limit`.
async fn whole(payload: &mut Payload, limit: usize) -> Result<Option<Bytes>, PayloadError> {
    let Some(first) = payload.next().await.transpose()? else { return Ok(Some(Bytes::new())) };
    if first.len() > limit {
        return Ok(None);
    }
    // Nearly every body comes in one piece, and is then not copied.
    let Some(second) = payload.next().await.transpose()? else { return Ok(Some(first)) };
    let mut body = BytesMut::from(first);
    let mut piece = Some(second);
    while let Some(next) = piece {
        if body.len() + next.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&next);
        piece = payload.next().await.transpose()?;
    }
    Ok(Some(body.freeze()))
}

fn must_be_json(request: &HttpRequest) -> Result<(), Problem> {
    let refused = |detail| Err(Problem::new(Code::UnsupportedMediaType, detail));
    let headers = request.headers();
    let mut types = headers.get_all(CONTENT_TYPE);
    let is_json = match (types.next(), types.next()) {
        (None, _) => return refused("The header Content-Type is missing. Send Content-Type: application/json."),
        (Some(one), None) => one.to_str().is_ok_and(is_json),
        (Some(_), Some(_)) => false,
    };
    if !is_json {
        return refused("The header Content-Type must be application/json, in UTF-8.");
    }
    let encoded = headers.get_all(CONTENT_ENCODING).any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded { refused("The body must not be compressed: leave out the header Content-Encoding.") } else { Ok(()) }
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    json && parts.all(utf8)
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("The body is longer than the {} KiB that are read here.", limit / 1024))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    fn check(media_type: &str, expected: bool) {
        assert_eq!(is_json(media_type), expected, "{media_type}");
    }

    #[test]
    fn json_in_utf_8_is_read_however_it_is_written() {
        for media_type in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\"; v=1"] {
            check(media_type, true);
        }
    }

    #[test]
    fn anything_else_is_not() {
        for media_type in ["", "text/json", "application/jsonp", "application/json; charset=latin1", "text/plain"] {
            check(media_type, false);
        }
    }
}
