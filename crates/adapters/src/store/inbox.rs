//! `Inbox` in SQL.

use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::moment::later;
use callgate_domain::model::{ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::{AttemptRef, Authentic, Inbox, Kept, KeptWebhook, Parcel, Progress, RawWebhook, StoreError};
use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::Value;

use super::connection::{AnyConnection, on_backend};
use super::error::{Translated, unreadable};
use super::rows::{count, instant, word};
use super::schema::inbox;
use super::types::{Id, Instant, Json};
use super::{SqlStore, dialect};

/// What `source` says of the result webhook.
const REPORT: &str = "report";
/// What it says of a provider's own.
const NATIVE: &str = "native";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = inbox)]
struct InboxRow {
    id: Id,
    connection: String,
    source: String,
    dedupe_key: String,
    url: Option<String>,
    headers: Json,
    body: Vec<u8>,
    received_at: Instant,
    progress: String,
    tries: i16,
    again_at: Option<Instant>,
    attempt_id: Option<Id>,
    provider_call: Option<String>,
    about_connection: Option<String>,
}

#[async_trait]
impl Inbox for SqlStore {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        let row = InboxRow::of(parcel);
        self.db.write_in_crowd(move |db| keep(db, &row)).await
    }

    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        if limit == 0 || !self.db.read_by_key(move |db| any_waiting(db, now)).await? {
            return Ok(Vec::new());
        }
        self.db.write(move |db| take(db, &known, hold, limit, now)).await
    }

    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.db.write(move |db| settle(db, id, progress, about, again_at)).await
    }

    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError> {
        let (connection, id) = (connection.to_string(), id.as_str().to_owned());
        let (of, theirs) = (connection.clone(), id.clone());
        if !self.db.read_by_key(move |db| any_parked(db, &of, &theirs)).await? {
            return Ok(0);
        }
        self.db.write(move |db| unpark(db, &connection, &id, now)).await
    }
}

impl InboxRow {
    fn of(parcel: Parcel) -> Self {
        let webhook = parcel.webhook.webhook();
        let headers = webhook.headers.iter().map(|(name, value)| Value::from(vec![name.as_str(), value.as_str()])).collect();
        Self {
            id: Id(parcel.id.as_uuid()),
            connection: parcel.connection.as_ref().map(ToString::to_string).unwrap_or_default(),
            source: if parcel.is_report { REPORT } else { NATIVE }.to_owned(),
            dedupe_key: parcel.dedupe_key.clone(),
            url: webhook.url.clone(),
            headers: Json(Value::Array(headers)),
            body: webhook.body.clone(),
            received_at: Instant(parcel.received_at),
            progress: Progress::Waiting.to_string(),
            tries: 0,
            again_at: Some(Instant(parcel.received_at)),
            attempt_id: None,
            provider_call: None,
            about_connection: None,
        }
    }

    fn read(self) -> Result<KeptWebhook, StoreError> {
        let pair = |value: Value| serde_json::from_value::<(String, String)>(value).map_err(|_shape| unreadable("a header"));
        let headers = match self.headers.0 {
            Value::Array(pairs) => pairs.into_iter().map(pair).collect::<Result<_, _>>()?,
            _ => return Err(unreadable("headers")),
        };
        let connection =
            if self.connection.is_empty() { None } else { Some(word::<ConnectionId>(&self.connection, "a connection")?) };
        let parcel = Parcel {
            id: InboxId::from_uuid(self.id.0),
            connection,
            is_report: self.source == REPORT,
            dedupe_key: self.dedupe_key,
            // It was verified before it was kept.
            webhook: Authentic::verified(RawWebhook { url: self.url, headers, body: self.body }),
            received_at: self.received_at.0,
        };
        Ok(KeptWebhook { parcel, progress: word(&self.progress, "a progress")?, tries: count(self.tries) })
    }
}

