//! Reading deliveries, and making them due again.

use callgate_domain::model::{Delivery, DeliveryId, DeliveryResult, Endpoint, Exchange, NoticeId};
use callgate_domain::ports::{Clock, DeliveryFilter, DeliveryPage, Reader, Recovered, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::{endpoint, own};
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::{self, lock_rows};
use crate::store::error::Failure;
use crate::store::rows::delivery::{CourseRow, DeliveryRow};
use crate::store::rows::exchange::read;
use crate::store::rows::notice::NoticeRow;
use crate::store::schema::{deliveries, endpoints, notices};
use crate::store::types::{Id, Instant};

/// How the last try of one went.
pub fn exchange(db: &mut AnyConnection, id: DeliveryId, of: &Reader) -> Result<Option<Exchange>, Failure> {
    get(db, id, of)?;
    let query = deliveries::table.find(Id(id.as_uuid())).select(deliveries::last_exchange);
    let kept: Option<String> = on_backend!(db, c => query.get_result(c))?;
    Ok(kept.as_deref().map(read).transpose()?)
}

/// A page of deliveries, newest notice first. A client's are read endpoint by endpoint, since each has them in order.
pub fn list(db: &mut AnyConnection, of: &Reader, filter: &DeliveryFilter, page: DeliveryPage) -> Result<Vec<Delivery>, Failure> {
    let to = match (filter.endpoint, of) {
        (Some(id), _) => match endpoint(db, id, of) {
            Ok(_) => vec![Some(Id(id.as_uuid()))],
            Err(Failure(StoreError::NotFound)) => Vec::new(),
            Err(failure) => return Err(failure),
        },
        (None, Reader::Client(client)) => own(db, client.as_str())?.into_iter().map(Some).collect(),
        (None, Reader::All) => vec![None],
    };
    let mut rows = Vec::new();
    for endpoint in to {
        rows.extend(page_of(db, endpoint, filter, page)?);
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id.0));
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(DeliveryRow::delivery).collect::<Result<_, _>>()?)
}

fn page_of(db: &mut AnyConnection, to: Option<Id>, filter: &DeliveryFilter, page: DeliveryPage) -> QueryResult<Vec<DeliveryRow>> {
    on_backend!(db, c => {
        let mut query = deliveries::table
            .inner_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_id)))
            .select(DeliveryRow::as_select())
            .order(deliveries::id.desc())
            .limit(i64::from(page.limit))
            .into_boxed();
        if let Some(to) = to {
            query = query.filter(deliveries::endpoint_id.eq(to));
        }
        if let Some(call) = filter.call {
            query = query.filter(deliveries::call_id.eq(Id(call.as_uuid())));
        }
        if let Some(result) = filter.result {
            query = query.filter(deliveries::result.eq(result.as_str()));
        }
        if let Some(before) = page.before {
            query = query.filter(deliveries::id.lt(Id(before.as_uuid())));
        }
        query.load(c)
    })
}

/// One delivery, with its row.
fn find(db: &mut AnyConnection, id: DeliveryId, of: &Reader) -> Result<DeliveryRow, Failure> {
    let query = deliveries::table.find(Id(id.as_uuid()));
    let rows: Vec<DeliveryRow> = lock_rows!(db, query.select(DeliveryRow::as_select()))?;
    let row = rows.into_iter().next().ok_or(StoreError::NotFound)?;
    endpoint(db, row.clone().delivery()?.endpoint, of)?;
    Ok(row)
}

/// One delivery.
pub fn get(db: &mut AnyConnection, id: DeliveryId, of: &Reader) -> Result<Delivery, Failure> {
    let query = deliveries::table.find(Id(id.as_uuid()));
    let row: Option<DeliveryRow> = on_backend!(db, c => query.select(DeliveryRow::as_select()).get_result(c).optional())?;
    let delivery = row.ok_or(StoreError::NotFound)?.delivery()?;
    endpoint(db, delivery.endpoint, of)?;
    Ok(delivery)
}

/// Makes a delivery due again, unless it is in the air.
pub fn resend(
    db: &mut AnyConnection,
    clock: &dyn Clock,
    id: DeliveryId,
    of: &Reader,
    at: Timestamp,
) -> Result<Delivery, Failure> {
    let row = find(db, id, of)?;
    let now = dialect::now(db, clock)?;
    let in_the_air = row.leased_until.is_some_and(|until| until > now);
    let delivery = row.delivery()?;
    if in_the_air {
        return Ok(delivery);
    }
    let again = delivery.resent(at);
    be_due(db, &again)?;
    Ok(again)
}

fn be_due(db: &mut AnyConnection, delivery: &Delivery) -> QueryResult<usize> {
    let only = deliveries::table.find(Id(delivery.id.as_uuid()));
    on_backend!(db, c => diesel::update(only).set(CourseRow::of(delivery)).execute(c))
}

/// One step of telling an endpoint what it missed.
pub fn recover(
    db: &mut AnyConnection,
    endpoint: &Endpoint,
    since: Timestamp,
    after: Option<NoticeId>,
    limit: u32,
    at: Timestamp,
) -> Result<Recovered, Failure> {
    let wanted: Vec<_> = endpoint.events.iter().map(|event| event.as_str()).collect();
    // The id narrows the search to the right part of the key; the moment itself decides.
    let from = after.unwrap_or_else(|| NoticeId::new(since, [0; 10]));
    let query = notices::table
        .filter(notices::client.eq(endpoint.client.as_str()))
        .filter(notices::id.gt(Id(from.as_uuid())))
        .filter(notices::created_at.ge(Instant(since)))
        .filter(notices::kind.eq_any(wanted))
        .order(notices::id)
        .limit(i64::from(limit));
    let rows: Vec<NoticeRow> = on_backend!(db, c => query.select(NoticeRow::as_select()).load(c))?;
    let last = rows.last().filter(|_| rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX)).map(|row| row.id);
    let mut count = 0;
    for row in rows {
        let fresh = Delivery::of(&row.notice()?, endpoint.id, at);
        count += u32::from(be_sent(db, &fresh)?);
    }
    Ok(Recovered { count, last: last.map(|id| NoticeId::from_uuid(id.0)) })
}

/// Keeps a delivery that was never made, or makes one due that failed; says whether it did.
fn be_sent(db: &mut AnyConnection, fresh: &Delivery) -> Result<bool, Failure> {
    let row = DeliveryRow::of(fresh);
    let made = on_backend!(db, c => diesel::insert_into(deliveries::table).values(&row).on_conflict_do_nothing().execute(c))?;
    if made > 0 {
        return Ok(true);
    }
    let query = deliveries::table.find(row.id).filter(deliveries::result.eq(DeliveryResult::Failed.as_str()));
    let failed: Vec<DeliveryRow> = lock_rows!(db, query.select(DeliveryRow::as_select()))?;
    let Some(failed) = failed.into_iter().next() else { return Ok(false) };
    be_due(db, &failed.delivery()?.resent(fresh.next_at.unwrap_or(fresh.created_at)))?;
    Ok(true)
}
