//! The feed: one for all streams of this process. It reads each changed call once, renders it once, and hands it to the
//! streams of its client.
//!
//! Hints say at once what has moved; they may be lost, so the feed looks into the store as well, every second, and begins
//! each look so much earlier that nothing escapes it that became visible late. It only passes hints on while its looks
//! succeed: so whoever has an event has everything that came well before it. While nobody listens it rests.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use callgate_domain::model::{Call, CallId, ClientId, Revision};
use callgate_domain::ports::{Reader, StoreError};
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{Instant, sleep_until};

use super::id::{EventId, behind};
use crate::gateway::Gateway;
use crate::http::live;
use crate::recent::Recent;

/// Looking is the guarantee.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon it looks again after the store could not be used.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// Events that a stream may fall behind by; then it reads the store.
const BEHIND: usize = 512;
/// Calls read at once.
const TOGETHER: usize = 32;
/// Changes that are remembered: more than come to light within the margin of a look.
const REMEMBERED: usize = 65_536;
/// What waits for streams that read slowly, all together; and how long one event may be. Beyond that each stream reads
/// the call for itself.
const HELD_BYTES: usize = 32 << 20;
const LONGEST: usize = 64 << 10;

/// What a stream is told.
#[derive(Clone)]
pub struct Told {
    /// Whose change.
    pub call: CallId,
    /// Which.
    pub revision: Revision,
    /// Everything up to here was told before it.
    pub since: Timestamp,
    /// The event, where it is held for all.
    pub event: Option<Arc<Held>>,
}

/// An event that is held until the last stream has it.
pub struct Held {
    /// As it is sent.
    pub bytes: Bytes,
    held: Arc<AtomicUsize>,
}

/// Everybody who listens to the calls of one client; those of `None` listen to all.
type Listeners = HashMap<Option<ClientId>, broadcast::Sender<Told>>;

/// The feed of a process.
pub struct Feed {
    gateway: Arc<Gateway>,
    listeners: Mutex<Listeners>,
    wanted: Notify,
    /// Up to when everything was told; `None` while it rests.
    looked: watch::Sender<Option<Timestamp>>,
    held: Arc<AtomicUsize>,
}

impl Feed {
    /// It rests.
    pub fn new(gateway: &Arc<Gateway>) -> Self {
        let (looked, _) = watch::channel(None);
        let (listeners, wanted, held) = (Mutex::default(), Notify::new(), Arc::default());
        Self { gateway: Arc::clone(gateway), listeners, wanted, looked, held }
    }

