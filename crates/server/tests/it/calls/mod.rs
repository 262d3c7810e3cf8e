//! `/v1/calls`.

mod cancel;
mod content;
mod create;
mod events;
mod idempotency;
mod list;
mod read;
mod recording;
mod timeline;
