//! How notices leave: one request each, to where a client said, and never to anywhere it must not reach.
//!
//! When one is sent, and again, is the outbox's business (`usecases/deliver.rs`); here is how, and what came of it.

mod address;
mod resolver;
mod target;

pub use address::{Blocked, Guard, Reach};
pub use resolver::{Guarded, Lookup, SystemLookup, Unresolved};
pub use target::{MAX_URL, Target, UrlFault};
