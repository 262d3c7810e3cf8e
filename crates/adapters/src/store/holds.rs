//! [`Holds`] over the database. Claims read them in their own transaction.
//!
//! Where processes share a database, claims share a lock and a new hold takes it alone: it waits for the claims under
//! way, and the next ones read it. On SQLite the one writer does the same.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::{Hold, OnHold};
use callgate_domain::ports::{Holds, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::dialect;
use super::error::{Failure, Unreadable};
use super::rows::word;
use super::schema::holds;
use super::types::Instant;

/// The lock between claims and new holds.
const LOCK: &str = "holds";
/// What stands in a copy until it has been taken in; no operator can put or lift it.
pub const STAMP: &str = "stamp";

/// Holds in a database.
pub struct SqlHolds {
    database: Arc<Database>,
}

impl SqlHolds {
    /// The holds of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Holds for SqlHolds {
    async fn put(&self, hold: Hold) -> Result<(), StoreError> {
        self.database.write(move |db| put(db, &hold.what.to_string(), &hold.reason, hold.created_at)).await
    }

    async fn lift(&self, what: &OnHold) -> Result<bool, StoreError> {
        let what = what.to_string();
        self.database.write(move |db| lift(db, &what)).await
    }

    async fn list(&self) -> Result<Vec<Hold>, StoreError> {
        self.database.read(list).await
    }
}

/// What a claim may not take; nothing is put as long as its transaction is open.
pub fn in_force(db: &mut AnyConnection) -> Result<Vec<OnHold>, Failure> {
    dialect::lock_shared(db, LOCK)?;
    let kept: Vec<String> = on_backend!(db, c => holds::table.select(holds::what).load(c))?;
    kept.iter().map(|what| read(what)).collect::<Result<_, _>>().map_err(Failure::from)
}

fn read(what: &str) -> Result<OnHold, Unreadable> {
    if what == STAMP { Ok(OnHold::Everything) } else { word("holds.what", what) }
}

/// Waits for the claims under way, and keeps further ones waiting until the transaction ends.
pub fn lock(db: &mut AnyConnection) -> QueryResult<()> {
    dialect::lock(db, [LOCK.to_owned()])
}

/// Puts a hold; one that is there already stays.
pub fn put(db: &mut AnyConnection, what: &str, reason: &str, at: Timestamp) -> Result<(), Failure> {
    lock(db)?;
    let row = (holds::what.eq(what), holds::reason.eq(reason), holds::created_at.eq(Instant(at)));
    on_backend!(db, c => diesel::insert_into(holds::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Takes a hold away; says whether there was one.
pub fn lift(db: &mut AnyConnection, what: &str) -> Result<bool, Failure> {
    let lifted = on_backend!(db, c => diesel::delete(holds::table.find(what)).execute(c))?;
    Ok(lifted > 0)
}

fn list(db: &mut AnyConnection) -> Result<Vec<Hold>, Failure> {
    let query = holds::table.filter(holds::what.ne(STAMP));
    let rows: Vec<(String, String, Instant)> = on_backend!(db, c => query.load(c))?;
    let mut kept = rows
        .into_iter()
        .map(|(what, reason, at)| Ok(Hold { what: read(&what)?, reason, created_at: at.0 }))
        .collect::<Result<Vec<_>, Failure>>()?;
    kept.sort_by(|one, other| one.what.cmp(&other.what));
    Ok(kept)
}
