//! What the tests of this crate and of those above it share, behind the feature `testing`.

pub mod audio;
pub mod document;
pub mod engine;
pub mod kinds;
#[cfg(feature = "testing")]
pub mod past;
pub mod postgres;
pub mod sqlite;
pub mod stub;
