//! The provider, which knows the truth: whom it dialed, what came of it, and when. Its count of dials is the judge of P1.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::faults::Fault;
use super::world::World;
use crate::model::call::Role;
use crate::model::{AttemptId, CallState, ConnectionId, EndedReason, Evidence, Phone, ProviderCallId, Seen, Source};
use crate::testing::builders::provider_call;

/// Everything that was dialed.
#[derive(Default)]
pub struct Engine {
    dials: Mutex<Vec<Dial>>,
}

/// How a dial ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Rang out.
    NoAnswer,
    /// Engaged.
    Busy,
    /// Refused by the one called.
    Declined,
    /// They talked.
    Talked,
    /// Could not be put through.
    Failed,
    /// Ended on request, before the answer.
    Canceled,
    /// The provider never tells.
    Never,
}

/// One phone that rings. Moments are microseconds since the beginning.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Our reference.
    pub attempt: AttemptId,
    /// The provider's id.
    pub id: ProviderCallId,
    /// The account.
    pub connection: ConnectionId,
    /// Who was dialed.
    pub phone: Phone,
    /// When.
    pub at: u64,
    /// It rings.
    pub rings_at: u64,
    /// Somebody answers, where it comes to that.
    pub answers_at: u64,
    /// It is over.
    pub over_at: u64,
    /// The words are there.
    pub told_at: u64,
    /// Look-ups see it from then on.
    pub visible_at: u64,
    /// How it ends.
    pub end: End,
    /// The one called wants no more calls.
    pub opt_out: bool,
}

impl Dial {
    /// Whether it is truly over by `now`, in a way that a client's plan may follow with another try.
    #[must_use]
    pub fn permits_another(&self, now: u64) -> Option<CallState> {
        let over = self.over_at <= now && !self.opt_out;
        match self.end {
            End::NoAnswer if over => Some(CallState::NoAnswer),
            End::Busy if over => Some(CallState::Busy),
            _ => None,
        }
    }

    /// Whether it is over by `now`. One whose end is never told is there for ever.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        now >= self.over_at && self.end != End::Never
    }

    /// What was said.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: This is {}.\n{}: Yes.", Role::Agent, self.id.as_str(), Role::User)
    }

    /// The truth as it can be seen at `now`.
    #[must_use]
    pub fn evidence(&self, world: &World, now: u64, source: Source) -> Evidence {
        let mut evidence = Evidence::new(source);
        evidence.provider_call = Some(self.id.clone());
        let talks = self.end == End::Talked;
        let seen = match self.end {
            _ if now < self.rings_at => Seen::Accepted,
            End::Never => Seen::Ringing,
            End::Talked if (self.answers_at..self.over_at).contains(&now) => Seen::Answered,
            End::Talked if (self.over_at..self.told_at).contains(&now) => Seen::Over,
            _ if now < self.over_at => Seen::Ringing,
            End::Talked => Seen::Completed,
            End::NoAnswer | End::Declined => Seen::NoAnswer,
            End::Busy => Seen::Busy,
            End::Failed => Seen::Failed,
            End::Canceled => Seen::Canceled,
        };
        if talks && now >= self.answers_at {
            evidence.answered_at = Some(world.moment(self.answers_at));
        }
        if now >= self.over_at && self.end != End::Never {
            evidence.ended_at = Some(world.moment(self.over_at));
            evidence.opt_out = self.opt_out;
            evidence.ended_reason = (self.end == End::Declined).then_some(EndedReason::Declined);
        }
        if talks && now >= self.told_at {
            evidence.transcript = Some(self.words());
            evidence.words_final = true;
            evidence.duration_s = u32::try_from(self.over_at.saturating_sub(self.answers_at) / 1_000_000).ok();
        }
        evidence.seen(seen)
    }
}

impl Engine {
    fn dials(&self) -> MutexGuard<'_, Vec<Dial>> {
        self.dials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A phone rings. What becomes of it is decided now, and told bit by bit.
    pub fn dial(&self, world: &Arc<World>, attempt: AttemptId, connection: &ConnectionId, phone: &Phone) -> Dial {
        let (dice, at) = (&world.dice, world.now());
        let end = match dice.below(20) {
            0..=5 => End::NoAnswer,
            6..=8 => End::Busy,
            9..=10 => End::Declined,
            11 => End::Failed,
            12 if world.strikes(Fault::NeverEnds, 1_000) => End::Never,
            _ => End::Talked,
        };
        let soon = |low, high| u64::try_from(dice.millis(low, high).as_micros()).unwrap_or(0);
        let rings_at = at.saturating_add(soon(100, 5_000));
        let answers_at = rings_at.saturating_add(soon(500, 20_000));
        let over_at = answers_at.saturating_add(if end == End::Talked { soon(1_000, 40_000) } else { 0 });
        let told_at = over_at.saturating_add(if dice.chance(500) { 0 } else { soon(500, 60_000) });
        let lags = world.strikes(Fault::LookUpLag, world.weather.look_up);
        let visible_at = if lags { at.saturating_add(soon(1_000, 60_000)) } else { at };
        let mut dials = self.dials();
        let id = provider_call(&format!("theirs-{}", dials.len()));
        let opt_out = dice.below(10) == 0;
        let (connection, phone) = (connection.clone(), phone.clone());
        let dial = Dial { attempt, id, connection, phone, at, rings_at, answers_at, over_at, told_at, visible_at, end, opt_out };
        dials.push(dial.clone());
        dial
    }

    /// All dials so far.
    #[must_use]
    pub fn all(&self) -> Vec<Dial> {
        self.dials().clone()
    }

    /// The dials that `wanted` holds of.
    #[must_use]
    pub fn find(&self, wanted: impl Fn(&Dial) -> bool) -> Vec<Dial> {
        self.dials().iter().filter(|dial| wanted(dial)).cloned().collect()
    }

    /// Somebody asks for its end.
    pub fn hang_up(&self, id: &ProviderCallId, now: u64) -> bool {
        let mut dials = self.dials();
        let Some(dial) = dials.iter_mut().find(|dial| dial.id == *id) else { return false };
        if now >= dial.over_at && dial.end != End::Never {
            return false;
        }
        let talks = dial.end == End::Talked && now >= dial.answers_at;
        dial.end = if talks { End::Talked } else { End::Canceled };
        dial.over_at = now;
        dial.told_at = now.saturating_add(u64::try_from(Duration::from_secs(1).as_micros()).unwrap_or(0));
        true
    }
}
