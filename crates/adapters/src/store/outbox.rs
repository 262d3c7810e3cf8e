//! [`Outbox`] over the database: endpoints here, the rest in the files beside.

mod keep;
mod list;
mod take;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::{Delivery, DeliveryId, Endpoint, EndpointChange, EndpointId, Exchange, Notice, NoticeId};
use callgate_domain::ports::{DeliveryFilter, DeliveryPage, Errand, Outbox, Reader, Recovered, StoreError, Tried};
use diesel::dsl::count_star;
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::dialect::{self, lock_rows};
use super::error::Failure;
use super::rows::delivery::DeliveryRow;
use super::rows::endpoint::EndpointRow;
use super::rows::notice::NoticeRow;
use super::schema::{deliveries, endpoints, notices};
use super::types::{Id, Instant};

pub use keep::keep;

/// Endpoints, notices and deliveries in a database.
pub struct SqlOutbox {
    database: Arc<Database>,
}

impl SqlOutbox {
    /// The outbox of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Outbox for SqlOutbox {
    async fn add(&self, endpoint: Endpoint, at_most: u32) -> Result<bool, StoreError> {
        self.database.write(move |db| add(db, &endpoint, at_most)).await
    }

    async fn endpoint(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        let of = of.clone();
        self.database.read_by_key(move |db| endpoint(db, id, &of)).await
    }

    async fn endpoints(&self, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError> {
        let of = of.clone();
        self.database.read(move |db| page(db, &of, after, limit)).await
    }

    async fn change(&self, id: EndpointId, of: &Reader, change: EndpointChange, at: Timestamp) -> Result<Endpoint, StoreError> {
        let of = of.clone();
        self.database.write(move |db| be_changed(db, id, &of, change, at)).await
    }

    async fn remove(&self, id: EndpointId, of: &Reader) -> Result<(), StoreError> {
        let of = of.clone();
        self.database.write(move |db| remove(db, id, &of)).await
    }

    async fn announce(&self, notice: Notice, delivery: Delivery) -> Result<(), StoreError> {
        self.database.write(move |db| announce(db, &notice, &delivery)).await
    }

    async fn take(&self, lease: Duration, limit: u32) -> Result<Vec<Errand>, StoreError> {
        let clock = Arc::clone(self.database.clock());
        self.database.write(move |db| take::take(db, &*clock, lease, limit)).await
    }

    async fn record(&self, tried: Tried) -> Result<Option<Timestamp>, StoreError> {
        self.database.write(move |db| take::record(db, &tried)).await
    }

    async fn end_leases(&self) -> Result<u32, StoreError> {
        let now = Instant(self.database.clock().now());
        self.database.write(move |db| take::end_leases(db, now)).await
    }

    async fn deliveries(&self, of: &Reader, filter: &DeliveryFilter, page: DeliveryPage) -> Result<Vec<Delivery>, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.database.read(move |db| list::list(db, &of, &filter, page)).await
    }

    async fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, StoreError> {
        let of = of.clone();
        self.database.read_by_key(move |db| list::get(db, id, &of)).await
    }

    async fn exchange(&self, id: DeliveryId, of: &Reader) -> Result<Option<Exchange>, StoreError> {
        let of = of.clone();
        self.database.read_by_key(move |db| list::exchange(db, id, &of)).await
    }

    async fn resend(&self, id: DeliveryId, of: &Reader, at: Timestamp) -> Result<Delivery, StoreError> {
        let (of, clock) = (of.clone(), Arc::clone(self.database.clock()));
        self.database.write(move |db| list::resend(db, &*clock, id, &of, at)).await
    }

