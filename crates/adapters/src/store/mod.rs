//! Calls, webhooks, keys and settings in SQLite or Postgres: one body of diesel code, chosen at run time by the URL.
//!
//! SQL appears only here and in `migrations/`. What is particular to one database is in [`dialect`] alone.

pub mod calls;
pub mod connection;
pub mod database;
mod dialect;
mod error;
mod inbox;
mod keys;
pub mod migrate;
mod rows;
pub mod schema;
mod settings;
pub mod types;
mod writer;

use std::sync::Arc;

use callgate_domain::ports::Clock;

pub use database::{Database, OpenError};
pub use migrate::MigrateError;

/// Everything that is kept, in one database. Implements the ports `CallStore`, `Inbox`, `KeyStore` and `Settings`.
pub struct SqlStore {
    db: Database,
}

impl SqlStore {
    /// Opens and migrates the database that `url` names; `pool` connections at most.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed then.
    pub fn open(url: &str, pool: u32, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Database::open(url, pool, clock).map(|db| Self { db })
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.db.kind()
    }
}
