//! `/v1/admin`.

mod audit;
mod backup;
mod erase;
mod inspect;
mod keys;
mod pause;
