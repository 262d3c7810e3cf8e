//! The only file with SQL particular to one database: its clock, its locks, how rows are taken, how it must be set.

use callgate_domain::model::ConnectionId;
use callgate_domain::ports::{Clock, StoreError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::error::{Translated, translate};
use super::schema::{calls, inbox};
use super::types::{Id, Instant, InstantSql};

/// States that take up a place on their connection, to the letter as the partial index has them.
const LIVE: &str = "state in ('claimed', 'sending', 'unknown', 'placed', 'ringing', 'in_progress', 'processing') and not (state = 'unknown' and absences >= 3)";
/// To the letter as the partial index has it.
const QUEUED: &str = "state = 'queued'";

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = InstantSql)]
    now: Instant,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Sets a connection up as `RELIABILITY.md` says.
pub fn set_up(db: &mut AnyConnection) -> Result<(), diesel::result::Error> {
    match db {
        // A twin's insert is waited for so long, and no longer (`API.md` section 1).
        AnyConnection::Pg(pg) => pg.batch_execute("set lock_timeout = '5s'; set statement_timeout = '30s'; set timezone = 'UTC'"),
        AnyConnection::Lite(lite) => lite.batch_execute(
            "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on",
        ),
    }
}

/// Makes a connection refuse to write, where the database has such a thing for one file.
pub fn only_read(db: &mut AnyConnection) -> Result<(), diesel::result::Error> {
    match db {
        AnyConnection::Pg(_) => Ok(()),
        AnyConnection::Lite(lite) => lite.batch_execute("pragma query_only = on"),
    }
}

/// The clock that leases go by: the database's own where processes share it, the process's where there is one.
pub fn now(db: &mut AnyConnection, clock: &dyn Clock) -> Result<Timestamp, StoreError> {
    match db {
        AnyConnection::Lite(_) => Ok(clock.now()),
        AnyConnection::Pg(pg) => {
            diesel::sql_query("select clock_timestamp() as now").get_result::<Now>(pg).translated().map(|row| row.now.0)
        }
    }
}

/// Begins a transaction that may write. SQLite's must be immediate: a deferred one that reads and then writes fails at
/// once when another writes, ignoring the busy timeout.
pub fn begin(db: &mut AnyConnection) -> Result<(), StoreError> {
    match db {
        AnyConnection::Lite(lite) => lite.batch_execute("begin immediate"),
        AnyConnection::Pg(pg) => pg.batch_execute("begin"),
    }
    .map_err(translate)
}

/// Any other statement about transactions; the same words in both.
pub fn execute(db: &mut AnyConnection, statement: &str) -> Result<(), StoreError> {
    on_backend!(db, c => c.batch_execute(statement)).map_err(translate)
}

/// Holds these connections' rooms until the transaction ends, always in the same order. SQLite has one writer anyway.
pub fn lock_rooms(db: &mut AnyConnection, connections: &[ConnectionId]) -> Result<(), StoreError> {
    let AnyConnection::Pg(pg) = db else { return Ok(()) };
    for id in connections {
        diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 7317))")
            .bind::<Text, _>(id.as_str())
            .execute(pg)
            .translated()?;
    }
    Ok(())
}

/// Live calls by connection.
pub fn count_live(db: &mut AnyConnection) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    on_backend!(db, c => calls::table
        .filter(diesel::dsl::sql::<Bool>(LIVE))
        .group_by(calls::connection)
        .select((calls::connection, diesel::dsl::sql::<BigInt>("count(*)")))
        .load(c))
    .translated()
}

/// Ids of queued calls of these agents that are due, past `after`, longest waiting first; nobody else gets them.
pub fn take_due(
    db: &mut AnyConnection,
    agents: &[String],
    now: Timestamp,
    after: (Timestamp, Id),
    limit: i64,
) -> Result<Vec<Id>, StoreError> {
    let (at, id) = (Instant(after.0), after.1);
    let later = calls::due_at.gt(at).or(calls::due_at.eq(at).and(calls::id.gt(id)));
    let due = calls::table
        .filter(diesel::dsl::sql::<Bool>(QUEUED))
        .filter(calls::due_at.le(Instant(now)))
        .filter(calls::agent.eq_any(agents))
        .filter(later)
        .order((calls::due_at, calls::id))
        .select(calls::id)
        .limit(limit);
    match db {
        AnyConnection::Lite(lite) => due.load(lite),
        AnyConnection::Pg(pg) => due.for_update().skip_locked().load(pg),
    }
    .translated()
}

