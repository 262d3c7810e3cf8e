//! What the client sent along: written once, never changed.

use callgate_domain::model::call::{Asked, Call};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::{instant, moment};
use crate::store::schema::call_details;
use crate::store::types::{Id, Instant, Json};

/// A row of `call_details`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = call_details)]
pub struct DetailsRow {
    pub call_id: Id,
    pub client: String,
    pub reference: Option<String>,
    pub variables: Option<Json>,
    pub metadata: Option<Json>,
    pub not_before: Option<Instant>,
    pub expires_at: Option<Instant>,
}

/// The same without variables: what lists show.
#[derive(Queryable, Selectable)]
#[diesel(table_name = call_details)]
pub struct ListedDetails {
    pub call_id: Id,
    pub client: String,
    pub reference: Option<String>,
    pub metadata: Option<Json>,
    pub not_before: Option<Instant>,
    pub expires_at: Option<Instant>,
}

impl DetailsRow {
    /// What was sent along with a call.
    pub fn of(call: &Call) -> Self {
        let asked = &call.asked;
        Self {
            call_id: Id(call.id.as_uuid()),
            client: call.client.to_string(),
            reference: asked.reference.clone(),
            variables: unless_empty(&asked.variables),
            metadata: unless_empty(&asked.metadata),
            not_before: instant(asked.not_before),
            expires_at: instant(asked.expires_at),
        }
    }

    /// As the model has it.
    pub fn read(self) -> Asked {
        Asked {
            reference: self.reference,
            variables: object(self.variables),
            metadata: object(self.metadata),
            not_before: moment(self.not_before),
            expires_at: moment(self.expires_at),
        }
    }
}

impl From<ListedDetails> for DetailsRow {
    fn from(held: ListedDetails) -> Self {
        let ListedDetails { call_id, client, reference, metadata, not_before, expires_at } = held;
        Self { call_id, client, reference, variables: None, metadata, not_before, expires_at }
    }
}

/// An object for a column that is empty where it is.
pub fn unless_empty(map: &Map<String, Value>) -> Option<Json> {
    (!map.is_empty()).then(|| Json(Value::Object(map.clone())))
}

/// An object from such a column.
pub fn object(json: Option<Json>) -> Map<String, Value> {
    match json {
        Some(Json(Value::Object(map))) => map,
        _ => Map::new(),
    }
}
