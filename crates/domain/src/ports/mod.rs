//! What the inside needs from outside, as traits. Each doc comment says what MUST hold; `testing` holds the same
//! sentences as tests.
//!
//! All are object-safe and held as `Arc<dyn Port>`. Methods take and return model types only.

pub mod agents;
pub mod audit;
pub mod clock;
pub mod copies;
pub mod error;
pub mod figures;
pub mod holds;
pub mod inbox;
pub mod inspection;
pub mod keys;
pub mod moves;
pub mod outbox;
pub mod provider;
pub mod retention;
pub mod sessions;
pub mod settings;
pub mod signals;
pub mod store;
pub mod url_fault;

pub use agents::AgentCatalog;
pub use audit::{Actor, Audit, AuditAction, AuditEntry, AuditResult};
pub use clock::{Chance, Clock};
pub use copies::{Copies, CopyError, TakingIn};
pub use error::{ProviderError, StoreError, WebhookError};
pub use figures::{Accepted, Backlog, Deliveries, Failing, Figures, Middles, Pulse, Unsettled};
pub use holds::Holds;
pub use inbox::{Inbox, Kept, KeptWebhook, Parcel, Progress, SWEEP, together};
pub use inspection::{Inspection, Looked, Replayed};
pub use keys::{ApiKey, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, Scope};
pub use moves::{Mark, Moves, SEEN_WITHIN, Stretch};
pub use outbox::{DeliveryFilter, DeliveryPage, Errand, Message, NoticeSender, Outbox, Recovered, Reply, Target, Tried, in_turn};
pub use provider::{
    AttemptRef, Audio, AudioBody, Authentic, Connection, Connections, Found, InvalidSettings, RawWebhook, Reading, VoiceProvider,
};
pub use retention::{KeyPlace, Retention, Swept};
pub use sessions::{Redeemed, Sessions, Ticket, TicketKind};
pub use settings::{Settings, WebhookToken};
pub use signals::{Cause, Signals, Work};
pub use store::{CallFilter, CallStore, Change, IdempotencyKey, Inserted, Listed, Match, Page, Reader, Taken};
pub use url_fault::UrlFault;
