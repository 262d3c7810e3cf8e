//! `/v1/admin`.

mod audit;
mod backup;
mod keys;
mod pause;
