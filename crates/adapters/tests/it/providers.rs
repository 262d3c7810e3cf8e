//! Every kind of provider against the contract, with the fixtures of its folder and a real local server as its engine.

// What helps tests is held to the lints of tests.
#![cfg(test)]

mod bench;
mod bland;
mod bolna;
mod contract;
mod elevenlabs;
pub mod engine;
mod fixtures;
mod http;
mod livekit;
pub mod peer;
mod recording;
mod retell;
mod simulated_calls;
mod simulator;
mod stage;
mod transport;
mod twilio;
mod vapi;
mod verifiers;
