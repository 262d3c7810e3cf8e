//! What tests of every crate share: builders, stores in memory, and the contracts that adapters are run against.

pub mod chance;
pub mod clock;
pub mod memory;
pub mod provider_contract;
