//! [`Retention`] over the database: what may be forgotten is found by an index made for it, and taken in small pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use callgate_domain::model::moment::later;
use callgate_domain::model::{AuditId, Call, CallId, DeliveryId, InboxId, Phone};
use callgate_domain::ports::{KeyPlace, Progress, Retention, StoreError, Swept};
use diesel::prelude::*;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::calls::load_all;
use super::connection::{Address, AnyConnection, Purpose, on_backend};
use super::database::Database;
use super::dialect::{self, take_ids};
use super::error::Failure;
use super::rows::inbox::cleared;
use super::schema::{audit, calls, deliveries, idempotency, inbox, notices};
use super::statements::{HasContent, IsRaw};
use super::types::{Id, Instant};

/// An end that is told to lie further ahead than clocks differ was never one.
const AHEAD: std::time::Duration = std::time::Duration::from_hours(24);

/// What may be forgotten, in a database.
pub struct SqlRetention {
    database: Arc<Database>,
    /// How many have asked for the log to be emptied, and for how many of them it was.
    asked: AtomicU64,
    done: Mutex<u64>,
}

impl SqlRetention {
    /// What may be forgotten in `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, asked: AtomicU64::new(0), done: Mutex::new(0) }
    }
}

#[async_trait]
impl Retention for SqlRetention {
    async fn ended_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Call>, StoreError> {
        let ahead = later(self.database.clock().now(), AHEAD);
        self.database.read(move |db| ended_before(db, before, ahead, limit)).await
    }

    async fn with_number(&self, phone: &Phone, after: Option<CallId>, limit: u32) -> Result<Vec<Call>, StoreError> {
        let phone = phone.clone();
        self.database.read(move |db| with_number(db, &phone, after, limit)).await
    }

    async fn clear_raw(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        self.database.write(move |db| clear_raw(db, Instant(before), limit)).await
    }

    async fn drop_webhooks(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        self.database.write(move |db| drop_webhooks(db, before, limit)).await
    }

    async fn drop_notices(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        self.database.write(move |db| drop_notices(db, before, limit)).await
    }

    async fn drop_audit(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        self.database.write(move |db| drop_audit(db, before, limit)).await
    }

    async fn drop_keys(&self, before: Timestamp, after: Option<KeyPlace>, limit: u32) -> Result<Option<KeyPlace>, StoreError> {
        // Most keys are young: they are looked at without holding up whoever writes.
        let page = self.database.read(move |db| Ok(keys_after(db, after, limit)?)).await?;
        let full = u32::try_from(page.len()).is_ok_and(|found| found >= limit);
        let last = page.last().map(|(place, _)| place.clone()).filter(|_| full);
        let before = Instant(before);
        let old: Vec<_> = page.into_iter().filter(|(_, at)| *at < before).map(|(place, _)| place).collect();
        if !old.is_empty() {
            self.database.write(move |db| Ok(delete_keys(db, &old, before)?)).await?;
        }
        Ok(last)
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        let Some(file) = self.database.file() else { return Ok(()) };
        // Who waits here while another begins is served by that one, or by his own turn after it.
        let mine = self.asked.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let mut done = self.done.lock().await;
        if *done >= mine {
            return Ok(());
        }
        let covers = self.asked.load(Ordering::SeqCst);
        let address = Address::Sqlite(file.to_owned());
        let emptied = tokio::task::spawn_blocking(move || {
            let mut db = address.connect(Purpose::Write).map_err(|error| StoreError::Unavailable(error.into()))?;
            dialect::empty_log(&mut db).map_err(|error| StoreError::Unavailable(error.into()))
        });
        match emptied.await.map_err(|error| StoreError::Unavailable(error.into()))?? {
            true => {
                *done = covers;
                Ok(())
            }
            false => Err(StoreError::Conflict),
        }
    }
}

/// The oldest end first; then those whose end is told to lie ahead, which stand at the other end of the same index.
fn ended_before(db: &mut AnyConnection, before: Timestamp, ahead: Timestamp, limit: u32) -> Result<Vec<Call>, Failure> {
    let open = calls::table.filter(HasContent).filter(calls::settles_by.is_null()).limit(i64::from(limit)).select(calls::id);
    let old = open.filter(calls::ended_at.lt(Instant(before))).order(calls::ended_at);
    let mut ids: Vec<Id> = on_backend!(db, c => old.load(c))?;
    if ids.is_empty() {
        let odd = open.filter(calls::ended_at.gt(Instant(ahead))).filter(calls::created_at.lt(Instant(before)));
        ids = on_backend!(db, c => odd.load(c))?;
    }
    load_all(db, &ids)
}

fn with_number(db: &mut AnyConnection, phone: &Phone, after: Option<CallId>, limit: u32) -> Result<Vec<Call>, Failure> {
    let after = Id(after.map_or(uuid::Uuid::nil(), CallId::as_uuid));
    let query = calls::table
        .filter(calls::phone.eq(phone.e164()))
        .filter(calls::id.gt(after))
        .order(calls::id)
        .limit(i64::from(limit))
        .select(calls::id);
    let ids: Vec<Id> = on_backend!(db, c => query.load(c))?;
    let mut found = load_all(db, &ids)?;
    found.sort_by_key(|call| call.id);
    Ok(found)
}

