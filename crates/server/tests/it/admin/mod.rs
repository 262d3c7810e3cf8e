//! `/v1/admin`.

mod pause;
