//! Failed authentications in the audit log: enough to see that there were some, from where and how many; never so many
//! lines that whoever fails could fill the database with them.
//!
//! The first of an address (and key, and kind) is written at once; those that follow within a minute are counted, and are
//! one line. Lines are rationed, [`AT_ONCE`] and then one in a [`MINUTE`]; what is over that is counted under one name. Nothing
//! is written while anybody waits for an answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callgate_domain::model::KeyId;
use callgate_domain::ports::{Actor, AuditAction, AuditEntry, AuditResult};
use callgate_domain::usecases::AuditLog;
use tokio_util::sync::CancellationToken;

use crate::http::throttle::Throttle;

const MINUTE: Duration = Duration::from_secs(60);
/// Lines that may be written at once; one more in each minute after that.
const AT_ONCE: u32 = 60;
/// Whoever is over that, together.
const OTHERS: &str = "other addresses";

/// What one line tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// Where it came from, as it is throttled.
    pub from: IpAddr,
    /// The key, where it is one.
    pub key: Option<KeyId>,
    /// What was wrong.
    pub result: AuditResult,
}

/// Counts failures and has them written.
pub struct Failures {
    log: Arc<AuditLog>,
    stopping: CancellationToken,
    counted: Mutex<Counted>,
}

/// What was not written yet.
struct Counted {
    ration: Throttle<()>,
    held: HashMap<Failure, Held>,
    others: u32,
    /// Somebody writes what is counted, once a minute.
    is_swept: bool,
}

struct Held {
    written: Duration,
    since_then: u32,
}

/// A line, nearly.
type Told = (Option<Failure>, u32);

impl Failures {
    /// None so far.
    pub fn new(log: Arc<AuditLog>, stopping: CancellationToken) -> Self {
        Self { log, stopping, counted: Mutex::new(Counted::new()) }
    }

    /// One more, of the request `request_id`.
    pub fn note(self: &Arc<Self>, failure: Failure, request_id: &str, tick: Duration) {
        let (told, sweep) = {
            let mut counted = self.counted();
            let told = counted.note(failure, tick);
            (told, !std::mem::replace(&mut counted.is_swept, true))
        };
        if let Some(told) = told {
            let line = self.line(told, Some(request_id.to_owned()));
            let this = Arc::clone(self);
            drop(tokio::spawn(async move { this.write(line).await }));
        }
        if sweep {
            drop(tokio::spawn(Arc::clone(self).sweep()));
        }
    }

    /// Writes what is counted, once a minute and at the stop, for as long as there is anything.
    async fn sweep(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(MINUTE) => {}
            }
            let (told, is_over) = {
                let mut counted = self.counted();
                let told = counted.due(self.log.clock.monotonic());
                let is_over = counted.is_idle() || self.stopping.is_cancelled();
                counted.is_swept = !is_over;
                (told, is_over)
            };
            for told in told {
                self.write(self.line(told, None)).await;
            }
            if is_over {
                return;
            }
        }
    }

    fn line(&self, (failure, times): Told, request_id: Option<String>) -> AuditEntry {
        let (object, key, result) = match failure {
            Some(Failure { from, key, result }) => (named(from), key, result),
            None => (OTHERS.to_owned(), None, AuditResult::InvalidToken),
        };
        let line = self.log.line(Actor { key, request_id }, AuditAction::AuthFailed, &object, result);
        AuditEntry { times, ..line }
    }

    async fn write(&self, line: AuditEntry) {
        if let Err(error) = self.log.record(line).await {
            tracing::warn!(%error, "a failed authentication could not be written to the audit log");
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn new() -> Self {
        Self { ration: Throttle::slow(AT_ONCE, MINUTE), held: HashMap::new(), others: 0, is_swept: false }
    }

    /// What is to be written at once.
    fn note(&mut self, failure: Failure, tick: Duration) -> Option<Told> {
        if let Some(held) = self.held.get_mut(&failure) {
            held.since_then = held.since_then.saturating_add(1);
            return None;
        }
        if self.ration.count((), tick).is_err() {
            self.others = self.others.saturating_add(1);
            return None;
        }
        self.held.insert(failure.clone(), Held { written: tick, since_then: 0 });
        Some((Some(failure), 1))
    }

    /// What was counted for a minute.
    fn due(&mut self, tick: Duration) -> Vec<Told> {
        let mut told = Vec::new();
        let (ration, others) = (&self.ration, &mut self.others);
        self.held.retain(|failure, held| {
            if tick.saturating_sub(held.written) < MINUTE {
                return true;
            }
            let times = std::mem::take(&mut held.since_then);
            if times == 0 {
                return false;
            }
            if ration.count((), tick).is_err() {
                *others = others.saturating_add(times);
                return false;
            }
            held.written = tick;
            told.push((Some(failure.clone()), times));
            true
        });
        if *others > 0 {
            told.push((None, std::mem::take(others)));
        }
        told
    }

    fn is_idle(&self) -> bool {
        self.held.is_empty() && self.others == 0
    }
}

/// An address as a person reads it; of IPv6, the network that one customer has.
fn named(from: IpAddr) -> String {
    match from {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(address: u32) -> Failure {
        Failure { from: IpAddr::V4(address.into()), key: None, result: AuditResult::InvalidToken }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_of_a_minute_is_one_line() {
        let mut counted = Counted::new();
        let tick = Duration::from_secs(100);
        assert_eq!(counted.note(failure(1), tick), Some((Some(failure(1)), 1)));
        assert!((0..500).all(|_| counted.note(failure(1), tick).is_none()));
        assert_eq!(counted.due(tick + MINUTE / 2), []);
        assert_eq!(counted.due(tick + MINUTE), [(Some(failure(1)), 500)]);
        assert_eq!(counted.due(tick + 2 * MINUTE), []);
        assert!(counted.is_idle());
        assert_eq!(counted.note(failure(1), tick + 2 * MINUTE), Some((Some(failure(1)), 1)));
    }

    #[test]
    fn a_million_addresses_are_few_lines_and_are_all_counted() {
        let mut counted = Counted::new();
        let (mut lines, mut times) = (0_u32, 0_u32);
        for minute in 0..10_u32 {
            let tick = Duration::from_secs(100) + minute * MINUTE;
            for address in 0..100_000 {
                let told = counted.note(failure(minute * 100_000 + address), tick);
                lines += u32::from(told.is_some());
                times += told.map_or(0, |(_, times)| times);
            }
            for (_, told) in counted.due(tick + MINUTE / 2) {
                lines += 1;
                times += told;
            }
            assert!(counted.held.len() <= AT_ONCE as usize + 10);
        }
        assert_eq!(times, 1_000_000);
        assert!(lines <= AT_ONCE + 2 * 10, "{lines}");
    }
}
