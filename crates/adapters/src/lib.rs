//! adapters

pub mod clock;
pub mod providers;
