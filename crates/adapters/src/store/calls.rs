//! `CallStore` in SQL. What is read is in [`read`], what is written in [`write`], taking in [`take`].

mod read;
mod take;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::call::{Call, Entry, Looks};
use callgate_domain::model::pacing::Room;
use callgate_domain::model::{CallId, ConnectionId, Revision, WorkerId};
use callgate_domain::ports::{
    AttemptRef, CallFilter, CallStore, Change, IdempotencyKey, Inserted, Listed, Match, Page, Reader, StoreError,
};
use jiff::Timestamp;

use super::{SqlStore, dialect};

#[async_trait]
impl CallStore for SqlStore {
    async fn insert(&self, calls: Vec<(Call, Entry)>, key: Option<IdempotencyKey>) -> Result<Inserted, StoreError> {
        let now = self.db.clock.now();
        self.db.write_in_crowd(move |db| write::insert(db, &calls, key.as_ref(), now)).await
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        let (key, now) = (key.clone(), self.db.clock.now());
        self.db.read_by_key(move |db| write::replay(db, &key, now)).await
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        let call = self.db.read_by_key(move |db| read::one(db, id)).await?;
        if of.sees(&call.client) { Ok(call) } else { Err(StoreError::NotFound) }
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        let attempt = attempt.clone();
        self.db.read_by_key(move |db| read::find(db, &attempt)).await
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.db.read(move |db| read::list(db, &of, &filter, page)).await
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.db.read_by_key(move |db| read::history(db, id, after, limit)).await
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Vec<Call>, StoreError> {
        let (room, clock) = (room.clone(), std::sync::Arc::clone(&self.db.clock));
        let clock_of_take = std::sync::Arc::clone(&clock);
        // A look that most often finds nothing does not take the writer's turn.
        let (peeked, agents) = (room.clone(), take::agents_with_room(&room));
        if agents.is_empty() || !self.db.read_by_key(move |db| take::any_due(db, &peeked, clock.as_ref())).await? {
            return Ok(Vec::new());
        }
        self.db.write(move |db| take::claim(db, by, lease, room, limit, clock_of_take.as_ref())).await
    }

    async fn beat(&self, by: WorkerId, lease: Duration) -> Result<(), StoreError> {
        let clock = std::sync::Arc::clone(&self.db.clock);
        self.db.write(move |db| take::beat(db, by, lease, clock.as_ref())).await
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        let clock = std::sync::Arc::clone(&self.db.clock);
        self.db.write(move |db| write::save(db, &change, clock.as_ref())).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        let next = self.next_moment().await?;
        if next.is_none_or(|next| next > now) {
            return Ok(Vec::new());
        }
        self.db.write(move |db| take::to_look_at(db, &known, hold, limit, now)).await
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.db.write(move |db| write::look_later(db, id, from, looks, at)).await
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.db.read_by_key(read::next_moment).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.db.read(|db| dialect::execute(db, "select 1")).await
    }
}