    async fn recover(
        &self,
        endpoint: &Endpoint,
        since: Timestamp,
        after: Option<NoticeId>,
        limit: u32,
        at: Timestamp,
    ) -> Result<Recovered, StoreError> {
        let endpoint = endpoint.clone();
        self.database.write(move |db| list::recover(db, &endpoint, since, after, limit, at)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.database.read_by_key(take::first_of_all).await
    }
}

/// Those who add for one client at the same moment go one after the other.
fn add(db: &mut AnyConnection, endpoint: &Endpoint, at_most: u32) -> Result<bool, Failure> {
    dialect::lock(db, [format!("endpoints {}", endpoint.client)])?;
    let own = endpoints::table.filter(endpoints::client.eq(endpoint.client.as_str())).select(count_star());
    let has: i64 = on_backend!(db, c => own.get_result(c))?;
    if has >= i64::from(at_most) {
        return Ok(false);
    }
    let row = EndpointRow::of(endpoint);
    on_backend!(db, c => diesel::insert_into(endpoints::table).values(&row).execute(c))?;
    Ok(true)
}

/// One endpoint that this reader may see.
fn endpoint(db: &mut AnyConnection, id: EndpointId, of: &Reader) -> Result<Endpoint, Failure> {
    let query = endpoints::table.find(Id(id.as_uuid()));
    let row: Option<EndpointRow> = on_backend!(db, c => query.select(EndpointRow::as_select()).get_result(c).optional())?;
    seen(row, of)
}

fn seen(row: Option<EndpointRow>, of: &Reader) -> Result<Endpoint, Failure> {
    let endpoint = row.ok_or(StoreError::NotFound)?.endpoint()?;
    if of.sees(&endpoint.client) { Ok(endpoint) } else { Err(StoreError::NotFound.into()) }
}

/// The ids of a client's endpoints: never many.
fn own(db: &mut AnyConnection, client: &str) -> QueryResult<Vec<Id>> {
    let query = endpoints::table.filter(endpoints::client.eq(client)).select(endpoints::id);
    on_backend!(db, c => query.load(c))
}

/// The endpoints that this reader may see, in the order of their ids.
pub fn page(db: &mut AnyConnection, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, Failure> {
    let rows: Vec<EndpointRow> = on_backend!(db, c => {
        let query = endpoints::table.order(endpoints::id).limit(i64::from(limit));
        let mut query = query.into_boxed();
        if let Reader::Client(client) = of {
            query = query.filter(endpoints::client.eq(client.as_str()));
        }
        if let Some(after) = after {
            query = query.filter(endpoints::id.gt(Id(after.as_uuid())));
        }
        query.select(EndpointRow::as_select()).load(c)
    })?;
    Ok(rows.into_iter().map(EndpointRow::endpoint).collect::<Result<_, _>>()?)
}

fn be_changed(
    db: &mut AnyConnection,
    id: EndpointId,
    of: &Reader,
    change: EndpointChange,
    at: Timestamp,
) -> Result<Endpoint, Failure> {
    let query = endpoints::table.find(Id(id.as_uuid()));
    let rows: Vec<EndpointRow> = lock_rows!(db, query.select(EndpointRow::as_select()))?;
    let changed = seen(rows.into_iter().next(), of)?.changed(change, at);
    let only = endpoints::table.find(Id(id.as_uuid()));
    on_backend!(db, c => diesel::update(only).set(EndpointRow::of(&changed)).execute(c))?;
    Ok(changed)
}

fn remove(db: &mut AnyConnection, id: EndpointId, of: &Reader) -> Result<(), Failure> {
    endpoint(db, id, of)?;
    on_backend!(db, c => diesel::delete(endpoints::table.find(Id(id.as_uuid()))).execute(c))?;
    Ok(())
}

fn announce(db: &mut AnyConnection, notice: &Notice, delivery: &Delivery) -> Result<(), Failure> {
    let (notice, delivery) = (NoticeRow::of(notice), DeliveryRow::of(delivery));
    on_backend!(db, c => diesel::insert_into(notices::table).values(&notice).execute(c))?;
    on_backend!(db, c => diesel::insert_into(deliveries::table).values(&delivery).execute(c))?;
    Ok(())
}
