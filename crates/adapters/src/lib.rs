//! The ports of Callgate kept with real things.
//!
//! - [`store`]: calls, inbox, keys and settings in SQLite or Postgres.

pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
