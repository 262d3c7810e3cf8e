//! The process around the gateway: HTTP in, background work, the command line. Thin: no rule about calls lives here.

pub mod gateway;
pub mod signals;
pub mod telemetry;
pub mod wiring;
pub mod workers;
