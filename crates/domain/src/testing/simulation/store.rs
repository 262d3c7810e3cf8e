//! The stores of one process: the real ones, behind a connection that breaks, and under the eyes of the judge.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::faults::Fault;
use super::mutants;
use super::world::World;
use super::{Mutant, Stores};
use crate::model::call::{Entry, Looks};
use crate::model::pacing::Room;
use crate::model::{
    AttemptId, Call, CallId, CallState, ConnectionId, Delivery, DeliveryId, Endpoint, EndpointChange, EndpointId, Exchange, Hold,
    InboxId, Notice, NoticeId, Phone, ProviderCallId, Quota, Revision, WorkerId,
};
use crate::ports::{
    AttemptRef, CallFilter, CallStore, Change, Copies, CopyError, DeliveryFilter, DeliveryPage, Errand, IdempotencyKey, Inbox,
    Inserted, Kept, KeptWebhook, Listed, Match, Outbox, Page, Parcel, Progress, Reader, Recovered, StoreError, Taken, TakingIn,
    Tried,
};

/// The stores as one process sees them.
pub struct SimStore {
    /// The world.
    pub world: Arc<World>,
    /// Whose process this is.
    pub instance: usize,
    /// What really keeps calls.
    pub inner: Stores,
}

fn unavailable() -> StoreError {
    StoreError::Unavailable(std::io::Error::other("the database is away").into())
}

impl SimStore {
    fn is_reachable(&self) -> Result<(), StoreError> {
        let inner = self.world.inner();
        if inner.now < inner.down_until { Err(unavailable()) } else { Ok(()) }
    }

    /// The way to the database: it takes time, and may end here.
    async fn on_the_way(&self, crash: Fault) -> Result<(), StoreError> {
        let world = &self.world;
        if world.crashes(self.instance, crash) {
            world.sleep(Duration::from_secs(1)).await;
        }
        world.may_pause(self.instance);
        world.sleep(world.dice.millis(0, 20)).await;
        self.is_reachable()?;
        let inner = world.inner();
        if inner.now < inner.full_until { Err(unavailable()) } else { Ok(()) }
    }

    /// The way back: the commit stands, whether or not anybody hears of it.
    async fn on_the_way_back<T>(&self, crash: Fault, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let world = &self.world;
        if done.is_ok() && world.crashes(self.instance, crash) {
            world.sleep(Duration::from_secs(1)).await;
        }
        world.may_pause(self.instance);
        world.sleep(world.dice.millis(0, 10)).await;
        if done.is_ok() && world.strikes(Fault::CommitAnswerLost, world.weather.commit) {
            return Err(unavailable());
        }
        done
    }

    fn saves(&self, change: Change) -> Result<(), StoreError> {
        let before = self.world.judge.call(change.call.id);
        let change = mutants::changed(&self.world, self, before.as_ref(), change);
        let done = wait(self.inner.calls.save(change.clone()));
        if done.is_ok() {
            self.world.judge.saved(&self.world, &change);
        }
        done
    }
}

#[async_trait]
impl CallStore for SimStore {
    async fn insert(
        &self,
        calls: Vec<(Call, Entry)>,
        key: Option<IdempotencyKey>,
        quota: &Quota,
    ) -> Result<Inserted, StoreError> {
        if self.world.mutant == Some(Mutant::ReplyBeforeCommit) {
            return mutants::insert_later(self, calls, key, quota);
        }
        self.on_the_way(Fault::CrashBeforeInsert).await?;
        let done = wait(self.inner.calls.insert(calls.clone(), key, quota));
        if matches!(done, Ok(Inserted::New)) {
            self.world.judge.inserted(&self.world, &calls);
        }
        self.on_the_way_back(Fault::CrashAfterInsert, done).await
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.replay(key))
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.get(id, of))
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.find(attempt))
    }

    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.is_contested(attempt, connection, phone, since))
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.list(of, filter, page))
    }

    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.list_above(of, filter, call, limit))
    }

    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.count(of, filter, at_most))
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.history(id, after, limit))
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError> {
        self.is_reachable()?;
        let done = wait(self.inner.calls.claim(by, lease, room, limit));
        let Ok(taken) = &done else { return done };
        if taken.calls.is_empty() {
            return done;
        }
        for call in &taken.calls {
            self.world.judge.claimed(&self.world, call);
            self.world.judge.check_first_route(call, room);
        }
        self.on_the_way_back(Fault::CrashAfterClaim, done).await
    }

    async fn pause(&self, connection: &ConnectionId, wait_for: Duration) -> Result<(), StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.pause(connection, wait_for))
    }

    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.beat(by, lease, in_hand))
    }

    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError> {
        self.is_reachable()?;
        wait(self.inner.calls.end_leases_before(by))
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        self.on_the_way(Fault::CrashBeforeSave).await?;
        if self.world.strikes(Fault::DatabaseFull, self.world.weather.commit) {
            return Err(unavailable());
        }
        let done = self.saves(change);
        if matches!(done, Err(StoreError::Conflict)) {
            self.world.count(Fault::RivalClaim);
        }
        self.on_the_way_back(Fault::CrashAfterSave, done).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        self.is_reachable()?;
        let taken = wait(self.inner.calls.to_reconcile(known, hold, limit, now));
        for call in taken.iter().flatten() {
            self.world.note(format_args!("process {} looks after {}", self.instance, call.id));
        }
        taken
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.is_reachable()?;
        self.world.judge.looked(id, from, looks);
        let done = wait(self.inner.calls.look_later(id, from, looks, at));
        if self.world.mutant == Some(Mutant::RedialWhenNotFound)
            && let Some(call) = self.world.judge.call(id).filter(|call| call.state == CallState::Unknown && looks.count > 0)
        {
            return mutants::redial(self, &call);
        }
        done
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.is_reachable()?;
        let moment = wait(self.inner.calls.next_moment());
        if let Ok(Some(moment)) = &moment {
            self.world.note(format_args!("process {} is wanted at {moment}", self.instance));
        }
        moment
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.is_reachable()
    }
}

