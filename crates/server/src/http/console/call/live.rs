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
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::time::{Instant, timeout_at};

use super::seen::Seen;
use super::{parts, talk};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::follow::moved;
use crate::http::calls::id_of;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::{self, HEARTBEAT, KEY_CHECK_EVERY, Slot};
use crate::http::query::{Known, Query};

const QUERY: Known = Known { now: &["after"], later: &[] };
/// Looking is the guarantee: another process may have moved the call.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// The same while a turn goes on, which is drawn as it grows; and once the call is over, since nobody hints at its webhook.
const LOOK_SOON: Duration = Duration::from_secs(1);
/// Ends the id of the last event.
const OVER: &str = "-over";

/// Follows a call.
#[get("/console/calls/{call_id}/live")]
pub async fn follow(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
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
    let slot = http.streams.open()?;
    let now = Instant::now();
    let follow = Follow {
        http,
        caller,
        id,
        reader,
        moves,
        sent,
        first: Some(seen),
        look: now,
        heartbeat: now + HEARTBEAT,
        over: false,
        _slot: slot,
    };
    Ok(live::answer(stream::unfold(follow, |mut follow| async move { Some((follow.next().await?, follow)) })))
}

/// One open stream.
struct Follow {
    http: Data<Http>,
    /// Whoever follows; when the session is over, so is the stream.
    caller: Caller,
    id: CallId,
    reader: Reader,
    moves: Receiver<(CallId, Revision)>,
    sent: Sent,
    /// As it was read before the stream began.
    first: Option<Seen>,
    /// When it is read at the latest.
    look: Instant,
    heartbeat: Instant,
    over: bool,
    _slot: Slot,
}

impl Follow {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        if self.over {
            return None;
        }
        loop {
            let seen = match self.first.take() {
                Some(seen) => Some(seen),
                None => match Seen::load(&self.http, self.id, &self.reader).await {
                    Ok(seen) => Some(seen),
                    // While the store cannot be used the stream stays open: the next look may find it again.
                    Err(StoreError::Unavailable(_)) => None,
                    Err(error) => return Some(Err(error)),
                },
            };
            if let Some(seen) = seen
                && let Some(news) = self.news(&seen)
            {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(news));
            }
            if self.heartbeat <= Instant::now() {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(Bytes::from_static(b": still here\n\n")));
            }
            self.wait().await?;
        }
    }

    fn news(&mut self, seen: &Seen) -> Option<Bytes> {
        let mut news = self.sent.news(seen).ok()?;
        self.over = !seen.is_awaited();
        if self.over {
            event(&mut news, "end", &format!("{}{OVER}", seen.call.revision.0), "over");
        }
        let is_soon = seen.call.state.is_terminal() || parts::room(seen).1.is_some();
        self.look = Instant::now() + if is_soon { LOOK_SOON } else { LOOK_EVERY };
        (!news.is_empty()).then(|| Bytes::from(news))
    }

    /// Until there may be something to send; `None` when the process is to stop, or the session is over.
    async fn wait(&mut self) -> Option<()> {
        loop {
            let until = self.heartbeat.min(self.look).min(Instant::now() + KEY_CHECK_EVERY);
            let is_hinted = tokio::select! {
                () = self.http.gateway.stopping.cancelled() => return None,
                hinted = timeout_at(until, moved(&mut self.moves, self.id, self.sent.revision.unwrap_or(Revision(0)))) => hinted.is_ok(),
            };
            if !self.http.auth.is_still_good(&self.caller).await {
                return None;
            }
            let now = Instant::now();
            if is_hinted || now >= self.look || now >= self.heartbeat {
                self.look = now + LOOK_EVERY;
                return Some(());
            }
        }
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
        let id = seen.call.revision.0.to_string();
        let hashes: Vec<u64> = parts.all().into_iter().map(hash).collect();
        let had = self.parts.iter().map(Some).chain(std::iter::repeat(None));
        for ((html, hash), had) in parts.all().into_iter().zip(&hashes).zip(had) {
            if had != Some(hash) {
                event(&mut news, "part", &id, html);
            }
        }
        let told: Vec<(String, u64)> = items.list.iter().map(|(id, html)| (id.clone(), hash(html))).collect();
        match fresh_from(&self.items, &told) {
            Some(from) => items.list.iter().skip(from).for_each(|(_, html)| event(&mut news, "item", &id, html)),
            None => event(&mut news, "part", &id, &talk::list(&items)?),
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

/// One event; every line of it is said to be data, whatever ends lines in what was said.
fn event(into: &mut String, name: &str, id: &str, data: &str) {
    into.push_str(&format!("id: {id}\nevent: {name}\n"));
    for line in data.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        into.push_str("data: ");
        into.push_str(line);
        into.push('\n');
    }
    into.push('\n');
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

    #[test]
    fn every_line_of_an_event_is_data() {
        let mut text = String::new();
        event(&mut text, "part", "7", "<p>one\r\nid: 9\revent: end\n\ndata</p>");
        assert_eq!(text, "id: 7\nevent: part\ndata: <p>one\ndata: id: 9\ndata: event: end\ndata: data</p>\n\n");
    }
}
