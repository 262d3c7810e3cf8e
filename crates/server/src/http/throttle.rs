//! How often something may happen in a while, for each of many: the generic cell rate algorithm, one moment each. And how
//! an answer tells it: `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers writes them.
//!
//! Each process counts for itself: nothing here outlives it or is shared.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};

/// What is throttled is remembered for so many at most.
const MOST: usize = 10_000;
/// What is left of a quota.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Which quotas there are.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// So many in so long a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Its name on the wire.
    pub name: &'static str,
    /// So many; 0 is no limit.
    pub quota: u32,
    /// In so long.
    pub window: Duration,
}

/// How a quota stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// So many are let through at once.
    pub left: u32,
    /// It is whole again after this; where nothing is left, one more is let through after this.
    pub resets_in: Duration,
}

impl Policy {
    /// The policy's header, and how it stands.
    pub fn headers(&self, standing: Standing) -> [(HeaderName, HeaderValue); 2] {
        let Self { name, quota, window } = self;
        let resets_in = seconds(standing.resets_in);
        let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        [
            (RATE_LIMIT_POLICY, text(format!("\"{name}\";q={quota};w={}", window.as_secs()))),
            (RATE_LIMIT, text(format!("\"{name}\";r={};t={resets_in}", standing.left))),
        ]
    }
}

/// Whole seconds, none too few.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// Counts for each `K` apart.
pub struct Throttle<K> {
    policy: Policy,
    /// How long one of them counts; none is no limit.
    each: Option<Duration>,
    /// When each would be back at zero, if nothing more happened.
    until: Mutex<HashMap<K, Duration>>,
}

impl<K: Hash + Eq> Throttle<K> {
    /// As many as the policy says, all at once if need be.
    pub fn new(policy: Policy) -> Self {
        let each = policy.window.checked_div(policy.quota).filter(|each| !each.is_zero());
        Self { policy, each, until: Mutex::new(HashMap::new()) }
    }

    /// So many at once, and then one after each `each`.
    pub fn slow(at_once: u32, each: Duration) -> Self {
        Self::new(Policy { name: "slow", quota: at_once, window: each.saturating_mul(at_once) })
    }

    /// What is let through.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Counts one more, where there is a limit.
    ///
    /// # Errors
    /// How long to wait, when that is one too many; it is not counted then.
    pub fn count(&self, key: K, now: Duration) -> Result<Option<Standing>, Duration> {
        let Some(each) = self.each else { return Ok(None) };
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
        let end = now + self.policy.window;
        match next.checked_sub(end) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *held = next;
                let left = end.saturating_sub(next).as_nanos() / each.as_nanos();
                Ok(Some(Standing { left: u32::try_from(left).unwrap_or(u32::MAX), resets_in: next.saturating_sub(now) }))
            }
        }
    }
}

impl<K: Hash + Eq> Throttle<K> {
    /// Whether one more would be one too many; counts nothing.
    pub fn is_spent(&self, key: &K, now: Duration) -> bool {
        let Some(each) = self.each else { return false };
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(key).is_some_and(|held| *held + each > now + self.policy.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_minute(quota: u32) -> Policy {
        Policy { name: "default", quota, window: Duration::from_mins(1) }
    }

    fn passes<K: Hash + Eq>(throttle: &Throttle<K>, key: K, now: Duration) -> Option<u32> {
        throttle.count(key, now).ok().flatten().map(|standing| standing.left)
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let throttle = Throttle::new(per_minute(20));
        let mut now = Duration::from_secs(1_000);
        for left in (0..20).rev() {
            assert_eq!(passes(&throttle, "a", now), Some(left));
        }
        assert_eq!(throttle.count("a", now), Err(Duration::from_secs(3)));
        assert_eq!(passes(&throttle, "b", now), Some(19));
        now += Duration::from_secs(3);
        assert_eq!(passes(&throttle, "a", now), Some(0));
        assert!(throttle.count("a", now).is_err());
        now += Duration::from_secs(60);
        assert_eq!(throttle.count("a", now), Ok(Some(Standing { left: 19, resets_in: Duration::from_secs(3) })));
    }

    #[test]
    fn in_no_second_more_than_twice_the_quota_and_on_average_the_quota_is_let_through() {
        let throttle = Throttle::new(Policy { name: "default", quota: 10, window: Duration::from_secs(1) });
        let passed: Vec<u64> =
            (0..10_000).filter(|ms| throttle.count((), Duration::from_secs(9) + Duration::from_millis(*ms)).is_ok()).collect();
        assert_eq!(passed.len(), 10 * 10 + 9);
        assert!(passed.iter().all(|from| passed.iter().filter(|ms| (*from..from + 1_000).contains(*ms)).count() <= 20));
    }

    #[test]
    fn headers_are_written_as_the_draft_says() {
        let policy = per_minute(20);
        let headers = policy.headers(Standing { left: 7, resets_in: Duration::from_millis(2_001) });
        let written: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(written, ["ratelimit-policy: \"default\";q=20;w=60", "ratelimit: \"default\";r=7;t=3"]);
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
        let throttle = Throttle::new(per_minute(1));
        for address in 0..3 * MOST {
            let _counted = throttle.count(address, Duration::from_secs(1));
        }
        assert!(throttle.until.lock().unwrap().len() <= MOST);
    }

    #[test]
    fn zero_is_no_limit() {
        let throttle = Throttle::new(per_minute(0));
        assert!((0..1_000).all(|_| throttle.count((), Duration::ZERO) == Ok(None)));
    }
}
