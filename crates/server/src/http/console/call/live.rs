//! `/console/calls/{call_id}/live`: the parts of the page that have changed, as they change (server-sent events).
//!
//! `event: part` carries an element that takes the place of the one with its id; `event: item` a line of the transcript,
//! which takes the place of the one with its id or is appended; `event: end` says that nothing more comes. The event's id is
//! the call's revision. Every part can be sent again without harm, so a broken stream is caught up by sending what is shown
//! now. As with the API's stream, hints save time and looking is the guarantee.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::{Reader, StoreError};

use super::seen::Seen;
use super::{parts, talk};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::id_of;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::follow::{Followed, LOOK_EVERY, News, follow};
use crate::http::live::{For, push};
use crate::http::query::{Known, Query};

const QUERY: Known = Known { now: &["after"], later: &[] };
/// How soon it is looked at again while a turn goes on, which is drawn as it grows; and once the call is over, since nobody hints at its webhook.
const LOOK_SOON: Duration = Duration::from_secs(1);
/// Ends the id of the last event.
const OVER: &str = "-over";

/// Follows a call.
#[get("/console/calls/{call_id}/live")]
pub async fn stream_call_page(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    let query = Query::of(&request, &QUERY)?;
    let last = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).or_else(|| query.get("after"));
    if last.is_some_and(|last| last.ends_with(OVER)) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let last = last.and_then(|last| last.parse().ok()).map(Revision);
    // Registered before reading, so that no change falls between.
    let moves = http.gateway.hub.moves();
    let reader = caller.reader();
    let seen = Seen::load(&http, id, &reader).await?;
    let mut sent = Sent::default();
    if last == Some(seen.call.revision) {
        // The reader has it all.
        drop(sent.news(&seen)?);
    }
    follow(http, caller, moves, For::Console, Follow { id, reader, sent, first: Some(seen) })
}

/// The page of one call.
struct Follow {
    id: CallId,
    reader: Reader,
    sent: Sent,
    /// As it was read before the stream began.
    first: Option<Seen>,
}

impl Followed for Follow {
    async fn news(&mut self, http: &Http) -> Result<News, StoreError> {
        let seen = match self.first.take() {
            Some(seen) => seen,
            None => Seen::load(http, self.id, &self.reader).await?,
        };
        // What cannot be shown is tried again with the next look, also where it would have been the last.
        let Ok(mut news) = self.sent.news(&seen) else {
            return Ok(News { event: None, is_last: false, look_in: LOOK_SOON });
        };
        let is_last = !seen.is_awaited();
        if is_last {
            push(&mut news, format_args!("{}{OVER}", seen.call.revision.0), "end", "over");
        }
        let is_soon = seen.call.state.is_terminal() || parts::room(&seen).1.is_some();
        Ok(News {
            event: (!news.is_empty()).then(|| Bytes::from(news)),
            is_last,
            look_in: if is_soon { LOOK_SOON } else { LOOK_EVERY },
        })
    }

    fn is_moved_by(&self, call: CallId, to: Revision) -> bool {
        call == self.id && self.sent.revision != Some(to)
    }
}

/// What the reader has, by its hashes.
#[derive(Default)]
struct Sent {
    revision: Option<Revision>,
    /// What time alone changes.
    room: (u64, Option<u64>),
    parts: Vec<u64>,
    items: Vec<(String, u64)>,
}

impl Sent {
    /// The events that bring a reader up to date; empty where nothing has changed.
    fn news(&mut self, seen: &Seen) -> Result<String, Problem> {
        let mut news = String::new();
        let is_same = self.revision == Some(seen.call.revision) && !seen.call.state.is_terminal();
        if is_same && self.room == parts::room(seen) {
            return Ok(news);
        }
        let (parts, items) = parts::of(seen)?;
        let id = seen.call.revision.0;
        let hashes: Vec<u64> = parts.all().into_iter().map(hash).collect();
        let had = self.parts.iter().map(Some).chain(std::iter::repeat(None));
        for ((html, hash), had) in parts.all().into_iter().zip(&hashes).zip(had) {
            if had != Some(hash) {
                push(&mut news, id, "part", html);
            }
        }
        let told: Vec<(String, u64)> = items.list.iter().map(|(id, html)| (id.clone(), hash(html))).collect();
        match fresh_from(&self.items, &told) {
            Some(from) => items.list.iter().skip(from).for_each(|(_, html)| push(&mut news, id, "item", html)),
            None => push(&mut news, id, "part", &talk::list(&items)?),
        }
        (self.revision, self.room, self.parts, self.items) = (Some(seen.call.revision), parts::room(seen), hashes, told);
        Ok(news)
    }
}

/// From which item on the reader needs them; `None` where the list has to be taken anew. The last one a reader has may have
/// grown; those before it stay, or are too far up to be shown any more.
fn fresh_from(had: &[(String, u64)], now: &[(String, u64)]) -> Option<usize> {
    let Some((first, _)) = now.first() else { return if had.is_empty() { Some(0) } else { None } };
    if had.is_empty() {
        return None;
    }
    let skipped = had.iter().position(|(id, _)| id == first)?;
    let had = had.get(skipped..)?;
    let same = had.iter().zip(now).take_while(|(had, now)| had == now).count();
    let is_last = same + 1 == had.len() && had.last().map(|(id, _)| id) == now.get(same).map(|(id, _)| id);
    (same == had.len() || is_last).then_some(same)
}

fn hash(html: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_in_the_list_is_sent() {
        let list = |text: &str| -> Vec<(String, u64)> {
            text.split_whitespace().map(|item| (item.get(..1).unwrap_or_default().to_owned(), hash(item))).collect()
        };
        for (had, now, expected) in [
            ("", "", Some(0)),
            ("", "a b", None),
            ("a b", "a b", Some(2)),
            ("a b", "a b c", Some(2)),
            ("a b", "a b+ c", Some(1)),
            ("a b c", "a b+ c", None),
            ("a b c", "b c d", Some(2)),
            ("a b", "a", None),
            ("a b", "", None),
            ("a b", "x y", None),
        ] {
            assert_eq!(fresh_from(&list(had), &list(now)), expected, "{had} -> {now}");
        }
    }
}
