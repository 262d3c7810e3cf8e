//! The audit log: lines are made, added and read here.

use std::sync::Arc;

use crate::model::AuditId;
use crate::ports::{Actor, Audit, AuditAction, AuditEntry, AuditResult, Chance, Clock, StoreError};

/// Keeps the audit log.
pub struct AuditLog {
    /// Where it is kept.
    pub audit: Arc<dyn Audit>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of lines.
    pub chance: Arc<dyn Chance>,
}

impl AuditLog {
    /// A line that says what happens now. It is kept by [`Self::record`], or in the commit of a store that takes it.
    #[must_use]
    pub fn line(&self, by: Actor, action: AuditAction, object: &str, result: AuditResult) -> AuditEntry {
        let at = self.clock.now();
        let object = object.chars().take(AuditEntry::LONGEST_OBJECT).collect();
        AuditEntry { id: AuditId::new(at, self.chance.for_id()), at, by, action, object, result, times: 1 }
    }

    /// Keeps a line: durable when this returns.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn record(&self, line: AuditEntry) -> Result<(), StoreError> {
        self.audit.record(line).await
    }

    /// A page of lines, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.audit.list(before, limit).await
    }
}
