//! Rows, and their translation to the model and back. Formats of the store change here without the rules changing.

pub mod attempt;
pub mod call;
pub mod details;
pub mod history;
pub mod result;
pub mod terms;

use std::str::FromStr;

use callgate_domain::ports::StoreError;
use jiff::Timestamp;

use super::error::unreadable;
use super::types::Instant;

/// Reads a word back.
pub fn word<T: FromStr>(text: &str, what: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_unknown| unreadable(what))
}

/// Reads a word back that may not be there.
pub fn maybe_word<T: FromStr>(text: Option<&str>, what: &str) -> Result<Option<T>, StoreError> {
    text.map(|text| word(text, what)).transpose()
}

/// A moment for a column that may be empty.
pub fn instant(at: Option<Timestamp>) -> Option<Instant> {
    at.map(Instant)
}

/// A moment from a column that may be empty.
pub fn moment(at: Option<Instant>) -> Option<Timestamp> {
    at.map(|at| at.0)
}

/// A count for a column; the model's are smaller than any column.
pub fn count<T, U: TryFrom<T> + Default>(n: T) -> U {
    U::try_from(n).unwrap_or_default()
}
