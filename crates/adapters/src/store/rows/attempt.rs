//! The row of `attempts`.

use callgate_domain::model::call::Attempt;
use callgate_domain::model::{AttemptId, CallId, Fence, ProviderCallId};
use diesel::prelude::*;

use super::{instant, moment, number, word};
use crate::store::error::Unreadable;
use crate::store::schema::attempts;
use crate::store::types::{Id, Instant};

/// One request to a provider. What an update may change stands last.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = attempts, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AttemptRow {
    pub id: Id,
    #[diesel(skip_update)]
    pub call_id: Id,
    #[diesel(skip_update)]
    pub try_number: i32,
    #[diesel(skip_update)]
    pub connection: String,
    #[diesel(skip_update)]
    pub fence: i64,
    #[diesel(skip_update)]
    pub sent_mark_at: Instant,
    pub outcome: String,
    pub provider_call: Option<String>,
    pub guessed_at: Option<Instant>,
    pub contradicted_at: Option<Instant>,
}

impl AttemptRow {
    /// The row of an attempt.
    pub fn of(attempt: &Attempt) -> Self {
        Self {
            id: Id(attempt.id.as_uuid()),
            call_id: Id(attempt.call.as_uuid()),
            try_number: attempt.try_number.into(),
            connection: attempt.connection.as_str().to_owned(),
            fence: attempt.fence.0.into(),
            sent_mark_at: Instant(attempt.sent_mark_at),
            outcome: attempt.outcome.as_str().to_owned(),
            provider_call: attempt.provider_call.as_ref().map(|id| id.as_str().to_owned()),
            guessed_at: instant(attempt.guessed_at),
            contradicted_at: instant(attempt.contradicted_at),
        }
    }

    /// The attempt.
    pub fn attempt(self) -> Result<Attempt, Unreadable> {
        Ok(Attempt {
            id: AttemptId::from_uuid(self.id.0),
            call: CallId::from_uuid(self.call_id.0),
            try_number: number("attempts.try", self.try_number)?,
            connection: word("attempts.connection", &self.connection)?,
            fence: Fence(number("attempts.fence", self.fence)?),
            sent_mark_at: self.sent_mark_at.0,
            outcome: word("attempts.outcome", &self.outcome)?,
            provider_call: self.provider_call.and_then(ProviderCallId::new),
            guessed_at: moment(self.guessed_at),
            contradicted_at: moment(self.contradicted_at),
        })
    }
}
