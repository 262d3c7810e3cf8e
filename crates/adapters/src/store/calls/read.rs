//! What is read of calls.

use callgate_domain::model::call::{Attempt, Call, Entry};
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::{AttemptRef, CallFilter, Listed, Match, Page, Reader, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::error::{Translated, unreadable};
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::{CallRow, WholeCall, call_of};
use crate::store::rows::details::{DetailsRow, ListedDetails};
use crate::store::rows::history::HistoryRow;
use crate::store::rows::result::{ListedResult, ResultRow};
use crate::store::schema::{attempts, call_details, calls, history, results};
use crate::store::types::{Id, Instant};

/// A call's four tables, joined.
macro_rules! whole {
    () => {
        calls::table
            .inner_join(call_details::table)
            .left_join(results::table)
            .left_join(attempts::table.on(attempts::id.nullable().eq(calls::attempt_id)))
    };
}

/// One call, whole.
pub fn one(db: &mut AnyConnection, id: CallId) -> Result<Call, StoreError> {
    let row: WholeCall = on_backend!(db, c => whole!()
        .filter(calls::id.eq(Id(id.as_uuid())))
        .select((CallRow::as_select(), DetailsRow::as_select(), Option::<ResultRow>::as_select(), Option::<AttemptRow>::as_select()))
        .get_result(c))
    .translated()?;
    call_of(row)
}

/// These calls, whole, in the order of `ids`.
pub fn these(db: &mut AnyConnection, ids: &[Id]) -> Result<Vec<Call>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<WholeCall> = on_backend!(db, c => whole!()
        .filter(calls::id.eq_any(ids))
        .select((CallRow::as_select(), DetailsRow::as_select(), Option::<ResultRow>::as_select(), Option::<AttemptRow>::as_select()))
        .load(c))
    .translated()?;
    let mut found = rows.into_iter().map(call_of).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|call| ids.iter().position(|id| id.0 == call.id.as_uuid()));
    Ok(found)
}

/// The call and the attempt that `about` means: by our id first, else by theirs.
pub fn find(db: &mut AnyConnection, about: &AttemptRef) -> Result<Match, StoreError> {
    let connection = about.connection.as_ref().map(ToString::to_string);
    if let Some(attempt) = about.attempt {
        let id = Id(attempt.as_uuid());
        let row: Option<AttemptRow> =
            on_backend!(db, c => attempts::table.filter(attempts::id.eq(id)).select(AttemptRow::as_select()).get_result(c).optional())
                .translated()?;
        // One connection's event never touches another's call.
        if let Some(row) = row.filter(|row| connection.as_ref().is_none_or(|named| *named == row.connection)) {
            return matched(db, row);
        }
    }
    let Some(theirs) = about.provider_call.as_ref() else { return Ok(Match::None) };
    let rows: Vec<AttemptRow> = on_backend!(db, c => attempts::table
        .filter(attempts::provider_call.eq(theirs.as_str()))
        .select(AttemptRow::as_select())
        .limit(64)
        .load(c))
    .translated()?;
    let mut rows: Vec<_> =
        rows.into_iter().filter(|row| connection.as_ref().is_none_or(|named| *named == row.connection)).collect();
    let several = rows.iter().any(|row| rows.first().is_some_and(|first| first.connection != row.connection));
    // A provider that gives one id twice on a connection means the newer call.
    rows.sort_by_key(|row| row.sent_mark_at);
    match rows.pop() {
        _ if several => Ok(Match::Ambiguous),
        Some(row) => matched(db, row),
        None => Ok(Match::None),
    }
}

fn matched(db: &mut AnyConnection, row: AttemptRow) -> Result<Match, StoreError> {
    let attempt: Attempt = row.read()?;
    let call = one(db, attempt.call)?;
    Ok(Match::One(Box::new(call), attempt))
}

/// A page of calls, newest first, without what lists leave out.
pub fn list(db: &mut AnyConnection, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
    type Row = (CallRow, ListedDetails, Option<ListedResult>, Option<AttemptRow>);
    let states: Vec<String> = filter.statuses.iter().flat_map(|status| status.states()).map(|state| state.to_string()).collect();
    let rows: Vec<Row> = on_backend!(db, c => {
        let mut query = whole!()
            .select((CallRow::as_select(), ListedDetails::as_select(), Option::<ListedResult>::as_select(), Option::<AttemptRow>::as_select()))
            .order(calls::id.desc())
            .limit(i64::from(page.limit))
            .into_boxed();
        if let Reader::Client(client) = of {
            query = query.filter(calls::client.eq(client.as_str()));
        }
        if !states.is_empty() {
            query = query.filter(calls::state.eq_any(&states));
        }
        if let Some(agent) = &filter.agent {
            query = query.filter(calls::agent.eq(agent.as_str()));
        }
        if let Some(phone) = &filter.phone {
            query = query.filter(calls::phone.eq(phone.e164()));
        }
        if let Some(reference) = &filter.reference {
            query = query.filter(call_details::reference.eq(reference));
            if let Reader::Client(client) = of {
                query = query.filter(call_details::client.eq(client.as_str()));
            }
        }
        if let Some(after) = filter.created_after {
            query = query.filter(calls::created_at.gt(Instant(after)));
        }
        if let Some(before) = filter.created_before {
            query = query.filter(calls::created_at.lt(Instant(before)));
        }
        if let Some(before) = page.before {
            query = query.filter(calls::id.lt(Id(before.as_uuid())));
        }
        query.load(c)
    })
    .translated()?;
    let listed =
        |(call, details, result, attempt): Row| call_of((call, details.into(), result.map(Into::into), attempt)).map(Listed);
    rows.into_iter().map(listed).collect()
}

/// A page of a call's history, oldest first.
pub fn history(db: &mut AnyConnection, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let after = i32::try_from(after.0).map_err(|_large| unreadable("a revision"))?;
    let rows: Vec<HistoryRow> = on_backend!(db, c => history::table
        .filter(history::call_id.eq(Id(id.as_uuid())))
        .filter(history::revision.gt(after))
        .order(history::revision)
        .limit(i64::from(limit))
        .select(HistoryRow::as_select())
        .load(c))
    .translated()?;
    rows.into_iter().map(HistoryRow::read).collect()
}

/// The earliest moment at which somebody has to look at a call.
pub fn next_moment(db: &mut AnyConnection) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<Option<Instant>> = on_backend!(db, c => calls::table
        .filter(calls::look_at.is_not_null())
        .order(calls::look_at)
        .select(calls::look_at)
        .limit(1)
        .get_result(c)
        .optional())
    .translated()?;
    Ok(next.flatten().map(|at| at.0))
}
