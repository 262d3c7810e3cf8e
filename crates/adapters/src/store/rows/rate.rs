//! The row of `rates`: what a connection was asked of late.

use callgate_domain::model::ConnectionId;
use callgate_domain::model::rate::Rate;
use diesel::prelude::*;

use super::{instant, moment};
use crate::store::error::Unreadable;
use crate::store::schema::rates;
use crate::store::types::{Instant, JsonText};

/// What a connection was asked of late.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = rates, treat_none_as_null = true, treat_none_as_default_value = false, primary_key(connection))]
pub struct RateRow {
    pub connection: String,
    pub taken: JsonText,
    pub paused_until: Option<Instant>,
}

impl RateRow {
    /// The row of a connection.
    pub fn of(connection: &ConnectionId, rate: &Rate) -> Self {
        let taken = serde_json::to_string(&rate.taken).unwrap_or_else(|_never| "[]".to_owned());
        Self { connection: connection.as_str().to_owned(), taken: JsonText(taken), paused_until: instant(rate.paused_until) }
    }

    /// What it says.
    pub fn rate(self) -> Result<Rate, Unreadable> {
        let taken = serde_json::from_str(&self.taken.0)
            .map_err(|error| Unreadable { column: "rates.taken", fault: error.to_string() })?;
        Ok(Rate { taken, paused_until: moment(self.paused_until) })
    }
}
