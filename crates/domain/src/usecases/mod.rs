//! One file per thing the product does, written against the ports.
//!
//! - [`agents`]: the public agents.
//! - [`audit`]: which key did what.
//! - [`backups`]: make backups, and take one in that is started.
//! - [`calls`]: place, read, list and cancel calls.
//! - [`deliver`]: tell clients what became of their calls.
//! - [`dispatch`]: place what is due.
//! - [`endpoints`]: where clients want to be told.
//! - [`erase`]: forget a call's content, or a person.
//! - [`intake`]: webhooks: keep, then match, apply or park.
//! - [`keys`]: make, rotate and revoke API keys.
//! - [`pause`]: hold back what is not to be dialed now.
//! - [`reconcile`]: ask about calls gone silent, enforce deadlines.
//! - [`recording`]: the audio of a call, from its provider.
//! - [`record`]: the one way in which all of them change a call.
//! - [`retain`]: forget what was kept long enough.
//! - [`sign_in`]: sign in to the console, with a key or a link.

pub mod agents;
pub mod audit;
pub mod backups;
pub mod calls;
pub mod checks;
pub mod deliver;
pub mod dispatch;
pub mod endpoints;
pub mod erase;
pub mod inspect;
pub mod intake;
pub mod keys;
pub mod pause;
pub mod reconcile;
pub mod record;
pub mod recording;
pub mod retain;
pub mod sign_in;

pub use agents::Agents;
pub use audit::AuditLog;
pub use backups::Backups;
pub use calls::Calls;
pub use checks::Checks;
pub use deliver::Deliver;
pub use dispatch::Dispatch;
pub use endpoints::Endpoints;
pub use erase::Erase;
pub use inspect::Inspect;
pub use intake::Intake;
pub use keys::Keys;
pub use pause::Pause;
pub use reconcile::Reconcile;
pub use record::Recorder;
pub use retain::Retain;
pub use sign_in::SignIn;
