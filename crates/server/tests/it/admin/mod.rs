//! `/v1/admin`.

mod backup;
mod erase;
mod pause;
