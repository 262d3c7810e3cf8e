//! How often something may happen per minute, for each of many: the generic cell rate algorithm, one moment each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is throttled is remembered for so many at most.
const MOST: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Counts for each `K` apart.
pub struct Throttle<K> {
    per_minute: u32,
    /// How long one of them counts; none is no limit.
    each: Option<Duration>,
    /// So much may be counted at once.
    most: Duration,
    /// When each would be back at zero, if nothing more happened.
    until: Mutex<HashMap<K, Duration>>,
}

impl<K: Hash + Eq> Throttle<K> {
    /// So many a minute, all at once if need be; 0 is no limit.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, each: MINUTE.checked_div(per_minute), most: MINUTE, until: Mutex::new(HashMap::new()) }
    }

    /// So many at once, and then one after each `each`.
    pub fn slow(at_once: u32, each: Duration) -> Self {
        Self { per_minute: 0, each: Some(each), most: each.saturating_mul(at_once), until: Mutex::new(HashMap::new()) }
    }

    /// How many a minute are let through.
    pub fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Counts one more.
    ///
    /// # Errors
    /// How long to wait, when that is one too many; it is not counted then.
    pub fn count(&self, key: K, now: Duration) -> Result<(), Duration> {
        let Some(each) = self.each else { return Ok(()) };
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            until.retain(|_, until| *until > now);
            // Somebody has that many addresses: forgetting them all is the bound.
            if until.len() >= MOST {
                until.clear();
            }
        }
        let held = until.entry(key).or_insert(now);
        let next = (*held).max(now) + each;
        match next.checked_sub(now + self.most) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *held = next;
                Ok(())
            }
        }
    }
}

impl<K: Hash + Eq> Throttle<K> {
    /// Whether one more would be one too many; counts nothing.
    pub fn is_spent(&self, key: &K, now: Duration) -> bool {
        let Some(each) = self.each else { return false };
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(key).is_some_and(|held| *held + each > now + self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let throttle = Throttle::new(20);
        let mut now = Duration::from_secs(1_000);
        assert!((0..20).all(|_| throttle.count("a", now).is_ok()));
        assert_eq!(throttle.count("a", now), Err(Duration::from_secs(3)));
        assert_eq!(throttle.count("b", now), Ok(()));
        now += Duration::from_secs(3);
        assert_eq!(throttle.count("a", now), Ok(()));
        assert!(throttle.count("a", now).is_err());
    }

    #[test]
    fn what_is_spent_is_told_without_counting() {
        let throttle = Throttle::slow(2, Duration::from_secs(60));
        let mut now = Duration::from_secs(1_000);
        for _ in 0..2 {
            assert!(!throttle.is_spent(&"a", now) && throttle.count("a", now).is_ok());
        }
        assert!(throttle.is_spent(&"a", now) && throttle.count("a", now).is_err());
        now += Duration::from_secs(60);
        assert!(!throttle.is_spent(&"a", now) && !throttle.is_spent(&"a", now));
        assert!(throttle.count("a", now).is_ok() && throttle.is_spent(&"a", now));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::new(1);
        for address in 0..3 * MOST {
            let _counted = throttle.count(address, Duration::from_secs(1));
        }
        assert!(throttle.until.lock().unwrap().len() <= MOST);
    }

    #[test]
    fn zero_is_no_limit() {
        let throttle = Throttle::new(0);
        assert!((0..1_000).all(|_| throttle.count((), Duration::ZERO).is_ok()));
    }
}
