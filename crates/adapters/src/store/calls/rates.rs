//! What connections were asked of late, for all processes that share the database: read and written inside a claim.

use std::collections::HashMap;
use std::time::Duration;

use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::Room;
use callgate_domain::model::rate::Rate;
use callgate_domain::model::{Call, CallState, ConnectionId};
use callgate_domain::ports::Clock;
use diesel::prelude::*;
use jiff::Timestamp;

use super::claim::lock_name;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::rows::rate::RateRow;
use crate::store::rows::word;
use crate::store::schema::rates;
use crate::store::statements::update;

/// The name of a statement that stays prepared.
struct SaveRate;

/// The rates that one claim goes by.
pub struct Rates {
    held: HashMap<ConnectionId, Rate>,
    stored: HashMap<ConnectionId, Rate>,
}

impl Rates {
    /// Reads those of a room, and takes them into account in it. A process that has the database to itself knows of every
    /// pause, so it reads nothing for connections without a rate.
    pub fn recall(db: &mut AnyConnection, room: &mut Room, now: Timestamp) -> Result<Self, Failure> {
        let all = dialect::is_shared(db);
        let wanted = room.connections.iter().filter(|(_, space)| all || space.max_per_second.is_some());
        let wanted: Vec<_> = wanted.map(|(connection, _)| connection.as_str()).collect();
        let stored = if wanted.is_empty() { HashMap::new() } else { load(db, &wanted)? };
        let mut held = stored.clone();
        room.limit(&mut held, now);
        Ok(Self { held, stored })
    }

    /// How long until the first connection that is at its rate has room again.
    pub fn opens_in(&self, room: &Room, now: Timestamp) -> Option<Duration> {
        room.opens_in(&self.held, now)
    }

    /// Counts what was taken, and writes what has changed.
    pub fn spend(&mut self, db: &mut AnyConnection, room: &Room, taken: &[Call], now: Timestamp) -> Result<(), Failure> {
        for connection in taken.iter().filter(|call| call.state == CallState::Claimed).filter_map(|call| call.connection.as_ref())
        {
            if room.connections.get(connection).is_some_and(|space| space.max_per_second.is_some()) {
                self.held.entry(connection.clone()).or_default().take(1, now);
            }
        }
        for (connection, rate) in self.held.iter().filter(|(connection, rate)| self.stored.get(*connection) != Some(rate)) {
            save(db, connection, rate)?;
        }
        Ok(())
    }
}

/// Lets nobody ask a connection for so long.
pub fn pause(db: &mut AnyConnection, clock: &dyn Clock, connection: &ConnectionId, wait: Duration) -> Result<(), Failure> {
    dialect::lock(db, [lock_name(connection)])?;
    let now = dialect::now(db, clock)?;
    let mut rate = load(db, &[connection.as_str()])?.remove(connection).unwrap_or_default();
    rate.pause(later(now.0, wait));
    save(db, connection, &rate)
}

fn load(db: &mut AnyConnection, wanted: &[&str]) -> Result<HashMap<ConnectionId, Rate>, Failure> {
    let rows = rates::table.filter(rates::connection.eq_any(wanted));
    let rows: Vec<RateRow> = on_backend!(db, c => rows.select(RateRow::as_select()).load(c))?;
    let read = |row: RateRow| Ok((word("rates.connection", &row.connection)?, row.rate()?));
    rows.into_iter().map(read).collect()
}

fn save(db: &mut AnyConnection, connection: &ConnectionId, rate: &Rate) -> Result<(), Failure> {
    let row = RateRow::of(connection, rate);
    let only = rates::connection.eq(connection.as_str());
    let known = on_backend!(db, c => update::<SaveRate, _, _>(rates::table, &row, only).execute(c))?;
    if known == 0 {
        on_backend!(db, c => diesel::insert_into(rates::table).values(&row).execute(c))?;
    }
    Ok(())
}
