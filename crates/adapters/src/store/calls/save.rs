//! Saving one change: call, attempts, result and history row, under the revision and the claim it was made from.

use callgate_domain::model::call::{Attempt, Entry};
use callgate_domain::model::{Call, CallState, Revision};
use callgate_domain::ports::{Change, StoreError};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::CallRow;
use crate::store::rows::history::HistoryRow;
use crate::store::rows::result::ResultRow;
use crate::store::schema::{attempts, calls, history, results};
use crate::store::statements::update;
use crate::store::types::{Id, Instant};

/// The names of the statements that stay prepared.
struct SaveCall;
struct SaveAttempt;
struct SaveResult;

/// Saves a change, or refuses it with `Conflict` where revision, fence or lease are no longer those held.
///
/// The unique indexes of `attempts` are the last word: a second attempt that may ring is a `Conflict` too.
pub fn save(db: &mut AnyConnection, change: &Change, now: Instant) -> Result<(), Failure> {
    let call = &change.call;
    let row = CallRow::of(call);
    let held = calls::id.eq(row.always.id).and(calls::revision.eq(i64::from(change.from.0)));
    let written = match change.claim.map(|fence| i64::from(fence.0)) {
        None => on_backend!(db, c => update::<SaveCall, _, _>(calls::table, &row, held).execute(c)),
        Some(fence) if call.state == CallState::Sending => {
            let held = held.and(calls::fence.eq(fence)).and(calls::lease_until.gt(dialect::Now(now).nullable()));
            on_backend!(db, c => update::<SaveCall, _, _>(calls::table, &row, held).execute(c))
        }
        Some(fence) => {
            let held = held.and(calls::fence.eq(fence));
            on_backend!(db, c => update::<SaveCall, _, _>(calls::table, &row, held).execute(c))
        }
    }?;
    if written == 0 {
        return Err(StoreError::Conflict.into());
    }
    // The earlier one first: it may have to give way to the newer.
    for attempt in change.earlier.iter().chain(&call.attempt) {
        save_attempt(db, attempt)?;
    }
    save_result(db, call)?;
    append(db, call, &change.entry)
}

/// Saves a call's move where its transaction already holds the row: no attempt, no result, no claim to check.
pub fn save_move(db: &mut AnyConnection, call: &Call, from: Revision, entry: &Entry) -> Result<(), Failure> {
    let row = CallRow::of(call);
    let held = calls::id.eq(row.always.id).and(calls::revision.eq(i64::from(from.0)));
    if on_backend!(db, c => update::<SaveCall, _, _>(calls::table, &row, held).execute(c))? == 0 {
        return Err(StoreError::Conflict.into());
    }
    append(db, call, entry)
}

fn append(db: &mut AnyConnection, call: &Call, entry: &Entry) -> Result<(), Failure> {
    let row = HistoryRow::of(call.id, entry);
    on_backend!(db, c => diesel::insert_into(history::table).values(&row).execute(c))?;
    Ok(())
}

fn save_attempt(db: &mut AnyConnection, attempt: &Attempt) -> Result<(), Failure> {
    let row = AttemptRow::of(attempt);
    let only = attempts::id.eq(row.id);
    let known = on_backend!(db, c => update::<SaveAttempt, _, _>(attempts::table, &row, only).execute(c))?;
    if known == 0 {
        on_backend!(db, c => diesel::insert_into(attempts::table).values(&row).execute(c))?;
    }
    Ok(())
}

fn save_result(db: &mut AnyConnection, call: &Call) -> Result<(), Failure> {
    let Some(row) = ResultRow::of(call) else {
        // There may have been one: erased by now, or of an attempt that the call has left behind.
        let only = results::table.find(Id(call.id.as_uuid()));
        on_backend!(db, c => diesel::delete(only).execute(c))?;
        return Ok(());
    };
    let only = results::call_id.eq(row.call_id);
    let known = on_backend!(db, c => update::<SaveResult, _, _>(results::table, &row, only).execute(c))?;
    if known == 0 {
        on_backend!(db, c => diesel::insert_into(results::table).values(&row).execute(c))?;
    }
    Ok(())
}
