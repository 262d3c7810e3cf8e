//! A database that is only looked at: nothing in it is changed by that, and nobody who works in it is held up.
//!
//! The gateway itself opens it by `database.rs`, which brings its tables up to date.

use callgate_domain::model::{Endpoint, EndpointId};
use callgate_domain::ports::{Clock, Reader, StoreError};
use jiff::Timestamp;

use super::connection::{Address, AnyConnection, Purpose};
use super::error::{Failure, OpenError};
use super::{dialect, migrations, outbox};

/// A database, opened as it is. Everything here blocks.
pub struct Look {
    db: AnyConnection,
}

/// A database as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Migrations that opening it to work would apply.
    pub pending: Vec<String>,
    /// The time there.
    pub now: Timestamp,
}

impl Look {
    /// Opens the database at `url`; a file that is not there is not made.
    ///
    /// # Errors
    /// [`OpenError`] says why it cannot be looked at.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let address = Address::parse(url)?;
        if let Address::Sqlite(path) = &address {
            std::fs::metadata(path).map_err(|error| OpenError::Unreachable(error.into()))?;
        }
        Ok(Self { db: address.connect(Purpose::Look)? })
    }

    /// Whether its tables are this release's, and what time it is there.
    ///
    /// # Errors
    /// [`OpenError`] says why it cannot be used.
    pub fn condition(&mut self, clock: &dyn Clock) -> Result<Condition, OpenError> {
        let pending = migrations::pending(&mut self.db)?;
        let now = dialect::now(&mut self.db, clock).map_err(|error| OpenError::Unreachable(error.into()))?;
        Ok(Condition { pending, now: now.0 })
    }

    /// Everybody's endpoints that come after one in the order of their ids, `limit` at most. Only where no migration is
    /// pending.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn endpoints(&mut self, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError> {
        outbox::page(&mut self.db, &Reader::All, after, limit).map_err(|Failure(error)| error)
    }
}
