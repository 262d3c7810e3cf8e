//! Claiming due calls, and prolonging the leases of those claimed.
//!
//! The store knows how to take, not what taking means: whom to take is `Room::pick`, what it does is `Call::apply`.

use std::time::Duration;

use callgate_domain::model::call::look::ABSENCES_FREE_ITS_PLACE;
use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::{Live, Pick, Room};
use callgate_domain::model::{Call, CallEvent, CallState, Route, Transition, WorkerId};
use callgate_domain::ports::Clock;
use diesel::dsl::{case_when, count_star};
use diesel::prelude::*;
use jiff::Timestamp;

use super::save::save_move;
use super::whole::load_all;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect::{self, take_ids};
use crate::store::error::Failure;
use crate::store::rows::word;
use crate::store::schema::calls;
use crate::store::statements::{IsClaimed, IsLive, IsQueued};
use crate::store::types::{Id, Instant, sql};

/// Due calls that are looked at in one go.
const PAGE: i64 = 64;
/// Pages that one claim looks at: what cannot be taken is passed over, but not without bound.
const PAGES: usize = 8;

/// Takes due calls for `by` as far as there is room; ends those whose wait is over.
pub fn claim(
    db: &mut AnyConnection,
    clock: &dyn Clock,
    by: WorkerId,
    lease: Duration,
    room: &mut Room,
    limit: u32,
) -> Result<Vec<Call>, Failure> {
    lock_room(db, room)?;
    let mut live = count_live(db)?;
    let now = dialect::now(db, clock)?;
    let claim = Claim { by, until: later(now.0, lease), now };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut taken, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let agents = agents_with_room(room, &live);
        if agents.is_empty() || taken.len() >= limit {
            break;
        }
        let due = next_due(db, &agents, after, now)?;
        let ids: Vec<_> = due.iter().map(|(id, _)| *id).collect();
        for call in load_all(db, &ids)? {
            if taken.len() < limit
                && let Some(call) = claim.take(db, &call, room, &mut live)?
            {
                taken.push(call);
            }
        }
        after = due.last().copied();
        if after.is_none() {
            break;
        }
    }
    Ok(taken)
}

struct Claim {
    by: WorkerId,
    until: Timestamp,
    now: Instant,
}

impl Claim {
    /// The call as it is when it was taken, or ended; nothing when it is left.
    fn take(&self, db: &mut AnyConnection, call: &Call, room: &mut Room, live: &mut Live) -> Result<Option<Call>, Failure> {
        let event = match room.pick(call, live, self.now.0) {
            Pick::Leave => return Ok(None),
            Pick::Expire(deadline) => CallEvent::DeadlinePassed(deadline),
            Pick::Take(connection) => {
                room.take(&connection, live);
                CallEvent::Claimed { owner: self.by, connection, until: self.until }
            }
        };
        match call.apply(&event, self.now.0) {
            Ok(Transition::Moved { call: moved, entry, .. }) => {
                save_move(db, &moved, call.revision, &entry)?;
                Ok(Some(*moved))
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
    dialect::lock(db, room.connections.keys().map(|connection| format!("room {connection}")).chain(all))
}

/// What is live by connection. An unknown call frees its place once it was looked for in vain often enough.
fn count_live(db: &mut AnyConnection) -> Result<Live, Failure> {
    let gone = calls::state.eq(CallState::Unknown.as_str()).and(calls::looks_absent.ge(i32::from(ABSENCES_FREE_ITS_PLACE)));
    let query = calls::table
        .filter(IsLive)
        .filter(diesel::dsl::not(gone))
        .group_by(calls::connection)
        .select((calls::connection, count_star()));
    let counted: Vec<(Option<String>, i64)> = on_backend!(db, c => query.load(c))?;
    let mut live = Live::default();
    for (connection, count) in counted {
        // A live call always has its connection.
        let Some(connection) = connection else { continue };
        live.by_connection.insert(word("calls.connection", &connection)?, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(live)
}

/// The agents of which a call could be taken now: all others are passed over inside the index.
fn agents_with_room(room: &Room, live: &Live) -> Vec<String> {
    let has_room = |routes: &[Route]| routes.iter().any(|route| room.has_room(&route.connection, live));
    room.agents.iter().filter(|(_, routes)| has_room(routes)).map(|(agent, _)| agent.as_str().to_owned()).collect()
}

/// The next page of due calls of these agents, longest waiting first, behind the last one of the page before.
fn next_due(
    db: &mut AnyConnection,
    agents: &[String],
    after: Option<(Id, Instant)>,
    now: Instant,
) -> QueryResult<Vec<(Id, Instant)>> {
    let (last, last_due) = after.unwrap_or((Id(uuid::Uuid::nil()), Instant(Timestamp::UNIX_EPOCH)));
    let query = calls::table
        .filter(IsQueued)
        .filter(calls::due_at.le(now))
        .filter(calls::due_at.ge(last_due))
        .filter(calls::due_at.gt(last_due).or(calls::id.gt(last)))
        .filter(calls::agent.eq_any(agents))
        .order((calls::due_at, calls::id))
        .limit(PAGE)
        .select((calls::id, calls::due_at));
    take_ids!(db, query)
}

/// Prolongs the leases of `by` that still hold, of these calls, and with each the moment when somebody looks whether it ran
/// out.
pub fn beat(db: &mut AnyConnection, clock: &dyn Clock, by: WorkerId, lease: Duration, in_hand: &[Id]) -> Result<(), Failure> {
    let now = dialect::now(db, clock)?;
    let until = Instant(later(now.0, lease));
    let look_at = case_when(calls::settles_by.lt(until), calls::settles_by)
        .otherwise(until.into_sql::<diesel::sql_types::Nullable<sql::Instant>>());
    let held = calls::table.filter(IsClaimed).filter(calls::lease_owner.eq(Id(by.as_uuid()))).filter(calls::lease_until.gt(now));
    let held = held.filter(calls::id.eq_any(in_hand));
    let changes = (calls::lease_until.eq(until), calls::look_at.eq(look_at));
    on_backend!(db, c => diesel::update(held).set(changes).execute(c))?;
    Ok(())
}

/// Ends the leases of all others.
pub fn end_leases_before(db: &mut AnyConnection, by: WorkerId, now: Instant) -> Result<u32, Failure> {
    let others = calls::table.filter(calls::lease_owner.is_not_null()).filter(calls::lease_owner.ne(Id(by.as_uuid())));
    let changes = (calls::lease_until.eq(now), calls::look_at.eq(now));
    let ended = on_backend!(db, c => diesel::update(others).set(changes).execute(c))?;
    Ok(u32::try_from(ended).unwrap_or(u32::MAX))
}
