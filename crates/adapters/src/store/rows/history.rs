//! One line of a call's history.

use callgate_domain::model::call::{Entry, Hash};
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::StoreError;
use diesel::prelude::*;

use super::{count, word};
use crate::store::error::unreadable;
use crate::store::schema::history;
use crate::store::types::{Id, Instant};

/// A row of `history`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = history)]
pub struct HistoryRow {
    pub call_id: Id,
    pub revision: i32,
    pub at: Instant,
    pub status: String,
    pub what: String,
    pub caused_by: String,
    pub hash: Vec<u8>,
}

impl HistoryRow {
    /// As it is kept.
    pub fn of(call: CallId, entry: &Entry) -> Self {
        Self {
            call_id: Id(call.as_uuid()),
            revision: count(entry.revision.0),
            at: Instant(entry.at),
            status: entry.status.to_string(),
            what: entry.what.to_string(),
            caused_by: entry.by.to_string(),
            hash: entry.hash.0.to_vec(),
        }
    }

    /// As the model has it.
    pub fn read(self) -> Result<Entry, StoreError> {
        Ok(Entry {
            revision: Revision(count(self.revision)),
            at: self.at.0,
            status: word(&self.status, "a status")?,
            what: word(&self.what, "a kind of change")?,
            by: word(&self.caused_by, "a cause")?,
            hash: Hash(self.hash.as_slice().try_into().map_err(|_length| unreadable("a history hash"))?),
        })
    }
}
