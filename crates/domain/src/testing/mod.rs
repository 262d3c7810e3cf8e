//! What tests share, behind the feature `testing`: builders, and the contracts that every adapter is run against.
//!
//! Mocks of the ports come with the ports themselves (`MockCallStore` and the like).

pub mod builders;
pub mod store_contract;
