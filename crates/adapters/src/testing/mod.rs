//! What the tests of this crate and of those above it share, behind the feature `testing`.

pub mod audio;
pub mod document;
pub mod engine;
pub mod kinds;
pub mod postgres;
pub mod sqlite;
pub mod stub;
