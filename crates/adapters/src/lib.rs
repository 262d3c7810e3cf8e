//! The ports of the domain, kept with real things: SQLite and Postgres, voice providers, the machine's clock.

pub mod clock;
pub mod providers;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
