//! The id of an event of all calls: which call's which revision, `<call_id>.<revision>`. A stream that is resumed by it
//! finds its place again in whichever process, as the place is in the store.
//!
//! Revision 0 is a moment and no change: what a stream tells that has nothing else to tell.

use std::fmt;
use std::str::FromStr;

use actix_web::http::header::HeaderMap;
use callgate_domain::model::moment::earlier;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::{Mark, Moves, Reader, SEEN_WITHIN, StoreError};
use jiff::Timestamp;

use crate::http::error::{Code, Problem};
use crate::http::headers::LAST_EVENT_ID;

/// The id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId(pub CallId, pub Revision);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1.0)
    }
}

impl EventId {
    /// A moment.
    pub fn of(at: Timestamp) -> Self {
        Self(CallId::new(at, [0; 10]), Revision(0))
    }

    /// Where a stream goes on that has seen this event: a little before it, since what was in hand then may come later.
    ///
    /// What we cannot find, or the reader must not see, is as old as the call id says: then more is repeated, and nothing
    /// is missed.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn place(self, moves: &dyn Moves, of: &Reader) -> Result<Timestamp, StoreError> {
        let Self(call, revision) = self;
        let mark = moves.mark(call, revision, of).await?;
        let at = mark.map(|mark| mark.at).or_else(|| call.made_at()).unwrap_or(Timestamp::MIN);
        Ok(at.min(moves.now().await?))
    }
}

/// Where one begins who has seen everything up to a moment.
pub fn behind(at: Timestamp) -> Mark {
    Mark::before(earlier(at, SEEN_WITHIN))
}

impl FromStr for EventId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (call, revision) = text.split_once('.').ok_or(())?;
        let digits = (1..=10).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_digit());
        let call: CallId = Some(call).filter(|call| call.len() == 36).and_then(|call| call.parse().ok()).ok_or(())?;
        call.made_at().ok_or(())?;
        Ok(Self(call, Revision(revision.parse().ok().filter(|_| digits).ok_or(())?)))
    }
}

/// The `Last-Event-ID` of a request for all calls. One that is empty is none.
///
/// # Errors
/// 400 for anything that this gateway does not send.
pub fn last(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let mut given = headers.get_all(LAST_EVENT_ID).filter(|value| !value.is_empty());
    let (Some(one), second) = (given.next(), given.next()) else { return Ok(None) };
    let read = one.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|_| second.is_none());
    let detail = "The header Last-Event-ID must hold the id of an event of this stream, once; without it the stream begins now.";
    read.map(Some).ok_or_else(|| Problem::new(Code::InvalidHeader, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        let at: Timestamp = "2026-01-02T15:55:00.123Z".parse().unwrap();
        for id in [EventId::of(at), EventId(CallId::new(at, [7; 10]), Revision(4_294_967_295))] {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.0.made_at(), Some(at));
        }
        let call = CallId::new(at, [7; 10]).to_string();
        for wrong in ["", "7", ".1", &call, &format!("{call}."), &format!("{call}.-1"), &format!("{call}.4294967296")] {
            assert_eq!(wrong.parse::<EventId>(), Err(()), "{wrong}");
        }
        // No UUIDv7: it holds no moment.
        assert_eq!("a0a1a2a3-0000-4000-8000-000000000000.1".parse::<EventId>(), Err(()));
    }
}
