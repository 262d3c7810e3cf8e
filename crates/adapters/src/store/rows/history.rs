//! The row of `history`.

use callgate_domain::model::call::{Entry, Hash};
use callgate_domain::model::{CallId, Revision};
use diesel::prelude::*;

use super::{hash, number, word};
use crate::store::error::Unreadable;
use crate::store::schema::history;
use crate::store::types::{Id, Instant};

/// One line of a call's history. The database adds when it took it in.
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

/// The first line of a call's history. It has no moment in the order of changes: the call's id holds it.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = history, treat_none_as_default_value = false)]
pub struct FirstHistoryRow {
    call_id: Id,
    revision: i64,
    happened_at: Instant,
    status: String,
    what: String,
    caused_by: String,
    hash: Vec<u8>,
    kept_at: Option<Instant>,
}

impl FirstHistoryRow {
    /// The row of a new call's entry.
    pub fn of(call: CallId, entry: &Entry) -> Self {
        let HistoryRow { call_id, revision, happened_at, status, what, caused_by, hash } = HistoryRow::of(call, entry);
        Self { call_id, revision, happened_at, status, what, caused_by, hash, kept_at: None }
    }

    /// The row of any entry, taken in when it happened and not now.
    #[cfg(feature = "testing")]
    pub fn kept(call: CallId, entry: &Entry) -> Self {
        let first = Self::of(call, entry);
        Self { kept_at: (entry.revision > Revision(1)).then_some(Instant(entry.at)), ..first }
    }
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
