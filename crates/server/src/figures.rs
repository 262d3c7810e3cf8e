//! Figures that are remembered for some seconds, so that nothing is counted anew for each reader; who asks meanwhile waits
//! for the one count that is under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use callgate_domain::model::moment::{earlier, elapsed, later};
use callgate_domain::model::{AgentKey, Status};
use callgate_domain::ports::{Accepted, Backlog, Clock, Deliveries, Figures, Middles, Moves, Pulse, StoreError};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Whatever may need somebody is counted this often.
const PULSE: Duration = Duration::from_secs(2);
/// Whatever waits is counted this long after it was counted last: a count that takes long makes the next one late, not more of them.
const BACKLOG: Duration = Duration::from_secs(5);
/// A day is counted this often.
const DAY: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_hours(1);
const WHOLE_DAY: Duration = Duration::from_hours(24);
/// Calls of each list that are shown.
pub const SHOWN_LIVE: u32 = 8;
/// The same for those that ended.
pub const SHOWN_ENDED: u32 = 5;

/// Figures, remembered.
pub struct Remembered {
    figures: Arc<dyn Figures>,
    moves: Arc<dyn Moves>,
    clock: Arc<dyn Clock>,
    pulse: Mutex<Option<(Duration, Arc<Now>)>>,
    day: Mutex<Option<(Duration, Arc<Day>)>>,
    /// Nobody waits for it: whoever asks is given what was counted last.
    backlog: PlainMutex<Option<(Duration, Backlog)>>,
    /// Hours in which nothing changes any more.
    hours: Mutex<BTreeMap<Timestamp, Accepted>>,
}

/// How things are now.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// What was counted.
    pub pulse: Pulse,
    /// How far this machine's clock and the store's are apart.
    pub clocks_apart: Duration,
}

/// How today went until now, in UTC.
#[derive(Debug, Clone)]
pub struct Day {
    /// When it began.
    pub began: Timestamp,
    /// Calls accepted in each of its hours that has begun.
    pub hours: Vec<Accepted>,
    /// Calls accepted yesterday until the same time of day.
    pub yesterday: u32,
    /// How long things took.
    pub middles: Middles,
    /// How deliveries of the last 24 hours went.
    pub deliveries: Deliveries,
}

impl Remembered {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(figures: Arc<dyn Figures>, moves: Arc<dyn Moves>, clock: Arc<dyn Clock>) -> Self {
        Self {
            figures,
            moves,
            clock,
            pulse: Mutex::default(),
            day: Mutex::default(),
            backlog: PlainMutex::default(),
            hours: Mutex::default(),
        }
    }

