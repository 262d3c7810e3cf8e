//! The adapters against the contracts of their ports: one binary, so that it links once.

mod corpus;
mod providers;
mod store;
