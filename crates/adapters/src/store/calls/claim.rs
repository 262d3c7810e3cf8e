//! Claiming due calls, and prolonging the leases of those claimed.
//!
//! The store knows how to take, not what taking means: whom to take is `Room::pick`, what it does is `Call::apply`.

use std::collections::HashMap;
use std::time::Duration;

use callgate_domain::model::call::Entry;
use callgate_domain::model::call::look::ABSENCES_FREE_ITS_PLACE;
use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::{Live, Pick, Room};
use callgate_domain::model::{AgentKey, Call, CallEvent, CallId, CallState, ConnectionId, Notice, OnHold, Transition, WorkerId};
use callgate_domain::ports::{Clock, Taken};
use diesel::dsl::{case_when, count_star};
use diesel::prelude::*;
use jiff::Timestamp;

use super::rates::Rates;
use super::save::{append, save_move};
use super::whole::load_all;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::{self, take_ids};
use crate::store::error::Failure;
use crate::store::holds;
use crate::store::outbox;
use crate::store::rows::history::HistoryRow;
use crate::store::rows::word;
use crate::store::schema::calls;
use crate::store::statements::{IsClaimed, IsLive, IsQueued};
use crate::store::types::{Id, Instant, sql};

/// Due calls that are looked at in one go.
const PAGE: i64 = 64;
/// Pages that one claim looks at: what cannot be taken is passed over, but not without bound.
const PAGES: usize = 16;
/// Calls of one agent that a claim looks at in vain: then it looks at those of others, so that no agent's stand in their way.
const IN_VAIN: usize = 192;

/// Takes due calls for `by` as far as there is room; ends those whose wait is over.
pub fn claim(
    db: &mut AnyConnection,
    clock: &dyn Clock,
    by: WorkerId,
    lease: Duration,
    room: &mut Room,
    limit: u32,
) -> Result<Taken, Failure> {
    // Whoever puts a hold waits for claims under way, and a claim that begins after that reads it.
    let holds = holds::in_force(db)?;
    if holds.contains(&OnHold::Everything) {
        return Ok(Taken::default());
    }
    lock_room(db, room)?;
    let mut live = Live { holds, by_connection: count_live(db, room.counted())? };
    let now = dialect::now(db, clock)?;
    let mut rates = Rates::recall(db, room, now.0)?;
    let claim = Claim { by, until: later(now.0, lease), now };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut taken, mut history, mut notices, mut after) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut in_vain: HashMap<AgentKey, usize> = HashMap::new();
    for _ in 0..PAGES {
        let agents = Agents::free(room, &live, |agent| in_vain.get(agent).is_some_and(|left| *left >= IN_VAIN));
        if agents.is_empty() || taken.len() >= limit {
            break;
        }
        let due = next_due(db, &agents, after, now)?;
        let ids: Vec<_> = due.iter().map(|(id, _)| *id).collect();
        for call in load_all(db, &ids)? {
            if taken.len() >= limit {
                continue;
            }
            if let Some((moved, entry)) = claim.take(db, &call, room, &mut live)? {
                history.push(HistoryRow::of(moved.id, &entry));
                notices.extend(Notice::of(Some(&call), &moved, &entry));
                taken.push(moved);
            } else {
                *in_vain.entry(call.agent.clone()).or_default() += 1;
            }
        }
        after = due.last().copied();
        if after.is_none() {
            break;
        }
    }
    append(db, history.iter())?;
    outbox::keep(db, notices.iter())?;
    rates.spend(db, room, &taken, now.0)?;
    Ok(Taken { calls: taken, opens_in: rates.opens_in(room, now.0), is_full: room.is_full() })
}

struct Claim {
    by: WorkerId,
    until: Timestamp,
    now: Instant,
}

impl Claim {
    /// The call as it is when it was taken, or ended, and the line for its history; nothing when it is left.
    fn take(
        &self,
        db: &mut AnyConnection,
        call: &Call,
        room: &mut Room,
        live: &mut Live,
    ) -> Result<Option<(Call, Entry)>, Failure> {
        let event = match room.pick(call, live, self.now.0) {
            Pick::Leave => return Ok(None),
            Pick::Expire(deadline) => CallEvent::DeadlinePassed(deadline),
            Pick::Refuse(reason) => CallEvent::Refused(reason),
            Pick::Take(connection) => {
                room.take(&connection, live);
                CallEvent::Claimed { owner: self.by, connection, until: self.until }
            }
        };
        match call.apply(&event, self.now.0) {
            Ok(Transition::Moved { call: moved, entry, .. }) => {
                save_move(db, &moved, call.revision)?;
                Ok(Some((*moved, entry)))
            }
            Ok(Transition::Ignored(_)) => Ok(None),
            Err(forbidden) => {
                tracing::error!(call_id = %call.id, error = %forbidden, "claim forbidden");
                Ok(None)
            }
        }
    }
}

/// Where processes share a database, only one at a time counts and takes on a connection: so a limit is exact.
fn lock_room(db: &mut AnyConnection, room: &Room) -> QueryResult<()> {
    let all = room.max_live.map(|_| "room".to_owned());
    dialect::lock(db, room.connections.keys().map(lock_name).chain(all))
}

