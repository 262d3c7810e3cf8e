//! The row of `inbox`.

use callgate_domain::model::InboxId;
use callgate_domain::ports::{AttemptRef, Authentic, KeptWebhook, Parcel, RawWebhook};
use diesel::prelude::*;
use serde_json::Value;

use super::{number, storable, storable_json, word};
use crate::store::error::Unreadable;
use crate::store::schema::inbox;
use crate::store::types::{Id, Instant, Json};

/// A webhook of the result route, in our words.
pub const REPORT: &str = "report";
/// A webhook in its provider's own words.
pub const NATIVE: &str = "native";

/// A webhook that just came.
#[derive(Clone, Insertable)]
#[diesel(table_name = inbox)]
pub struct ArrivedRow {
    #[diesel(embed)]
    pub kept: InboxRow,
    #[diesel(embed)]
    pub about: AboutRow,
}

/// What a webhook is about, as far as that is known.
#[derive(Clone, Insertable, AsChangeset)]
#[diesel(table_name = inbox, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AboutRow {
    about_attempt: Option<Id>,
    about_provider_call: Option<String>,
    about_connection: Option<String>,
}

impl AboutRow {
    /// The row of a reference.
    pub fn of(about: &AttemptRef) -> Self {
        Self {
            about_attempt: about.attempt.map(|attempt| Id(attempt.as_uuid())),
            about_provider_call: about.provider_call.as_ref().map(|id| id.as_str().to_owned()),
            about_connection: about.connection.as_ref().map(|connection| connection.as_str().to_owned()),
        }
    }
}

/// A kept webhook, apart from what it turned out to be about.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
pub struct InboxRow {
    pub id: Id,
    pub connection: String,
    pub kind: String,
    pub dedupe_key: String,
    pub url: Option<String>,
    pub headers: Json,
    /// None once it was cleared.
    pub body: Option<Vec<u8>>,
    pub received_at: Instant,
    pub progress: String,
    pub tries: i32,
    pub again_at: Option<Instant>,
}

impl ArrivedRow {
    /// The row of a webhook that just came.
    pub fn of(parcel: &Parcel) -> Self {
        let about = parcel.waits_for.as_ref().map_or_else(|| AboutRow::of(&AttemptRef::default()), AboutRow::of);
        Self { kept: InboxRow::of(parcel), about }
    }
}

impl InboxRow {
    fn of(parcel: &Parcel) -> Self {
        let webhook = parcel.webhook.webhook();
        let header = |(name, value): &(String, String)| Value::from(vec![name.as_str(), value.as_str()]);
        Self {
            id: Id(parcel.id.as_uuid()),
            connection: parcel.connection.as_ref().map_or_else(String::new, |connection| connection.as_str().to_owned()),
            kind: if parcel.is_report { REPORT } else { NATIVE }.to_owned(),
            dedupe_key: storable(&parcel.dedupe_key).into_owned(),
            url: webhook.url.as_deref().map(|url| storable(url).into_owned()),
            headers: Json(storable_json(&webhook.headers.iter().map(header).collect())),
            body: Some(webhook.body.clone()),
            received_at: Instant(parcel.received_at),
            progress: parcel.progress().as_str().to_owned(),
            tries: 0,
            again_at: Some(Instant(parcel.due_at())),
        }
    }

    /// The same once it was cleared.
    #[cfg(feature = "testing")]
    pub fn without_content(self) -> Self {
        let Cleared { url, headers, body } = cleared();
        Self { url, headers, body, ..self }
    }

    /// The webhook. It was proven before it was kept.
    pub fn kept(self) -> Result<KeptWebhook, Unreadable> {
        let connection = (!self.connection.is_empty()).then(|| word("inbox.connection", &self.connection)).transpose()?;
        let headers = serde_json::from_value(self.headers.0)
            .map_err(|error| Unreadable { column: "inbox.headers", fault: error.to_string() })?;
        Ok(KeptWebhook {
            parcel: Parcel {
                id: InboxId::from_uuid(self.id.0),
                connection,
                is_report: self.kind == REPORT,
                dedupe_key: self.dedupe_key,
                webhook: Authentic::verified(RawWebhook { url: self.url, headers, body: self.body.unwrap_or_default() }),
                received_at: self.received_at.0,
                waits_for: None,
            },
            progress: word("inbox.progress", &self.progress)?,
            tries: number("inbox.tries", self.tries)?,
        })
    }
}

/// What a webhook is without its content: body, headers, and the address, which holds a token.
#[derive(Clone, AsChangeset)]
#[diesel(table_name = inbox, treat_none_as_null = true)]
pub struct Cleared {
    url: Option<String>,
    headers: Json,
    body: Option<Vec<u8>>,
}

/// Nothing of what was sent.
pub fn cleared() -> Cleared {
    Cleared { url: None, headers: Json(Value::Array(Vec::new())), body: None }
}
