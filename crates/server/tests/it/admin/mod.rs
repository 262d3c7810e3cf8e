//! `/v1/admin`.

mod backup;
mod pause;
