//! `/v1/admin`.

mod audit;
mod backup;
mod erase;
mod keys;
mod pause;
