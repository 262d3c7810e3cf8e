//! A connection's circuit breaker: one that fails again and again is left alone for a while.
//!
//! Five failures in a row open it: one or two happen to every provider, and a call that is dialed into an outage ends as
//! `unknown` or is refused, so each further one costs a client's call. Ten seconds outlast a restart or a change of
//! address over there; doubling up to two minutes keeps an hour's outage down to some thirty tries. Then one request
//! tries it out: its success closes the breaker, its failure opens it for twice as long.
//!
//! It decides over what is claimed next, never over a request that was marked. Each process has its own and learns from
//! its own requests. Times are monotonic: a jump of the clock neither opens nor holds it.

use std::time::Duration;

use super::call::EndedReason;
use super::provider::{Placing, Retry};

/// Failures in a row that open it.
pub const FAILURES: u8 = 5;
/// So long it is open at first; twice as long each time that the request which tries it out fails.
pub const FIRST_OPEN: Duration = Duration::from_secs(10);
/// It is never open for longer.
pub const LONGEST_OPEN: Duration = Duration::from_mins(2);
/// A request that tries it out and is never heard of again, as after a panic, keeps others away for so long.
pub const PROBE_FORGOTTEN: Duration = Duration::from_mins(5);

/// What a request to place a call says about the connection it went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It answered as documented, be it with a refusal.
    Works,
    /// No connection came about, or nobody knows what became of the request.
    Fails,
    /// Nothing: the request was never sent, and the reason was ours.
    Silent,
}

impl Sign {
    /// What this answer says.
    #[must_use]
    pub const fn of(placing: &Placing) -> Self {
        match placing {
            Placing::Dialed(_) => Self::Works,
            Placing::NotDialed { reason: EndedReason::GatewayError, .. } => Self::Silent,
            Placing::NotDialed { retry: Retry::Backoff, .. } | Placing::Unknown { .. } => Self::Fails,
            Placing::NotDialed { retry: Retry::Never | Retry::After(_), .. } => Self::Works,
        }
    }
}

/// What a sign changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing is sent for so long; then one request tries.
    Opened(Duration),
    /// It works again.
    Closed,
}

/// One connection's breaker. A new one is closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u8,
    stands: Stands,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stands {
    #[default]
    Closed,
    /// Nothing is sent until then; from then on one request may try.
    Open { until: Duration, length: Duration },
    /// One request tries it out; a further one may from then on.
    Trying { until: Duration, length: Duration },
}

impl Breaker {
    /// Requests that may be sent at this moment: any number, one to try it out, or none.
    #[must_use]
    pub fn may_send(&self, now: Duration) -> u32 {
        match self.stands {
            Stands::Closed => u32::MAX,
            Stands::Open { until, .. } | Stands::Trying { until, .. } => u32::from(until <= now),
        }
    }

    /// Whether it is open, or being tried out.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.stands != Stands::Closed
    }

    /// A request that it permitted is on its way.
    pub fn spend(&mut self, now: Duration) {
        if let Stands::Open { until, length } | Stands::Trying { until, length } = self.stands
            && until <= now
        {
            self.stands = Stands::Trying { until: now.saturating_add(PROBE_FORGOTTEN), length };
        }
    }

    /// What became of a request. One that was sent before it opened may tell of a success too, which is as good; its
    /// failure says nothing new while nothing is tried out.
    pub fn learn(&mut self, sign: Sign, now: Duration) -> Option<Turn> {
        match (sign, self.stands) {
            (Sign::Works, stood) => {
                *self = Self::default();
                (stood != Stands::Closed).then_some(Turn::Closed)
            }
            (Sign::Fails, Stands::Closed) => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= FAILURES).then(|| self.open(FIRST_OPEN, now))
            }
            (Sign::Fails, Stands::Trying { length, .. }) => Some(self.open(length.saturating_mul(2).min(LONGEST_OPEN), now)),
            // The one that should have tried did not: the next one may.
            (Sign::Silent, Stands::Trying { length, .. }) => {
                self.stands = Stands::Open { until: now, length };
                None
            }
            (Sign::Fails, Stands::Open { .. }) | (Sign::Silent, Stands::Closed | Stands::Open { .. }) => None,
        }
    }

    fn open(&mut self, length: Duration, now: Duration) -> Turn {
        self.stands = Stands::Open { until: now.saturating_add(length), length };
        Turn::Opened(length)
    }
}
