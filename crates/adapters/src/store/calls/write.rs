//! What is written of calls: a new one, a change, and when to look next.

use callgate_domain::model::call::{Call, CallState, Entry, Looks};
use callgate_domain::model::moment::earlier;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::{Change, Clock, IdempotencyKey, Inserted, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;
use std::time::Duration;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Translated;
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::CallRow;
use crate::store::rows::details::DetailsRow;
use crate::store::rows::history::HistoryRow;
use crate::store::rows::result::ResultRow;
use crate::store::rows::{count, instant};
use crate::store::schema::{attempts, call_details, calls, history, idempotency, results};
use crate::store::types::{Id, Instant};

/// How long an idempotency key is kept: `RELIABILITY.md` section 6.
const KEY_KEPT: Duration = Duration::from_hours(7 * 24);

#[derive(Insertable)]
#[diesel(table_name = idempotency)]
struct KeyRow<'a> {
    client: &'a str,
    operation: &'a str,
    key: &'a str,
    fingerprint: &'a [u8],
    call_id: Id,
    created_at: Instant,
}

/// New calls with their first history entries, unless the key came before.
pub fn insert(
    db: &mut AnyConnection,
    new: &[(Call, Entry)],
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Inserted, StoreError> {
    if let (Some(key), Some((first, _))) = (key, new.first())
        && let Some(before) = reserve(db, key, first.id, now)?
    {
        return Ok(Inserted::Replayed(before));
    }
    for (call, entry) in new {
        let (row, details, line) = (CallRow::of(call), DetailsRow::of(call), HistoryRow::of(call.id, entry));
        on_backend!(db, c => {
            diesel::insert_into(calls::table).values(row).execute(c)
                .and_then(|_| diesel::insert_into(call_details::table).values(details).execute(c))
                .and_then(|_| diesel::insert_into(history::table).values(line).execute(c))
        })
        .translated()?;
    }
    Ok(Inserted::New)
}

/// Takes a key for a call, or says which call has it. On Postgres a twin's unfinished insert is waited for.
fn reserve(db: &mut AnyConnection, key: &IdempotencyKey, call: CallId, now: Timestamp) -> Result<Option<CallId>, StoreError> {
    let expired = Instant(earlier(now, KEY_KEPT));
    let (client, operation) = (key.client.as_str(), key.operation);
    for _ in 0..2 {
        let row = KeyRow {
            client,
            operation,
            key: &key.key,
            fingerprint: &key.fingerprint,
            call_id: Id(call.as_uuid()),
            created_at: Instant(now),
        };
        let taken = on_backend!(db, c => diesel::insert_into(idempotency::table).values(row).on_conflict_do_nothing().execute(c))
            .translated()?;
        if taken == 1 {
            return Ok(None);
        }
        if let Some(before) = replay(db, key, now)? {
            return Ok(Some(before));
        }
        on_backend!(db, c => diesel::delete(idempotency::table
            .filter(idempotency::client.eq(client))
            .filter(idempotency::operation.eq(operation))
            .filter(idempotency::key.eq(&key.key))
            .filter(idempotency::created_at.le(expired)))
        .execute(c))
        .translated()?;
    }
    Err(StoreError::InProgress)
}

/// The call that an earlier request with this key made, while the key is kept.
pub fn replay(db: &mut AnyConnection, key: &IdempotencyKey, now: Timestamp) -> Result<Option<CallId>, StoreError> {
    let held: Option<(Vec<u8>, Id)> = on_backend!(db, c => idempotency::table
        .filter(idempotency::client.eq(key.client.as_str()))
        .filter(idempotency::operation.eq(key.operation))
        .filter(idempotency::key.eq(&key.key))
        .filter(idempotency::created_at.gt(Instant(earlier(now, KEY_KEPT))))
        .select((idempotency::fingerprint, idempotency::call_id))
        .get_result(c)
        .optional())
    .translated()?;
    match held {
        Some((fingerprint, _)) if fingerprint != key.fingerprint => Err(StoreError::Duplicate),
        Some((_, call)) => Ok(Some(CallId::from_uuid(call.0))),
        None => Ok(None),
    }
}

/// One change, if the call is still as it was when the change was decided.
pub fn save(db: &mut AnyConnection, change: &Change, clock: &dyn Clock) -> Result<(), StoreError> {
    let id = Id(change.call.id.as_uuid());
    let from: i32 = count(change.from.0);
    if let Some(claim) = change.claim {
        let fence: i32 = count(claim.0);
        let held: Option<(i32, Option<Instant>)> = on_backend!(db, c => calls::table
            .filter(calls::id.eq(id))
            .filter(calls::fence.eq(fence))
            .select((calls::revision, calls::lease_until))
            .get_result(c)
            .optional())
        .translated()?;
        let marks = change.call.state == CallState::Sending;
        let now = if marks { dialect::now(db, clock)? } else { change.entry.at };
        let alive = held.is_some_and(|(_, until)| !marks || until.is_some_and(|until| until.0 > now));
        if !alive {
            return Err(StoreError::Conflict);
        }
    }
    let row = CallRow::of(&change.call);
    let changed = on_backend!(db, c => {
        let call = calls::table.filter(calls::id.eq(id)).filter(calls::revision.eq(from));
        diesel::update(call).set(&row).execute(c)
    })
    .translated()?;
    if changed == 0 {
        return Err(StoreError::Conflict);
    }
    for attempt in change.earlier.iter().chain(&change.call.attempt) {
        write_attempt(db, &AttemptRow::of(attempt))?;
    }
    if let Some(result) = ResultRow::of(&change.call) {
        write_result(db, &result)?;
    }
    let line = HistoryRow::of(change.call.id, &change.entry);
    on_backend!(db, c => diesel::insert_into(history::table).values(line).execute(c)).translated()?;
    Ok(())
}

fn write_attempt(db: &mut AnyConnection, row: &AttemptRow) -> Result<(), StoreError> {
    on_backend!(db, c => {
        let known = diesel::update(attempts::table.filter(attempts::id.eq(row.id))).set(row).execute(c);
        known.and_then(|known| if known == 0 { diesel::insert_into(attempts::table).values(row).execute(c) } else { Ok(known) })
    })
    .translated()
    .map(drop)
}

fn write_result(db: &mut AnyConnection, row: &ResultRow) -> Result<(), StoreError> {
    on_backend!(db, c => {
        let known = diesel::update(results::table.filter(results::call_id.eq(row.call_id))).set(row).execute(c);
        known.and_then(|known| if known == 0 { diesel::insert_into(results::table).values(row).execute(c) } else { Ok(known) })
    })
    .translated()
    .map(drop)
}

/// When to look next, unless the call has changed since.
pub fn look_later(
    db: &mut AnyConnection,
    id: CallId,
    from: Revision,
    looks: Looks,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let (from, looked, absent): (i32, i16, i16) = (count(from.0), count(looks.count), count(looks.absent));
    on_backend!(db, c => {
        let call = calls::table.filter(calls::id.eq(Id(id.as_uuid()))).filter(calls::revision.eq(from));
        diesel::update(call).set((calls::look_at.eq(instant(at)), calls::looks.eq(looked), calls::absences.eq(absent))).execute(c)
    })
    .translated()
    .map(drop)
}
