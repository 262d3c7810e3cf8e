//! One file per thing the product does, written against the ports.
//!
//! - [`agents`]: the public agents.
//! - [`audit`]: which key did what.
//! - [`backups`]: make backups, and take one in that is started.
//! - [`calls`]: place, read, list and cancel calls.
//! - [`dispatch`]: place what is due.
//! - [`intake`]: webhooks: keep, then match, apply or park.
//! - [`keys`]: make, rotate and revoke API keys.
//! - [`pause`]: hold back what is not to be dialed now.
//! - [`reconcile`]: ask about calls gone silent, enforce deadlines.
//! - [`record`]: the one way in which all of them change a call.

pub mod agents;
pub mod audit;
pub mod backups;
pub mod calls;
pub mod dispatch;
pub mod intake;
pub mod keys;
pub mod pause;
pub mod reconcile;
pub mod record;

pub use agents::Agents;
pub use audit::AuditLog;
pub use backups::Backups;
pub use calls::Calls;
pub use dispatch::Dispatch;
pub use intake::Intake;
pub use keys::Keys;
pub use pause::Pause;
pub use reconcile::Reconcile;
pub use record::Recorder;
