//! Pages: of calls, newest first, and of one call's history, oldest first.

use std::time::Duration;

use callgate_domain::model::call::{Asked, CallResult, Entry};
use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::{CallId, CallState, Revision};
use callgate_domain::ports::{CallFilter, Listed, Page, Reader};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::FirstRows;
use crate::store::error::{Failure, Unreadable};
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::CallRow;
use crate::store::rows::details::ShortDetailsRow;
use crate::store::rows::history::HistoryRow;
use crate::store::rows::result::ShortResultRow;
use crate::store::schema::{attempts, call_details, calls, history, results};
use crate::store::statements::IsLive;
use crate::store::types::{Id, Instant};

type ListedRow = (CallRow, Option<ShortDetailsRow>, Option<ShortResultRow>, Option<AttemptRow>);

/// An id is made for the moment its call is accepted; by so much the two may differ.
const ID_SLACK: Duration = Duration::from_mins(1);

/// Which way a list is read from a call on.
#[derive(Clone, Copy)]
enum Way {
    /// From the newest, or from below this one, to older ones.
    Down(Option<CallId>),
    /// From above this one to newer ones.
    Up(CallId),
}

/// Leaves in a query what a reader may see and a filter wants. A macro, since each database compiles it for itself.
macro_rules! narrowed {
    ($query:ident, $of:expr, $filter:expr) => {
        let states: Vec<_> = $filter.statuses.iter().flat_map(|status| status.states()).collect();
        // As an expression beside a number, so that no index of clients is taken for the better one: calls to one are few.
        $query = match ($of, &$filter.phone) {
            (Reader::Client(client), None) => $query.filter(calls::client.eq(client.as_str())),
            (Reader::Client(client), Some(_)) => $query.filter(calls::client.concat("").eq(client.as_str())),
            (Reader::All, _) => $query,
        };
        if !states.is_empty() {
            // The condition of the index of live calls.
            if states.iter().all(|state| state.is_live()) {
                $query = $query.filter(IsLive);
            }
            $query = $query.filter(calls::state.eq_any(states.into_iter().map(CallState::as_str)));
        }
        if let Some(agent) = &$filter.agent {
            $query = $query.filter(calls::agent.eq(agent.as_str()));
        }
        if let Some(phone) = &$filter.phone {
            $query = $query.filter(calls::phone.eq(phone.e164()));
        }
        if let Some(reference) = &$filter.reference {
            $query = $query.filter(call_details::reference.eq(reference));
        }
        // The ids narrow the search to the right part of the index; the moments themselves decide.
        if let Some(after) = $filter.created_after {
            let first = CallId::new(earlier(after, ID_SLACK), [0; 10]);
            $query = $query.filter(calls::created_at.gt(Instant(after))).filter(calls::id.ge(Id(first.as_uuid())));
        }
        if let Some(before) = $filter.created_before {
            let last = CallId::new(later(before, ID_SLACK), [u8::MAX; 10]);
            $query = $query.filter(calls::created_at.lt(Instant(before))).filter(calls::id.le(Id(last.as_uuid())));
        }
    };
}

/// A page of calls, without transcript, turns and variables.
pub fn list(db: &mut AnyConnection, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, Failure> {
    read(db, of, filter, Way::Down(page.before), page.limit)
}

/// The page right above a call, in the same order.
pub fn list_above(
    db: &mut AnyConnection,
    of: &Reader,
    filter: &CallFilter,
    call: CallId,
    limit: u32,
) -> Result<Vec<Listed>, Failure> {
    let mut nearest = read(db, of, filter, Way::Up(call), limit)?;
    nearest.reverse();
    Ok(nearest)
}

fn read(db: &mut AnyConnection, of: &Reader, filter: &CallFilter, way: Way, limit: u32) -> Result<Vec<Listed>, Failure> {
    // Where it is narrowed, which plan is good depends on by what.
    let is_narrowed = *filter != CallFilter::default();
    let mut rows: Vec<ListedRow> = on_backend!(db, c => {
        let mut query = calls::table
            .left_join(call_details::table)
            .left_join(results::table)
            .left_join(attempts::table.on(calls::attempt.eq(attempts::id.nullable())))
            .select((
                CallRow::as_select(),
                Option::<ShortDetailsRow>::as_select(),
                Option::<ShortResultRow>::as_select(),
                Option::<AttemptRow>::as_select(),
            ))
            .into_boxed();
        narrowed!(query, of, filter);
        // The same id by either name; with the other table's, the index on references already has the order. What is live is
        // found by its own index, few as it is, once no other index has the order: each of them has a connection, so the order is the same.
        let mut states = filter.statuses.iter().flat_map(|status| status.states());
        let is_live = !filter.statuses.is_empty() && filter.phone.is_none() && states.all(CallState::is_live);
        query = match (way, &filter.reference) {
            (Way::Down(_), Some(_)) => query.order(call_details::call_id.desc()),
            (Way::Down(None), None) if is_live && *of == Reader::All => {
                query.order((calls::connection.is_null(), calls::id.desc()))
            }
            (Way::Down(_), None) => query.order(calls::id.desc()),
            (Way::Up(_), Some(_)) => query.order(call_details::call_id.asc()),
            (Way::Up(_), None) => query.order(calls::id.asc()),
        };
        query = match way {
            Way::Down(None) => query,
            Way::Down(Some(before)) => query.filter(calls::id.lt(Id(before.as_uuid()))),
            Way::Up(after) => query.filter(calls::id.gt(Id(after.as_uuid()))),
        };
        let limit = i64::from(limit);
        if is_narrowed { query.limit(limit).load(c) } else { FirstRows::of(query, limit).load(c) }
    })?;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(listed).collect::<Result<_, _>>()?)
}

/// How many calls a list holds, counted no further than `at_most`.
pub fn count(db: &mut AnyConnection, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, Failure> {
    let found: Vec<Id> = on_backend!(db, c => {
        let mut query =
            calls::table.left_join(call_details::table).select(calls::id).limit(i64::from(at_most)).into_boxed();
        narrowed!(query, of, filter);
        query.load(c)
    })?;
    Ok(u32::try_from(found.len()).unwrap_or(at_most))
}

fn listed((row, details, result, attempt): ListedRow) -> Result<Listed, Unreadable> {
    let asked = details.map_or_else(|| Ok(Asked::default()), ShortDetailsRow::asked)?;
    let result = result.map_or_else(|| Ok(CallResult::default()), ShortResultRow::result)?;
    row.call(asked, result, attempt.map(AttemptRow::attempt).transpose()?).map(Listed)
}

/// A page of a call's history after a revision.
pub fn history(db: &mut AnyConnection, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, Failure> {
    let query = history::table
        .filter(history::call_id.eq(Id(id.as_uuid())))
        .filter(history::revision.gt(i64::from(after.0)))
        .order(history::revision)
        .limit(i64::from(limit));
    let rows: Vec<HistoryRow> = on_backend!(db, c => query.select(HistoryRow::as_select()).load(c))?;
    Ok(rows.into_iter().map(HistoryRow::entry).collect::<Result<_, _>>()?)
}
