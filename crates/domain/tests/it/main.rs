//! The domain, tested from outside: the state machine as a table and under random events, and the use cases against
//! mocked ports.
#![cfg(test)]

mod adversary;
mod backups;
mod breaker;
mod calls;
mod corpus;
mod desk;
mod dispatch;
mod erase;
mod gone;
mod holds;
mod intake;
mod keys;
mod machine;
mod made;
mod memory;
mod order;
mod pause;
mod phone;
mod rate;
mod reconcile;
mod recorder;
mod redacted;
mod restored;
mod retain;
mod routes;
mod sign_in;
mod simulation;
mod telling;
mod values;
mod walk;
