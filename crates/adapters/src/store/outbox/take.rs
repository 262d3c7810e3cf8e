//! Taking due deliveries, and writing down what came of them.

use std::collections::HashMap;
use std::time::Duration;

use callgate_domain::model::endpoint::at_once;
use callgate_domain::model::moment::later;
use callgate_domain::model::{Endpoint, Exchange, Verdict};
use callgate_domain::ports::{Clock, Errand, StoreError, Tried, in_turn};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::calls::is_erased;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::{self, lock_rows, take_ids};
use crate::store::error::Failure;
use crate::store::rows::delivery::{CourseRow, DeliveryRow};
use crate::store::rows::endpoint::EndpointRow;
use crate::store::rows::exchange::{TriedRow, written};
use crate::store::schema::{deliveries, endpoints};
use crate::store::statements::update;
use crate::store::types::{Id, Instant};

/// The name of the statement that stays prepared.
struct SaveTried;

/// When the first delivery to an endpoint falls due.
macro_rules! first_due {
    () => {
        deliveries::table
            .filter(deliveries::endpoint_id.eq(endpoints::id))
            .filter(deliveries::next_at.is_not_null())
            .select(min(deliveries::next_at))
            .single_value()
    };
}

/// Takes due deliveries to enabled endpoints.
pub fn take(db: &mut AnyConnection, clock: &dyn Clock, lease: Duration, limit: u32) -> Result<Vec<Errand>, Failure> {
    // Where processes share a database, only one at a time counts and takes: so a limit is exact.
    dialect::lock(db, ["outbox".to_owned()])?;
    let now = dialect::now(db, clock)?;
    let until = Instant(later(now.0, lease));
    let in_the_air = in_the_air(db, now)?;
    let is_full = |(id, (failing, count)): (&Id, &(bool, u32))| (*count >= at_once(*failing)).then_some(*id);
    let full: Vec<Id> = in_the_air.iter().filter_map(is_full).collect();
    let mut queues = Vec::new();
    for endpoint in waiting(db, &full, now, limit)? {
        let taken = in_the_air.get(&Id(endpoint.id.as_uuid())).map_or(0, |(_, count)| *count);
        let due = next_due(db, &endpoint, endpoint.at_once().saturating_sub(taken), now)?;
        queues.push(due.into_iter().map(|row| (row, endpoint.clone())).collect::<Vec<_>>());
    }
    queues.sort_by_key(|queue| queue.first().map(|(row, _)| (row.next_at, row.id.0)));
    let taken = in_turn(queues, limit);
    let ids: Vec<Id> = taken.iter().map(|(row, _)| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let all = deliveries::table.filter(deliveries::id.eq_any(&ids));
    let changes = (deliveries::next_at.eq(until), deliveries::leased_until.eq(until));
    on_backend!(db, c => diesel::update(all).set(changes).execute(c))?;
    let errand = |(row, endpoint): (DeliveryRow, Endpoint)| Ok(Errand { delivery: row.delivery()?, endpoint, until: until.0 });
    taken.into_iter().map(errand).collect()
}

/// How many deliveries are in the air to each endpoint, and whether it fails.
fn in_the_air(db: &mut AnyConnection, now: Instant) -> QueryResult<HashMap<Id, (bool, u32)>> {
    let query = deliveries::table
        .inner_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_id)))
        .filter(deliveries::leased_until.gt(now))
        .group_by((endpoints::id, endpoints::failing_since))
        .select((endpoints::id, endpoints::failing_since, count_star()));
    let counted: Vec<(Id, Option<Instant>, i64)> = on_backend!(db, c => query.load(c))?;
    let entry =
        |(id, since, count): (Id, Option<Instant>, i64)| (id, (since.is_some(), u32::try_from(count).unwrap_or(u32::MAX)));
    Ok(counted.into_iter().map(entry).collect())
}

