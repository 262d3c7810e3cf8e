//! [`Inspection`] over the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::call::Attempt;
use callgate_domain::model::{AttemptId, CallId, ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::{AttemptRef, Inspection, Looked, Progress, Replayed, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::{Failure, Unreadable};
use super::rows::attempt::AttemptRow;
use super::rows::inbox::InboxRow;
use super::rows::{moment, word};
use super::schema::{attempts, calls, inbox};
use super::statements::{IsLeft, IsLive, IsParked};
use super::types::{Id, Instant};

/// What operators look at, in a database.
pub struct SqlInspection {
    database: Arc<Database>,
}

impl SqlInspection {
    /// What is in `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

/// A webhook's row beside what it is about.
type LookedRow = (InboxRow, Option<Id>, Option<String>, Option<String>);

/// What is selected; a macro, since each database compiles it for itself.
macro_rules! looked {
    () => {
        (InboxRow::as_select(), inbox::about_attempt, inbox::about_provider_call, inbox::about_connection)
    };
}

#[async_trait]
impl Inspection for SqlInspection {
    async fn attempts(&self, call: CallId) -> Result<Vec<Attempt>, StoreError> {
        self.database.read(move |db| attempts_of(db, call)).await
    }

    async fn webhooks_about(&self, call: CallId, limit: u32) -> Result<Vec<Looked>, StoreError> {
        self.database.read(move |db| webhooks_about(db, call, limit)).await
    }

    async fn left_over(&self, progress: Progress, before: Option<InboxId>, limit: u32) -> Result<Vec<Looked>, StoreError> {
        self.database.read(move |db| left_over(db, progress, before, limit)).await
    }

    async fn live(&self) -> Result<BTreeMap<ConnectionId, u32>, StoreError> {
        self.database.read(live).await
    }

    async fn webhook(&self, id: InboxId) -> Result<Looked, StoreError> {
        self.database.read(move |db| webhook(db, id)).await
    }

    async fn replay(&self, id: InboxId, now: Timestamp) -> Result<Replayed, StoreError> {
        self.database.write(move |db| replay(db, id, Instant(now))).await
    }
}

fn attempts_of(db: &mut AnyConnection, call: CallId) -> Result<Vec<Attempt>, Failure> {
    let query = attempts::table.filter(attempts::call_id.eq(Id(call.as_uuid()))).order(attempts::id);
    let rows: Vec<AttemptRow> = on_backend!(db, c => query.select(AttemptRow::as_select()).load(c))?;
    Ok(rows.into_iter().map(AttemptRow::attempt).collect::<Result<_, _>>()?)
}

fn live(db: &mut AnyConnection) -> Result<BTreeMap<ConnectionId, u32>, Failure> {
    let query = calls::table.filter(IsLive).filter(calls::connection.is_not_null()).group_by(calls::connection);
    let query = query.select((calls::connection.assume_not_null(), diesel::dsl::count_star()));
    let counted: Vec<(String, i64)> = on_backend!(db, c => query.load(c))?;
    let counts =
        counted.into_iter().map(|(id, count)| Ok((word("calls.connection", &id)?, u32::try_from(count).unwrap_or(u32::MAX))));
    counts.collect()
}

fn webhooks_about(db: &mut AnyConnection, call: CallId, limit: u32) -> Result<Vec<Looked>, Failure> {
    let of_call: Vec<Id> = attempts_of(db, call)?.into_iter().map(|attempt| Id(attempt.id.as_uuid())).collect();
    let query = inbox::table.filter(inbox::about_attempt.eq_any(of_call)).order(inbox::id.desc()).limit(i64::from(limit));
    let rows: Vec<LookedRow> = on_backend!(db, c => query.select(looked!()).load(c))?;
    Ok(rows.into_iter().map(looked).collect::<Result<_, _>>()?)
}

fn left_over(db: &mut AnyConnection, progress: Progress, before: Option<InboxId>, limit: u32) -> Result<Vec<Looked>, Failure> {
    let before = Id(before.map_or(uuid::Uuid::max(), InboxId::as_uuid));
    let page = inbox::table.filter(inbox::id.lt(before)).order(inbox::id.desc()).limit(i64::from(limit));
    // Each by the condition of its index: what was handled is never read through.
    let rows: Vec<LookedRow> = match progress {
        Progress::Parked => on_backend!(db, c => page.filter(IsParked).select(looked!()).load(c)),
        Progress::Quarantined | Progress::Orphaned => {
            let page = page.filter(IsLeft).filter(inbox::progress.eq(progress.as_str()));
            on_backend!(db, c => page.select(looked!()).load(c))
        }
        Progress::Waiting | Progress::Applied | Progress::Duplicate | Progress::Ignored => Ok(Vec::new()),
    }?;
    Ok(rows.into_iter().map(looked).collect::<Result<_, _>>()?)
}

fn webhook(db: &mut AnyConnection, id: InboxId) -> Result<Looked, Failure> {
    let only = inbox::table.find(Id(id.as_uuid()));
    let row: LookedRow = on_backend!(db, c => only.select(looked!()).get_result(c))?;
    Ok(looked(row)?)
}

fn replay(db: &mut AnyConnection, id: InboxId, now: Instant) -> Result<Replayed, Failure> {
    let left_over = [Progress::Parked, Progress::Quarantined, Progress::Orphaned].map(Progress::as_str);
    let only = inbox::table.find(Id(id.as_uuid())).filter(inbox::progress.eq_any(left_over)).filter(inbox::body.is_not_null());
    let changes = (inbox::progress.eq(Progress::Waiting.as_str()), inbox::tries.eq(0), inbox::again_at.eq(now));
    if on_backend!(db, c => diesel::update(only).set(changes).execute(c))? > 0 {
        return Ok(Replayed::Waiting);
    }
    Ok(Replayed::Not(webhook(db, id)?.kept.progress))
}

fn looked((row, attempt, provider_call, connection): LookedRow) -> Result<Looked, Unreadable> {
    let again_at = moment(row.again_at);
    let connection: Option<ConnectionId> = connection.map(|id| word("inbox.about_connection", &id)).transpose()?;
    let about = AttemptRef {
        attempt: attempt.map(|id| AttemptId::from_uuid(id.0)),
        provider_call: provider_call.and_then(ProviderCallId::new),
        connection,
    };
    Ok(Looked { kept: row.kept()?, about, again_at })
}
