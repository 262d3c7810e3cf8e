//! `/v1/calls`.

mod cancel;
mod content;
mod create;
mod events;
mod idempotency;
mod limits;
mod list;
mod read;
mod recording;
mod timeline;
