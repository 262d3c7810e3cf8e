//! The row of `history`.

use callgate_domain::model::call::{Entry, Hash};
use callgate_domain::model::{CallId, Revision};
use diesel::prelude::*;

use super::{hash, number, word};
use crate::store::error::Unreadable;
use crate::store::schema::history;
use crate::store::types::{Id, Instant};

/// One line of a call's history.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = history, treat_none_as_default_value = false)]
pub struct HistoryRow {
    pub call_id: Id,
    pub revision: i64,
    pub happened_at: Instant,
    pub status: String,
    pub what: String,
    pub caused_by: String,
    pub hash: Vec<u8>,
}

impl HistoryRow {
    /// The row of a call's entry.
    pub fn of(call: CallId, entry: &Entry) -> Self {
        Self {
            call_id: Id(call.as_uuid()),
            revision: entry.revision.0.into(),
            happened_at: Instant(entry.at),
            status: entry.status.as_str().to_owned(),
            what: entry.what.as_str().to_owned(),
            caused_by: entry.by.as_str().to_owned(),
            hash: entry.hash.0.to_vec(),
        }
    }

    /// The entry.
    pub fn entry(self) -> Result<Entry, Unreadable> {
        Ok(Entry {
            revision: Revision(number("history.revision", self.revision)?),
            at: self.happened_at.0,
            status: word("history.status", &self.status)?,
            what: word("history.what", &self.what)?,
            by: word("history.caused_by", &self.caused_by)?,
            hash: Hash(hash("history.hash", &self.hash)?),
        })
    }
}
