//! [`Moves`] over the database: the order of all changes, in stretches.
//!
//! It is put together from two indexes: of the changes by the moment they were taken in, and of new calls by their ids,
//! which hold theirs. What is read of either is bounded, whoever asks.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::moment::{later, to_micros};
use callgate_domain::model::{Call, CallId, Revision};
use callgate_domain::ports::{Mark, Moves, Reader, StoreError, Stretch};
use diesel::prelude::*;
use jiff::Timestamp;

use super::calls::load_all;
use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::dialect;
use super::error::Failure;
use super::rows::number;
use super::schema::{calls, history};
use super::types::{Id, Instant};

/// So many changes, and as many new calls, are looked at for one stretch.
const LOOKED_AT: usize = 500;
const MILLISECOND: std::time::Duration = std::time::Duration::from_millis(1);

/// What changes in a database.
pub struct SqlMoves {
    database: Arc<Database>,
}

impl SqlMoves {
    /// The changes of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Moves for SqlMoves {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        let clock = Arc::clone(self.database.clock());
        self.database.read_by_key(move |db| Ok(dialect::now(db, &*clock)?.0)).await
    }

    async fn mark(&self, call: CallId, revision: Revision, of: &Reader) -> Result<Option<Mark>, StoreError> {
        let of = of.clone();
        self.database.read_by_key(move |db| mark(db, call, revision, &of)).await
    }

    async fn since(&self, after: Mark, of: &Reader) -> Result<Stretch, StoreError> {
        let of = of.clone();
        self.database.read(move |db| since(db, after, &of)).await
    }

    async fn whole(&self, ids: &[CallId], of: &Reader) -> Result<Vec<Call>, StoreError> {
        let (ids, of) = (ids.iter().map(|id| Id(id.as_uuid())).collect::<Vec<_>>(), of.clone());
        let mut calls = self.database.read(move |db| load_all(db, &ids)).await?;
        calls.retain(|call| of.sees(&call.client));
        Ok(calls)
    }
}

/// The mark of a change, if the reader may see it.
pub fn mark(db: &mut AnyConnection, call: CallId, revision: Revision, of: &Reader) -> Result<Option<Mark>, Failure> {
    let query = history::table
        .inner_join(calls::table)
        .filter(history::call_id.eq(Id(call.as_uuid())))
        .filter(history::revision.eq(i64::from(revision.0)))
        .select((history::kept_at, calls::client));
    let found: Option<(Option<Instant>, String)> = on_backend!(db, c => query.get_result(c).optional())?;
    let seen = found.filter(|(_, client)| match of {
        Reader::Client(own) => own.as_str() == client,
        Reader::All => true,
    });
    let at = seen.and_then(|(kept_at, _)| kept_at.map(|at| at.0).or_else(|| call.made_at()));
    Ok(at.map(|at| Mark { at, call, revision }))
}

/// The stretch behind a mark.
pub fn since(db: &mut AnyConnection, after: Mark, of: &Reader) -> Result<Stretch, Failure> {
    let changes = changes(db, after)?;
    let new = new_calls(db, after, of)?;
    // What lies behind the last row of a full page is not known of it.
    let known_to = [changes.last(), new.last().map(|(mark, _)| mark)];
    let full = [changes.len() >= LOOKED_AT, new.len() >= LOOKED_AT];
    let bound = known_to.iter().zip(full).filter(|(_, full)| *full).filter_map(|(last, _)| last.copied()).min();
    let until = bound.or_else(|| known_to.into_iter().flatten().max().copied()).unwrap_or(after);
    let unchanged = new.iter().filter(|(_, is_unchanged)| *is_unchanged).map(|(mark, _)| *mark);
    let mut moved = newest_of(db, &changes, of)?;
    moved.extend(unchanged);
    moved.retain(|mark| *mark <= until);
    moved.sort_unstable();
    Ok(Stretch { moved, until, is_last: bound.is_none() })
}

/// The next changes, whosever they are.
fn changes(db: &mut AnyConnection, after: Mark) -> Result<Vec<Mark>, Failure> {
    let (at, call, revision) = (Instant(after.at), Id(after.call.as_uuid()), i64::from(after.revision.0));
    let same_call = history::call_id.eq(call).and(history::revision.gt(revision));
    let query = history::table
        .filter(history::kept_at.ge(at))
        .filter(history::kept_at.gt(at).or(history::call_id.gt(call)).or(same_call))
        .order((history::kept_at, history::call_id, history::revision))
        .limit(LOOKED_AT as i64)
        .select((history::kept_at.assume_not_null(), history::call_id, history::revision));
    let rows: Vec<(Instant, Id, i64)> = on_backend!(db, c => query.load(c))?;
    let mark = |(at, call, revision): (Instant, Id, i64)| {
        let revision = Revision(number("history.revision", revision)?);
        Ok(Mark { at: at.0, call: CallId::from_uuid(call.0), revision })
    };
    rows.into_iter().map(mark).collect()
}

/// The next calls that were accepted, and whether each has not changed since.
fn new_calls(db: &mut AnyConnection, after: Mark, of: &Reader) -> Result<Vec<(Mark, bool)>, Failure> {
    let (first, is_included) = first_new(after);
    let first = Id(first.as_uuid());
    let rows: Vec<(Id, i64)> = on_backend!(db, c => {
        let mut query = calls::table.order(calls::id).limit(LOOKED_AT as i64).select((calls::id, calls::revision)).into_boxed();
        query = if is_included { query.filter(calls::id.ge(first)) } else { query.filter(calls::id.gt(first)) };
        if let Reader::Client(client) = of {
            query = query.filter(calls::client.eq(client.as_str()));
        }
        query.load(c)
    })?;
    let mark = |(id, revision): (Id, i64)| {
        let call = CallId::from_uuid(id.0);
        let at = call.made_at().unwrap_or(Timestamp::MIN);
        (Mark { at, call, revision: Revision(1) }, revision == 1)
    };
    Ok(rows.into_iter().map(mark).collect())
}

/// The least id whose mark is behind `after`, and whether it is meant itself. Ids hold whole milliseconds.
fn first_new(after: Mark) -> (CallId, bool) {
    let millisecond = Timestamp::from_millisecond(after.at.as_millisecond()).unwrap_or(after.at);
    let [this, next] = [millisecond, later(millisecond, MILLISECOND)].map(|at| CallId::new(at, [0; 10]));
    match () {
        () if to_micros(after.at) > millisecond => (next, true),
        () if after.call < this => (this, true),
        () if after.call < next => (after.call, false),
        () => (next, true),
    }
}

/// Those changes that are the newest of their call, and of a call that the reader sees.
fn newest_of(db: &mut AnyConnection, changes: &[Mark], of: &Reader) -> Result<Vec<Mark>, Failure> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<_> = changes.iter().map(|mark| mark.call.as_uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(Id, i64)> = on_backend!(db, c => {
        let mut query =
            calls::table.filter(calls::id.eq_any(ids.into_iter().map(Id))).select((calls::id, calls::revision)).into_boxed();
        if let Reader::Client(client) = of {
            query = query.filter(calls::client.eq(client.as_str()));
        }
        query.load(c)
    })?;
    let newest: std::collections::HashMap<_, _> = rows.into_iter().map(|(id, revision)| (id.0, revision)).collect();
    let is_newest = |mark: &&Mark| newest.get(&mark.call.as_uuid()) == Some(&i64::from(mark.revision.0));
    Ok(changes.iter().filter(is_newest).copied().collect())
}
