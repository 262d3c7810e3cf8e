//! Rows as the tables hold them, and their translation to the model and back.
//!
//! The model derives nothing for the database, so a column can change without the rules changing.

pub mod attempt;
pub mod audit;
pub mod call;
pub mod delivery;
pub mod details;
pub mod endpoint;
pub mod exchange;
pub mod history;
pub mod idempotency;
pub mod inbox;
pub mod key;
pub mod notice;
pub mod rate;
pub mod result;
pub mod terms;

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::Unreadable;
use super::types::{Instant, Json};

/// A word, name or the like that was kept as text.
pub fn word<T: FromStr<Err: Display>>(column: &'static str, text: &str) -> Result<T, Unreadable> {
    text.parse().map_err(|error: T::Err| Unreadable { column, fault: error.to_string() })
}

/// The same where there may be none.
pub fn word_or_none<T: FromStr<Err: Display>>(column: &'static str, text: Option<&str>) -> Result<Option<T>, Unreadable> {
    text.map(|text| word(column, text)).transpose()
}

/// A number that was kept as a wider one.
pub fn number<T: TryFrom<i64>>(column: &'static str, number: impl Into<i64>) -> Result<T, Unreadable> {
    let number = number.into();
    T::try_from(number).map_err(|_out_of_range| Unreadable { column, fault: format!("{number} is out of range") })
}

/// 32 bytes.
pub fn hash(column: &'static str, bytes: &[u8]) -> Result<[u8; 32], Unreadable> {
    bytes.try_into().map_err(|_wrong_length| Unreadable { column, fault: format!("{} bytes are no SHA-256", bytes.len()) })
}

/// A moment that there may not be.
pub fn instant(at: Option<Timestamp>) -> Option<Instant> {
    at.map(Instant)
}

/// The same, read back.
pub fn moment(at: Option<Instant>) -> Option<Timestamp> {
    at.map(|at| at.0)
}

/// A JSON object, or nothing where it is empty.
pub fn object(map: &Map<String, Value>) -> Option<Json> {
    (!map.is_empty()).then(|| Json(Value::Object(map.clone())))
}

/// The same, read back.
pub fn map(column: &'static str, json: Option<Json>) -> Result<Map<String, Value>, Unreadable> {
    match json {
        None => Ok(Map::new()),
        Some(Json(Value::Object(map))) => Ok(map),
        Some(_) => Err(Unreadable { column, fault: "it is no object".to_owned() }),
    }
}

/// Text without NUL, which Postgres cannot hold: what a provider says must never make a save impossible.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for every text inside JSON.
pub fn storable_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(text).into_owned()),
        Value::Array(items) => Value::Array(items.iter().map(storable_json).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (storable(key).into_owned(), storable_json(value))).collect())
        }
        other => other.clone(),
    }
}
