//! `GET /v1/events`: all calls of a client as they are now, each sent again whenever it has changed (server-sent events).
//!
//! A stream is fed by the process's one [`feed`]. What it has not seen, after a resume or when it fell behind, it reads from
//! the store ([`catch_up`]), which is the guarantee: no call's last state is missed, though one may come twice.

mod catch_up;
mod feed;
mod id;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::ports::{Reader, StoreError};
use futures_util::stream;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout};

use self::catch_up::CatchUp;
use self::feed::{Feed, Told};
use self::id::EventId;
use super::Http;
use super::auth::Caller;
use super::error::{Code, Problem};
use super::live::{self, For, HEARTBEAT, KEY_CHECK_EVERY, Slot};
use super::query::{NOTHING, Query};
use crate::gateway::Gateway;
use crate::recent::Recent;

/// The feed looks at once when somebody comes; a store that is away for longer is said to be.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon a stream reads again after the store could not be used.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Streams that read the store at a time.
const TURNS: usize = 8;
/// What one stream remembers of what it sent, so that it repeats little.
const REMEMBERED: usize = 2_048;

/// What all streams of a process share.
pub struct Events {
    feed: Arc<Feed>,
    turns: Semaphore,
}

impl Events {
    /// Nobody listens yet.
    pub fn new(gateway: &Arc<Gateway>) -> Self {
        Self { feed: Arc::new(Feed::new(gateway)), turns: Semaphore::new(TURNS) }
    }

    /// Starts the feed; it ends when the process is to stop.
    pub fn start(&self) {
        tokio::spawn(Arc::clone(&self.feed).run());
    }
}

/// Follow all calls.
///
/// Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it is over (again,
/// should something be learned after that). Revisions may be skipped. An event's id is an entry of a call's timeline,
/// `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another process and after a
/// restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the highest `revision` of
/// each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream begins now.
///
/// A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls of all clients.
#[utoipa::path(
    operation_id = "streamCalls",
    tag = "Calls",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id that was seen last.")),
    responses((
        status = 200, description = "Events, without end.", body = String, content_type = "text/event-stream",
        example = "id: 019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d.2\nevent: call.updated\ndata: {\"call_id\":\"019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d\",\"status\":\"dialing\"}\n\n"
    )),
)]
#[get("/v1/events")]
pub async fn stream_calls(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let last = id::last(request.headers())?;
    let slot = http.streams.open(For::Api)?;
    let reader = caller.reader();
    let following = timeout(PATIENCE, http.events.feed.follow(&reader)).await;
    let (told, now) = following.map_err(|_late| {
        Problem::new(Code::Unavailable, "The database cannot be used. Try again in 5 seconds.").retry_after(5)
    })?;
    // It is told of everything from here on; what was before is read.
    let place = match last {
        Some(last) => Some(last.place(&*http.gateway.moves, &reader).await?),
        None => None,
    };
    let greeting = match place {
        Some(_) => Bytes::from_static(b": following\n\n"),
        None => Bytes::from(format!(": following\nid: {}\n\n", EventId::of(now))),
    };
    let follow = Follow {
        reader,
        told,
        seen: place.unwrap_or(now),
        catch_up: place.map(CatchUp::from),
        ready: VecDeque::from([greeting]),
        recent: Recent::of(REMEMBERED),
        heartbeat: Instant::now() + HEARTBEAT,
        key_check: Instant::now() + KEY_CHECK_EVERY,
        caller,
        http,
        _slot: slot,
    };
    Ok(live::answer(stream::unfold(
        follow,
        |mut follow| async move { Some((Ok::<_, StoreError>(follow.next().await?), follow)) },
    )))
}

/// One open stream.
struct Follow {
    http: Data<Http>,
    reader: Reader,
    told: Receiver<Told>,
    /// Everything up to here was sent, but for what becomes visible late.
    seen: Timestamp,
    /// While it reads from the store.
    catch_up: Option<CatchUp>,
    /// What is sent next.
    ready: VecDeque<Bytes>,
    recent: Recent,
    heartbeat: Instant,
    key_check: Instant,
    caller: Caller,
    _slot: Slot,
}

impl Follow {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        let stopping = self.http.gateway.stopping.clone();
        loop {
            if stopping.is_cancelled() {
                return None;
            }
            if self.key_check <= Instant::now() {
                if !self.http.auth.is_still_good(&self.caller).await {
                    return None;
                }
                self.key_check = Instant::now() + KEY_CHECK_EVERY;
            }
            if let Some(bytes) = self.ready.pop_front() {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(bytes);
            }
            if self.heartbeat <= Instant::now() {
                let beat = self.beat();
                self.ready.push_back(beat);
                continue;
            }
            // Reading from the store is not cut short: it has bounds of its own, and would have to begin anew.
            let reads = self.catch_up.is_some();
            let until = self.key_check.min(self.heartbeat);
            tokio::select! {
                biased;
                () = stopping.cancelled() => return None,
                more = self.more() => self.ready.extend(more?),
                () = sleep_until(until), if !reads => {}
            }
        }
    }

    /// What comes next, if anything; `None` when nothing will. Nothing is lost where this is not awaited to its end.
    async fn more(&mut self) -> Option<VecDeque<Bytes>> {
        if let Some(catch_up) = &mut self.catch_up {
            if catch_up.is_over() {
                self.seen = catch_up.read_to().unwrap_or(self.seen);
                self.catch_up = None;
                return Some(VecDeque::new());
            }
            return match catch_up.next(&self.http, &self.reader, &mut self.recent).await {
                Ok(events) => Some(events),
                // The stream stays open: the store may be back soon.
                Err(_unavailable) => {
                    tokio::time::sleep(AFTER_FAILURE).await;
                    Some(VecDeque::new())
                }
            };
        }
        match self.told.recv().await {
            Ok(told) => {
                self.seen = told.since;
                match told.event {
                    Some(held) if self.recent.meet(told.call, told.revision) => {
                        return Some(VecDeque::from([held.bytes.clone()]));
                    }
                    Some(_) => {}
                    None => self.catch_up = Some(CatchUp::only(told.call, told.revision)),
                }
            }
            Err(RecvError::Lagged(_)) => self.catch_up = Some(CatchUp::from(self.seen)),
            Err(RecvError::Closed) => return None,
        }
        Some(VecDeque::new())
    }

    /// A sign of life. Where nothing waits to be sent, it says as well up to where all was.
    fn beat(&mut self) -> Bytes {
        let looked = self.http.events.feed.looked();
        match looked.filter(|_| self.catch_up.is_none() && self.told.is_empty()) {
            Some(at) => {
                self.seen = at;
                Bytes::from(format!(": still here\nid: {}\n\n", EventId::of(at)))
            }
            None => Bytes::from_static(b": still here\n\n"),
        }
    }
}
