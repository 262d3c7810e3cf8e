//! `retry` of a call: on what, how often, and after how long.

use std::time::Duration;

use callgate_domain::model::{CallState, RetryPlan};

use crate::http::choices::each_once;
use crate::http::error::Code;
use crate::http::faults::{Faults, Wrong, unknown};
use crate::http::json::{Json, escaped};

const FIELDS: [&str; 3] = ["on", "max", "delays_s"];
const WORDS: &str = "no_answer or busy";

/// What was read so far.
#[derive(Default)]
struct Draft {
    on: Option<Vec<CallState>>,
    max: Option<u16>,
    delays: Option<Vec<Duration>>,
}

/// A client's plan, as it is kept: the words in one order, the delays never empty.
pub fn read(value: Json<'_>, faults: &mut Faults) -> Option<RetryPlan> {
    let Json::Object(fields) = value else {
        faults.add("/retry", Wrong::r#type("an object"));
        return None;
    };
    let mut draft = Draft::default();
    let mut seen = Vec::new();
    for (name, value) in fields {
        let pointer = format!("/retry/{}", escaped(&name));
        let Some(field) = FIELDS.into_iter().find(|field| *field == name) else {
            faults.add(pointer, Wrong::new(Code::UnknownField, unknown(&name, FIELDS)));
            continue;
        };
        if seen.contains(&field) {
            faults.add(pointer, Wrong::new(Code::DuplicateField, "stands there twice"));
            continue;
        }
        seen.push(field);
        match field {
            "on" => draft.on = on(value, faults),
            "max" => draft.max = faults.keep("/retry/max", max(&value)),
            _ if matches!(value, Json::Null) => {}
            _ => draft.delays = delays(value, faults),
        }
    }
    for needed in ["on", "max"] {
        if !seen.contains(&needed) {
            faults.add(format!("/retry/{needed}"), Wrong::new(Code::Required, "is missing"));
        }
    }
    let (on, max) = (draft.on?, draft.max?);
    let delays = draft.delays.unwrap_or_else(|| vec![RetryPlan::USUAL_DELAY]);
    if delays.len() > usize::from(max) {
        faults.add("/retry/delays_s", Wrong::new(Code::TooLong, format!("must not have more entries than max, {max}")));
    }
    Some(RetryPlan { on, max, delays })
}

fn on(value: Json<'_>, faults: &mut Faults) -> Option<Vec<CallState>> {
    let named = each_once(value, "/retry/on", WORDS, format!("must name {WORDS}, or both"), faults, end)?;
    // Two orders of the same words are one plan, also for an Idempotency-Key.
    Some(RetryPlan::ENDS.into_iter().filter(|end| named.contains(end)).collect())
}

fn end(word: Json<'_>) -> Result<CallState, Wrong> {
    let word = word.text()?;
    let end = RetryPlan::ENDS.into_iter().find(|end| end.as_str() == word);
    end.ok_or_else(|| Wrong::new(Code::Invalid, format!("must be {WORDS}: nothing else is tried again")))
}

fn max(value: &Json<'_>) -> Result<u16, Wrong> {
    let max = value.whole("a whole number")?;
    let within = u16::try_from(max).ok().filter(|max| (1..=RetryPlan::MOST).contains(max));
    within.ok_or_else(|| Wrong::new(Code::OutOfRange, format!("must be 1 to {}", RetryPlan::MOST)))
}

fn delays(value: Json<'_>, faults: &mut Faults) -> Option<Vec<Duration>> {
    const WANTED: &str = "a whole number of seconds";
    let Json::List(values) = value else {
        faults.add("/retry/delays_s", Wrong::r#type("a list of whole seconds"));
        return None;
    };
    if values.is_empty() {
        let usual = RetryPlan::USUAL_DELAY.as_secs();
        faults.add("/retry/delays_s", Wrong::new(Code::Invalid, format!("must not be empty; left out it is {usual} seconds")));
        return None;
    }
    let (shortest, longest) = (RetryPlan::SHORTEST_DELAY.as_secs(), RetryPlan::LONGEST_DELAY.as_secs());
    let read = |value: Json<'_>| match value.whole(WANTED)? {
        seconds if (shortest..=longest).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(Wrong::new(Code::OutOfRange, format!("must be {shortest} to {longest} seconds"))),
    };
    let kept = values.into_iter().enumerate();
    Some(kept.filter_map(|(nth, value)| faults.keep(&format!("/retry/delays_s/{nth}"), read(value))).collect())
}
