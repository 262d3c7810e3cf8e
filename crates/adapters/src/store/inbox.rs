//! [`Inbox`] over the database.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::moment::later;
use callgate_domain::model::{ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::{AttemptRef, Inbox, Kept, KeptWebhook, Parcel, Progress, StoreError, together};
use diesel::prelude::*;
use jiff::Timestamp;

use super::calls::lock_and_ask;
use super::connection::{AnyConnection, on_backend};
use super::crowd::Crowd;
use super::database::Database;
use super::dialect::{self, take_ids};
use super::error::{Failure, OpenError};
use super::rows::inbox::{AboutRow, ArrivedRow, InboxRow, REPORT, cleared};
use super::rows::instant;
use super::schema::inbox;
use super::statements::{IsParked, update};
use super::types::{Id, Instant};

/// Webhooks in a database.
pub struct SqlInbox {
    database: Arc<Database>,
    newcomers: Crowd<ArrivedRow, Kept>,
}

impl SqlInbox {
    /// The inbox of `database`.
    pub(super) fn new(database: Arc<Database>) -> Result<Self, OpenError> {
        let newcomers = Crowd::start(&database, "inbox", 1, keep_all)?;
        Ok(Self { database, newcomers })
    }
}

#[async_trait]
impl Inbox for SqlInbox {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        self.newcomers.join(ArrivedRow::of(&parcel)).await
    }

    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        let known: Vec<_> = known.iter().map(|connection| connection.as_str().to_owned()).collect();
        let until = Instant(later(now, hold));
        self.database.write(move |db| take(db, &known, Instant(now), until, limit)).await
    }

    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.database.write(move |db| settle(db, id, progress, about.as_ref(), again_at)).await
    }

    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError> {
        let about = (connection.clone(), id.clone());
        let same = about.clone();
        // There hardly ever is one, and a look costs less than a change. Whoever parks after it looks for the call once more; should
        // it not come to that, the next sweep does.
        if !self.database.read_by_key(move |db| is_parked(db, &same)).await? {
            return Ok(0);
        }
        self.database.write(move |db| unpark(db, &about, Instant(now))).await
    }
}

/// Keeps what is new; for what is not, says what became of the first of its kind.
fn keep_all(db: &mut AnyConnection, rows: &[ArrivedRow]) -> Result<Vec<Result<Kept, StoreError>>, Failure> {
    let new = dialect::keep_webhooks(db, rows)?;
    let mut became = |row: &InboxRow| if new.contains(&row.id) { Ok(Ok(Kept::New)) } else { seen(db, row).map(Ok) };
    rows.iter().map(|row| became(&row.kept)).collect()
}

fn seen(db: &mut AnyConnection, row: &InboxRow) -> Result<Kept, Failure> {
    let first = inbox::table.filter(inbox::connection.eq(&row.connection)).filter(inbox::dedupe_key.eq(&row.dedupe_key));
    let first: InboxRow = on_backend!(db, c => first.select(InboxRow::as_select()).get_result(c))?;
    Ok(Kept::Seen(Box::new(first.kept()?)))
}

/// Takes webhooks whose moment has come; each taking counts as a try, so that one which ends the process is counted too.
fn take(db: &mut AnyConnection, known: &[String], now: Instant, until: Instant, limit: u32) -> Result<Vec<KeptWebhook>, Failure> {
    let query = inbox::table
        .filter(inbox::again_at.le(now))
        .filter(inbox::kind.eq(REPORT).or(inbox::connection.eq_any(known)))
        .order((inbox::again_at, inbox::id))
        .limit(i64::from(limit))
        .select((inbox::id, inbox::tries));
    let due: Vec<(Id, i32)> = take_ids!(db, query)?;
    let together = together(due.iter().map(|(_, tries)| u16::try_from(*tries).unwrap_or(u16::MAX)));
    let ids: Vec<Id> = due.into_iter().take(together).map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let taken = inbox::table.filter(inbox::id.eq_any(&ids));
    let changes = (inbox::again_at.eq(until), inbox::tries.eq(inbox::tries + 1));
    on_backend!(db, c => diesel::update(taken.clone()).set(changes).execute(c))?;
    let mut rows: Vec<InboxRow> = on_backend!(db, c => taken.select(InboxRow::as_select()).load(c))?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows.into_iter().map(InboxRow::kept).collect::<Result<_, _>>()?)
}

/// The names of statements that stay prepared.
struct Park;
struct ParkAgain;
struct Settle;
struct Move;
struct Unpark;

/// Parked means understood: its tries begin anew. What it is about is only ever added to.
fn settle(
    db: &mut AnyConnection,
    id: InboxId,
    progress: Progress,
    about: Option<&AttemptRef>,
    again_at: Option<Timestamp>,
) -> Result<(), Failure> {
    // The call first, then the webhook, as whoever erases a call does: so neither waits for the other for ever.
    let of_erased = match about.and_then(|about| about.attempt) {
        Some(attempt) if !matches!(progress, Progress::Waiting | Progress::Parked) => lock_and_ask(db, attempt)?,
        _ => false,
    };
    let of_nothing = progress == Progress::Ignored && about.is_none();
    let only = inbox::id.eq(Id(id.as_uuid()));
    if of_erased || of_nothing {
        on_backend!(db, c => diesel::update(inbox::table.filter(only)).set(cleared()).execute(c))?;
    }
    // What has reached its end is not taken again, whatever was asked.
    let again_at = again_at.filter(|_| matches!(progress, Progress::Waiting | Progress::Parked));
    let parked = progress == Progress::Parked;
    let progress = (inbox::progress.eq(progress.as_str()), inbox::again_at.eq(instant(again_at)));
    let changed = match about.map(AboutRow::of) {
        Some(about) if parked => {
            let changes = (progress, inbox::tries.eq(0), about);
            on_backend!(db, c => update::<Park, _, _>(inbox::table, changes, only).execute(c))
        }
        Some(about) => on_backend!(db, c => update::<Settle, _, _>(inbox::table, (progress, about), only).execute(c)),
        None if parked => {
            on_backend!(db, c => update::<ParkAgain, _, _>(inbox::table, (progress, inbox::tries.eq(0)), only).execute(c))
        }
        None => on_backend!(db, c => update::<Move, _, _>(inbox::table, progress, only).execute(c)),
    }?;
    if changed == 0 { Err(StoreError::NotFound.into()) } else { Ok(()) }
}

/// Parked for this id of the connection's, or for whichever connection has it.
macro_rules! parked {
    ($about:expr) => {{
        let (connection, id) = $about;
        IsParked
            .and(inbox::about_provider_call.eq(id.as_str()))
            .and(inbox::about_connection.is_null().or(inbox::about_connection.eq(connection.as_str())))
    }};
}

fn is_parked(db: &mut AnyConnection, about: &(ConnectionId, ProviderCallId)) -> Result<bool, Failure> {
    let query = diesel::select(diesel::dsl::exists(inbox::table.filter(parked!(about))));
    Ok(on_backend!(db, c => query.get_result(c))?)
}

fn unpark(db: &mut AnyConnection, about: &(ConnectionId, ProviderCallId), now: Instant) -> Result<u32, Failure> {
    let moved = on_backend!(db, c => update::<Unpark, _, _>(inbox::table, inbox::again_at.eq(now), parked!(about)).execute(c))?;
    Ok(u32::try_from(moved).unwrap_or(u32::MAX))
}
