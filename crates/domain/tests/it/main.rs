//! The domain, tested from outside: the state machine as a table and under random events, and the use cases against
//! mocked ports.
#![cfg(test)]

mod adversary;
mod calls;
mod corpus;
mod desk;
mod dispatch;
mod intake;
mod machine;
mod made;
mod memory;
mod order;
mod phone;
mod reconcile;
mod recorder;
mod values;
mod walk;