#[async_trait]
impl Inbox for SimStore {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        self.on_the_way(Fault::CrashBeforeKeep).await?;
        let (id, body) = (parcel.id, parcel.webhook.webhook().body.clone());
        let done = wait(self.inner.inbox.keep(parcel));
        if matches!(done, Ok(Kept::New)) {
            self.world.judge.kept(&self.world, id, body);
        }
        self.on_the_way_back(Fault::CrashAfterKeep, done).await
    }

    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        self.is_reachable()?;
        let taken = wait(self.inner.inbox.take(known, hold, limit, now));
        for (nth, kept) in taken.iter().flatten().enumerate() {
            self.world.note(format_args!("process {} takes webhook {}", self.instance, kept.parcel.id));
            if nth == 0 {
                self.world.judge.taken_first(kept.parcel.id);
            }
        }
        taken
    }

    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.on_the_way(Fault::CrashBeforeSettle).await?;
        let done = wait(self.inner.inbox.settle(id, progress, about, again_at));
        if done.is_ok() {
            self.world.judge.settled(&self.world, id, progress);
        }
        done
    }

    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError> {
        self.is_reachable()?;
        wait(self.inner.inbox.unpark(connection, id, now))
    }
}

#[async_trait]
impl Outbox for SimStore {
    async fn add(&self, endpoint: Endpoint, at_most: u32) -> Result<bool, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.add(endpoint, at_most))
    }

    async fn endpoint(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.endpoint(id, of))
    }

    async fn endpoints(&self, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.endpoints(of, after, limit))
    }

    async fn change(&self, id: EndpointId, of: &Reader, change: EndpointChange, at: Timestamp) -> Result<Endpoint, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.change(id, of, change, at))
    }

    async fn remove(&self, id: EndpointId, of: &Reader) -> Result<(), StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.remove(id, of))
    }

    async fn announce(&self, notice: Notice, delivery: Delivery) -> Result<(), StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.announce(notice, delivery))
    }

    async fn take(&self, lease: Duration, limit: u32) -> Result<Vec<Errand>, StoreError> {
        self.is_reachable()?;
        let taken = wait(self.inner.outbox.take(lease, limit));
        for errand in taken.iter().flatten() {
            self.world.note(format_args!("process {} takes delivery {}", self.instance, errand.delivery.id));
        }
        if let (Some(Mutant::RecordedBeforeSent), Ok(taken)) = (self.world.mutant, &taken) {
            mutants::record_at_once(self, taken);
        }
        taken
    }

    async fn exchange(&self, id: DeliveryId, of: &Reader) -> Result<Option<Exchange>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.exchange(id, of))
    }

    async fn record(&self, tried: Tried) -> Result<Option<Timestamp>, StoreError> {
        self.on_the_way(Fault::CrashBeforeRecord).await?;
        let (id, result) = (tried.delivery.id, tried.delivery.result);
        let done = wait(self.inner.outbox.record(tried));
        if done.is_ok() {
            self.world.note(format_args!("delivery {id} is {result}"));
        }
        done
    }

    async fn end_leases(&self) -> Result<u32, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.end_leases())
    }

    async fn deliveries(&self, of: &Reader, filter: &DeliveryFilter, page: DeliveryPage) -> Result<Vec<Delivery>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.deliveries(of, filter, page))
    }

    async fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.delivery(id, of))
    }

    async fn resend(&self, id: DeliveryId, of: &Reader, at: Timestamp) -> Result<Delivery, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.resend(id, of, at))
    }

    async fn recover(
        &self,
        endpoint: &Endpoint,
        since: Timestamp,
        after: Option<NoticeId>,
        limit: u32,
        at: Timestamp,
    ) -> Result<Recovered, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.recover(endpoint, since, after, limit, at))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.outbox.next_due())
    }
}

#[async_trait]
impl Copies for SimStore {
    async fn write(&self, file: &Path, at: Timestamp) -> Result<u64, CopyError> {
        self.inner.copies.write(file, at).await
    }

    async fn stamp(&self, at: Timestamp) -> Result<(), StoreError> {
        self.is_reachable()?;
        wait(self.inner.copies.stamp(at))
    }

    async fn stamped_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.is_reachable()?;
        wait(self.inner.copies.stamped_at())
    }

    async fn take_in(&self, hold: &Hold, limit: u32) -> Result<TakingIn, StoreError> {
        self.on_the_way(Fault::CrashBeforeSave).await?;
        let done = wait(self.inner.copies.take_in(hold, limit));
        if let Ok(TakingIn::Marked(marked)) = &done {
            let mut marked: Vec<_> = marked.iter().map(|(_, call)| call).collect();
            marked.sort_by_key(|call| call.id);
            marked.iter().for_each(|call| self.world.judge.restored(&self.world, call));
        }
        self.on_the_way_back(Fault::CrashAfterSave, done).await
    }
}

/// Waits for a store that works on threads of its own; one in memory is there at once. For the simulation it is one step.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut work = pin!(work);
    if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return done;
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        std::thread::park();
    }
}
