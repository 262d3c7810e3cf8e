//! [`Copies`] over the database: what is stamped, and how a stamped one is taken in. Writing one is in `copies/file.rs`.

mod file;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::{Call, CallEvent, CallState, Hold, Notice, Transition};
use callgate_domain::ports::{Copies, CopyError, StoreError, TakingIn};
use diesel::prelude::*;
use jiff::Timestamp;

use super::calls::{append, load_all, save_move};
use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::{Failure, unavailable};
use super::holds::{self, STAMP};
use super::outbox;
use super::rows::history::HistoryRow;
use super::schema::{calls, holds as kept};
use super::statements::IsQueued;
use super::types::{Id, Instant};

/// Copies of a database.
pub struct SqlCopies {
    database: Arc<Database>,
}

impl SqlCopies {
    /// The copies of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Copies for SqlCopies {
    async fn write(&self, file: &Path, at: Timestamp) -> Result<u64, CopyError> {
        let Some(source) = self.database.file() else { return Err(CopyError::Unsupported) };
        let (source, file) = (source.to_owned(), file.to_owned());
        // It takes as long as the database is large: not behind the gate, which is for short work.
        let written = tokio::task::spawn_blocking(move || file::write(&source, &file, at)).await;
        written.map_err(|error| CopyError::Failed(error.into()))?
    }

    async fn stamp(&self, at: Timestamp) -> Result<(), StoreError> {
        self.database.write(move |db| stamp(db, at)).await
    }

    async fn stamped_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.database.read(stamped_at).await
    }

    async fn take_in(&self, hold: &Hold, limit: u32) -> Result<TakingIn, StoreError> {
        let hold = hold.clone();
        self.database.write(move |db| take_in(db, &hold, limit)).await
    }
}

/// Stamps a database; nothing in it is claimed once this is committed.
pub fn stamp(db: &mut AnyConnection, at: Timestamp) -> Result<(), Failure> {
    holds::put(db, STAMP, "", at)
}

fn stamped_at(db: &mut AnyConnection) -> Result<Option<Timestamp>, Failure> {
    let stamp = kept::table.find(STAMP).select(kept::created_at);
    let at: Option<Instant> = on_backend!(db, c => stamp.get_result(c).optional())?;
    Ok(at.map(|at| at.0))
}

/// One step of taking a copy in.
pub fn take_in(db: &mut AnyConnection, hold: &Hold, limit: u32) -> Result<TakingIn, Failure> {
    // One process at a time, so that the last one finds no call that another is still marking.
    holds::lock(db)?;
    if stamped_at(db)?.is_none() {
        return Ok(TakingIn::NoCopy);
    }
    let ids = unmarked(db, limit)?;
    if ids.is_empty() {
        let what = hold.what.to_string();
        holds::lift(db, &what)?;
        holds::put(db, &what, &hold.reason, hold.created_at)?;
        holds::lift(db, STAMP)?;
        return Ok(TakingIn::Done);
    }
    let open = load_all(db, &ids)?;
    if open.len() < ids.len() {
        // It would be dialed again once a release can read it.
        return Err(unavailable("a call of this copy cannot be read; it is not taken in").into());
    }
    let marked = open.iter().map(|call| mark(db, call, hold.created_at)).collect::<Result<_, _>>()?;
    Ok(TakingIn::Marked(marked))
}

/// Open calls without the mark. Each has a moment when it is looked at next; that none waits to be claimed is looked at
/// beside that. Both have an index.
fn unmarked(db: &mut AnyConnection, limit: u32) -> QueryResult<Vec<Id>> {
    let open = calls::table.filter(calls::settles_by.is_not_null()).filter(calls::restored_at.is_null()).select(calls::id);
    let looked_at = open.filter(calls::look_at.is_not_null()).limit(i64::from(limit));
    let found: Vec<Id> = on_backend!(db, c => looked_at.load(c))?;
    if !found.is_empty() {
        return Ok(found);
    }
    let queued = calls::table.filter(IsQueued).filter(calls::restored_at.is_null()).limit(i64::from(limit)).select(calls::id);
    on_backend!(db, c => queued.load(c))
}

fn mark(db: &mut AnyConnection, call: &Call, at: Timestamp) -> Result<(CallState, Call), Failure> {
    match call.apply(&CallEvent::Restored, at) {
        Ok(Transition::Moved { call: marked, entry, .. }) => {
            save_move(db, &marked, call.revision)?;
            append(db, std::iter::once(&HistoryRow::of(marked.id, &entry)))?;
            outbox::keep(db, Notice::of(Some(call), &marked, &entry).iter())?;
            Ok((call.state, *marked))
        }
        Ok(Transition::Ignored(_)) => Err(unavailable("an open call of this copy was not marked").into()),
        Err(forbidden) => Err(StoreError::Unavailable(forbidden.into()).into()),
    }
}
