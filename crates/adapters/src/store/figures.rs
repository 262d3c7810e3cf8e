//! [`Figures`] over the database.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::moment::{earlier, elapsed};
use callgate_domain::model::{CallId, CallState, DeliveryId, DeliveryResult, EndpointUrl};
use callgate_domain::ports::figures::{COUNTED_TO, NEWEST, SPOKEN_OF, median};
use callgate_domain::ports::{Accepted, Backlog, Deliveries, Failing, Figures, Middles, Pulse, StoreError, Unsettled};
use diesel::dsl::{count, count_star, min};
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::{Failure, Unreadable};
use super::rows::{moment, number, word, word_or_none};
use super::schema::{calls, deliveries, endpoints, inbox, results};
use super::statements::{HasContent, HasFailed, IsLeft, IsLive, IsParked, IsQueued};
use super::types::{Id, Instant};

/// Figures of a database.
pub struct SqlFigures {
    database: Arc<Database>,
}

impl SqlFigures {
    /// The figures of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

/// What was tried and is tried again; a macro, since each database compiles it for itself.
macro_rules! retried {
    () => {
        deliveries::table
            .inner_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_id)))
            .filter(deliveries::next_at.is_not_null())
            .filter(deliveries::tries.gt(0))
            .filter(deliveries::result.eq(DeliveryResult::Pending.as_str()))
    };
}

#[async_trait]
impl Figures for SqlFigures {
    async fn pulse(&self, now: Timestamp, live: u32, ended: u32) -> Result<Pulse, StoreError> {
        self.database.read(move |db| pulse(db, now, live, ended)).await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        self.database.read(move |db| backlog(db, now)).await
    }

    async fn accepted(&self, spans: &[(Timestamp, Timestamp)]) -> Result<Vec<Accepted>, StoreError> {
        let spans = spans.to_vec();
        self.database.read(move |db| spans.iter().map(|(from, to)| accepted(db, *from, *to)).collect()).await
    }

    async fn middles(&self, from: Timestamp, to: Timestamp) -> Result<Middles, StoreError> {
        self.database.read(move |db| middles(db, from, to)).await
    }

    async fn deliveries(&self, from: Timestamp, to: Timestamp) -> Result<Deliveries, StoreError> {
        self.database.read(move |db| over(db, from, to)).await
    }
}

fn pulse(db: &mut AnyConnection, now: Timestamp, live: u32, ended: u32) -> Result<Pulse, Failure> {
    let mut pulse = Pulse { ended_last: ended_last(db, ended)?, ..Pulse::default() };
    of_live_calls(db, &mut pulse, now, live)?;
    of_deliveries(db, &mut pulse, now)?;
    let since = Instant(earlier(now, SPOKEN_OF));
    let left = inbox::table.filter(IsLeft).filter(inbox::received_at.ge(since)).limit(i64::from(COUNTED_TO));
    let left: Vec<Id> = on_backend!(db, c => left.select(inbox::id).load(c))?;
    pulse.left_over = whole(left.len());
    Ok(pulse)
}

/// A live call, as far as it is looked at.
type LiveRow = (Id, String, i32, Option<Instant>, Option<Instant>);

/// There are as many as may be live, so all of them are read, up to a bound.
fn of_live_calls(db: &mut AnyConnection, pulse: &mut Pulse, now: Timestamp, most: u32) -> Result<(), Failure> {
    let count: i64 = on_backend!(db, c => calls::table.filter(IsLive).select(count_star()).get_result(c))?;
    pulse.live = u32::try_from(count).unwrap_or(u32::MAX);
    let columns = (calls::id, calls::state, calls::looks, calls::look_at, calls::settles_by);
    let query = calls::table.filter(IsLive).limit(i64::from(NEWEST)).select(columns);
    let mut rows: Vec<LiveRow> = on_backend!(db, c => query.load(c))?;
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0.0));
    for (id, state, looks, look_at, settles_by) in rows {
        let (call, state): (_, CallState) = (CallId::from_uuid(id.0), word("calls.state", &state)?);
        if state.is_out() && whole(pulse.newest_live.len()) < most {
            pulse.newest_live.push(call);
        }
        pulse.overdue += u32::from(settles_by.is_some_and(|by| by.0 <= now));
        if state == CallState::Unknown || (state == CallState::Processing && looks > 0) {
            pulse.unsettled += 1;
            let this = settles_by.map(|by| Unsettled { call, look_at: moment(look_at), settles_by: by.0 });
            let all = [pulse.settles_first, this].into_iter().flatten();
            pulse.settles_first = all.min_by_key(|held| (held.settles_by, held.call));
        }
    }
    (pulse.overdue, pulse.unsettled) = (pulse.overdue.min(COUNTED_TO), pulse.unsettled.min(COUNTED_TO));
    Ok(())
}

