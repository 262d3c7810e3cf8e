//! Places where a test has the process die, behind the feature `crash-points`.
//!
//! `CALLGATE_CRASH_AT=after-mark:3` ends the process when it passes that point for the third time, as a power cut
//! would: nothing is written any more, nobody is told. The points stand around the ports, where what is durable and
//! what the outside has seen differ. Without the variable nothing is wrapped.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callgate_adapters::store::Stores;
use callgate_domain::model::call::{Entry, Looks, What};
use callgate_domain::model::pacing::Room;
use callgate_domain::model::provider::{AudioOrder, Capabilities, Health, LookUpOrder, PlaceOrder, Placing};
use callgate_domain::model::{
    AttemptId, Call, CallId, ConnectionId, InboxId, Phone, ProviderCallId, Quota, Revision, Route, WorkerId,
};
use callgate_domain::ports::{
    AttemptRef, Audio, Authentic, CallFilter, CallStore, Change, Found, IdempotencyKey, Inbox, Inserted, InvalidSettings, Kept,
    KeptWebhook, Listed, Match, Page, Parcel, Progress, ProviderError, RawWebhook, Reader, Reading, StoreError, Taken,
    VoiceProvider, WebhookError,
};
use jiff::Timestamp;

/// Names the point, and after a colon which passing of it.
const VARIABLE: &str = "CALLGATE_CRASH_AT";

/// A moment at which what is durable and what the outside knows differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A call was asked for; nothing of it is durable.
    BeforeInsert,
    /// It is durable; its client does not know.
    AfterInsert,
    /// Calls are claimed; nobody carries them yet.
    AfterClaim,
    /// The send mark is about to be written.
    BeforeMark,
    /// It is durable; nothing was sent.
    AfterMark,
    /// The provider was asked; what it answered is not written down.
    AfterRequest,
    /// What it answered is durable.
    AfterNote,
    /// A webhook is here; nothing of it is durable.
    BeforeKeep,
    /// It is durable; its sender does not know.
    AfterKeep,
    /// It is in its call; the inbox does not know.
    BeforeSettle,
    /// The inbox knows; its sender may not.
    AfterSettle,
    /// A look-up was answered; nothing of it is durable.
    AfterLookUp,
}

impl Point {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 12] = [
        ("before-insert", Self::BeforeInsert),
        ("after-insert", Self::AfterInsert),
        ("after-claim", Self::AfterClaim),
        ("before-mark", Self::BeforeMark),
        ("after-mark", Self::AfterMark),
        ("after-request", Self::AfterRequest),
        ("after-note", Self::AfterNote),
        ("before-keep", Self::BeforeKeep),
        ("after-keep", Self::AfterKeep),
        ("before-settle", Self::BeforeSettle),
        ("after-settle", Self::AfterSettle),
        ("after-look-up", Self::AfterLookUp),
    ];
}

/// Where this process dies.
#[derive(Debug)]
pub struct CrashAt {
    point: Point,
    passings_left: AtomicU32,
}

impl FromStr for CrashAt {
    type Err = InvalidSettings;

    fn from_str(text: &str) -> Result<Self, InvalidSettings> {
        let fault = || InvalidSettings {
            field: VARIABLE.to_owned(),
            fault: format!("is '{text}', which is no crash point; write a name such as after-mark, or after-mark:3"),
        };
        let (name, passing) = text.split_once(':').unwrap_or((text, "1"));
        let (_, point) = Point::ALL.into_iter().find(|(known, _)| *known == name).ok_or_else(fault)?;
        let passing: u32 = passing.parse().ok().filter(|passing| *passing > 0).ok_or_else(fault)?;
        Ok(Self { point, passings_left: AtomicU32::new(passing) })
    }
}

impl CrashAt {
    /// What the environment says; `None` where it says nothing.
    ///
    /// # Errors
    /// It names no point.
    pub fn of_process() -> Result<Option<Arc<Self>>, InvalidSettings> {
        std::env::var(VARIABLE).ok().map(|text| text.parse().map(Arc::new)).transpose()
    }

    /// The stores with the points around them.
    #[must_use]
    pub fn around_stores(self: &Arc<Self>, stores: Stores) -> Stores {
        let calls = Arc::new(Calls { inside: stores.calls, at: Arc::clone(self) });
        let inbox = Arc::new(Webhooks { inside: stores.inbox, at: Arc::clone(self) });
        Stores { calls, inbox, ..stores }
    }

