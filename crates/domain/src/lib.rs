//! What a call is, and what may happen to it.
//!
//! This crate is the inside of the gateway. It does no I/O, knows no framework and never asks the time.
//!
//! - [`model`]: pure values and rules. [`model::Call::apply`] is the only way a call changes.
//! - [`ports`]: what the inside needs from outside, as traits whose doc comments say what MUST hold.
//! - [`usecases`]: one file per thing the product does, written against the ports.
//! - [`testing`] (feature `testing`): builders, mocks, and the contracts every adapter is run against.
//!
//! The way through is always: HTTP request or worker tick, use case, port, adapter.

pub mod model;
pub mod ports;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usecases;
