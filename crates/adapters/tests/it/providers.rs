//! Every kind of provider against the contract, with the fixtures of its folder and a real local server as its engine.

// What helps tests is held to the lints of tests.
#![cfg(test)]

mod bench;
mod contract;
pub mod engine;
mod fixtures;
mod http;
pub mod peer;
mod recording;
mod simulated_calls;
mod simulator;
mod stage;
mod transport;
mod vapi;
