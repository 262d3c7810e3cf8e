//! The ports of the domain, kept with real things.

pub mod store;