fn clear_raw(db: &mut AnyConnection, before: Instant, limit: u32) -> Result<Swept, Failure> {
    let query = inbox::table
        .filter(IsRaw)
        .filter(inbox::received_at.lt(before))
        .filter(inbox::progress.ne(Progress::Quarantined.as_str()))
        .order(inbox::received_at)
        .limit(i64::from(limit))
        .select(inbox::id);
    // What somebody else holds is left to the next sweep: then nobody waits for another that waits for him.
    let ids: Vec<Id> = take_ids!(db, query)?;
    if ids.is_empty() {
        return Ok(Swept::default());
    }
    let found = inbox::table.filter(inbox::id.eq_any(&ids)).filter(inbox::again_at.is_null());
    on_backend!(db, c => diesel::update(found).set(cleared()).execute(c))?;
    Ok(swept(ids.len(), limit))
}

/// Ids are made for the moment of arrival, so the oldest stand first.
fn drop_webhooks(db: &mut AnyConnection, before: Timestamp, limit: u32) -> Result<Swept, Failure> {
    let first = Id(InboxId::new(before, [0; 10]).as_uuid());
    let query = inbox::table.filter(inbox::id.lt(first)).order(inbox::id).limit(i64::from(limit)).select(inbox::id);
    let ids: Vec<Id> = take_ids!(db, query)?;
    if ids.is_empty() {
        return Ok(Swept::default());
    }
    let found = inbox::table.filter(inbox::id.eq_any(&ids));
    on_backend!(db, c => diesel::delete(found).execute(c))?;
    Ok(swept(ids.len(), limit))
}

/// Both have ids that are made for the moment of the notice; notices stand by client, of whom there are few.
fn drop_notices(db: &mut AnyConnection, before: Timestamp, limit: u32) -> Result<Swept, Failure> {
    let first = Id(DeliveryId::new(before, [0; 10]).as_uuid());
    let over = deliveries::table.filter(deliveries::id.lt(first)).filter(deliveries::next_at.is_null());
    let over = over.order(deliveries::id).limit(i64::from(limit)).select(deliveries::id);
    let ids: Vec<Id> = on_backend!(db, c => over.load(c))?;
    if !ids.is_empty() {
        let found = deliveries::table.filter(deliveries::id.eq_any(&ids));
        on_backend!(db, c => diesel::delete(found).execute(c))?;
    }
    let (mut gone, mut client) = (0, String::new());
    while gone < limit {
        let next = notices::table.filter(notices::client.gt(&client)).order(notices::client).select(notices::client).limit(1);
        let Some(next) = on_backend!(db, c => next.get_result::<String>(c).optional())? else { break };
        let of = notices::table.filter(notices::client.eq(&next)).filter(notices::id.lt(first));
        let of = of.order(notices::id).limit(i64::from(limit - gone)).select(notices::id);
        let ids: Vec<Id> = on_backend!(db, c => of.load(c))?;
        if !ids.is_empty() {
            let found = notices::table.filter(notices::client.eq(&next)).filter(notices::id.eq_any(&ids));
            on_backend!(db, c => diesel::delete(found).execute(c))?;
        }
        gone = gone.saturating_add(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        client = next;
    }
    let more = gone >= limit || swept(ids.len(), limit).more;
    Ok(Swept { gone, more })
}

fn drop_audit(db: &mut AnyConnection, before: Timestamp, limit: u32) -> Result<Swept, Failure> {
    let first = Id(AuditId::new(before, [0; 10]).as_uuid());
    let query = audit::table.filter(audit::id.lt(first)).order(audit::id).limit(i64::from(limit)).select(audit::id);
    let ids: Vec<Id> = on_backend!(db, c => query.load(c))?;
    if ids.is_empty() {
        return Ok(Swept::default());
    }
    let found = audit::table.filter(audit::id.eq_any(&ids));
    on_backend!(db, c => diesel::delete(found).execute(c))?;
    Ok(swept(ids.len(), limit))
}

fn keys_after(db: &mut AnyConnection, after: Option<KeyPlace>, limit: u32) -> QueryResult<Vec<(KeyPlace, Instant)>> {
    use idempotency::{client, created_at, key, operation};

    let (a, b, c) = after.unwrap_or_default();
    let same_client = client.eq(&a).and(operation.gt(&b).or(operation.eq(&b).and(key.gt(&c))));
    let query = idempotency::table
        .filter(client.ge(&a))
        .filter(client.gt(&a).or(same_client))
        .order((client, operation, key))
        .limit(i64::from(limit))
        .select(((client, operation, key), created_at));
    on_backend!(db, c => query.load(c))
}

/// One that was used anew since it was looked at is young again.
fn delete_keys(db: &mut AnyConnection, old: &[KeyPlace], before: Instant) -> QueryResult<()> {
    old.iter().try_for_each(|(client, operation, key)| {
        let only = idempotency::table.find((client, operation, key));
        let only = diesel::query_dsl::methods::FilterDsl::filter(only, idempotency::created_at.lt(before));
        on_backend!(db, c => diesel::delete(only).execute(c)).map(drop)
    })
}

/// Every statement there is here, for a test of how they are carried out.
#[cfg(test)]
pub(super) fn run_everything(db: &mut AnyConnection, number: &Phone, at: Timestamp) -> Result<(), Failure> {
    ended_before(db, at, at, 9)?;
    with_number(db, number, None, 9)?;
    clear_raw(db, Instant(at), 9)?;
    drop_webhooks(db, at, 9)?;
    drop_notices(db, at, 9)?;
    drop_audit(db, at, 9)?;
    for (place, _) in keys_after(db, None, 9)? {
        delete_keys(db, &[place], Instant(at))?;
    }
    Ok(())
}

fn swept(found: usize, limit: u32) -> Swept {
    let gone = u32::try_from(found).unwrap_or(u32::MAX);
    Swept { gone, more: gone >= limit }
}
