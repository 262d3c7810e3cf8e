//! The process around the gateway: HTTP in, background work, the command line. Thin: no rule about calls lives here.

mod browser;
pub mod cli;
pub mod config;
pub mod duration;
pub mod failure;
pub mod figures;
pub mod gateway;
pub mod hint;
pub mod http;
mod phone;
mod recent;
pub mod serve;
pub mod signals;
pub mod telemetry;
pub mod wiring;
pub mod workers;

/// The program's name: binary, environment prefix, metric prefix and console title all come from it.
pub const NAME: &str = "callgate";
