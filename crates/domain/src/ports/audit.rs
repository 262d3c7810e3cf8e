//! The audit log: which key did what to which thing, and what came of it. Append-only.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use crate::model::{AuditId, KeyId};

crate::model::words::words! {
    /// What was done, or tried.
    pub enum AuditAction {
        /// A key was made.
        KeyCreated = "key.created",
        /// A key was replaced by a new one.
        KeyRotated = "key.rotated",
        /// A key was revoked.
        KeyRevoked = "key.revoked",
        /// The first key was given, or made, when a process started.
        FirstKeySet = "key.first_set",
        /// A request came with a key that is none, or that may not do this. The object is the address it came from.
        AuthFailed = "auth.failed",
        /// An endpoint for notices was made.
        EndpointCreated = "endpoint.created",
        /// An endpoint was changed.
        EndpointChanged = "endpoint.changed",
        /// An endpoint was deleted.
        EndpointDeleted = "endpoint.deleted",
        /// An endpoint was given another secret.
        EndpointSecretRotated = "endpoint.secret_rotated",
        /// A sample was sent to an endpoint.
        EndpointTested = "endpoint.tested",
        /// An endpoint was disabled, by a person or by its own answers.
        EndpointDisabled = "endpoint.disabled",
        /// A delivery was sent again.
        DeliveryResent = "delivery.resent",
        /// What an endpoint missed was sent again.
        EndpointRecovered = "endpoint.recovered",
        /// A kept webhook was taken up again.
        WebhookReplayed = "webhook.replayed",
        /// A connection was asked whether it can dial.
        ConnectionChecked = "connection.checked",
        /// A connection was given another webhook address.
        ConnectionUrlRotated = "connection.url_rotated",
        /// The content of one call was erased.
        CallErased = "call.erased",
        /// The content of all calls of one number was erased.
        PhoneErased = "phone.erased",
        /// Dialing was paused.
        DialingPaused = "dialing.paused",
        /// Dialing was resumed.
        DialingResumed = "dialing.resumed",
        /// A backup was made.
        BackupMade = "backup.made",
        /// A number is not to be called any more.
        SuppressionSet = "suppression.set",
        /// A number may be called again.
        SuppressionLifted = "suppression.lifted",
        /// The configuration was read again.
        ConfigReloaded = "config.reloaded",
        /// A link to sign in to the console was made.
        ConsoleLinkMade = "console.link_made",
        /// Somebody signed in to the console. The object is with what: a key, or a link.
        ConsoleSignedIn = "console.signed_in",
        /// Whole numbers were shown in the console.
        PhonesShown = "phones.shown",
    }
}

crate::model::words::words! {
    /// What came of it.
    pub enum AuditResult {
        /// It was done.
        Done = "done",
        /// A rule, or the request itself, forbade it: nothing has changed.
        Refused = "refused",
        /// There is no such thing, or it is another client's.
        NotFound = "not_found",
        /// It could not be done now.
        Failed = "failed",
        /// The key is unknown, expired or revoked.
        InvalidToken = "invalid_token",
        /// The key lacks the scope.
        InsufficientScope = "insufficient_scope",
    }
}

/// Whoever does something that is audited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// With this key; `None` for the gateway itself, and for whoever has none.
    pub key: Option<KeyId>,
    /// By this request, where it was one.
    pub request_id: Option<String>,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Made for `at`: the log's order.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// What was done.
    pub action: AuditAction,
    /// To which thing: an id, a name or an address, [`AuditEntry::LONGEST_OBJECT`] characters at most. Never a key, a secret
    /// or a phone number.
    pub object: String,
    /// What came of it.
    pub result: AuditResult,
    /// How often, where the same came so fast that one line stands for several; 1 otherwise.
    pub times: u32,
}

impl AuditEntry {
    /// Longer objects are cut.
    pub const LONGEST_OBJECT: usize = 200;
}

/// Where the audit log is kept. Lines are added and read; no method changes one.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a line. It MUST NOT return before it is durable.
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Newest first: at most `limit` lines, older than `before`.
    async fn list(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;
}