    /// How things are, some seconds old at most.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn now(&self) -> Result<Arc<Now>, StoreError> {
        let mut held = self.pulse.lock().await;
        let tick = self.clock.monotonic();
        if let Some((_, now)) = held.as_ref().filter(|(at, _)| tick.saturating_sub(*at) < PULSE) {
            return Ok(Arc::clone(now));
        }
        let ours = self.clock.now();
        let theirs = self.moves.now().await?;
        let clocks_apart = elapsed(ours.min(theirs), ours.max(theirs));
        let pulse = self.figures.pulse(ours, SHOWN_LIVE, SHOWN_ENDED).await?;
        let now = Arc::new(Now { pulse, clocks_apart });
        *held = Some((tick, Arc::clone(&now)));
        Ok(now)
    }

    /// What waits, as it was counted last, and how old that is; before the first count, how long it has been waited for.
    pub fn backlog(&self) -> (Option<Backlog>, Duration) {
        let held = self.backlog.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (at, backlog) = held.unzip();
        (backlog, self.clock.monotonic().saturating_sub(at.unwrap_or_default()))
    }

    /// Counts what waits, for [`Self::backlog`]. Takes as long as the database does.
    ///
    /// # Errors
    /// `Unavailable`; then the figures before it stay.
    pub async fn count_backlog(&self) -> Result<(), StoreError> {
        let tick = self.clock.monotonic();
        let backlog = self.figures.backlog(self.clock.now()).await?;
        *self.backlog.lock().unwrap_or_else(PoisonError::into_inner) = Some((tick, backlog));
        Ok(())
    }

    /// Counts what waits again and again until `stopping`, one count at a time.
    pub async fn keep_counting(&self, stopping: &CancellationToken) {
        let counting = async {
            loop {
                if let Err(error) = self.count_backlog().await {
                    tracing::debug!(%error, "what waits could not be counted");
                }
                tokio::time::sleep(BACKLOG).await;
            }
        };
        let _stopped = stopping.run_until_cancelled(counting).await;
    }

    /// How today went, some seconds old at most.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn day(&self) -> Result<Arc<Day>, StoreError> {
        let mut held = self.day.lock().await;
        let tick = self.clock.monotonic();
        if let Some((_, day)) = held.as_ref().filter(|(at, _)| tick.saturating_sub(*at) < DAY) {
            return Ok(Arc::clone(day));
        }
        let day = Arc::new(self.counted(self.clock.now()).await?);
        *held = Some((tick, Arc::clone(&day)));
        Ok(day)
    }

    async fn counted(&self, now: Timestamp) -> Result<Day, StoreError> {
        let began = start_of_day(now);
        let yesterday = earlier(began, WHOLE_DAY);
        let today = self.hours_of(&hours(began, now)).await?;
        let before = self.hours_of(&hours(yesterday, earlier(now, WHOLE_DAY))).await?;
        Ok(Day {
            began,
            hours: today,
            yesterday: before.iter().flat_map(BTreeMap::values).sum(),
            middles: self.figures.middles(began, now).await?,
            deliveries: self.figures.deliveries(earlier(now, WHOLE_DAY), now).await?,
        })
    }

    /// What was accepted in each span. A whole hour whose calls are all over is counted once.
    async fn hours_of(&self, spans: &[(Timestamp, Timestamp)]) -> Result<Vec<Accepted>, StoreError> {
        let mut known = self.hours.lock().await;
        let is_known = |span: &(Timestamp, Timestamp)| is_whole(*span) && known.contains_key(&span.0);
        let wanted: Vec<_> = spans.iter().filter(|span| !is_known(span)).copied().collect();
        let mut fresh: BTreeMap<_, _> = wanted.iter().copied().zip(self.figures.accepted(&wanted).await?).collect();
        let counts =
            |span: &(Timestamp, Timestamp)| fresh.remove(span).or_else(|| known.get(&span.0).cloned()).unwrap_or_default();
        let all: Vec<Accepted> = spans.iter().map(counts).collect();
        for (span, counts) in spans.iter().zip(&all).filter(|(span, _)| is_whole(**span)) {
            if counts.keys().all(|(_, status)| status.is_terminal()) {
                known.insert(span.0, counts.clone());
            }
        }
        // Two days at most.
        while known.len() > 48 {
            known.pop_first();
        }
        Ok(all)
    }
}

impl Day {
    /// Calls of these agents and statuses.
    pub fn of(&self, is_one: impl Fn(&AgentKey, Status) -> bool) -> u32 {
        let all = self.hours.iter().flatten();
        all.filter(|((agent, status), _)| is_one(agent, *status)).map(|(_, count)| *count).fold(0, u32::saturating_add)
    }
}

/// Midnight, in UTC.
fn start_of_day(at: Timestamp) -> Timestamp {
    let day = i64::try_from(WHOLE_DAY.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(at.as_second().div_euclid(day).saturating_mul(day)).unwrap_or(at)
}

/// The hours from `began` until `until`, the last one cut short.
fn hours(began: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let starts = std::iter::successors(Some(began), |at| Some(later(*at, HOUR))).take(24);
    starts.take_while(|at| *at < until).map(|at| (at, later(at, HOUR).min(until))).collect()
}

fn is_whole((from, to): (Timestamp, Timestamp)) -> bool {
    elapsed(from, to) == HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_cut_into_its_hours_until_now() {
        let noon = Timestamp::from_second(1_764_331_200).unwrap_or_default();
        assert_eq!(noon.to_string(), "2025-11-28T12:00:00Z");
        let now = later(noon, Duration::from_mins(20));
        let began = start_of_day(now);
        assert_eq!(began.to_string(), "2025-11-28T00:00:00Z");
        let hours = hours(began, now);
        assert_eq!((hours.len(), hours.last().copied()), (13, Some((noon, now))));
        assert!(hours.iter().take(12).all(|span| is_whole(*span)) && !is_whole((noon, now)));
        assert_eq!(super::hours(began, began), []);
    }
}
