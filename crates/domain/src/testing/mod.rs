//! What tests of every crate share, behind the feature `testing`: builders, a clock set by hand, and the contracts that
//! adapters are run against.
//!
//! Mocks of the ports come with the ports themselves (`MockCallStore` and the like).

pub mod builders;
pub mod chance;
pub mod clock;
pub mod memory;
pub mod provider_contract;
pub mod simulation;
pub mod store_contract;
pub mod targets;