/// In the order of the index of what may be forgotten.
fn ended_last(db: &mut AnyConnection, most: u32) -> Result<Vec<CallId>, Failure> {
    let over = calls::table.filter(HasContent).order((calls::ended_at.desc(), calls::id.desc()));
    // A call that is open may have ended already, by what its provider tells: a few more are read, for those.
    let query = over.limit(i64::from(most) * 2).select((calls::id, calls::state));
    let rows: Vec<(Id, String)> = on_backend!(db, c => query.load(c))?;
    let mut ended = Vec::new();
    for (id, state) in rows {
        let state: CallState = word("calls.state", &state)?;
        if state.is_terminal() && whole(ended.len()) < most {
            ended.push(CallId::from_uuid(id.0));
        }
    }
    Ok(ended)
}

fn of_deliveries(db: &mut AnyConnection, pulse: &mut Pulse, now: Timestamp) -> Result<(), Failure> {
    let retried = retried!().filter(endpoints::disabled_at.is_null()).limit(i64::from(COUNTED_TO));
    let made: Vec<Instant> = on_backend!(db, c => retried.select(deliveries::created_at).load(c))?;
    pulse.retrying = whole(made.len());
    pulse.retrying_since = made.into_iter().map(|at| at.0).min();
    pulse.failing = failing(db)?;
    let since = Instant(earlier(now, SPOKEN_OF));
    let known = deliveries::table.inner_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_id)));
    let failed = known.filter(HasFailed).filter(deliveries::created_at.ge(since)).limit(i64::from(COUNTED_TO));
    let failed: Vec<Id> = on_backend!(db, c => failed.select(deliveries::id).load(c))?;
    pulse.failed = whole(failed.len());
    let given_up = endpoints::table.filter(endpoints::disabled_at.is_not_null()).filter(endpoints::failing_since.is_not_null());
    let given_up: i64 = on_backend!(db, c => given_up.select(count_star()).get_result(c))?;
    pulse.given_up = u32::try_from(given_up).unwrap_or(COUNTED_TO).min(COUNTED_TO);
    Ok(())
}

fn failing(db: &mut AnyConnection) -> Result<Option<Failing>, Failure> {
    let longest = endpoints::table
        .filter(endpoints::disabled_at.is_null())
        .filter(endpoints::failing_since.is_not_null())
        .order((endpoints::failing_since, endpoints::id))
        .limit(1)
        .select((endpoints::id, endpoints::url, endpoints::failing_since.assume_not_null()));
    let found: Option<(Id, String, Instant)> = on_backend!(db, c => longest.get_result(c).optional())?;
    let Some((id, url, since)) = found else { return Ok(None) };
    let newest = retried!().filter(deliveries::endpoint_id.eq(id)).order(deliveries::id.desc()).limit(1);
    let newest = newest.select((deliveries::last_status, deliveries::last_fault));
    let said: Option<(Option<i32>, Option<String>)> = on_backend!(db, c => newest.get_result(c).optional())?;
    let (status, fault) = said.unwrap_or_default();
    let unreadable = || Unreadable { column: "endpoints.url", fault: "it is no address".to_owned() };
    Ok(Some(Failing {
        url: EndpointUrl::new(url).ok_or_else(unreadable)?,
        since: since.0,
        last_status: status.map(|status| number("deliveries.last_status", status)).transpose()?,
        last_fault: word_or_none("deliveries.last_fault", fault.as_deref())?,
    }))
}

