//! Where each turn of a conversation is in time.
//!
//! A turn whose moments were told is where they say, so two that overlap are drawn so. One without an end goes on until the
//! next begins, for as long as its words take to say, or until now if it is the last of a live call. Turns without a
//! beginning keep their order: they share the time between the told ones beside them, or what there is of the call, each as
//! much as it has words, and one word's time of silence after each.

use std::time::Duration;

use callgate_domain::model::call::Turn;

/// A conversation is drawn up to here: no call is longer.
pub const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;
/// What a word takes to say, where nobody told.
const WORD_MS: u64 = 400;

/// A turn's place, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: u64,
    /// Where it ends; never before.
    pub end: u64,
}

/// The places of all turns. `answered` is where a turn's own time begins.
pub fn spans(turns: &[Turn], answered: u64, until: u64, is_live: bool) -> Vec<Span> {
    let mut placed: Vec<Span> = Vec::with_capacity(turns.len());
    let mut runs = turns.chunk_by(|one, next| one.start_ms.is_some() == next.start_ms.is_some()).peekable();
    while let Some(run) = runs.next() {
        let next = runs.peek().and_then(|run| run.first()).and_then(|turn| turn.start_ms).map(|ms| moment(answered, ms));
        let is_last = runs.peek().is_none();
        if run.first().is_some_and(|turn| turn.start_ms.is_some()) {
            let after = run.iter().skip(1).map(|turn| turn.start_ms.map(|ms| moment(answered, ms))).chain([None]);
            let count = run.len();
            for (nth, (turn, next)) in run.iter().zip(after).enumerate() {
                let is_coming = is_live && is_last && nth + 1 == count;
                placed.push(told(turn, answered, next, is_coming.then_some(until)));
            }
        } else {
            let from = placed.last().map_or(answered, |before| before.end);
            share(run, from, next.unwrap_or(until), &mut placed);
        }
    }
    placed
}

/// Whole milliseconds of a time, as far as a line goes.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(LONGEST_MS)
}

fn told(turn: &Turn, answered: u64, next: Option<u64>, now: Option<u64>) -> Span {
    let start = moment(answered, turn.start_ms.unwrap_or_default());
    let spoken = start.saturating_add(words(turn).saturating_mul(WORD_MS));
    let guessed = now.unwrap_or_else(|| next.map_or(spoken, |next| if next > start { spoken.min(next) } else { spoken }));
    let end = turn.end_ms.map_or(guessed, |ms| moment(answered, ms));
    Span { start, end: end.clamp(start, LONGEST_MS.max(start)) }
}

/// Turns without moments of their own, one after another between two.
fn share(run: &[Turn], from: u64, to: u64, placed: &mut Vec<Span>) {
    let parts: u64 = run.iter().map(|turn| words(turn) + 1).sum();
    let room = if to > from { to - from } else { parts.saturating_mul(WORD_MS).min(LONGEST_MS) };
    let at = |part: u64| (from + room.saturating_mul(part) / parts.max(1)).min(LONGEST_MS.max(from));
    let mut part = 0;
    for turn in run {
        let end = part + words(turn);
        placed.push(Span { start: at(part), end: at(end) });
        part = end + 1;
    }
}

fn moment(answered: u64, ms: u64) -> u64 {
    answered.saturating_add(ms).min(LONGEST_MS)
}

fn words(turn: &Turn) -> u64 {
    u64::try_from(turn.text.split_whitespace().count()).unwrap_or(u64::MAX).clamp(1, LONGEST_MS)
}
