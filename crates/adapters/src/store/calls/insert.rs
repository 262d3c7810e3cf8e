//! Inserting new calls: many requests in one transaction, each with its idempotency key.

use std::time::Duration;

use callgate_domain::model::call::Entry;
use callgate_domain::model::moment::earlier;
use callgate_domain::model::{Call, CallId, Notice, Overrun, Quota};
use callgate_domain::ports::{IdempotencyKey, Inserted, StoreError};
use diesel::prelude::*;

use super::quota::{Asked, Ledger};
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::outbox;
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::{AlwaysRow, CallRow};
use crate::store::rows::details::DetailsRow;
use crate::store::rows::history::FirstHistoryRow;
use crate::store::rows::idempotency::IdempotencyRow;
use crate::store::rows::result::ResultRow;
use crate::store::schema::{attempts, call_details, calls, history, idempotency, results};
use crate::store::types::Instant;

/// So long a key is remembered (`RELIABILITY.md` section 6).
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// The calls of one request, as rows: made where the request is, not where all requests queue.
pub struct NewCalls {
    key: Option<IdempotencyRow>,
    quota: Quota,
    /// Of its calls what is counted; nothing where nothing is.
    counted: Vec<AlwaysRow>,
    calls: Vec<CallRow>,
    details: Vec<DetailsRow>,
    attempts: Vec<AttemptRow>,
    results: Vec<ResultRow>,
    history: Vec<FirstHistoryRow>,
    /// A call may be over from the start.
    notices: Vec<Notice>,
}