/// Each count is of an index that holds what waits and nothing else.
fn backlog(db: &mut AnyConnection, now: Timestamp) -> Result<Backlog, Failure> {
    let now = Instant(now);
    let mut backlog = Backlog::default();
    // Those that wait may be hundreds of thousands: they are not grouped, for which SQLite would hold all of them in memory.
    let is = |state: CallState| calls::state.eq(state.as_str());
    let of = |state: CallState| count(calls::id).aggregate_filter(is(state));
    let is_late = || calls::settles_by.assume_not_null().le(now);
    let late = is_late().and(is(CallState::Queued).or(is(CallState::Scheduled)));
    let waiting = calls::table.filter(calls::look_at.is_not_null());
    let waiting = waiting.select((of(CallState::Queued), of(CallState::Scheduled), count(calls::id).aggregate_filter(late)));
    let (queued, scheduled, late): (i64, i64, i64) = on_backend!(db, c => waiting.get_result(c))?;
    backlog.overdue = whole_long(late);
    let live = calls::table.filter(IsLive).group_by(calls::state);
    let live = live.select((calls::state, count_star(), count(calls::id).aggregate_filter(is_late())));
    for (state, count, late) in on_backend!(db, c => live.load::<(String, i64, i64)>(c))? {
        let state: CallState = word("calls.state", &state)?;
        *backlog.open.entry(state.status()).or_default() += whole_long(count);
        backlog.overdue += whole_long(late);
    }
    for (state, count) in [(CallState::Queued, queued), (CallState::Scheduled, scheduled)] {
        if count > 0 {
            *backlog.open.entry(state.status()).or_default() += whole_long(count);
        }
    }
    let watched = calls::table.filter(calls::look_at.is_not_null());
    let looks = watched.filter(calls::look_at.le(now)).select(count_star());
    let due = calls::table.filter(IsQueued).filter(calls::due_at.le(now)).select(count_star());
    let webhooks = inbox::table.filter(inbox::again_at.le(now)).select(count_star());
    let parked = inbox::table.filter(IsParked).select(count_star());
    let deliveries = deliveries::table
        .inner_join(endpoints::table.on(endpoints::id.eq(deliveries::endpoint_id)))
        .filter(deliveries::next_at.is_not_null())
        .filter(endpoints::disabled_at.is_null())
        .select((count_star(), min(deliveries::created_at)));
    backlog.looks = whole_long(on_backend!(db, c => looks.get_result(c))?);
    backlog.due = whole_long(on_backend!(db, c => due.get_result(c))?);
    backlog.webhooks = whole_long(on_backend!(db, c => webhooks.get_result(c))?);
    backlog.parked = whole_long(on_backend!(db, c => parked.get_result(c))?);
    let (waiting, oldest): (i64, Option<Instant>) = on_backend!(db, c => deliveries.get_result(c))?;
    (backlog.deliveries, backlog.oldest) = (whole_long(waiting), moment(oldest));
    Ok(backlog)
}

fn whole_long(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn accepted(db: &mut AnyConnection, from: Timestamp, to: Timestamp) -> Result<Accepted, Failure> {
    let [from, to] = [from, to].map(|at| Id(CallId::new(at, [0; 10]).as_uuid()));
    let query = calls::table.filter(calls::id.ge(from)).filter(calls::id.lt(to)).group_by((calls::agent, calls::state));
    let query = query.select((calls::agent, calls::state, count_star()));
    let counted: Vec<(String, String, i64)> = on_backend!(db, c => query.load(c))?;
    let mut counts = Accepted::new();
    for (agent, state, count) in counted {
        let state: CallState = word("calls.state", &state)?;
        let of = (word("calls.agent", &agent)?, state.status());
        *counts.entry(of).or_default() += u32::try_from(count).unwrap_or(u32::MAX);
    }
    Ok(counts)
}

/// How one call went.
type MiddleRow = (String, Option<Instant>, Option<Instant>, Option<i64>);

fn middles(db: &mut AnyConnection, from: Timestamp, to: Timestamp) -> Result<Middles, Failure> {
    let [from, to] = [from, to].map(|at| Id(CallId::new(at, [0; 10]).as_uuid()));
    let newest = calls::table.left_join(results::table).filter(calls::id.ge(from)).filter(calls::id.lt(to));
    let newest = newest.order(calls::id.desc()).limit(i64::from(NEWEST));
    let newest = newest.select((calls::state, calls::dialed_at, calls::answered_at, results::duration_s.nullable()));
    let rows: Vec<MiddleRow> = on_backend!(db, c => newest.load(c))?;
    let answer =
        rows.iter().filter_map(|(_, dialed_at, answered_at, _)| Some(elapsed(dialed_at.as_ref()?.0, answered_at.as_ref()?.0)));
    let completed = rows.iter().filter(|(state, ..)| state == CallState::Completed.as_str());
    let length = completed.filter_map(|(.., seconds)| u64::try_from((*seconds)?).ok()).map(Duration::from_secs);
    Ok(Middles { answer: median(answer.collect()), length: median(length.collect()) })
}

fn over(db: &mut AnyConnection, from: Timestamp, to: Timestamp) -> Result<Deliveries, Failure> {
    let [from, to] = [from, to].map(|at| Id(DeliveryId::new(at, [0; 10]).as_uuid()));
    let newest = deliveries::table.filter(deliveries::id.ge(from)).filter(deliveries::id.lt(to));
    let newest = newest.order(deliveries::id.desc()).limit(i64::from(NEWEST)).select((deliveries::result, deliveries::tries));
    let rows: Vec<(String, i32)> = on_backend!(db, c => newest.load(c))?;
    let mut sum = Deliveries::default();
    for (result, tries) in rows {
        let result: DeliveryResult = word("deliveries.result", &result)?;
        sum.over += u32::from(result != DeliveryResult::Pending);
        sum.at_first += u32::from(result == DeliveryResult::Delivered && tries == 1);
    }
    Ok(sum)
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
