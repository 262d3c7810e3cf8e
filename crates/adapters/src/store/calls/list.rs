//! Pages: of calls, newest first, and of one call's history, oldest first.

use std::time::Duration;

use callgate_domain::model::call::{Asked, CallResult, Entry};
use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::{CallId, CallState, Revision};
use callgate_domain::ports::{CallFilter, Listed, Page, Reader};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::{FirstRows, OfClient};
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
    let mut rows =
        if *filter == CallFilter::default() { plain(db, of, way, limit) } else { filtered(db, of, filter, way, limit) }?;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows.into_iter().map(listed).collect::<Result<_, _>>()?)
}

/// What a list shows of each call.
macro_rules! shown {
    () => {
        calls::table
            .left_join(call_details::table)
            .left_join(results::table)
            .left_join(attempts::table.on(calls::attempt.eq(attempts::id.nullable())))
            .select((
                CallRow::as_select(),
                Option::<ShortDetailsRow>::as_select(),
                Option::<ShortResultRow>::as_select(),
                Option::<AttemptRow>::as_select(),
            ))
    };
}

/// All calls that a reader may see: asked for most, and planned once. It may yield more than the limit.
fn plain(db: &mut AnyConnection, of: &Reader, way: Way, limit: u32) -> QueryResult<Vec<ListedRow>> {
    let limit = i64::from(limit);
    on_backend!(db, c => {
        let mut query = shown!().into_boxed();
        query = match (of, way) {
            (Reader::Client(client), Way::Down(before)) => {
                let older = OfClient::below(client.as_str(), before.map(CallId::as_uuid));
                query.filter(older).order((calls::client.desc(), calls::id.desc()))
            }
            (Reader::Client(client), Way::Up(after)) => {
                query.filter(OfClient::above(client.as_str(), after.as_uuid())).order((calls::client.asc(), calls::id.asc()))
            }
            (Reader::All, Way::Down(None)) => query.order(calls::id.desc()),
            (Reader::All, Way::Down(Some(before))) => query.filter(calls::id.lt(Id(before.as_uuid()))).order(calls::id.desc()),
            (Reader::All, Way::Up(after)) => query.filter(calls::id.gt(Id(after.as_uuid()))).order(calls::id.asc()),
        };
        FirstRows::of(query, limit).load(c)
    })
}

/// The calls that a filter wants. Which plan is good depends on by what, so it is made anew each time.
fn filtered(db: &mut AnyConnection, of: &Reader, filter: &CallFilter, way: Way, limit: u32) -> QueryResult<Vec<ListedRow>> {
    on_backend!(db, c => {
        let mut query = shown!().limit(i64::from(limit)).into_boxed();
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
        query.load(c)
    })
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use callgate_domain::testing::builders::{a_call, client};
    use diesel::connection::{InstrumentationEvent, SimpleConnection};
    use diesel::sql_query;
    use diesel::sql_types::Text;

    use super::*;
    use crate::store::connection::{Address, Purpose};
    use crate::store::migrations;
    use crate::testing::postgres;

    /// One call's columns again and again, for ten clients, under ids in the order in which they stand in the table, as those of calls
    /// are: going along all calls looks like a short way then.
    const MANY: &str = "INSERT INTO calls SELECT (jsonb_populate_record(c, jsonb_build_object('id', lpad(to_hex(n), 32, '0'), \
        'client', 'client-' || n % 10))).* FROM calls c, generate_series(1, 3000) n; ANALYZE; SET plan_cache_mode = force_generic_plan";

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        plan: String,
    }

    #[test]
    fn on_postgres_a_client_without_calls_is_not_looked_for_among_all_calls() {
        let Some(url) = postgres::fresh_database() else { return };
        let mut db = Address::parse(&url).unwrap().connect(Purpose::Write).unwrap();
        migrations::run(&mut db).unwrap();
        diesel::insert_into(calls::table).values(CallRow::of(&a_call().queued())).execute(pg(&mut db)).unwrap();
        db.batch_execute(MANY).unwrap();
        let ran = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&ran);
        db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                hears.lock().unwrap().push(query.to_string());
            }
        });
        let (of, id) = (Reader::Client(client("new")), a_call().queued().id);
        for way in [Way::Down(None), Way::Down(Some(id)), Way::Up(id)] {
            read(&mut db, &of, &CallFilter::default(), way, 20).map_err(|Failure(error)| error).unwrap();
        }
        let ran = std::mem::take(&mut *ran.lock().unwrap());
        let lists: Vec<_> =
            ran.iter().filter_map(|ran| ran.split(" -- binds").next()).filter(|ran| ran.contains("LIMIT")).collect();
        assert_eq!(lists.len(), 3, "{ran:#?}");
        for (nth, list) in lists.into_iter().enumerate() {
            db.batch_execute(&format!("PREPARE probe{nth} AS {list}")).unwrap();
            let explain = sql_query(format!("EXPLAIN EXECUTE probe{nth}('new', '00000000-0000-0000-0000-000000000000', 'new')"));
            let plan: Vec<Step> = explain.load(pg(&mut db)).unwrap();
            let plan: Vec<_> = plan.into_iter().map(|step| step.plan).collect();
            assert!(plan.iter().any(|step| step.contains("calls_by_client")), "{list}\n{plan:#?}");
        }
    }

    fn pg(db: &mut AnyConnection) -> &mut PgConnection {
        let AnyConnection::Pg(pg) = db else { panic!("it is Postgres") };
        pg
    }
}
