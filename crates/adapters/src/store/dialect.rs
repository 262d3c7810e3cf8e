//! The only place with SQL particular to one database.
//!
//! Safe settings and their proof, how a transaction begins, the store's own clock, taking rows that nobody else takes,
//! locks by name, in [`pages`] pages of rows, and in [`inserts`] many rows at once. Everything else is written once for both.

pub(crate) mod inserts;
mod pages;

use callgate_domain::ports::Clock;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel::sqlite::Sqlite;
use sha2::{Digest, Sha256};

#[cfg(feature = "testing")]
pub(crate) use self::inserts::insert_wide;
pub(crate) use self::inserts::{delete_results, insert_all, keep_keys, keep_webhooks};
pub use self::pages::{FirstRows, OfClient};
use super::connection::{AnyConnection, Purpose, on_backend};
use super::error::OpenError;
use super::types::{Instant, sql};

/// `full…sync` matters on macOS alone, where a plain sync leaves the bytes in the drive's cache. Without `temp_store`
/// every savepoint would copy the pages it touches into a temporary file. `secure_delete` overwrites what is deleted: without it
/// erased words stand in the file until their place is used again.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;";

/// The one connection that writes keeps 8 MB of pages: the inner pages of what new calls are inserted into.
const SQLITE_WRITES: &str = "PRAGMA cache_size = -8000";
/// What a connection has read is void as soon as another one has written, so those that read keep little: half a MB.
const SQLITE_READS: &str = "PRAGMA query_only = ON; PRAGMA cache_size = -500";
const SQLITE_LOOKS: &str = "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;";

/// A process that was stopped inside a transaction must not hold up the others for longer than their patience. What is read
/// behind a lock must be as new as the lock, whatever the database's own default is.
const POSTGRES_SETTINGS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '15s'; \
    SET idle_in_transaction_session_timeout = '5s'; SET default_transaction_isolation = 'read committed';";
const POSTGRES_LOOKS: &str = "SET default_transaction_read_only = on";