/// Whether any queued call of these agents is due.
pub fn any_due(db: &mut AnyConnection, agents: &[String], now: Timestamp) -> Result<bool, StoreError> {
    let found: Option<Id> = on_backend!(db, c => calls::table
        .filter(diesel::dsl::sql::<Bool>(QUEUED))
        .filter(calls::due_at.le(Instant(now)))
        .filter(calls::agent.eq_any(agents))
        .select(calls::id)
        .limit(1)
        .get_result(c)
        .optional())
    .translated()?;
    Ok(found.is_some())
}

/// Ids of calls that somebody has to look at, of these connections or of none; nobody else gets them.
pub fn take_to_look_at(db: &mut AnyConnection, known: &[String], now: Timestamp, limit: i64) -> Result<Vec<Id>, StoreError> {
    let mine = calls::connection.is_null().or(calls::connection.assume_not_null().eq_any(known));
    let due = calls::table
        .filter(calls::look_at.is_not_null())
        .filter(calls::look_at.assume_not_null().le(Instant(now)))
        .filter(mine)
        .order(calls::look_at)
        .select(calls::id)
        .limit(limit);
    match db {
        AnyConnection::Lite(lite) => due.load(lite),
        AnyConnection::Pg(pg) => due.for_update().skip_locked().load(pg),
    }
    .translated()
}

/// Ids of webhooks whose moment has come: reports, and those of these connections; nobody else gets them.
pub fn take_webhooks(db: &mut AnyConnection, known: &[String], now: Timestamp, limit: i64) -> Result<Vec<Id>, StoreError> {
    let due = inbox::table
        .filter(inbox::again_at.is_not_null())
        .filter(inbox::again_at.assume_not_null().le(Instant(now)))
        .filter(inbox::connection.eq("").or(inbox::connection.eq_any(known)))
        .order(inbox::again_at)
        .select(inbox::id)
        .limit(limit);
    match db {
        AnyConnection::Lite(lite) => due.load(lite),
        AnyConnection::Pg(pg) => due.for_update().skip_locked().load(pg),
    }
    .translated()
}

/// A setting of the database that does not keep what was promised, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsafe {
    /// Its name.
    pub setting: &'static str,
    /// What it is.
    pub is: String,
    /// What it has to be.
    pub wanted: &'static str,
}

/// Reads back the settings that durability stands on; the first that is not as it must be.
pub fn read_back(db: &mut AnyConnection) -> Result<Option<Unsafe>, diesel::result::Error> {
    match db {
        AnyConnection::Lite(lite) => {
            for (setting, query, wanted) in [
                ("journal_mode", "select journal_mode as word from pragma_journal_mode", "wal"),
                ("synchronous", "select cast(synchronous as text) as word from pragma_synchronous", "2"),
                ("foreign_keys", "select cast(foreign_keys as text) as word from pragma_foreign_keys", "1"),
                ("busy_timeout", "select cast(timeout as text) as word from pragma_busy_timeout", "5000"),
            ] {
                let is = diesel::sql_query(query).get_result::<Word>(lite)?.word;
                if is != wanted {
                    return Ok(Some(Unsafe { setting, is, wanted }));
                }
            }
        }
        AnyConnection::Pg(pg) => {
            for setting in ["fsync", "synchronous_commit"] {
                let is = diesel::sql_query(format!("select current_setting('{setting}') as word")).get_result::<Word>(pg)?.word;
                if is == "off" {
                    return Ok(Some(Unsafe { setting, is, wanted: "on" }));
                }
            }
        }
    }
    Ok(None)
}

/// Holds the right to migrate until [`unlock_migrations`].
pub fn lock_migrations(db: &mut AnyConnection) -> Result<(), diesel::result::Error> {
    match db {
        // The data folder's lock keeps a second process away.
        AnyConnection::Lite(_) => Ok(()),
        AnyConnection::Pg(pg) => {
            pg.batch_execute("set lock_timeout = '60s'; select pg_advisory_lock(731700); set lock_timeout = '5s'")
        }
    }
}

/// Gives the right to migrate back.
pub fn unlock_migrations(db: &mut AnyConnection) -> Result<(), diesel::result::Error> {
    match db {
        AnyConnection::Lite(_) => Ok(()),
        AnyConnection::Pg(pg) => pg.batch_execute("select pg_advisory_unlock(731700)"),
    }
}
