//! The adapters against the contracts of their ports: one binary, so that it links once.

mod backup;
mod corpus;
mod erased;
mod look;
mod providers;
mod relay;
mod sender;
mod simulation;
mod store;
mod tls;