/// Enabled endpoints with something due and room for it, those whose first waited longest first.
fn waiting(db: &mut AnyConnection, full: &[Id], now: Instant, limit: u32) -> Result<Vec<Endpoint>, Failure> {
    let query = endpoints::table
        .filter(endpoints::disabled_at.is_null())
        .filter(endpoints::id.ne_all(full))
        .filter(first_due!().le(now))
        .order((first_due!(), endpoints::id))
        .limit(i64::from(limit));
    let rows: Vec<EndpointRow> = on_backend!(db, c => query.select(EndpointRow::as_select()).load(c))?;
    // One that cannot be read must not keep all others waiting.
    let read = |row: EndpointRow| {
        let id = row.id.0;
        row.endpoint().inspect_err(|error| tracing::error!(endpoint = %id, %error, "an endpoint cannot be read")).ok()
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

fn next_due(db: &mut AnyConnection, endpoint: &Endpoint, limit: u32, now: Instant) -> QueryResult<Vec<DeliveryRow>> {
    let query = deliveries::table
        .filter(deliveries::endpoint_id.eq(Id(endpoint.id.as_uuid())))
        .filter(deliveries::next_at.le(now))
        .order((deliveries::next_at, deliveries::id))
        .limit(i64::from(limit));
    take_ids!(db, query.select(DeliveryRow::as_select()))
}

/// Writes down what came of an errand that is still the courier's.
pub fn record(db: &mut AnyConnection, tried: &Tried) -> Result<Option<Timestamp>, Failure> {
    // Asked before its own row is held, as erasing goes: neither waits for the other.
    let is_erased = match (tried.delivery.call, &tried.exchange.answer) {
        (Some(call), Some(_)) => is_erased(db, call)?,
        _ => false,
    };
    let answer = tried.exchange.answer.clone().filter(|_| !is_erased);
    let last_exchange = written(&Exchange { answer, ..tried.exchange.clone() });
    let held = deliveries::id.eq(Id(tried.delivery.id.as_uuid())).and(deliveries::leased_until.eq(Instant(tried.until)));
    let row = TriedRow { course: CourseRow::of(&tried.delivery), last_exchange };
    if on_backend!(db, c => update::<SaveTried, _, _>(deliveries::table, &row, held).execute(c))? == 0 {
        return Err(StoreError::Conflict.into());
    }
    hear(db, Id(tried.delivery.endpoint.as_uuid()), tried.verdict, tried.at)
}

/// What a try says about its endpoint; mostly nothing new, and then its row is only read.
fn hear(db: &mut AnyConnection, id: Id, verdict: Verdict, at: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let failing = endpoints::table.find(id).filter(endpoints::failing_since.is_not_null()).select(endpoints::id);
    let is_news = match verdict {
        Verdict::Void => false,
        Verdict::Accepted => on_backend!(db, c => failing.get_result::<Id>(c).optional())?.is_some(),
        Verdict::Refused | Verdict::Gone => true,
    };
    if !is_news {
        return Ok(None);
    }
    let query = endpoints::table.find(id);
    let rows: Vec<EndpointRow> = lock_rows!(db, query.select(EndpointRow::as_select()))?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let before = row.endpoint()?;
    let mut endpoint = before.clone();
    endpoint.hear(verdict, at);
    if (endpoint.disabled_at, endpoint.failing_since) != (before.disabled_at, before.failing_since) {
        let only = endpoints::table.find(id);
        let changes = (
            endpoints::disabled_at.eq(endpoint.disabled_at.map(Instant)),
            endpoints::failing_since.eq(endpoint.failing_since.map(Instant)),
        );
        on_backend!(db, c => diesel::update(only).set(changes).execute(c))?;
    }
    Ok(endpoint.disabled_at.filter(|_| before.disabled_at.is_none()))
}

/// Ends all leases.
pub fn end_leases(db: &mut AnyConnection, now: Instant) -> Result<u32, Failure> {
    let held = deliveries::table.filter(deliveries::leased_until.is_not_null());
    let changes = (deliveries::next_at.eq(now), deliveries::leased_until.eq(None::<Instant>));
    let ended = on_backend!(db, c => diesel::update(held).set(changes).execute(c))?;
    Ok(u32::try_from(ended).unwrap_or(u32::MAX))
}

/// When the first delivery to any enabled endpoint falls due.
pub fn first_of_all(db: &mut AnyConnection) -> Result<Option<Timestamp>, Failure> {
    let query = endpoints::table
        .filter(endpoints::disabled_at.is_null())
        .filter(first_due!().is_not_null())
        .order(first_due!())
        .limit(1)
        .select(first_due!());
    let first: Option<Option<Instant>> = on_backend!(db, c => query.get_result(c).optional())?;
    Ok(first.flatten().map(|at| at.0))
}
