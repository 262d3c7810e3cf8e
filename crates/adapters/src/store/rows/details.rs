//! The row of `call_details`: what the client sent along. There is none when it sent nothing.

use callgate_domain::model::{Asked, Call};
use diesel::prelude::*;

use super::{instant, map, moment, object};
use crate::store::error::Unreadable;
use crate::store::schema::call_details;
use crate::store::types::{Id, Instant, Json};

/// What the client sent along.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = call_details, treat_none_as_default_value = false)]
pub struct DetailsRow {
    pub call_id: Id,
    pub reference: Option<String>,
    pub variables: Option<Json>,
    pub metadata: Option<Json>,
    pub not_before: Option<Instant>,
    pub expires_at: Option<Instant>,
}

/// The same as a list shows it.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = call_details)]
pub struct ShortDetailsRow {
    pub reference: Option<String>,
    pub metadata: Option<Json>,
    pub not_before: Option<Instant>,
    pub expires_at: Option<Instant>,
}

impl DetailsRow {
    /// The row of a call, where it needs one.
    pub fn of(call: &Call) -> Option<Self> {
        let asked = &call.asked;
        (*asked != Asked::default()).then(|| Self {
            call_id: Id(call.id.as_uuid()),
            reference: asked.reference.clone(),
            variables: object(&asked.variables),
            metadata: object(&asked.metadata),
            not_before: instant(asked.not_before),
            expires_at: instant(asked.expires_at),
        })
    }

    /// What the client sent along.
    pub fn asked(self) -> Result<Asked, Unreadable> {
        Ok(Asked {
            reference: self.reference,
            variables: map("call_details.variables", self.variables)?,
            metadata: map("call_details.metadata", self.metadata)?,
            not_before: moment(self.not_before),
            expires_at: moment(self.expires_at),
        })
    }
}

impl ShortDetailsRow {
    /// What the client sent along, without variables.
    pub fn asked(self) -> Result<Asked, Unreadable> {
        Ok(Asked {
            reference: self.reference,
            metadata: map("call_details.metadata", self.metadata)?,
            not_before: moment(self.not_before),
            expires_at: moment(self.expires_at),
            ..Asked::default()
        })
    }
}