fn keep(db: &mut AnyConnection, row: &InboxRow) -> Result<Kept, StoreError> {
    let kept =
        on_backend!(db, c => diesel::insert_into(inbox::table).values(row).on_conflict_do_nothing().execute(c)).translated()?;
    if kept == 1 {
        return Ok(Kept::New);
    }
    let before: InboxRow = on_backend!(db, c => inbox::table
        .filter(inbox::connection.eq(&row.connection))
        .filter(inbox::dedupe_key.eq(&row.dedupe_key))
        .select(InboxRow::as_select())
        .get_result(c))
    .translated()?;
    Ok(Kept::Seen(Box::new(before.read()?)))
}

fn any_waiting(db: &mut AnyConnection, now: Timestamp) -> Result<bool, StoreError> {
    let found: Option<Id> = on_backend!(db, c => inbox::table
        .filter(inbox::again_at.is_not_null())
        .filter(inbox::again_at.le(Instant(now)))
        .select(inbox::id)
        .limit(1)
        .get_result(c)
        .optional())
    .translated()?;
    Ok(found.is_some())
}

fn take(
    db: &mut AnyConnection,
    known: &[String],
    hold: Duration,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<KeptWebhook>, StoreError> {
    let ids = dialect::take_webhooks(db, known, now, i64::from(limit))?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let until = Instant(later(now, hold));
    on_backend!(db, c => diesel::update(inbox::table.filter(inbox::id.eq_any(&ids)))
        .set((inbox::again_at.eq(until), inbox::tries.eq(inbox::tries + 1)))
        .execute(c))
    .translated()?;
    let rows: Vec<InboxRow> = on_backend!(db, c => inbox::table
        .filter(inbox::id.eq_any(&ids))
        .order(inbox::id)
        .select(InboxRow::as_select())
        .load(c))
    .translated()?;
    rows.into_iter().map(InboxRow::read).collect()
}

fn settle(
    db: &mut AnyConnection,
    id: InboxId,
    progress: Progress,
    about: Option<AttemptRef>,
    again_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let about = about.unwrap_or_default();
    // A webhook that was parked has its five tries anew once its call is there.
    let parked = progress == Progress::Parked;
    on_backend!(db, c => {
        let row = inbox::table.filter(inbox::id.eq(Id(id.as_uuid())));
        diesel::update(row)
            .set((
                inbox::progress.eq(progress.as_str()),
                inbox::again_at.eq(instant(again_at)),
                inbox::attempt_id.eq(about.attempt.map(|attempt| Id(attempt.as_uuid()))),
                inbox::provider_call.eq(about.provider_call.as_ref().map(ProviderCallId::as_str)),
                inbox::about_connection.eq(about.connection.as_ref().map(ToString::to_string)),
                inbox::tries.eq(if parked { 0 } else { 1 }),
            ))
            .execute(c)
    })
    .translated()
    .map(drop)
}

/// What is parked under a provider's id, of a connection or of none.
macro_rules! parked {
    ($connection:expr, $id:expr) => {
        inbox::table
            .filter(inbox::progress.eq(Progress::Parked.as_str()))
            .filter(inbox::provider_call.eq($id))
            .filter(inbox::connection.eq($connection).or(inbox::connection.eq("")))
            .filter(inbox::about_connection.is_null().or(inbox::about_connection.eq($connection)))
    };
}

fn any_parked(db: &mut AnyConnection, connection: &str, id: &str) -> Result<bool, StoreError> {
    let found: Option<Id> =
        on_backend!(db, c => parked!(connection, id).select(inbox::id).limit(1).get_result(c).optional()).translated()?;
    Ok(found.is_some())
}

fn unpark(db: &mut AnyConnection, connection: &str, id: &str, now: Timestamp) -> Result<u32, StoreError> {
    let moved = on_backend!(db, c => diesel::update(parked!(connection, id)).set(inbox::again_at.eq(Instant(now))).execute(c))
        .translated()?;
    Ok(u32::try_from(moved).unwrap_or(u32::MAX))
}
