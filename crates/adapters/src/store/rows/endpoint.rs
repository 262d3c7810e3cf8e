//! The row of `endpoints`. Its secrets stand in it as they are, since they sign.

use callgate_domain::model::{Endpoint, EndpointId, EndpointSecret, EndpointUrl, NoticeType, Secret};
use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{instant, moment, word};
use crate::store::error::Unreadable;
use crate::store::schema::endpoints;
use crate::store::types::{Id, Instant, Json};

/// Where a client wants to be told.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = endpoints, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct EndpointRow {
    pub id: Id,
    #[diesel(skip_update)]
    pub client: String,
    pub url: String,
    pub events: String,
    pub description: Option<String>,
    pub secrets: Json,
    #[diesel(skip_update)]
    pub created_at: Instant,
    pub disabled_at: Option<Instant>,
    pub failing_since: Option<Instant>,
}

impl EndpointRow {
    /// The row of an endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        let events: Vec<_> = endpoint.events.iter().map(|event| event.as_str()).collect();
        Self {
            id: Id(endpoint.id.as_uuid()),
            client: endpoint.client.as_str().to_owned(),
            url: endpoint.url.as_str().to_owned(),
            events: events.join(" "),
            description: endpoint.description.clone(),
            secrets: Json(endpoint.secrets.iter().map(secret_to_json).collect()),
            created_at: Instant(endpoint.created_at),
            disabled_at: instant(endpoint.disabled_at),
            failing_since: instant(endpoint.failing_since),
        }
    }

    /// The endpoint.
    pub fn endpoint(self) -> Result<Endpoint, Unreadable> {
        let secrets = self.secrets.0.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Endpoint {
            id: EndpointId::from_uuid(self.id.0),
            client: word("endpoints.client", &self.client)?,
            url: EndpointUrl::new(self.url).ok_or_else(|| unreadable("endpoints.url"))?,
            events: self.events.split(' ').map(|event| word("endpoints.events", event)).collect::<Result<_, _>>()?,
            description: self.description,
            secrets: secrets.iter().map(secret_from_json).collect::<Result<_, _>>()?,
            created_at: self.created_at.0,
            disabled_at: moment(self.disabled_at),
            failing_since: moment(self.failing_since),
        })
    }
}

/// Whether the words of `endpoints.events` hold this one: read where a call is saved, which must not fail over them.
pub fn wants(events: &str, kind: NoticeType) -> bool {
    events.split(' ').any(|event| event == kind.as_str())
}

/// Moments are microseconds since 1970 here.
fn secret_to_json(held: &EndpointSecret) -> Value {
    let until = held.until.map(Timestamp::as_microsecond);
    json!({ "secret": held.secret.expose(), "created_at": held.created_at.as_microsecond(), "until": until })
}

fn secret_from_json(held: &Value) -> Result<EndpointSecret, Unreadable> {
    let bad = || unreadable("endpoints.secrets");
    let at = |name: &str| held.get(name).and_then(Value::as_i64).and_then(|at| Timestamp::from_microsecond(at).ok());
    Ok(EndpointSecret {
        secret: held.get("secret").and_then(Value::as_str).and_then(Secret::new).ok_or_else(bad)?,
        created_at: at("created_at").ok_or_else(bad)?,
        until: at("until"),
    })
}

fn unreadable(column: &'static str) -> Unreadable {
    Unreadable { column, fault: "it cannot be read".to_owned() }
}
