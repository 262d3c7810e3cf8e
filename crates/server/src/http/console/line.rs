//! The conversation line: a picture of a call made of its transcript alone. Time runs right, the agent speaks above the line
//! and the user below, and each tick is one word, as high as the word is long.
//!
//! A pure function of a call and a moment. Places are hundredths of a percent of the width, which SVG takes as they are, so
//! the picture needs no style of its own. It is bounded whatever the transcript holds: see [`MOST_TICKS`] and [`MOST_PARTS`].

mod spans;

use std::fmt::Write as _;
use std::ops::Range;

use callgate_domain::model::Call;
use callgate_domain::model::call::{Role, Turn};
use callgate_domain::model::moment::elapsed;
use jiff::Timestamp;

use self::spans::spans;
pub use self::spans::{Span, millis};
use super::words;

/// Words that are drawn; of longer conversations a tick is several.
const MOST_TICKS: usize = 900;
/// Turns that are drawn; what is left out is one block.
const MOST_PARTS: usize = 80;
/// How wide the box of the ticks is.
const BOX: u64 = 50_000;
/// Up to here the whole line is as wide as its place; a longer one has [`PX_A_SECOND`] and scrolls.
const FITS_S: u64 = 180;
const PX_A_SECOND: u64 = 6;
/// How many seconds a live line has room for.
const ROOM_S: [u64; 6] = [30, 45, 60, 90, 120, FITS_S];
/// Seconds between two marks of the time.
const STEPS_S: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

/// What a line is drawn from; a row in a list, whose line has no links (`line_small.html`), shows no turns. Moments are milliseconds after the line's beginning, which is when the call was dialed.
pub struct Told<'a> {
    /// When it began to ring, where that was told.
    pub rang_ms: Option<u64>,
    /// When somebody answered.
    pub answered_ms: Option<u64>,
    /// Now, or when it was over.
    pub until_ms: u64,
    /// Whether it goes on.
    pub is_live: bool,
    /// What was said.
    pub turns: &'a [Turn],
    /// Which turns stand on the page, and can be linked to.
    pub shown: Range<usize>,
}

/// A line, ready to be drawn.
#[derive(Debug, Default, PartialEq)]
pub struct Line {
    /// `100%`, or pixels.
    pub width: String,
    /// It is wider than its place.
    pub scrolls: bool,
    /// How much time it is wide.
    pub span_ms: u64,
    /// While it rang; from the beginning where nobody told when that began.
    pub ring: Option<Bar>,
    /// What it was then: ringing, or dialing as far as is known.
    pub ring_word: &'static str,
    /// It goes on.
    pub is_ringing: bool,
    /// The turns.
    pub parts: Vec<Part>,
    /// The agent's words as one path, in a box of [`BOX`] by 100.
    pub agent: String,
    /// The user's.
    pub user: String,
    /// What was left out.
    pub rest: Option<Rest>,
    /// Where now is, while it goes on.
    pub now: Option<String>,
    /// Now, or its end, in milliseconds.
    pub until_ms: u64,
    /// Where the time is written.
    pub marks: Vec<Mark>,
    /// Words that one tick stands for.
    pub words_a_tick: usize,
}

/// A piece of the line, in percent.
#[derive(Debug, PartialEq)]
pub struct Bar {
    /// Where it begins.
    pub x: String,
    /// Where it ends.
    pub end: String,
    /// How wide it is.
    pub width: String,
}

/// One turn.
#[derive(Debug, PartialEq)]
pub struct Part {
    /// Its number, from 1.
    pub number: usize,
    /// Above the line, or below.
    pub is_agent: bool,
    /// Where.
    pub bar: Bar,
    /// `Agent at 0:06`.
    pub label: String,
    /// Whether the turn stands on the page.
    pub is_linked: bool,
}

/// Turns that are not drawn one by one.
#[derive(Debug, PartialEq)]
pub struct Rest {
    /// How many.
    pub turns: usize,
    /// Where.
    pub bar: Bar,
}

/// A moment that is written under the line.
#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where.
    pub x: String,
    /// `1:15`.
    pub text: String,
    /// How the text stands to its place, so that it never leaves the picture.
    pub anchor: &'static str,
}

impl<'a> Told<'a> {
    /// What is known of a call. `None` for one that was not dialed yet and of which nothing was said.
    pub fn of(call: &'a Call, rang_at: Option<Timestamp>, now: Timestamp, shown: Range<usize>) -> Option<Self> {
        let turns = call.result.transcript.as_ref().map_or(&[][..], |said| &said.turns);
        let begin = call.dialed_at.or((!turns.is_empty()).then_some(call.created_at))?;
        let at = |moment: Timestamp| millis(elapsed(begin, moment));
        Some(Self {
            rang_ms: rang_at.map(at),
            answered_ms: call.answered_at.map(at),
            until_ms: at(call.ended_at.unwrap_or(now)),
            is_live: !call.state.is_terminal(),
            turns,
            shown,
        })
    }

    /// Where each turn is, in milliseconds.
    pub fn spans(&self) -> Vec<Span> {
        spans(self.turns, self.answered_ms.unwrap_or(0), self.until_ms, self.is_live)
    }
}

