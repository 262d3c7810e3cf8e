//! Taking: due calls for a dispatcher, calls to be looked at for a reconciler; no call for two.

use std::time::Duration;

use callgate_domain::model::call::{Call, CallEvent, Entry, Transition};
use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::{Live, Pick, Room};
use callgate_domain::model::{ConnectionId, WorkerId};
use callgate_domain::ports::{Change, Clock, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use super::read::these;
use super::write::save;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Translated;
use crate::store::schema::calls;
use crate::store::types::{Id, Instant};

/// Due calls looked at in one claim, in pages: those without room must not hide those behind them for ever.
const PAGES: u8 = 4;
const PAGE: i64 = 128;

/// Agents with a connection that may still be asked.
pub fn agents_with_room(room: &Room) -> Vec<String> {
    let open = |id: &ConnectionId| room.connections.get(id).is_some_and(|space| space.may_send > 0);
    let agents = room.agents.iter().filter(|(_, routes)| routes.iter().any(|route| open(&route.connection)));
    agents.map(|(key, _)| key.to_string()).collect()
}

/// Whether anything is due at all.
pub fn any_due(db: &mut AnyConnection, room: &Room, clock: &dyn Clock) -> Result<bool, StoreError> {
    let now = clock.now();
    // The database's clock may run ahead of this process's; a second is more than any that is kept.
    let soon = later(now, Duration::from_secs(1));
    dialect::any_due(db, &agents_with_room(room), soon)
}

/// Takes up to `limit` due calls, and ends those whose wait is over.
pub fn claim(
    db: &mut AnyConnection,
    by: WorkerId,
    lease: Duration,
    mut room: Room,
    limit: u32,
    clock: &dyn Clock,
) -> Result<Vec<Call>, StoreError> {
    let mut connections: Vec<ConnectionId> = room.connections.keys().cloned().collect();
    connections.sort();
    dialect::lock_rooms(db, &connections)?;
    let now = dialect::now(db, clock)?;
    let mut live = count_live(db)?;
    let agents = agents_with_room(&room);
    let mut after = (Timestamp::UNIX_EPOCH, Id(Uuid::nil()));
    let mut taken = Vec::new();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    for _ in 0..PAGES {
        let ids = dialect::take_due(db, &agents, now, after, PAGE)?;
        let whole_page = ids.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        for call in these(db, &ids)? {
            after = (call.due_at, Id(call.id.as_uuid()));
            if taken.len() >= wanted {
                return Ok(taken);
            }
            let event = match room.pick(&call, &live, now) {
                Pick::Take(connection) => {
                    room.take(&connection, &mut live);
                    CallEvent::Claimed { owner: by, connection, until: later(now, lease) }
                }
                Pick::Expire(deadline) => CallEvent::DeadlinePassed(deadline),
                Pick::Leave => continue,
            };
            taken.extend(apply(db, &call, &event, now, clock)?);
        }
        if !whole_page {
            break;
        }
    }
    Ok(taken)
}

/// `Call::apply` is the only door, even for a claim.
fn apply(
    db: &mut AnyConnection,
    call: &Call,
    event: &CallEvent,
    now: Timestamp,
    clock: &dyn Clock,
) -> Result<Option<Call>, StoreError> {
    let (next, entry): (Call, Entry) = match call.apply(event, now) {
        Ok(Transition::Moved { call, entry, .. }) => (*call, entry),
        Ok(Transition::Ignored(_)) => return Ok(None),
        Err(forbidden) => return Err(StoreError::Unavailable(forbidden.into())),
    };
    let change = Change { call: next.clone(), from: call.revision, claim: None, entry, earlier: None };
    save(db, &change, clock)?;
    Ok(Some(next))
}

fn count_live(db: &mut AnyConnection) -> Result<Live, StoreError> {
    let rows = dialect::count_live(db)?;
    let named =
        rows.into_iter().filter_map(|(id, count)| Some((ConnectionId::new(id?).ok()?, u32::try_from(count).unwrap_or(u32::MAX))));
    Ok(Live { by_connection: named.collect() })
}

/// Prolongs a worker's claims. Those past the send mark have a longer lease already.
pub fn beat(db: &mut AnyConnection, by: WorkerId, lease: Duration, clock: &dyn Clock) -> Result<(), StoreError> {
    let until = Instant(later(dialect::now(db, clock)?, lease));
    on_backend!(db, c => {
        let held = calls::table.filter(calls::lease_owner.eq(Id(by.as_uuid()))).filter(calls::state.eq("claimed"));
        diesel::update(held).set((calls::lease_until.eq(until), calls::look_at.eq(until))).execute(c)
    })
    .translated()
    .map(drop)
}

/// Takes calls whose moment has come; for `hold` nobody else gets them.
pub fn to_look_at(
    db: &mut AnyConnection,
    known: &[String],
    hold: Duration,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Call>, StoreError> {
    let ids = dialect::take_to_look_at(db, known, now, i64::from(limit))?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let until = Instant(later(now, hold));
    on_backend!(db, c => diesel::update(calls::table.filter(calls::id.eq_any(&ids))).set(calls::look_at.eq(until)).execute(c))
        .translated()?;
    these(db, &ids)
}
