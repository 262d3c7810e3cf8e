//! `deliveries.last_exchange`: how the last try went, as JSON.

use std::time::Duration;

use callgate_domain::model::{Answer, Exchange};
use diesel::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::CourseRow;
use crate::store::error::Unreadable;
use crate::store::schema::deliveries;

/// What changes of a delivery when it was tried.
#[derive(Clone, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true)]
pub struct TriedRow {
    #[diesel(embed)]
    pub course: CourseRow,
    pub last_exchange: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    began_at: Timestamp,
    took_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<WrittenAnswer>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAnswer {
    headers: Vec<(String, String)>,
    body: String,
    cut: bool,
}

/// As it is kept.
pub fn written(exchange: &Exchange) -> Option<String> {
    let answer = exchange.answer.clone().map(|Answer { headers, body, is_cut }| WrittenAnswer { headers, body, cut: is_cut });
    let took_ms = u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX);
    serde_json::to_string(&Written { began_at: exchange.began_at, took_ms, answer }).ok()
}

/// As it was kept.
pub fn read(text: &str) -> Result<Exchange, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable { column: "deliveries.last_exchange", fault: error.to_string() };
    let Written { began_at, took_ms, answer } = serde_json::from_str(text).map_err(unreadable)?;
    let answer = answer.map(|WrittenAnswer { headers, body, cut }| Answer { headers, body, is_cut: cut });
    Ok(Exchange { began_at, took: Duration::from_millis(took_ms), answer })
}