impl Line {
    /// Draws.
    pub fn of(told: &Told<'_>) -> Self {
        let spans = told.spans();
        let until = spans.iter().map(|span| span.end).chain([told.until_ms]).max().unwrap_or_default();
        let span_s = room_s(until, told.is_live);
        let scrolls = span_s > FITS_S;
        let span_ms = span_s.saturating_mul(1_000);
        let bar = |from: u64, to: u64| Bar {
            x: percent(from, span_ms),
            end: percent(to, span_ms),
            width: percent(to.saturating_sub(from), span_ms),
        };
        let rang_from = told.rang_ms.unwrap_or(0);
        let rang_until = told.answered_ms.or_else(|| spans.first().map(|first| first.start)).unwrap_or(told.until_ms);
        let words: usize = told.turns.iter().map(|turn| turn.text.split_whitespace().count()).sum();
        let words_a_tick = words.div_ceil(MOST_TICKS).max(1);
        // While it goes on, what matters is its end.
        let hidden = told.turns.len().saturating_sub(MOST_PARTS);
        let drawn = if told.is_live { hidden..told.turns.len() } else { 0..told.turns.len() - hidden };
        let (mut agent, mut user) = (String::new(), String::new());
        let mut parts = Vec::with_capacity(drawn.len());
        for (nth, (turn, span)) in told.turns.iter().zip(&spans).enumerate().filter(|(nth, _)| drawn.contains(nth)) {
            let is_agent = turn.role == Role::Agent;
            draw(turn, *span, span_ms, words_a_tick, if is_agent { &mut agent } else { &mut user });
            let (bar, label) = (bar(span.start, span.end), label(turn, *span, nth));
            parts.push(Part { number: nth + 1, is_agent, bar, label, is_linked: told.shown.contains(&nth) });
        }
        let left_out = spans.iter().enumerate().filter(|(nth, _)| !drawn.contains(nth)).map(|(_, span)| span);
        let rest = left_out.map(|span| (span.start, span.end)).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
        Self {
            width: if scrolls { (span_s * PX_A_SECOND).to_string() } else { "100%".to_owned() },
            scrolls,
            span_ms,
            ring: (rang_until > rang_from).then(|| bar(rang_from, rang_until)),
            ring_word: if told.rang_ms.is_some() { "Ringing" } else { "Dialing" },
            is_ringing: told.is_live && told.answered_ms.is_none() && told.turns.is_empty(),
            parts,
            agent,
            user,
            rest: rest.map(|(from, to)| Rest { turns: hidden, bar: bar(from, to) }),
            now: told.is_live.then(|| percent(told.until_ms, span_ms)),
            until_ms: told.until_ms,
            marks: marks(span_s, scrolls),
            words_a_tick,
        }
    }
}

/// How many seconds a line has room for: a live one has some to grow into, one that is over has none to spare.
fn room_s(until_ms: u64, is_live: bool) -> u64 {
    let until_s = until_ms.min(spans::LONGEST_MS).div_ceil(1_000).max(1);
    if !is_live {
        return until_s;
    }
    let wanted = until_s + until_s / 10 + 1;
    ROOM_S.into_iter().find(|room| *room >= wanted).unwrap_or(until_s + 20)
}

/// `12.34%` of the whole.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = (part.saturating_mul(10_000) / whole.max(1)).min(10_000);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn marks(span_s: u64, scrolls: bool) -> Vec<Mark> {
    let most = if scrolls { 60 } else { 7 };
    let step = STEPS_S.into_iter().find(|step| span_s / step <= most && (!scrolls || *step >= 15)).unwrap_or(3_600);
    let whole = span_s.saturating_mul(1_000);
    let places = (0..=span_s / step).map(|nth| nth * step);
    // A text at the very end would hang out of the picture.
    let is_last = |at: u64| (span_s - at).saturating_mul(40) < span_s && !scrolls;
    places
        .map(|at| Mark {
            x: percent(at.saturating_mul(1_000), whole),
            text: words::length(at),
            anchor: if at == 0 {
                "start"
            } else if is_last(at) {
                "end"
            } else {
                "middle"
            },
        })
        .collect()
}

fn label(turn: &Turn, span: Span, nth: usize) -> String {
    let who = if turn.role == Role::Agent { "Agent" } else { "User" };
    if turn.start_ms.is_some() {
        format!("{who} at {}", words::length(span.start / 1_000))
    } else {
        format!("{who}, turn {}", nth + 1)
    }
}

/// One tick a word, or one for several, spread evenly over the turn.
fn draw(turn: &Turn, span: Span, span_ms: u64, words_a_tick: usize, path: &mut String) {
    let letters: Vec<usize> = turn.text.split_whitespace().map(|word| word.chars().take(9).count()).collect();
    let ticks = letters.chunks(words_a_tick).map(|some| some.iter().copied().max().unwrap_or_default());
    let count = u64::try_from(ticks.len()).unwrap_or(u64::MAX).max(1);
    for (half, letters) in (1..).step_by(2).zip(ticks) {
        let at = span.start + (span.end - span.start) * half / (2 * count);
        let (x, height) = (at * BOX / span_ms.max(1), 22 + letters * 78 / 9);
        // Writing to a string cannot fail.
        let _written = match turn.role {
            Role::Agent => write!(path, "M{x} 100V{}", 100 - height),
            Role::User => write!(path, "M{x} 0V{height}"),
        };
    }
}

#[cfg(test)]
#[path = "line/tests.rs"]
mod tests;
