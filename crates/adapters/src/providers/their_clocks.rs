//! How far this machine's clock is from the providers', as the `Date` of their answers tells it (RFC 9110, 6.6.1).
//!
//! For people: nothing is decided by it. A provider's clock may be wrong as well, so ours is only as far off as the nearest
//! of theirs says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Hosts that are remembered; there are as many as connections have.
const MOST_HOSTS: usize = 64;

/// What each host said last.
#[derive(Debug, Default)]
pub struct TheirClocks(Mutex<BTreeMap<String, SignedDuration>>);

impl TheirClocks {
    /// Hears the `Date` of an answer that came just now. What is no date says nothing.
    pub fn hear(&self, host: &str, date: Option<&str>, now: Timestamp) {
        let Some(theirs) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST_HOSTS || all.contains_key(host) {
            all.insert(host.to_owned(), now.duration_since(theirs.timestamp()));
        }
    }

    /// How far ours is from the nearest of theirs, to the second; `None` where none was heard.
    #[must_use]
    pub fn apart(&self) -> Option<Duration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().map(|apart| apart.unsigned_abs()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_as_far_off_as_the_nearest_of_theirs() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().unwrap();
        let clocks = TheirClocks::default();
        let check = |heard: &[(&str, Option<&str>)], expected: Option<u64>| {
            heard.iter().for_each(|(host, date)| clocks.hear(host, *date, now));
            assert_eq!(clocks.apart(), expected.map(Duration::from_secs), "{heard:?}");
        };
        check(&[("a", None), ("a", Some("soon"))], None);
        check(&[("a", Some("Thu, 01 Jan 2026 00:00:00 GMT"))], Some(600));
        check(&[("b", Some("Thu, 01 Jan 2026 00:10:02 GMT"))], Some(2));
        check(&[("b", Some("Thu, 01 Jan 2026 01:00:00 GMT")), ("a", Some("Thu, 01 Jan 2026 00:09:00 GMT"))], Some(60));
    }
}
