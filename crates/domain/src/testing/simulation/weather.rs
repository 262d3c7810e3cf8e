//! What kind of days a seed has: how often each thing goes wrong. Some seeds are quiet, so that what goes wrong in others
//! is met alone as well as in company.

use std::time::Duration;

use crate::testing::chance::SeededChance;

/// Chances in a thousand, each zero in many seeds.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Our processes.
    pub instances: usize,
    /// Calls that clients ask for.
    pub calls: u64,
    /// When everything is well again.
    pub calm_at: Duration,
    /// A crash at a step.
    pub crash: u32,
    /// A pause at a step.
    pub pause: u32,
    /// A disaster at each of its moments.
    pub disaster: u32,
    /// A commit fails, or its answer is lost.
    pub commit: u32,
    /// A client does not get its answer.
    pub reply: u32,
    /// A request to place a call goes wrong.
    pub request: u32,
    /// A request to place a call is refused.
    pub refusal: u32,
    /// A look-up goes wrong.
    pub look_up: u32,
    /// A webhook is lost, late, or comes twice.
    pub webhook: u32,
    /// Clocks are set.
    pub clock: u32,
    /// Calls that may be live on each connection.
    pub max_live: Option<u32>,
    /// Calls that may be taken in any second on each connection.
    pub max_per_second: Option<u32>,
    /// The last process knows one connection only.
    pub split: bool,
    /// Receivers of notices. The second is down until all is calm, the third says at times that nobody is there.
    pub receivers: u64,
    /// A receiver is busy, slow or not heard.
    pub receiver: u32,
    /// All calls are to one number, by an agent whose first provider knows calls by number and time only.
    pub rivals: bool,
    /// The first provider of an agent with two takes nothing until all is calm, and all calls are that agent's.
    pub outage: bool,
}

/// Calls of an outage: more than it takes to open a breaker.
const CALLS_OF_AN_OUTAGE: u64 = 12;

impl Weather {
    /// The weather of a seed.
    #[must_use]
    pub fn of(dice: &SeededChance) -> Self {
        let some = |low: u64, high: u64| match dice.below(3) {
            0 => 0,
            1 => u32::try_from(low).unwrap_or(0),
            _ => u32::try_from(dice.between(low, high)).unwrap_or(0),
        };
        let instances = match dice.below(6) {
            0 => 1,
            1..=3 => 2,
            _ => 3,
        };
        Self {
            instances,
            calls: dice.between(1, 5),
            calm_at: dice.millis(60_000, 400_000),
            crash: some(6, 45),
            pause: some(2, 25),
            disaster: some(100, 600),
            commit: some(10, 120),
            reply: some(50, 300),
            request: some(100, 700),
            // Once in a while the provider takes nothing for a long time.
            refusal: if dice.below(8) == 0 { 1_900 } else { some(100, 500) },
            look_up: some(100, 600),
            webhook: some(100, 500),
            clock: some(100, 500),
            max_live: dice.pick(&[None, None, Some(1), Some(2)]).flatten(),
            max_per_second: dice.pick(&[None, None, Some(1), Some(2)]).flatten(),
            split: instances > 1 && dice.below(5) == 0,
            receivers: dice.below(4),
            receiver: some(50, 300),
            rivals: dice.below(12) == 0,
            outage: false,
        }
    }

    /// The same, but for few of these dice's throws. They are not the seed's other dice, which would fall otherwise after it.
    #[must_use]
    pub fn or_an_outage(self, dice: &SeededChance) -> Self {
        if dice.below(60) > 0 {
            return self;
        }
        Self { outage: true, calls: CALLS_OF_AN_OUTAGE, ..self }
    }
}