/// Who holds this counts and takes on the connection.
pub fn lock_name(connection: &ConnectionId) -> String {
    format!("room {connection}")
}

/// What is live by connection: of these, or of all. An unknown call frees its place once it was looked for in vain often enough.
fn count_live(db: &mut AnyConnection, of: Option<Vec<&ConnectionId>>) -> Result<HashMap<ConnectionId, u32>, Failure> {
    let gone = calls::state.eq(CallState::Unknown.as_str()).and(calls::looks_absent.ge(i32::from(ABSENCES_FREE_ITS_PLACE)));
    let query = calls::table
        .filter(IsLive)
        .filter(diesel::dsl::not(gone))
        .group_by(calls::connection)
        .select((calls::connection, count_star()));
    let counted: Vec<(Option<String>, i64)> = match (of, &mut *db) {
        (None, db) => on_backend!(db, c => query.load(c))?,
        (Some(of), AnyConnection::Pg(c)) => {
            query.filter(calls::connection.eq_any(of.into_iter().map(ConnectionId::as_str).collect::<Vec<_>>())).load(c)?
        }
        // One after the other: that statement stays prepared.
        (Some(of), AnyConnection::Lite(c)) => {
            let counted = of.into_iter().map(|one| query.filter(calls::connection.eq(one.as_str())).load(c));
            counted.collect::<QueryResult<Vec<Vec<_>>>>()?.into_iter().flatten().collect()
        }
    };
    let mut live = HashMap::new();
    for (connection, count) in counted {
        // One restored from a copy, whose request is not known, takes up no place that we could name.
        let Some(connection) = connection else { continue };
        live.insert(word("calls.connection", &connection)?, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(live)
}

/// The agents of which a call could be taken now: all others are passed over inside the index.
struct Agents {
    /// Any call.
    all: Vec<String>,
    /// Only one that was refused before.
    refused: Vec<String>,
}

impl Agents {
    fn free(room: &Room, live: &Live, but: impl Fn(&AgentKey) -> bool) -> Self {
        let named = |agents: Vec<&AgentKey>| {
            agents.into_iter().filter(|agent| !but(agent)).map(|agent| agent.as_str().to_owned()).collect()
        };
        let (all, refused) = room.free_agents(live);
        Self { all: named(all), refused: named(refused) }
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty() && self.refused.is_empty()
    }
}

/// The next page of due calls of these agents, longest waiting first, behind the last one of the page before.
fn next_due(
    db: &mut AnyConnection,
    agents: &Agents,
    after: Option<(Id, Instant)>,
    now: Instant,
) -> QueryResult<Vec<(Id, Instant)>> {
    let (last, last_due) = after.unwrap_or((Id(uuid::Uuid::nil()), Instant(Timestamp::UNIX_EPOCH)));
    let query = calls::table
        .filter(IsQueued)
        .filter(calls::due_at.le(now))
        .filter(calls::due_at.ge(last_due))
        .filter(calls::due_at.gt(last_due).or(calls::id.gt(last)))
        .order((calls::due_at, calls::id))
        .limit(PAGE)
        .select((calls::id, calls::due_at));
    let any = calls::agent.eq_any(&agents.all);
    // What was refused stands in the row and not in the index, which then has to be read too.
    if agents.refused.is_empty() {
        take_ids!(db, query.filter(any))
    } else {
        let refused = calls::agent.eq_any(&agents.refused).and(calls::refusals.is_not_null());
        take_ids!(db, query.filter(any.or(refused)))
    }
}

/// Prolongs those leases of `by` that still hold, and with each the moment when somebody looks whether it ran out.
pub fn beat(db: &mut AnyConnection, clock: &dyn Clock, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), Failure> {
    let now = dialect::now(db, clock)?;
    let until = Instant(later(now.0, lease));
    let look_at = case_when(calls::settles_by.lt(until), calls::settles_by)
        .otherwise(until.into_sql::<diesel::sql_types::Nullable<sql::Instant>>());
    let named = calls::id.eq_any(in_hand.iter().map(|id| Id(id.as_uuid())));
    let ours = calls::lease_owner.eq(Id(by.as_uuid()));
    let held = calls::table.filter(named).filter(IsClaimed).filter(ours).filter(calls::lease_until.gt(now));
    let changes = (calls::lease_until.eq(until), calls::look_at.eq(look_at));
    on_backend!(db, c => diesel::update(held).set(changes).execute(c))?;
    Ok(())
}

/// Ends the leases of all others. Only what is live is looked at: nothing else has one.
pub fn end_leases_before(db: &mut AnyConnection, by: WorkerId, now: Instant) -> Result<u32, Failure> {
    let leased = calls::table.filter(IsLive).filter(calls::lease_owner.is_not_null());
    let others = leased.filter(calls::lease_owner.ne(Id(by.as_uuid())));
    let changes = (calls::lease_until.eq(now), calls::look_at.eq(now));
    let ended = on_backend!(db, c => diesel::update(others).set(changes).execute(c))?;
    Ok(u32::try_from(ended).unwrap_or(u32::MAX))
}