    /// A provider with the points around it.
    #[must_use]
    pub fn around_provider(self: &Arc<Self>, inside: Arc<dyn VoiceProvider>) -> Arc<dyn VoiceProvider> {
        Arc::new(Provider { inside, at: Arc::clone(self) })
    }

    /// Dies here, if this is the passing that was named. The signal ends the process inside the kernel: no buffer is
    /// written, no destructor runs.
    fn pass(&self, point: Point) {
        if point == self.point && self.passings_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::process::abort();
        }
    }
}

struct Calls {
    inside: Arc<dyn CallStore>,
    at: Arc<CrashAt>,
}

#[async_trait]
impl CallStore for Calls {
    async fn insert(
        &self,
        calls: Vec<(Call, Entry)>,
        key: Option<IdempotencyKey>,
        quota: &Quota,
    ) -> Result<Inserted, StoreError> {
        self.at.pass(Point::BeforeInsert);
        let inserted = self.inside.insert(calls, key, quota).await?;
        self.at.pass(Point::AfterInsert);
        Ok(inserted)
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError> {
        let taken = self.inside.claim(by, lease, room, limit).await?;
        if !taken.calls.is_empty() {
            self.at.pass(Point::AfterClaim);
        }
        Ok(taken)
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        let (is_workers, what) = (change.claim.is_some(), change.entry.what);
        if what == What::Sent {
            self.at.pass(Point::BeforeMark);
        }
        self.inside.save(change).await?;
        match what {
            What::Sent => self.at.pass(Point::AfterMark),
            What::Released => {}
            _ if is_workers => self.at.pass(Point::AfterNote),
            _ => {}
        }
        Ok(())
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        self.inside.replay(key).await
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        self.inside.get(id, of).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        self.inside.find(attempt).await
    }

    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inside.is_contested(attempt, connection, phone, since).await
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        self.inside.list(of, filter, page).await
    }

    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        self.inside.list_above(of, filter, call, limit).await
    }

    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        self.inside.count(of, filter, at_most).await
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.inside.history(id, after, limit).await
    }

    async fn pause(&self, connection: &ConnectionId, wait: Duration) -> Result<(), StoreError> {
        self.inside.pause(connection, wait).await
    }

    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError> {
        self.inside.beat(by, lease, in_hand).await
    }

    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError> {
        self.inside.end_leases_before(by).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        self.inside.to_reconcile(known, hold, limit, now).await
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.inside.look_later(id, from, looks, at).await
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inside.next_moment().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inside.ping().await
    }
}

struct Webhooks {
    inside: Arc<dyn Inbox>,
    at: Arc<CrashAt>,
}

#[async_trait]
impl Inbox for Webhooks {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        self.at.pass(Point::BeforeKeep);
        let kept = self.inside.keep(parcel).await?;
        self.at.pass(Point::AfterKeep);
        Ok(kept)
    }

    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.at.pass(Point::BeforeSettle);
        self.inside.settle(id, progress, about, again_at).await?;
        self.at.pass(Point::AfterSettle);
        Ok(())
    }

    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        self.inside.take(known, hold, limit, now).await
    }

    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError> {
        self.inside.unpark(connection, id, now).await
    }
}

struct Provider {
    inside: Arc<dyn VoiceProvider>,
    at: Arc<CrashAt>,
}

#[async_trait]
impl VoiceProvider for Provider {
    async fn place(&self, order: &PlaceOrder) -> Placing {
        let placing = self.inside.place(order).await;
        self.at.pass(Point::AfterRequest);
        placing
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let found = self.inside.look_up(order).await;
        self.at.pass(Point::AfterLookUp);
        found
    }

    fn capabilities(&self) -> Capabilities {
        self.inside.capabilities()
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        self.inside.check_route(route)
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        self.inside.probe(route).await
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        self.inside.cancel(order).await
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        self.inside.verify(webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        self.inside.read(webhook)
    }

    fn event_id(&self, webhook: &Authentic) -> Option<String> {
        self.inside.event_id(webhook)
    }

    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        self.inside.recording(order).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_named_with_the_passing_that_counts() {
        let check = |text: &str| text.parse::<CrashAt>().ok().map(|at| (at.point, at.passings_left.into_inner()));
        assert_eq!(check("after-mark"), Some((Point::AfterMark, 1)));
        assert_eq!(check("before-keep:7"), Some((Point::BeforeKeep, 7)));
        for odd in ["", "after", "after-mark:", "after-mark:0", "after-mark:x", "AFTER-MARK"] {
            assert_eq!(check(odd), None, "{odd}");
        }
    }
}
