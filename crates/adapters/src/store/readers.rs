//! SQLite's reading connections: as many as read at once, each used by whoever comes next.
//!
//! A read by key takes microseconds, so it is done where it is asked for, without a hop to another thread. The connections
//! belong to the database and not to threads, so they end with it.

use std::sync::{Mutex, PoisonError};

use callgate_domain::ports::StoreError;

use super::connection::{Address, AnyConnection, Purpose};
use super::error::Failure;

/// More idle ones than this are closed.
const IDLE: usize = 32;

/// The idle connections. The last one used is the next one used: its pages are still warm.
pub struct Readers {
    address: Address,
    idle: Mutex<Vec<AnyConnection>>,
}

impl Readers {
    /// None yet; each is opened when all others are in use.
    pub fn new(address: Address) -> Self {
        Self { address, idle: Mutex::new(Vec::new()) }
    }

    /// Lends a connection to `query`. Blocks as long as the query takes.
    pub fn with<T>(&self, query: impl FnOnce(&mut AnyConnection) -> Result<T, Failure>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut db = match idle {
            Some(db) => db,
            None => self.address.connect(Purpose::Read).map_err(|error| StoreError::Unavailable(error.into()))?,
        };
        let done = query(&mut db);
        // One that failed is closed: whatever it was, a new one does not have it.
        if !matches!(done, Err(Failure(StoreError::Unavailable(_)))) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE {
                idle.push(db);
            }
        }
        done.map_err(|Failure(error)| error)
    }
}