    /// Everything that changes from now on, as far as the reader sees it, and the moment that is now.
    pub async fn follow(&self, of: &Reader) -> (broadcast::Receiver<Told>, Timestamp) {
        let told = {
            let whose = match of {
                Reader::Client(client) => Some(client.clone()),
                Reader::All => None,
            };
            self.listeners().entry(whose).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
        };
        self.wanted.notify_one();
        let mut looked = self.looked.subscribe();
        loop {
            if let Some(now) = *looked.borrow_and_update() {
                return (told, now);
            }
            if looked.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Up to when everything was told.
    pub fn looked(&self) -> Option<Timestamp> {
        *self.looked.borrow()
    }

    /// Feeds until the process is to stop. After a panic it begins anew, and so does whoever listened: by its last id.
    pub async fn run(self: Arc<Self>) {
        let stopping = self.gateway.stopping.clone();
        while let Err(_panic) = AssertUnwindSafe(stopping.run_until_cancelled(self.feed())).catch_unwind().await {
            tracing::error!("the feed of live streams panicked");
            let mut listeners = self.listeners();
            self.looked.send_replace(None);
            listeners.clear();
        }
    }

    async fn feed(&self) {
        loop {
            self.wanted.notified().await;
            let mut moves = self.gateway.hub.moves();
            let mut recent = Recent::of(REMEMBERED);
            let mut since = None;
            let mut is_told = false;
            while self.is_wanted() {
                match self.look(since, &mut recent).await {
                    Ok(now) => {
                        (since, is_told) = (Some(now), false);
                        self.looked.send_replace(Some(now));
                        self.hints(&mut moves, &mut recent, now).await;
                    }
                    // Told once: it looks twice a second until the store is back.
                    Err(error) if !std::mem::replace(&mut is_told, true) => {
                        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                        tracing::warn!(%error, cause, "live streams wait for the store");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                    Err(_away_still) => tokio::time::sleep(AFTER_FAILURE).await,
                }
            }
        }
    }

    /// Whether anybody listens. Where nobody does it rests from here on, and whoever comes next is not told anything before
    /// it has begun anew.
    fn is_wanted(&self) -> bool {
        let mut listeners = self.listeners();
        listeners.retain(|_, told| told.receiver_count() > 0);
        let is_wanted = !listeners.is_empty();
        if !is_wanted {
            self.looked.send_replace(None);
        }
        drop(listeners);
        is_wanted
    }

    /// Tells what changed since the look before, and returns the moment of this one. The first look tells nothing: whoever
    /// listens begins after it.
    async fn look(&self, since: Option<Timestamp>, recent: &mut Recent) -> Result<Timestamp, StoreError> {
        let moves = &self.gateway.moves;
        let now = moves.now().await?;
        let mut after = behind(since.unwrap_or(now).min(now));
        loop {
            let stretch = moves.since(after, &Reader::All).await?;
            let new = stretch.moved.iter().filter(|mark| !recent.knows(mark.call, mark.revision));
            if let Some(since) = since {
                let ids: Vec<_> = new.map(|mark| mark.call).collect();
                for ids in ids.chunks(TOGETHER) {
                    self.tell(ids, recent, since).await?;
                }
            } else {
                let new: Vec<_> = new.copied().collect();
                for mark in &new {
                    let _first_time = recent.meet(mark.call, mark.revision);
                }
            }
            if stretch.is_last {
                return Ok(now);
            }
            after = stretch.until;
        }
    }

    /// Tells what hints say, until the next look is due or some of them were missed.
    async fn hints(&self, moves: &mut broadcast::Receiver<(CallId, Revision)>, recent: &mut Recent, since: Timestamp) {
        let until = Instant::now() + LOOK_EVERY;
        loop {
            let hint = tokio::select! {
                hint = moves.recv() => hint,
                () = sleep_until(until) => return,
            };
            let mut ids = Vec::new();
            let mut next = Some(hint);
            while let Some(hint) = next.take() {
                match hint {
                    Ok((call, revision)) if recent.knows(call, revision) || ids.contains(&call) => {}
                    Ok((call, _)) => ids.push(call),
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => return sleep_until(until).await,
                }
                if ids.len() < TOGETHER {
                    next = moves.try_recv().ok().map(Ok);
                }
            }
            // What could not be read is found by the next look, which then comes at once.
            if self.tell(&ids, recent, since).await.is_err() || Instant::now() >= until {
                return;
            }
        }
    }

    async fn tell(&self, ids: &[CallId], recent: &mut Recent, since: Timestamp) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        for call in self.gateway.moves.whole(ids, &Reader::All).await? {
            if recent.meet(call.id, call.revision) {
                self.hand_out(&call, since);
            }
        }
        Ok(())
    }

    fn hand_out(&self, call: &Call, since: Timestamp) {
        let listeners = self.listeners();
        let all: Vec<_> = [Some(call.client.clone()), None].iter().filter_map(|whose| listeners.get(whose)).cloned().collect();
        drop(listeners);
        if all.is_empty() {
            return;
        }
        let bytes = live::event(&self.gateway.calls, EventId(call.id, call.revision), call);
        let told = Told { call: call.id, revision: call.revision, since, event: self.hold(bytes) };
        for listeners in all {
            // The last one may just have gone.
            let _gone = listeners.send(told.clone());
        }
    }

    fn hold(&self, bytes: Bytes) -> Option<Arc<Held>> {
        let fits = bytes.len() <= LONGEST && self.held.load(Ordering::Relaxed) <= HELD_BYTES;
        self.held.fetch_add(if fits { bytes.len() } else { 0 }, Ordering::Relaxed);
        fits.then(|| Arc::new(Held { bytes, held: Arc::clone(&self.held) }))
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}
