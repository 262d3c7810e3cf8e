//! The store: calls, inbox, keys and settings in SQLite or Postgres, one body of diesel code for both.
//!
//! - `connection.rs`, `types.rs`, `schema.rs`, `rows/`: what is common to both databases.
//! - `dialect.rs`: the only file with SQL particular to one.
//! - `database.rs`: the only door; `writer.rs`, `readers.rs`, `pool.rs` and `crowd.rs` stand behind it.
//! - `look.rs`: looking at a database without changing it.
//! - `relay.rs`: hints between processes; `transport.rs`: whether the way to the database can be listened to.
//! - `calls.rs`, `moves.rs`, `inbox.rs`, `inspection.rs`, `outbox.rs`, `keys.rs`, `sessions.rs`, `audit.rs`, `settings.rs`, `holds.rs`,
//!   `copies.rs`, `figures.rs`, `retention.rs`: the ports.
//! - `seed.rs`, for measurements alone: rows of calls that are long over.
//!
//! SQL appears here and in `migrations/`, nowhere else. What a change means is the model's business.

mod audit;
mod calls;
mod connection;
mod copies;
mod crowd;
mod database;
mod dialect;
mod error;
mod figures;
mod holds;
mod inbox;
mod inspection;
mod keys;
mod look;
mod migrations;
mod moves;
mod outbox;
mod pool;
mod readers;
mod relay;
mod retention;
mod rows;
mod schema;
#[cfg(feature = "testing")]
pub mod seed;
mod sessions;
mod settings;
mod statements;
mod threads;
mod transport;
mod types;
mod waiting;
mod writer;

use std::sync::Arc;

use callgate_domain::ports::{
    Audit, CallStore, Clock, Copies, Figures, Holds, Inbox, Inspection, KeyStore, Moves, Outbox, Retention, Sessions, Settings,
};

pub use audit::SqlAudit;
pub use calls::SqlCallStore;
pub use copies::SqlCopies;
pub use error::OpenError;
pub use figures::SqlFigures;
pub use holds::SqlHolds;
pub use inbox::SqlInbox;
pub use inspection::SqlInspection;
pub use keys::SqlKeyStore;
pub use look::{Condition, Look};
pub use moves::SqlMoves;
pub use outbox::SqlOutbox;
pub use relay::{News, Relay, relay};
pub use retention::SqlRetention;
pub use sessions::SqlSessions;
pub use settings::SqlSettings;
pub use transport::unverified_host;

use connection::{Address, Purpose};
use database::Database;
use error::Failure;
use jiff::Timestamp;

/// Everything that is kept in the database, as the ports see it.
#[derive(Clone)]
pub struct Stores {
    /// Calls.
    pub calls: Arc<dyn CallStore>,
    /// What has changed.
    pub moves: Arc<dyn Moves>,
    /// Webhooks that came in.
    pub inbox: Arc<dyn Inbox>,
    /// Where clients want to be told, and what.
    pub outbox: Arc<dyn Outbox>,
    /// API keys.
    pub keys: Arc<dyn KeyStore>,
    /// Who is signed in to the console.
    pub sessions: Arc<dyn Sessions>,
    /// The audit log.
    pub audit: Arc<dyn Audit>,
    /// What the program keeps for itself.
    pub settings: Arc<dyn Settings>,
    /// What operators hold back.
    pub holds: Arc<dyn Holds>,
    /// Backups, and what is started from one.
    pub copies: Arc<dyn Copies>,
    /// Figures for people.
    pub figures: Arc<dyn Figures>,
    /// What operators look at.
    pub inspection: Arc<dyn Inspection>,
    /// What may be forgotten.
    pub retention: Arc<dyn Retention>,
}

/// Opens the database at `url` (`sqlite://path`, `postgres://…`), brings its tables up to date, and keeps up to `pool`
/// connections to it. Blocks: it belongs to the start of a process.
///
/// # Errors
/// [`OpenError`] says why it was not opened; then nothing in it was changed.
pub fn open(url: &str, pool: u32, clock: Arc<dyn Clock>) -> Result<Stores, OpenError> {
    let database = Database::open(url, pool, clock)?;
    Ok(Stores {
        calls: Arc::new(SqlCallStore::new(Arc::clone(&database))?),
        moves: Arc::new(SqlMoves::new(Arc::clone(&database))),
        inbox: Arc::new(SqlInbox::new(Arc::clone(&database))?),
        outbox: Arc::new(SqlOutbox::new(Arc::clone(&database))),
        keys: Arc::new(SqlKeyStore::new(Arc::clone(&database))),
        sessions: Arc::new(SqlSessions::new(Arc::clone(&database))),
        audit: Arc::new(SqlAudit::new(Arc::clone(&database))),
        settings: Arc::new(SqlSettings::new(Arc::clone(&database))),
        holds: Arc::new(SqlHolds::new(Arc::clone(&database))),
        copies: Arc::new(SqlCopies::new(Arc::clone(&database))),
        figures: Arc::new(SqlFigures::new(Arc::clone(&database))),
        inspection: Arc::new(SqlInspection::new(Arc::clone(&database))),
        retention: Arc::new(SqlRetention::new(database)),
    })
}

/// Brings the tables of the database at `url` up to date and returns the versions that were applied. Blocks.
///
/// # Errors
/// [`OpenError`] says why it was not done; then nothing was changed.
pub fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    migrations::run(&mut Address::parse(url)?.connect(Purpose::Write)?)
}

/// Makes the database at `url` what it was before the last `count` migrations, with what is in it; returns how many are left.
/// Blocks.
///
/// # Errors
/// As [`migrate`].
#[cfg(feature = "testing")]
pub fn take_back(url: &str, count: usize) -> Result<usize, OpenError> {
    let mut db = Address::parse(url)?.connect(Purpose::Write)?;
    migrations::take_back(&mut db, count)?;
    migrations::applied(&mut db)
}

/// Makes the database at `url` one that a newer release has changed. Blocks.
///
/// # Errors
/// As [`migrate`].
#[cfg(feature = "testing")]
pub fn make_newer(url: &str, version: &str) -> Result<(), OpenError> {
    migrate(url)?;
    migrations::mark(&mut Address::parse(url)?.connect(Purpose::Write)?, version)
}

/// Brings the tables of the database at `url` up to date and stamps it as a copy made at `at`: nothing in it is claimed
/// until it has been taken in. Blocks.
///
/// # Errors
/// [`OpenError`] says why it was not done; then it is not stamped.
pub fn stamp(url: &str, at: Timestamp) -> Result<(), OpenError> {
    let mut db = Address::parse(url)?.connect(Purpose::Write)?;
    migrations::run(&mut db)?;
    let stamped = database::in_transaction(&mut db, |db| copies::stamp(db, at));
    stamped.map_err(|Failure(error)| OpenError::Unreachable(error.into()))
}
