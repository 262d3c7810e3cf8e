//! One request to a provider.

use callgate_domain::model::call::Attempt;
use callgate_domain::model::{AttemptId, CallId, ConnectionId, Fence, ProviderCallId};
use callgate_domain::ports::StoreError;
use diesel::prelude::*;

use super::{count, instant, moment, word};
use crate::store::schema::attempts;
use crate::store::types::{Id, Instant};

/// A row of `attempts`.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = attempts, treat_none_as_null = true)]
pub struct AttemptRow {
    pub id: Id,
    pub call_id: Id,
    pub try_number: i16,
    pub connection: String,
    pub fence: i32,
    pub sent_mark_at: Instant,
    pub outcome: String,
    pub provider_call: Option<String>,
    pub contradicted_at: Option<Instant>,
}

impl AttemptRow {
    /// As it is kept.
    pub fn of(attempt: &Attempt) -> Self {
        Self {
            id: Id(attempt.id.as_uuid()),
            call_id: Id(attempt.call.as_uuid()),
            try_number: count(attempt.try_number),
            connection: attempt.connection.to_string(),
            fence: count(attempt.fence.0),
            sent_mark_at: Instant(attempt.sent_mark_at),
            outcome: attempt.outcome.to_string(),
            provider_call: attempt.provider_call.as_ref().map(|id| id.as_str().to_owned()),
            contradicted_at: instant(attempt.contradicted_at),
        }
    }

    /// As the model has it.
    pub fn read(self) -> Result<Attempt, StoreError> {
        Ok(Attempt {
            id: AttemptId::from_uuid(self.id.0),
            call: CallId::from_uuid(self.call_id.0),
            try_number: count(self.try_number),
            connection: word::<ConnectionId>(&self.connection, "a connection")?,
            fence: Fence(count(self.fence)),
            sent_mark_at: self.sent_mark_at.0,
            outcome: word(&self.outcome, "an outcome")?,
            provider_call: self.provider_call.and_then(ProviderCallId::new),
            contradicted_at: moment(self.contradicted_at),
        })
    }
}
