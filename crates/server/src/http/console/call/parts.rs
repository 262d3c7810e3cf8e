//! The parts of the page, each one element with an id, rendered.

use askama::Template;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, CallState};
use jiff::Timestamp;

use super::outcome::{self, Note};
use super::seen::Seen;
use super::talk::{self, Items};
use super::{again, aside, rail};
use crate::http::console::line::{Line, Told};
use crate::http::console::page::rendered;
use crate::http::console::words::{self, Pill};
use crate::http::error::Problem;

/// The parts that are replaced as a whole; the transcript's list is apart.
pub struct Parts {
    /// State, timer, agent, start.
    pub state: String,
    /// What can be done.
    pub acts: String,
    /// What has to be said about how it went.
    pub outcome: String,
    /// The conversation line.
    pub line: String,
    /// Whether the page follows.
    pub follow: String,
    /// What stands under the transcript.
    pub note: String,
    /// Its states.
    pub rail: String,
    /// Details.
    pub facts: String,
    /// Its webhook.
    pub hook: String,
}

impl Parts {
    /// All of them, always in this order.
    pub fn all(&self) -> [&str; 9] {
        [&self.state, &self.acts, &self.outcome, &self.line, &self.follow, &self.note, &self.rail, &self.facts, &self.hook]
    }
}

/// A moment, for people and for machines.
pub struct At {
    /// RFC 3339.
    pub exact: String,
    /// `15:56:12 UTC`; a script says it in the reader's zone.
    pub clock: String,
}

impl From<Timestamp> for At {
    fn from(at: Timestamp) -> Self {
        Self { exact: words::exact(at), clock: at.strftime("%H:%M:%S UTC").to_string() }
    }
}

/// What can be done with a call.
enum Act {
    Cancel,
    Asked,
    Again,
    None,
}

struct Timer {
    seconds: u64,
    text: String,
    ticks: bool,
}

#[derive(Template)]
#[template(path = "call/state.html")]
struct StatePart<'a> {
    pill: Pill,
    timer: Option<Timer>,
    agent: &'a str,
    connection: Option<&'a str>,
    test: bool,
    started: At,
}

#[derive(Template)]
#[template(path = "call/acts.html")]
struct ActsPart<'a> {
    id: &'a str,
    act: Act,
}

#[derive(Template)]
#[template(path = "call/outcome.html")]
struct OutcomePart {
    notes: Vec<Note>,
}

#[derive(Template)]
#[template(path = "call/conversation.html")]
struct LinePart<'a> {
    line: Option<Line>,
    agent: &'a str,
}

#[derive(Template)]
#[template(path = "call/follow.html")]
struct FollowPart {
    is_live: bool,
}

#[derive(Template)]
#[template(path = "call/note.html")]
struct NotePart<'a> {
    id: &'a str,
    why: Option<&'static str>,
    has_words: bool,
    hidden: usize,
    is_cut: bool,
}

/// The parts as things are, and the transcript's list.
///
/// # Errors
/// 500.
pub fn of(seen: &Seen) -> Result<(Parts, Items), Problem> {
    let call = &seen.call;
    let (id, agent, is_live) = (call.id.to_string(), call.agent.as_str(), !call.state.is_terminal());
    let items = talk::items(seen)?;
    let line = Told::of(call, seen.rang_at(), seen.now, items.shown.clone()).map(|told| Line::of(&told));
    let said = call.result.transcript.as_ref();
    let note = NotePart {
        id: &id,
        why: outcome::no_words(call),
        has_words: said.is_some_and(|said| !said.turns.is_empty()),
        hidden: said.map_or(0, |said| said.turns.len()).saturating_sub(items.shown.len()),
        is_cut: said.is_some_and(|said| said.truncated),
    };
    let state = StatePart {
        pill: words::pill(call.status()),
        timer: timer(call, seen.now),
        agent,
        connection: call.connection.as_ref().map(|id| id.as_str()),
        test: call.terms.test,
        started: call.created_at.into(),
    };
    let parts = Parts {
        state: rendered(&state)?,
        acts: rendered(&ActsPart { id: &id, act: act(seen) })?,
        outcome: rendered(&OutcomePart { notes: outcome::notes(seen) })?,
        line: rendered(&LinePart { line, agent })?,
        follow: rendered(&FollowPart { is_live })?,
        note: rendered(&note)?,
        rail: rail::rendered_rail(seen)?,
        facts: aside::facts(seen)?,
        hook: aside::hook(seen, &id)?,
    };
    Ok((parts, items))
}

/// What the line of a live call looks like, so far as time alone changes it: how much of it there is room for, and how far a
/// turn has come that goes on.
pub fn room(seen: &Seen) -> (u64, Option<u64>) {
    let Some(told) = Told::of(&seen.call, seen.rang_at(), seen.now, 0..0).filter(|told| told.is_live) else { return (0, None) };
    let coming = told.turns.last().filter(|turn| talk::is_coming(&seen.call, turn)).map(|_| told.until_ms / 1_000);
    (Line::of(&told).span_ms, coming)
}

fn act(seen: &Seen) -> Act {
    let call = &seen.call;
    match call.state {
        state if state.is_terminal() => {
            if again::may_be_repeated(call) && seen.agent.is_some() {
                Act::Again
            } else {
                Act::None
            }
        }
        _ if call.cancel_requested_at.is_some() => Act::Asked,
        _ if seen.can_cancel => Act::Cancel,
        _ => Act::None,
    }
}

/// Since it was dialed, or how long they talked.
fn timer(call: &Call, now: Timestamp) -> Option<Timer> {
    let is_over = call.state.is_terminal();
    let seconds = match (is_over, call.state) {
        (true, _) => call.duration_s().map(u64::from)?,
        (false, CallState::Scheduled) => return None,
        (false, _) => elapsed(call.dialed_at.unwrap_or(call.try_due_at), now).as_secs(),
    };
    Some(Timer { seconds, text: words::length(seconds), ticks: !is_over })
}
