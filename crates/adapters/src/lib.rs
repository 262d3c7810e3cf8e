//! The ports of the domain, kept with real things: SQLite and Postgres, voice providers, HTTP to clients, the machine's
//! clock.

pub mod clock;
pub mod network;
pub mod providers;
pub mod sender;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trace;
