//! Calls that somebody has to look at: taking them, putting them off, and how long all may sleep.

use callgate_domain::model::call::Looks;
use callgate_domain::model::{Call, CallId, Revision};
use diesel::dsl::min;
use diesel::prelude::*;
use jiff::Timestamp;

use super::whole::load_all;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::take_ids;
use crate::store::error::Failure;
use crate::store::rows::instant;
use crate::store::schema::calls;
use crate::store::statements::{IsQueued, update};
use crate::store::types::{Id, Instant};

/// The name of a statement that stays prepared.
struct LookLater;

/// Takes calls whose moment to be looked at has come, and puts the next one off to `until`, so that nobody else takes
/// them meanwhile.
pub fn take(db: &mut AnyConnection, known: &[String], now: Instant, until: Instant, limit: u32) -> Result<Vec<Call>, Failure> {
    let query = calls::table
        .filter(calls::look_at.le(now))
        .filter(calls::connection.is_null().or(calls::connection.eq_any(known)).or(calls::settles_by.le(now)))
        .order((calls::look_at, calls::id))
        .limit(i64::from(limit))
        .select(calls::id);
    let ids: Vec<Id> = take_ids!(db, query)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let taken = calls::table.filter(calls::id.eq_any(&ids));
    on_backend!(db, c => diesel::update(taken).set(calls::look_at.eq(until)).execute(c))?;
    load_all(db, &ids)
}

/// Puts off the next look, unless the call has changed since; not a change of the call.
pub fn look_later(
    db: &mut AnyConnection,
    id: CallId,
    from: Revision,
    looks: Looks,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    let only = calls::id.eq(Id(id.as_uuid())).and(calls::revision.eq(i64::from(from.0)));
    let changes = (
        calls::looks.eq(i32::from(looks.count)),
        calls::looks_absent.eq(i32::from(looks.absent)),
        calls::look_at.eq(instant(at)),
    );
    on_backend!(db, c => update::<LookLater, _, _>(calls::table, changes, only).execute(c))?;
    Ok(())
}

/// The earliest moment at which a call falls due or has to be looked at.
pub fn next_moment(db: &mut AnyConnection) -> Result<Option<Timestamp>, Failure> {
    let due = calls::table.filter(IsQueued).select(min(calls::due_at));
    let due: Option<Instant> = on_backend!(db, c => due.get_result(c))?;
    // Without saying so it would be sought in the whole table: the index holds only the calls that have one.
    let look = calls::table.filter(calls::look_at.is_not_null()).select(min(calls::look_at));
    let look: Option<Instant> = on_backend!(db, c => look.get_result(c))?;
    Ok(due.into_iter().chain(look).min().map(|at| at.0))
}
