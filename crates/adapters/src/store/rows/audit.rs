//! The row of `audit`.

use callgate_domain::model::{AuditId, KeyId};
use callgate_domain::ports::{Actor, AuditEntry};
use diesel::prelude::*;

use super::{number, storable, word};
use crate::store::error::Unreadable;
use crate::store::schema::audit;
use crate::store::types::{Id, Instant};

/// A line of the audit log.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    pub id: Id,
    pub happened_at: Instant,
    pub key_id: Option<Id>,
    pub action: String,
    pub object: String,
    pub result: String,
    pub times: i32,
    pub request_id: Option<String>,
}

impl From<AuditEntry> for AuditRow {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: Id(entry.id.as_uuid()),
            happened_at: Instant(entry.at),
            key_id: entry.by.key.map(|key| Id(key.as_uuid())),
            action: entry.action.as_str().to_owned(),
            object: storable(&entry.object).into_owned(),
            result: entry.result.as_str().to_owned(),
            times: i32::try_from(entry.times).unwrap_or(i32::MAX),
            request_id: entry.by.request_id,
        }
    }
}

impl AuditRow {
    /// The line.
    pub fn entry(self) -> Result<AuditEntry, Unreadable> {
        Ok(AuditEntry {
            id: AuditId::from_uuid(self.id.0),
            at: self.happened_at.0,
            by: Actor { key: self.key_id.map(|key| KeyId::from_uuid(key.0)), request_id: self.request_id },
            action: word("audit.action", &self.action)?,
            object: self.object,
            result: word("audit.result", &self.result)?,
            times: number("audit.times", self.times)?,
        })
    }
}
