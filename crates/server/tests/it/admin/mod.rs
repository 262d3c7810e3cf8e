//! `/v1/admin`.

mod audit;
mod backup;
mod connections;
mod erase;
mod inspect;
mod keys;
mod overview;
mod pause;
