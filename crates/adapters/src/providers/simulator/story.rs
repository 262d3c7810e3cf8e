//! What happens in a simulated call: a pure function of its reference, its scenario and the time since it was sent.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::Seen;
use callgate_domain::model::moment::{elapsed, later};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::reference::Reference;
use super::script::{Delivery, Scenario};
use super::wire;

/// Nobody's phone rings the moment a call is placed.
const RINGS_AFTER: Duration = Duration::from_secs(1);

/// One simulated call.
#[derive(Debug, Clone)]
pub struct Story {
    /// Which one.
    pub reference: Reference,
    /// What it is like.
    pub scenario: Arc<Scenario>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

impl Story {
    /// The call as it is at a moment.
    pub fn at(&self, now: Timestamp) -> wire::Call {
        let age = elapsed(self.sent_at, now);
        if age >= self.ends() { self.end() } else { self.on_the_way(age) }
    }

    /// The call when it is over.
    pub fn end(&self) -> wire::Call {
        let talk = self.scenario.talk();
        wire::Call {
            duration_s: self.answers().map(|_| whole_seconds(talk)),
            ended_reason: self.scenario.ended_reason.map(|reason| reason.as_str().to_owned()),
            ended_at: Some(later(self.sent_at, self.ends())),
            turns: self.turns(Duration::MAX, Some(talk)),
            ..self.picture(self.scenario.status, self.answers())
        }
    }

    /// The call when it is ended on request at a moment; `None` when it is over anyway.
    pub fn canceled(&self, now: Timestamp) -> Option<wire::Call> {
        let age = elapsed(self.sent_at, now);
        if age >= self.ends() {
            return None;
        }
        let reason = Some("canceled_by_client".to_owned());
        let Some(answers) = self.answers().filter(|answers| age >= *answers) else {
            return Some(wire::Call { ended_reason: reason, ended_at: Some(now), ..self.picture("canceled", None) });
        };
        let talked = (age - answers).mul_f64(self.reference.speed).min(self.scenario.talk());
        Some(wire::Call {
            duration_s: Some(whole_seconds(talked)),
            ended_reason: reason,
            ended_at: Some(now),
            turns: self.turns(age, Some(talked)),
            ..self.picture("completed", Some(answers))
        })
    }

    /// When something is to be told, after the call was sent; the last is its end.
    pub fn moments(&self) -> Vec<Duration> {
        let turns = (1..self.scenario.turns.len()).filter_map(|nth| self.turn_begins(nth));
        let mut moments: Vec<Duration> = self.rings().into_iter().chain(self.answers()).chain(turns).collect();
        moments.retain(|moment| *moment < self.ends());
        moments.dedup();
        moments.push(self.ends());
        moments
    }

    fn on_the_way(&self, age: Duration) -> wire::Call {
        let answers = self.answers().filter(|answers| age >= *answers);
        let rings = self.rings().is_some_and(|rings| age >= rings);
        let status = match answers {
            Some(_) => "in_progress",
            None if rings => "ringing",
            None => "queued",
        };
        let turns = if answers.is_some() { self.turns(age, None) } else { Vec::new() };
        wire::Call { turns, ..self.picture(status, answers) }
    }

    fn picture(&self, status: &str, answers: Option<Duration>) -> wire::Call {
        wire::Call {
            id: self.reference.to_string(),
            attempt_id: self.reference.attempt.to_string(),
            status: status.to_owned(),
            turns: Vec::new(),
            duration_s: None,
            ended_reason: None,
            answered_at: answers.map(|answers| later(self.sent_at, answers)),
            ended_at: None,
        }
    }

    /// The turns begun at an age; where the talk ended after `talked`, the last one ends there.
    fn turns(&self, age: Duration, talked: Option<Duration>) -> Vec<wire::Turn> {
        let begun = |nth: usize| self.turn_begins(nth).is_some_and(|begins| begins <= age);
        let turns = self.scenario.turns.iter().enumerate().take_while(|(nth, _)| begun(*nth));
        let told = turns.map(|(nth, line)| {
            let start = self.scenario.starts(nth);
            let ended = begun(nth + 1).then_some(start + line.lasts);
            let end = ended.or(talked.map(|talked| talked.min(start + line.lasts)));
            let (start_ms, end_ms) = (millis(start), end.map(millis));
            wire::Turn { role: line.role.as_str().to_owned(), text: line.text.clone(), start_ms, end_ms }
        });
        told.collect()
    }

    fn turn_begins(&self, nth: usize) -> Option<Duration> {
        self.scenario.turns.get(nth)?;
        Some(self.answers()? + self.paced(self.scenario.starts(nth)))
    }

    fn rings(&self) -> Option<Duration> {
        (self.scenario.seen != Seen::Busy && !self.is_instant()).then(|| self.paced(RINGS_AFTER))
    }

    fn answers(&self) -> Option<Duration> {
        (self.scenario.seen == Seen::Completed).then(|| self.paced(self.answered_after()))
    }

    fn ends(&self) -> Duration {
        let after = match self.scenario.seen {
            _ if self.is_instant() => Duration::ZERO,
            Seen::Completed => self.answered_after() + self.scenario.talk(),
            Seen::Busy => RINGS_AFTER,
            _ => self.answered_after(),
        };
        self.paced(after)
    }

    fn answered_after(&self) -> Duration {
        if self.is_instant() { Duration::ZERO } else { RINGS_AFTER + self.scenario.rings.mul_f64(self.patience()) }
    }

    /// A call whose result is there before its own answer has no time to last.
    fn is_instant(&self) -> bool {
        self.scenario.delivery == Delivery::BeforeTheAnswer
    }

    /// With a seed, phones ring for a quarter longer or shorter, each call in its own way.
    fn patience(&self) -> f64 {
        let Some(seed) = self.reference.seed else { return 1.0 };
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(self.reference.attempt.as_uuid());
        let byte = hash.finalize().first().copied().unwrap_or_default();
        0.75 + 0.5 * f64::from(byte) / 255.0
    }

    fn paced(&self, pause: Duration) -> Duration {
        pause.div_f64(self.reference.speed)
    }
}

fn millis(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

fn whole_seconds(talk: Duration) -> u32 {
    u32::try_from((talk + Duration::from_millis(500)).as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
