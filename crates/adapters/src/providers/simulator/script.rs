//! What simulated calls are like: the numbers of `EXPERIENCE.md`, and an operator's own from a file.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::call::conversation::Role;
use callgate_domain::model::{EndedReason, Phone, Seen};

/// How long a phone rings.
pub const RINGS: Duration = Duration::from_secs(2);

/// What a call is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The last digits of the numbers it is for; empty for any other.
    pub ends: String,
    /// How it ends, in the simulator's words.
    pub status: &'static str,
    /// The same in ours: `Completed` is answered.
    pub seen: Seen,
    /// Why.
    pub ended_reason: Option<EndedReason>,
    /// How long it rings.
    pub rings: Duration,
    /// What is said.
    pub turns: Vec<Line>,
    /// How one hears of it.
    pub delivery: Delivery,
}

/// One turn of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// How long it takes.
    pub lasts: Duration,
}

/// How one hears of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By webhooks, as it goes.
    AsItGoes,
    /// The request to place it is never answered, and no webhook comes.
    LostAnswer,
    /// The result comes twice.
    Twice,
    /// The result is there before the request to place it is answered.
    BeforeTheAnswer,
    /// Only by asking.
    Never,
    /// The last webhook has a status that nobody knows.
    UnknownWord,
}

impl Scenario {
    /// How long they talk.
    pub fn talk(&self) -> Duration {
        self.starts(self.turns.len())
    }

    /// When a turn begins, after the answer.
    pub fn starts(&self, nth: usize) -> Duration {
        self.turns.iter().take(nth).map(|line| line.lasts).sum()
    }
}

/// The scenarios of a connection.
#[derive(Debug, Clone)]
pub struct Script {
    /// The first that fits is it; longer ends first, the operator's before ours.
    scenarios: Vec<Arc<Scenario>>,
    usual: Arc<Scenario>,
}

impl Script {
    /// The operator's own scenarios, and ours for all other numbers.
    pub fn new(mut own: Vec<Scenario>) -> Self {
        own.sort_by_key(|scenario| std::cmp::Reverse(scenario.ends.len()));
        own.extend(built_in());
        Self { scenarios: own.into_iter().map(Arc::new).collect(), usual: Arc::new(answered("", Delivery::AsItGoes)) }
    }

    /// What a call to this number is like.
    pub fn for_number(&self, phone: &Phone) -> Arc<Scenario> {
        let fits = |scenario: &&Arc<Scenario>| phone.e164().ends_with(scenario.ends.as_str());
        Arc::clone(self.scenarios.iter().find(fits).unwrap_or(&self.usual))
    }

    /// The scenario that an id names; the usual one where it has gone from the file meanwhile.
    pub fn named(&self, ends: &str) -> Arc<Scenario> {
        Arc::clone(self.scenarios.iter().find(|scenario| scenario.ends == ends).unwrap_or(&self.usual))
    }
}

fn built_in() -> impl IntoIterator<Item = Scenario> {
    [
        unanswered("0102", "no_answer", Seen::NoAnswer, None),
        unanswered("0103", "busy", Seen::Busy, None),
        unanswered("0104", "no_answer", Seen::NoAnswer, Some(EndedReason::Declined)),
        answered("0105", Delivery::LostAnswer),
        answered("0106", Delivery::Twice),
        answered("0107", Delivery::BeforeTheAnswer),
        answered("0108", Delivery::Never),
        answered("0109", Delivery::UnknownWord),
    ]
}

fn answered(ends: &str, delivery: Delivery) -> Scenario {
    Scenario {
        ends: ends.to_owned(),
        status: "completed",
        seen: Seen::Completed,
        ended_reason: Some(EndedReason::AgentHangup),
        rings: RINGS,
        turns: usual_talk(),
        delivery,
    }
}

fn unanswered(ends: &str, status: &'static str, seen: Seen, ended_reason: Option<EndedReason>) -> Scenario {
    let (ends, turns, delivery) = (ends.to_owned(), Vec::new(), Delivery::AsItGoes);
    Scenario { ends, status, seen, ended_reason, rings: RINGS, turns, delivery }
}

/// The practice call of `EXPERIENCE.md` section 1: 8 seconds.
pub fn usual_talk() -> Vec<Line> {
    let line = |role, seconds, text: &str| Line { role, text: text.to_owned(), lasts: Duration::from_secs(seconds) };
    vec![
        line(Role::Agent, 3, "Hello, this is a practice call. How are you today?"),
        line(Role::User, 2, "Fine, thank you."),
        line(Role::Agent, 3, "Good to hear. This call never left your machine. Goodbye."),
    ]
}
