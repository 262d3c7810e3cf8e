//! The transcript as a list: what was said, and small marks for what happened between.
//!
//! Only as much as a page may hold is rendered: the beginning, or of a call that goes on its end. The rest is a link away.

use std::ops::Range;

use askama::Template;
use callgate_domain::model::call::{Role, Turn};
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, CallState, EndedReason};

use super::seen::Seen;
use crate::http::console::line::{Span, Told, millis};
use crate::http::console::page::rendered;
use crate::http::console::words;
use crate::http::error::Problem;

/// The list ends once it is so many bytes of HTML.
const LONGEST_LIST: usize = 17 * 1024;
/// A turn's text is cut there, in bytes of HTML.
const LONGEST_TEXT: usize = 4 * 1024;
/// A pause is worth a mark from here on.
const SILENCE_MS: u64 = 8_000;

/// The list, rendered.
pub struct Items {
    /// Each `<li>` with its id, in order.
    pub list: Vec<(String, String)>,
    /// Which turns are among them.
    pub shown: Range<usize>,
}

enum Item<'a> {
    Mark(Mark),
    Said(Said<'a>),
}

struct Mark {
    id: String,
    /// Seconds after the line's beginning.
    at: Option<u64>,
    time: String,
    text: String,
}

struct Said<'a> {
    number: usize,
    is_agent: bool,
    who: &'a str,
    text: &'a str,
    at: Option<u64>,
    time: String,
    /// Its text was longer than a page holds.
    is_cut: bool,
    /// The next one began before it was over.
    is_interrupted: bool,
    /// It goes on.
    is_coming: bool,
}

#[derive(Template)]
#[template(path = "call/item.html")]
struct ItemPart<'a> {
    item: Item<'a>,
}

#[derive(Template)]
#[template(path = "call/talk.html")]
struct ListPart<'a> {
    items: Vec<&'a str>,
}

/// The list around its items.
///
/// # Errors
/// 500.
pub fn list(items: &Items) -> Result<String, Problem> {
    rendered(&ListPart { items: items.list.iter().map(|(_, html)| html.as_str()).collect() })
}

/// The items of a call.
///
/// # Errors
/// 500.
pub fn items(seen: &Seen) -> Result<Items, Problem> {
    let call = &seen.call;
    let mut list: Vec<(String, String)> = Vec::new();
    let Some(told) = Told::of(call, seen.rang_at(), seen.now, 0..0) else { return Ok(Items { list, shown: 0..0 }) };
    let (turns, spans) = (told.turns, told.spans());
    let is_live = told.is_live;
    // Rendered from the end that matters, until the page is full.
    let mut said: Vec<[Option<(String, String)>; 2]> = Vec::new();
    let mut size = 0;
    let count = turns.len();
    for step in 0..count {
        let nth = if is_live { count - 1 - step } else { step };
        let pair = turn_with_silence(call, turns, &spans, nth)?;
        size += pair.iter().flatten().map(|(_, html)| html.len()).sum::<usize>();
        if size > LONGEST_LIST && step > 0 {
            break;
        }
        said.push(pair);
    }
    let shown = if is_live { count - said.len()..count } else { 0..said.len() };
    if is_live {
        said.reverse();
    }
    if shown.start == 0 {
        for mark in beginning(seen, told.answered_ms) {
            list.push(one(Item::Mark(mark))?);
        }
    }
    list.extend(said.into_iter().flatten().flatten());
    if let Some(mark) = end(seen, !turns.is_empty() && shown.end == count, &told) {
        list.push(one(Item::Mark(mark))?);
    }
    Ok(Items { list, shown })
}

fn one(item: Item<'_>) -> Result<(String, String), Problem> {
    let id = match &item {
        Item::Mark(mark) => mark.id.clone(),
        Item::Said(said) => format!("t{}", said.number),
    };
    Ok((id, rendered(&ItemPart { item })?))
}

