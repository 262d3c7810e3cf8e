//! The real program as a process: killed, stopped, cut off from its database, and served by engines that misbehave.
//!
//! What is proved is `RELIABILITY.md`'s two promises: nobody is rung twice, and nothing that was confirmed is lost. The
//! judge of the first is an engine that counts; of the second, every request that was answered with 2xx.
#![cfg(test)]

mod api;
mod breaker;
mod canaries;
mod database;
mod deliveries;
mod engine;
mod engines;
mod every_provider;
mod judge;
mod keys;
mod kill;
mod killed;
mod live;
mod load;
mod log;
mod own_engine;
mod process;
mod proxy;
mod receiver;
mod receivers;
mod recording;
mod restored;
mod several;
mod side_by_side;
mod stop;
mod sync;
mod traces;
mod upgrade;
