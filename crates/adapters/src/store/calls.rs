//! [`CallStore`] over the database. Each file beside holds what one method does inside its transaction.

mod claim;
mod find;
mod insert;
mod list;
mod look;
mod save;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::call::{Entry, Looks};
use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::Room;
use callgate_domain::model::{Call, CallId, ConnectionId, Revision, WorkerId};
use callgate_domain::ports::{
    AttemptRef, CallFilter, CallStore, Change, IdempotencyKey, Inserted, Listed, Match, Page, Reader, StoreError,
};
use jiff::Timestamp;

use super::connection::AnyConnection;
use super::crowd::Crowd;
use super::database::Database;
use super::error::{Failure, OpenError};
use super::types::Instant;
use insert::{NewCalls, insert_all};

/// Threads that insert on Postgres: while one waits for the disk the other builds the next statement.
const INSERTERS: u8 = 2;

/// Calls in a database.
pub struct SqlCallStore {
    database: Arc<Database>,
    newcomers: Crowd<NewCalls, Inserted>,
}

impl SqlCallStore {
    /// The calls of `database`.
    pub(super) fn new(database: Arc<Database>) -> Result<Self, OpenError> {
        let newcomers = Crowd::start(&database, "inserts", INSERTERS, insert_all)?;
        Ok(Self { database, newcomers })
    }

    /// Our own clock; what is compared with a lease on Postgres is the database's.
    fn clock_now(&self) -> Instant {
        Instant(self.database.clock().now())
    }
}

#[async_trait]
impl CallStore for SqlCallStore {
    async fn insert(&self, calls: Vec<(Call, Entry)>, key: Option<IdempotencyKey>) -> Result<Inserted, StoreError> {
        self.newcomers.join(NewCalls::new(calls, key.as_ref())).await
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        let (key, now) = (key.clone(), self.clock_now());
        self.database.read_by_key(move |db| insert::made_before(db, &key, now)).await
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        let call = self.database.read_by_key(move |db| whole::load(db, id)).await?;
        if of.sees(&call.client) { Ok(call) } else { Err(StoreError::NotFound) }
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        let attempt = attempt.clone();
        self.database.read_by_key(move |db| find::find(db, &attempt)).await
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.database.read(move |db| list::list(db, &of, &filter, page)).await
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.database.read_by_key(move |db| list::history(db, id, after, limit)).await
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Vec<Call>, StoreError> {
        let (mut room, clock) = (room.clone(), Arc::clone(self.database.clock()));
        self.database.write(move |db| claim::claim(db, &*clock, by, lease, &mut room, limit)).await
    }

    async fn beat(&self, by: WorkerId, lease: Duration) -> Result<(), StoreError> {
        let clock = Arc::clone(self.database.clock());
        self.database.write(move |db| claim::beat(db, &*clock, by, lease)).await
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        let now = self.clock_now();
        self.database.write(move |db| save::save(db, &change, now)).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        let known: Vec<_> = known.iter().map(|connection| connection.as_str().to_owned()).collect();
        let until = Instant(later(now, hold));
        self.database.write(move |db| look::take(db, &known, Instant(now), until, limit)).await
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.database.write(move |db| look::look_later(db, id, from, looks, at)).await
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.database.read_by_key(look::next_moment).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.database.read(ping).await
    }
}

fn ping(db: &mut AnyConnection) -> Result<(), Failure> {
    use diesel::connection::SimpleConnection;

    Ok(db.batch_execute("SELECT 1 FROM calls WHERE 1 = 0")?)
}
