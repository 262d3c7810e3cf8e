//! Arithmetic on moments that cannot overflow, and the one resolution every stored moment has.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `at` plus `by` in whole microseconds, or the last moment there is.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    to_micros(at.saturating_add(by).unwrap_or(Timestamp::MAX))
}

/// `at` minus `by`, or the first moment there is.
#[must_use]
pub fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

/// How long after `since` the moment `at` is; zero when it is not after.
#[must_use]
pub fn elapsed(since: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(since).max(SignedDuration::ZERO)).unwrap_or_default()
}

/// Cut to whole microseconds, which is what both databases keep: a row read back equals the row written.
#[must_use]
pub fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The earlier of a moment and one that may not exist.
#[must_use]
pub fn sooner(at: Timestamp, other: Option<Timestamp>) -> Timestamp {
    other.map_or(at, |other| at.min(other))
}
