//! Saving changes: call, attempts, result, history row and notice, each under the revision and the claim it was made from.

use callgate_domain::model::call::What;
use callgate_domain::model::{Call, CallState, Notice, Revision};
use callgate_domain::ports::{Change, StoreError};
use diesel::prelude::*;

use super::erase::Erases;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::outbox;
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::CallRow;
use crate::store::rows::history::HistoryRow;
use crate::store::rows::result::ResultRow;
use crate::store::schema::{attempts, calls, history, results};
use crate::store::statements::update;
use crate::store::types::Instant;

/// The names of the statements that stay prepared.
struct SaveCall;
struct SaveAttempt;
struct SaveResult;

/// A change on its way into the database, with its rows: made where the change is, not where all changes queue.
pub struct Saving {
    from: i64,
    claim: Option<i64>,
    /// The send mark is written only under a lease that holds.
    marks: bool,
    /// Our own clock.
    now: Instant,
    call: CallRow,
    attempts: Vec<AttemptRow>,
    /// The attempt that a send mark begins, so that nobody has to look whether it is known.
    begun: Option<AttemptRow>,
    result: Option<ResultRow>,
    history: HistoryRow,
    notice: Option<Notice>,
    /// What it takes along where it erases a call.
    erases: Option<Erases>,
}

impl Saving {
    /// The rows of a change.
    pub fn new(change: &Change, now: Instant) -> Self {
        let call = &change.call;
        let newest = call.attempt.as_ref().map(AttemptRow::of);
        let (begun, known) = if change.entry.what == What::Sent { (newest, None) } else { (None, newest) };
        Self {
            from: change.from.0.into(),
            claim: change.claim.map(|fence| fence.0.into()),
            marks: call.state == CallState::Sending,
            now,
            call: CallRow::of(call),
            // The earlier one first: it may have to give way to the newer.
            attempts: change.earlier.iter().map(AttemptRow::of).chain(known).collect(),
            begun,
            result: ResultRow::of(call),
            history: HistoryRow::of(call.id, &change.entry),
            notice: change.notice.clone(),
            erases: (change.entry.what == What::Erased).then(|| Erases::of(call)),
        }
    }
}

/// Saves changes, and refuses those with `Conflict` where revision, fence or lease are no longer those held.
///
/// The unique indexes of `attempts` are the last word: a second attempt that may ring is a `Conflict` too, and undoes what
/// shares its transaction; then each is tried alone.
pub fn save_all(db: &mut AnyConnection, all: &[Saving]) -> Result<Vec<Result<(), StoreError>>, Failure> {
    let mut answers: Vec<_> = all.iter().map(|_| Err(StoreError::Conflict)).collect();
    let mut in_order: Vec<_> = all.iter().zip(&mut answers).collect();
    // All processes take rows in the same order, so none waits for another that waits for it.
    in_order.sort_by_key(|(saving, _)| saving.call.always.id.0);
    let mut saved = Vec::with_capacity(all.len());
    for (saving, answer) in in_order {
        if save_call(db, saving)? > 0 {
            *answer = Ok(());
            saved.push(saving);
        }
    }
    for attempt in saved.iter().flat_map(|saving| &saving.attempts) {
        save_attempt(db, attempt)?;
    }
    dialect::insert_all!(db, attempts::table, saved.iter().filter_map(|saving| saving.begun.as_ref()))?;
    save_results(db, &saved)?;
    append(db, saved.iter().map(|saving| &saving.history))?;
    outbox::keep(db, saved.iter().filter_map(|saving| saving.notice.as_ref()))?;
    saved.iter().filter_map(|saving| saving.erases.as_ref()).try_for_each(|erases| erases.run(db))?;
    Ok(answers)
}

fn save_call(db: &mut AnyConnection, saving: &Saving) -> QueryResult<usize> {
    let row = &saving.call;
    let held = calls::id.eq(row.always.id).and(calls::revision.eq(saving.from));
    match saving.claim {
        None => on_backend!(db, c => update::<SaveCall, _, _>(calls::table, row, held).execute(c)),
        Some(fence) if saving.marks => {
            let held = held.and(calls::fence.eq(fence)).and(calls::lease_until.gt(dialect::Now(saving.now).nullable()));
            on_backend!(db, c => update::<SaveCall, _, _>(calls::table, row, held).execute(c))
        }
        Some(fence) => {
            let held = held.and(calls::fence.eq(fence));
            on_backend!(db, c => update::<SaveCall, _, _>(calls::table, row, held).execute(c))
        }
    }
}

/// Saves a call's move where its transaction already holds the row: no attempt, no result, no claim to check. Its history
/// is still to be appended, and its notice to be kept.
pub fn save_move(db: &mut AnyConnection, call: &Call, from: Revision) -> Result<(), Failure> {
    let row = CallRow::of(call);
    let held = calls::id.eq(row.always.id).and(calls::revision.eq(i64::from(from.0)));
    if on_backend!(db, c => update::<SaveCall, _, _>(calls::table, &row, held).execute(c))? == 0 {
        return Err(StoreError::Conflict.into());
    }
    Ok(())
}

/// Appends lines to the histories of calls.
pub fn append<'a>(db: &mut AnyConnection, rows: impl Iterator<Item = &'a HistoryRow>) -> QueryResult<()> {
    dialect::insert_all!(db, history::table, rows)
}

fn save_attempt(db: &mut AnyConnection, row: &AttemptRow) -> QueryResult<()> {
    let only = attempts::id.eq(row.id);
    let known = on_backend!(db, c => update::<SaveAttempt, _, _>(attempts::table, row, only).execute(c))?;
    if known == 0 {
        on_backend!(db, c => diesel::insert_into(attempts::table).values(row).execute(c))?;
    }
    Ok(())
}

fn save_results(db: &mut AnyConnection, saved: &[&Saving]) -> QueryResult<()> {
    for row in saved.iter().filter_map(|saving| saving.result.as_ref()) {
        let only = results::call_id.eq(row.call_id);
        let known = on_backend!(db, c => update::<SaveResult, _, _>(results::table, row, only).execute(c))?;
        if known == 0 {
            on_backend!(db, c => diesel::insert_into(results::table).values(row).execute(c))?;
        }
    }
    // There may have been one: erased by now, or of an attempt that the call has left behind.
    let without = saved.iter().filter(|saving| saving.result.is_none()).map(|saving| saving.call.always.id);
    dialect::delete_results(db, without.collect())
}
