//! Reading from the store what a stream has not seen: after a resume, and whenever it fell behind.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use callgate_domain::model::{Call, CallId, Revision};
use callgate_domain::ports::{Mark, Reader, StoreError};
use jiff::Timestamp;
use tokio::time::timeout;

use super::id::{EventId, behind};
use crate::http::{Http, live};
use crate::recent::Recent;

/// So long a stream waits for its turn before it shows that it lives, and waits again.
const PATIENCE: Duration = Duration::from_secs(5);
/// Calls read at once, and how much of them is held.
const TOGETHER: usize = 16;
const HELD_BYTES: usize = 256 << 10;

/// The way of one stream from where it was to now.
pub struct CatchUp {
    after: Mark,
    /// Changes that were found and not read yet.
    found: VecDeque<Mark>,
    is_last: bool,
    /// Up to when everything was read, at its end.
    read_to: Option<Timestamp>,
}

impl CatchUp {
    /// For a stream that has seen everything up to a moment.
    pub fn from(seen: Timestamp) -> Self {
        Self { after: behind(seen), found: VecDeque::new(), is_last: false, read_to: None }
    }

    /// For a stream that was told of a change without being given it.
    pub fn only(call: CallId, revision: Revision) -> Self {
        let change = Mark { at: Timestamp::MIN, call, revision };
        Self { after: change, found: VecDeque::from([change]), is_last: true, read_to: None }
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.is_last && self.found.is_empty()
    }

    /// Up to when everything was read, where that was the way.
    pub fn read_to(&self) -> Option<Timestamp> {
        self.read_to
    }

    /// The next events, oldest change first; may be none and not the end.
    ///
    /// Only a few streams read at a time: thousands that come back after a restart do not keep requests from the store.
    ///
    /// # Errors
    /// The store cannot be used; what was not read is read the next time.
    pub async fn next(&mut self, http: &Http, of: &Reader, recent: &mut Recent) -> Result<VecDeque<Bytes>, StoreError> {
        let Ok(Ok(_turn)) = timeout(PATIENCE, http.events.turns.acquire()).await else { return Ok(VecDeque::new()) };
        let gateway = &http.gateway;
        if self.found.is_empty() && !self.is_last {
            let now = http.events.feed.looked();
            let stretch = gateway.moves.since(self.after, of).await?;
            (self.after, self.is_last) = (stretch.until, stretch.is_last);
            self.read_to = now.filter(|_| stretch.is_last);
            self.found = stretch.moved.into();
            self.found.retain(|mark| !recent.knows(mark.call, mark.revision));
        }
        let next: Vec<Mark> = self.found.iter().take(TOGETHER).copied().collect();
        let ids: Vec<CallId> = next.iter().map(|mark| mark.call).collect();
        let calls = if ids.is_empty() { Vec::new() } else { gateway.moves.whole(&ids, of).await? };
        let (mut events, mut bytes) = (VecDeque::new(), 0_usize);
        for mark in next {
            if bytes >= HELD_BYTES {
                break;
            }
            self.found.pop_front();
            // One that has moved on meanwhile comes later: its id would lead past what is not sent yet.
            let same = |call: &&Call| call.id == mark.call && call.revision == mark.revision;
            if let Some(call) = calls.iter().find(same)
                && recent.meet(mark.call, mark.revision)
            {
                let event = live::event(&gateway.calls, EventId(call.id, call.revision), call);
                bytes = bytes.saturating_add(event.len());
                events.push_back(event);
            }
        }
        Ok(events)
    }
}