impl NewCalls {
    /// The rows of these calls.
    pub fn new(calls: Vec<(Call, Entry)>, key: Option<&IdempotencyKey>, quota: &Quota) -> Self {
        let first = calls.first().map(|(call, _)| call);
        let counted = if quota.is_none() { &[] } else { calls.as_slice() };
        Self {
            key: key.zip(first).map(|(key, first)| IdempotencyRow::of(key, first)),
            details: calls.iter().filter_map(|(call, _)| DetailsRow::of(call)).collect(),
            attempts: calls.iter().filter_map(|(call, _)| call.attempt.as_ref().map(AttemptRow::of)).collect(),
            results: calls.iter().filter_map(|(call, _)| ResultRow::of(call)).collect(),
            history: calls.iter().map(|(call, entry)| FirstHistoryRow::of(call.id, entry)).collect(),
            counted: counted.iter().map(|(call, _)| CallRow::of(call).always).collect(),
            quota: quota.clone(),
            notices: calls.iter().filter_map(|(call, entry)| Notice::of(None, call, entry)).collect(),
            calls: calls.iter().map(|(call, _)| CallRow::of(call)).collect(),
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { quota: &self.quota, keyed: self.key.is_some(), calls: &self.counted }
    }
}

/// Inserts the calls of those requests whose key is new, and says what became of each request.
pub fn insert_all(db: &mut AnyConnection, requests: &[NewCalls]) -> Result<Vec<Result<Inserted, StoreError>>, Failure> {
    let keys = first_of_each(requests);
    let kept = match keys.iter().map(|key| key.created_at).max() {
        None => Vec::new(),
        Some(newest) => {
            let stale_before = Instant(earlier(newest.0, REMEMBERED));
            dialect::keep_keys(db, &keys, stale_before)
                .map_err(|error| if dialect::is_lock_timeout(&error) { Failure(StoreError::InProgress) } else { error.into() })?
        }
    };
    let mut ledger = Ledger::open(db, requests.iter().map(NewCalls::asked))?;
    let (mut new, mut answers) = (Vec::new(), Vec::new());
    let mut refused: Vec<(&IdempotencyRow, Overrun)> = Vec::new();
    for request in requests {
        match &request.key {
            Some(key) if !kept.contains(&key.call_id) => {
                // A twin of one that was refused in this very crowd is refused with it.
                let before = refused.iter().find(|(twin, _)| twin.is_twin_of(key));
                answers.push(match before {
                    Some((_, overrun)) => Ok(Inserted::Refused(*overrun)),
                    None => replay(db, key)?,
                });
            }
            key => match ledger.admit(db, request.asked())? {
                None => {
                    new.push(request);
                    answers.push(Ok(Inserted::New));
                }
                Some(overrun) => {
                    if let Some(key) = key {
                        forget(db, key)?;
                        refused.push((key, overrun));
                    }
                    answers.push(Ok(Inserted::Refused(overrun)));
                }
            },
        }
    }
    ledger.close(db)?;
    // In the order of their ids, which is that of each tree but one: every row then stands right behind the one before it.
    new.sort_unstable_by_key(|request| request.calls.first().map(|call| call.always.id.0));
    write(db, &new)?;
    Ok(answers)
}

/// The keys to keep: of twins in one crowd the first. All processes take them in the same order, so none waits for
/// another that waits for it.
fn first_of_each(requests: &[NewCalls]) -> Vec<IdempotencyRow> {
    let mut keys: Vec<_> = requests.iter().filter_map(|request| request.key.clone()).collect();
    keys.sort_by(|a, b| (&a.client, &a.operation, &a.key).cmp(&(&b.client, &b.operation, &b.key)));
    keys.dedup_by(|later, earlier| later.is_twin_of(earlier));
    keys
}

/// The answer that the same key got before.
fn replay(db: &mut AnyConnection, key: &IdempotencyRow) -> Result<Result<Inserted, StoreError>, Failure> {
    let first = idempotency::table.find((&key.client, &key.operation, &key.key));
    let first: IdempotencyRow = on_backend!(db, c => first.select(IdempotencyRow::as_select()).get_result(c))?;
    Ok(if first.fingerprint == key.fingerprint {
        Ok(Inserted::Replayed(CallId::from_uuid(first.call_id.0)))
    } else {
        Err(StoreError::Duplicate)
    })
}

/// A key whose request was refused is new when it comes again.
fn forget(db: &mut AnyConnection, key: &IdempotencyRow) -> QueryResult<()> {
    let kept = idempotency::table.find((&key.client, &key.operation, &key.key));
    on_backend!(db, c => diesel::delete(kept).execute(c)).map(drop)
}

/// The call that an earlier request with this key made, while the key is remembered.
pub fn made_before(db: &mut AnyConnection, key: &IdempotencyKey, now: Instant) -> Result<Option<CallId>, Failure> {
    let first = idempotency::table
        .find((key.client.as_str(), key.operation, &key.key))
        .filter(idempotency::created_at.gt(Instant(earlier(now.0, REMEMBERED))));
    let first: Option<IdempotencyRow> = on_backend!(db, c => first.select(IdempotencyRow::as_select()).get_result(c).optional())?;
    match first {
        Some(first) if first.fingerprint != key.fingerprint => Err(StoreError::Duplicate.into()),
        first => Ok(first.map(|first| CallId::from_uuid(first.call_id.0))),
    }
}

fn write(db: &mut AnyConnection, requests: &[&NewCalls]) -> QueryResult<()> {
    let calls = || requests.iter().flat_map(|request| &request.calls);
    dialect::insert_all!(db, calls::table, calls().filter(|row| row.is_fresh()).map(|row| &row.always))?;
    for row in calls().filter(|row| !row.is_fresh()) {
        on_backend!(db, c => diesel::insert_into(calls::table).values(row).execute(c))?;
    }
    dialect::insert_all!(db, call_details::table, requests.iter().flat_map(|request| &request.details))?;
    dialect::insert_all!(db, attempts::table, requests.iter().flat_map(|request| &request.attempts))?;
    dialect::insert_all!(db, results::table, requests.iter().flat_map(|request| &request.results))?;
    dialect::insert_all!(db, history::table, requests.iter().flat_map(|request| &request.history))?;
    outbox::keep(db, requests.iter().flat_map(|request| &request.notices))
}