/// A turn, and the silence before it where there was one.
fn turn_with_silence(call: &Call, turns: &[Turn], spans: &[Span], nth: usize) -> Result<[Option<(String, String)>; 2], Problem> {
    let (Some(turn), Some(span)) = (turns.get(nth), spans.get(nth)) else { return Ok([None, None]) };
    let before = nth.checked_sub(1).and_then(|before| Some((turns.get(before)?, spans.get(before)?)));
    let silence = before.and_then(|(before, its)| silence(before, turn, *its, *span));
    let mark = silence.map(|seconds| Mark {
        id: format!("s{}", nth + 1),
        at: None,
        time: String::new(),
        text: format!("{seconds} s of silence"),
    });
    let next = turns.get(nth + 1);
    let (text, is_cut) = cut(&turn.text, LONGEST_TEXT);
    let at = turn.start_ms.map(|_| span.start / 1_000);
    let said = Said {
        number: nth + 1,
        is_agent: turn.role == Role::Agent,
        who: if turn.role == Role::Agent { call.agent.as_str() } else { "User" },
        text,
        at,
        time: at.map_or_else(|| "-".to_owned(), words::length),
        is_cut,
        is_interrupted: next.is_some_and(|next| is_interrupted(turn, next)),
        is_coming: next.is_none() && is_coming(call, turn),
    };
    Ok([mark.map(Item::Mark).map(one).transpose()?, Some(one(Item::Said(said))?)])
}

/// Whether the last turn of a call goes on, by what was told.
pub fn is_coming(call: &Call, turn: &Turn) -> bool {
    call.state == CallState::InProgress && turn.start_ms.is_some() && turn.end_ms.is_none()
}

/// Whole seconds between two turns, where both moments were told and it is long.
fn silence(before: &Turn, turn: &Turn, its: Span, span: Span) -> Option<u64> {
    before.end_ms.and(turn.start_ms)?;
    Some(span.start.saturating_sub(its.end)).filter(|ms| *ms > SILENCE_MS).map(|ms| ms / 1_000)
}

/// By what was told: somebody else began before it was over.
fn is_interrupted(turn: &Turn, next: &Turn) -> bool {
    turn.role != next.role && turn.end_ms.zip(next.start_ms).is_some_and(|(end, next)| next < end)
}

/// As much of a text as fits once it is escaped.
fn cut(text: &str, room: usize) -> (&str, bool) {
    let mut left = room;
    for (at, letter) in text.char_indices() {
        let size = match letter {
            '<' | '>' | '&' | '"' | '\'' => 5,
            other => other.len_utf8(),
        };
        let Some(rest) = left.checked_sub(size) else { return (text.get(..at).unwrap_or(text), true) };
        left = rest;
    }
    (text, false)
}

/// Dialed, and answered.
fn beginning(seen: &Seen, answered_ms: Option<u64>) -> Vec<Mark> {
    let call = &seen.call;
    let through = call.connection.as_ref().map(|id| format!(" through {id}")).unwrap_or_default();
    let try_number = if call.try_number > 1 { format!(", try {}", call.try_number) } else { String::new() };
    let dialed = call.dialed_at.map(|_| mark("dialed", 0, format!("Dialing{through}{try_number}")));
    let rang = seen.rang_at().filter(|_| call.answered_at.is_none()).and_then(|at| {
        let begin = call.dialed_at?;
        Some(mark("rang", millis(elapsed(begin, at)) / 1_000, "Ringing".to_owned()))
    });
    let answered = answered_ms.map(|ms| {
        let waited = seen.rang_at().or(call.dialed_at).zip(call.answered_at);
        let after = waited.map(|(since, at)| format!(" after {}", words::took(elapsed(since, at)))).unwrap_or_default();
        mark("answered", ms / 1_000, format!("Answered{after}"))
    });
    dialed.into_iter().chain(rang).chain(answered).collect()
}

/// How it ended, under what was said.
fn end(seen: &Seen, has_words: bool, told: &Told<'_>) -> Option<Mark> {
    let is_told = |reason: &EndedReason| *reason != EndedReason::Unknown;
    let reason = seen.call.ended_reason.filter(is_told).filter(|_| has_words && !told.is_live)?;
    // Moments of different clocks: it did not end before its last word.
    let at = told.spans().last().map_or(0, |last| last.end).max(told.until_ms);
    Some(mark("end", at / 1_000, words::ended(reason).to_owned()))
}

fn mark(id: &str, at: u64, text: String) -> Mark {
    Mark { id: id.to_owned(), at: Some(at), time: words::length(at), text }
}

/// Words of one side.
pub fn words_of(turns: &[Turn], role: Role) -> usize {
    turns.iter().filter(|turn| turn.role == role).map(|turn| turn.text.split_whitespace().count()).sum()
}

#[cfg(test)]
#[path = "talk_tests.rs"]
mod tests;