/// The URL with bounds on waiting for a server that does not answer, where it sets none: libpq would wait for ever.
pub fn bounded(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "5"), ("tcp_user_timeout", "10000")] {
        if !url.contains(&format!("{name}=")) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

/// Gives a new connection its settings and reads back those that durability rests on.
pub fn prepare(db: &mut AnyConnection, purpose: Purpose) -> Result<(), OpenError> {
    let failed = |error: Error| OpenError::Unreachable(error.into());
    match db {
        // Its settings are made by whoever writes.
        AnyConnection::Lite(c) if purpose == Purpose::Look => c.batch_execute(SQLITE_LOOKS).map_err(failed)?,
        AnyConnection::Lite(c) => {
            c.batch_execute(SQLITE_SETTINGS).map_err(failed)?;
            let mode = sql::<Text>("PRAGMA journal_mode").get_result(c).map_err(failed)?;
            must_be("journal_mode", "wal", mode)?;
            for (setting, query, wanted) in [
                ("synchronous", "PRAGMA synchronous", "2"),
                ("busy_timeout", "PRAGMA busy_timeout", "5000"),
                ("foreign_keys", "PRAGMA foreign_keys", "1"),
            ] {
                let found: i32 = sql::<Integer>(query).get_result(c).map_err(failed)?;
                must_be(setting, wanted, found.to_string())?;
            }
            let rest = if purpose == Purpose::Read { SQLITE_READS } else { SQLITE_WRITES };
            c.batch_execute(rest).map_err(failed)?;
        }
        AnyConnection::Pg(c) => {
            c.batch_execute(POSTGRES_SETTINGS).map_err(failed)?;
            for (setting, query) in [("fsync", "SHOW fsync"), ("synchronous_commit", "SHOW synchronous_commit")] {
                let found: String = sql::<Text>(query).get_result(c).map_err(failed)?;
                if found == "off" {
                    return Err(OpenError::Settings { setting, found, wanted: "on" });
                }
            }
            if purpose == Purpose::Look {
                c.batch_execute(POSTGRES_LOOKS).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn must_be(setting: &'static str, wanted: &'static str, found: String) -> Result<(), OpenError> {
    if found == wanted { Ok(()) } else { Err(OpenError::Settings { setting, found, wanted }) }
}

/// Whether there is a table of this name.
pub fn has_table(db: &mut AnyConnection, name: &str) -> QueryResult<bool> {
    let tables: i64 = match db {
        AnyConnection::Pg(c) => {
            let there = sql::<BigInt>("SELECT count(to_regclass(").bind::<Text, _>(name).sql("))");
            there.get_result(c)?
        }
        AnyConnection::Lite(c) => {
            let there = sql::<BigInt>("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ");
            there.bind::<Text, _>(name).get_result(c)?
        }
    };
    Ok(tables > 0)
}

/// Writes the whole of a SQLite database, as it is at one moment, into an empty file. Says whether it could: Postgres has
/// tools of its own for that.
pub fn copy_into(db: &mut AnyConnection, path: &str) -> QueryResult<bool> {
    let AnyConnection::Lite(c) = db else { return Ok(false) };
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(path).execute(c).map(|_| true)
}

/// Lets a file that is nobody else's be changed in place, without a log beside it.
pub fn keep_in_one_file(db: &mut AnyConnection) -> QueryResult<()> {
    let AnyConnection::Lite(c) = db else { return Ok(()) };
    c.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON")
}

/// Begins a transaction: on SQLite `IMMEDIATE`, since one that reads and then writes fails at once otherwise, whatever
/// the busy timeout.
pub fn begin(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        AnyConnection::Lite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
    }
}

/// Begins a savepoint inside a transaction; `commit` and `rollback` then end the savepoint.
pub fn begin_inside(db: &mut AnyConnection) -> QueryResult<()> {
    on_backend!(db, c => AnsiTransactionManager::begin_transaction(c))
}

/// Ends the innermost transaction or savepoint and keeps what was done in it.
pub fn commit(db: &mut AnyConnection) -> QueryResult<()> {
    on_backend!(db, c => AnsiTransactionManager::commit_transaction(c))
}

/// Ends the innermost transaction or savepoint and undoes what was done in it.
pub fn rollback(db: &mut AnyConnection) -> QueryResult<()> {
    on_backend!(db, c => AnsiTransactionManager::rollback_transaction(c))
}

/// How many transactions and savepoints are open.
pub fn depth(db: &mut AnyConnection) -> QueryResult<u32> {
    let depth = on_backend!(db, c => AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth())?;
    Ok(depth.map_or(0, std::num::NonZeroU32::get))
}

/// Lets a migration take its time, and wait for another process that migrates.
pub fn be_patient(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => c.batch_execute("SET statement_timeout = 0; SET lock_timeout = '5min'"),
        AnyConnection::Lite(_) => Ok(()),
    }
}

/// Whether other processes may use the same database.
pub fn is_shared(db: &AnyConnection) -> bool {
    matches!(db, AnyConnection::Pg(_))
}

/// Locks names until the transaction ends, always in the same order. On SQLite the transaction is the only one anyway.
pub fn lock(db: &mut AnyConnection, names: impl IntoIterator<Item = String>) -> QueryResult<()> {
    let AnyConnection::Pg(c) = db else { return Ok(()) };
    let mut keys: Vec<i64> = names.into_iter().map(|name| lock_key(&name)).collect();
    keys.sort_unstable();
    keys.dedup();
    diesel::sql_query("SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest($1) AS k ORDER BY 1) AS keys")
        .bind::<Array<BigInt>, _>(keys)
        .execute(c)
        .map(drop)
}

/// Locks a name until the transaction ends, together with all others who only share it.
pub fn lock_shared(db: &mut AnyConnection, name: &str) -> QueryResult<()> {
    let AnyConnection::Pg(c) = db else { return Ok(()) };
    diesel::sql_query("SELECT pg_advisory_xact_lock_shared($1)").bind::<BigInt, _>(lock_key(name)).execute(c).map(drop)
}

fn lock_key(name: &str) -> i64 {
    let hash: [u8; 32] = Sha256::digest(format!("callgate {name}").as_bytes()).into();
    hash.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// Where processes that share a Postgres tell one another.
const CHANNEL: &str = "callgate";

/// From now on this connection hears what is told. Nothing is told on SQLite.
pub fn listen(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => c.batch_execute(&format!("LISTEN {CHANNEL}")),
        AnyConnection::Lite(_) => Ok(()),
    }
}

/// The server's number for this connection: who tells something.
pub fn process(db: &mut AnyConnection) -> QueryResult<i32> {
    match db {
        AnyConnection::Pg(c) => sql::<Integer>("SELECT pg_backend_pid()").get_result(c),
        AnyConnection::Lite(_) => Ok(0),
    }
}

/// Tells everybody who listens, in one transaction that does nothing else.
pub fn notify(db: &mut AnyConnection, payloads: &[String]) -> QueryResult<()> {
    let AnyConnection::Pg(c) = db else { return Ok(()) };
    diesel::sql_query("SELECT pg_notify($1, told) FROM unnest($2) AS told")
        .bind::<Text, _>(CHANNEL)
        .bind::<Array<Text>, _>(payloads)
        .execute(c)
        .map(drop)
}

/// What others than `own` have told since the last time. Does not wait.
pub fn heard(db: &mut AnyConnection, own: i32) -> QueryResult<Vec<String>> {
    let AnyConnection::Pg(c) = db else { return Ok(Vec::new()) };
    let heard = c.notifications_iter().filter(|told| told.as_ref().map_or(true, |told| told.process_id != own));
    heard.map(|told| told.map(|told| told.payload)).collect()
}

/// Waits less long for locks, until the transaction ends.
pub fn wait_briefly(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => c.batch_execute("SET LOCAL lock_timeout = '100ms'"),
        AnyConnection::Lite(_) => Ok(()),
    }
}

/// Whether somebody else held a lock for longer than we wait. Told by its words, as diesel hides the code; a server that
/// speaks another language yields `Unavailable` instead, which is as safe.
pub fn is_lock_timeout(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if told.message().contains("lock timeout"))
}

/// The store's own clock inside a statement: the database's on Postgres, where processes share it; ours on SQLite.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub struct Now(pub Instant);

impl Expression for Now {
    type SqlType = sql::Instant;
}

impl QueryFragment<Pg> for Now {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("clock_timestamp()");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Now {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<sql::Instant, _>(&self.0)
    }
}

impl<T> AppearsOnTable<T> for Now {}
impl<T> SelectableExpression<T> for Now {}

/// Now, by the store's own clock.
pub fn now(db: &mut AnyConnection, clock: &dyn Clock) -> QueryResult<Instant> {
    let ours = Instant(clock.now());
    match db {
        AnyConnection::Pg(c) => diesel::select(Now(ours)).get_result(c),
        AnyConnection::Lite(_) => Ok(ours),
    }
}

/// Runs a select of ids whose rows nobody else takes until the transaction ends. On SQLite a plain select: the write
/// transaction is already the only one.
macro_rules! take_ids {
    ($db:expr, $query:expr) => {
        match $db {
            $crate::store::connection::AnyConnection::Pg(c) => $query.for_update().skip_locked().load(c),
            $crate::store::connection::AnyConnection::Lite(c) => $query.load(c),
        }
    };
}
pub(crate) use take_ids;

/// Runs a select of rows that nobody else changes until the transaction ends: a change of one is waited for.
macro_rules! lock_rows {
    ($db:expr, $query:expr) => {
        match $db {
            $crate::store::connection::AnyConnection::Pg(c) => $query.for_update().load(c),
            $crate::store::connection::AnyConnection::Lite(c) => $query.load(c),
        }
    };
}
pub(crate) use lock_rows;

/// Reads one row, which nobody changes until the transaction ends. On SQLite a plain select: the write transaction is
/// already the only one.
macro_rules! share_row {
    ($db:expr, $query:expr) => {
        match $db {
            $crate::store::connection::AnyConnection::Pg(c) => $query.for_share().get_result(c).optional(),
            $crate::store::connection::AnyConnection::Lite(c) => $query.get_result(c).optional(),
        }
    };
}
pub(crate) use share_row;

/// Clears those webhooks left for an operator, about which nothing is known, whose body holds this text. There are never
/// many: each of them could not be handled five times.
pub fn clear_left_that_say(db: &mut AnyConnection, text: &str) -> QueryResult<()> {
    const UNKNOWN: &str = "UPDATE inbox SET url = NULL, headers = '[]', body = NULL \
        WHERE progress IN ('orphaned', 'quarantined') AND about_provider_call IS NULL AND about_attempt IS NULL";
    match db {
        AnyConnection::Pg(c) => diesel::sql_query(format!("{UNKNOWN} AND position(convert_to($1, 'UTF8') IN body) > 0"))
            .bind::<Text, _>(text)
            .execute(c),
        AnyConnection::Lite(c) => {
            diesel::sql_query(format!("{UNKNOWN} AND instr(body, CAST(? AS BLOB)) > 0")).bind::<Text, _>(text).execute(c)
        }
    }
    .map(drop)
}

/// Writes SQLite's log back into its file and leaves it empty, so that nothing stands in it that was deleted since. Says
/// whether nobody was in the way. It waits for others for a moment only: meanwhile nobody writes.
pub fn empty_log(db: &mut AnyConnection) -> QueryResult<bool> {
    let AnyConnection::Lite(c) = db else { return Ok(true) };
    // Most of it goes without holding up anybody.
    c.batch_execute("PRAGMA wal_checkpoint(PASSIVE); PRAGMA busy_timeout = 250;")?;
    let busy: i32 = sql::<Integer>("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
    Ok(busy == 0)
}

/// Lets a connection take the memory and the time that writing millions of rows wants.
#[cfg(feature = "testing")]
pub fn be_roomy(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0"),
        AnyConnection::Lite(c) => c.batch_execute("PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 16384"),
    }
}

/// What a database does for itself in the course of days: on Postgres vacuuming and figures for the planner, on SQLite
/// writing its log back into its file.
#[cfg(feature = "testing")]
pub fn keep_house(db: &mut AnyConnection) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(c) => c.batch_execute("VACUUM ANALYZE"),
        AnyConnection::Lite(_) => empty_log(db).map(drop),
    }
}
