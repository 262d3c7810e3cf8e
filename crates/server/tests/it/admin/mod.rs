//! `/v1/admin`.

mod backup;
mod erase;
mod inspect;
mod pause;
