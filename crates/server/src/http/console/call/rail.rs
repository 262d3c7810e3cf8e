//! The states of a call, each with the time it came at, and the one that is expected.

use std::time::Duration;

use askama::Template;
use callgate_domain::model::call::Entry;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, Status};
use jiff::Timestamp;

use super::parts::At;
use super::seen::Seen;
use crate::http::console::page::rendered;
use crate::http::console::words;
use crate::http::error::Problem;

/// Steps that are shown; a call that was tried often has more.
const MOST: usize = 24;

/// One state.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    word: &'static str,
    exact: String,
    /// A time of day for the first, and then how long after it.
    when: String,
    is_first: bool,
    is_now: bool,
    /// `now` while it goes on, `bad` where it broke.
    tone: &'static str,
}

/// What is expected.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    word: &'static str,
    when: String,
}

#[derive(Template)]
#[template(path = "call/rail.html")]
struct RailPart {
    steps: Vec<Step>,
    next: Option<Next>,
}

/// The part.
///
/// # Errors
/// 500.
pub fn rendered_rail(seen: &Seen) -> Result<String, Problem> {
    rendered(&RailPart { steps: steps(&seen.entries), next: next(&seen.call, seen.now) })
}

fn steps(entries: &[Entry]) -> Vec<Step> {
    let changes = entries.chunk_by(|one, next| one.status == next.status).filter_map(|same| same.first());
    let changes: Vec<&Entry> = changes.collect();
    let begin = changes.first().map(|first| first.at);
    let count = changes.len();
    let skipped = count.saturating_sub(MOST);
    let step = |(nth, entry): (usize, &Entry)| {
        let at: At = entry.at.into();
        let since = begin.map_or(Duration::ZERO, |begin| elapsed(begin, entry.at));
        Step {
            word: words::pill(entry.status).word,
            when: if nth == 0 { at.clock } else { format!("after {}", after(since)) },
            exact: at.exact,
            is_first: nth == 0,
            is_now: nth + 1 == count,
            tone: match (entry.status.is_terminal(), words::pill(entry.status).tone) {
                (false, _) => "now",
                (true, "bad") => "bad",
                (true, _) => "",
            },
        }
    };
    changes.into_iter().enumerate().skip(skipped).map(step).collect()
}

fn next(call: &Call, now: Timestamp) -> Option<Next> {
    let waiting = |word| Some(Next { word, when: "waiting".to_owned() });
    match call.status() {
        status if status.is_terminal() => None,
        _ if call.cancel_requested_at.is_some() => Some(Next { word: "End", when: "asked for".to_owned() }),
        Status::Scheduled => Some(Next { word: "Dialing", when: words::until(call.due_at, now) }),
        Status::Queued => waiting("Dialing"),
        _ => waiting("Completed"),
    }
}

/// `204 ms`, `4 min 10 s`, `3 h 5 min`.
fn after(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => words::took(time),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::call::{By, What};
    use callgate_domain::model::moment::later;
    use callgate_domain::model::{CallId, Revision};

    use super::*;

    #[test]
    fn a_state_stands_there_once_with_the_time_after_the_first() {
        let at = |seconds_tenth: u64| later(Timestamp::UNIX_EPOCH, Duration::from_millis(seconds_tenth * 100));
        let id = CallId::new(at(0), [0; 10]);
        let entry = |revision, tenths, status| {
            Entry::after(None, id, Revision(revision), at(tenths), status, What::FactsAdded, By::Provider)
        };
        let entries = [
            entry(1, 0, Status::Queued),
            entry(2, 1, Status::Queued),
            entry(3, 2, Status::Dialing),
            entry(4, 59, Status::InProgress),
            entry(5, 80, Status::InProgress),
            entry(6, 2_500, Status::Completed),
        ];
        let steps = steps(&entries);
        let said: Vec<_> = steps.iter().map(|step| (step.word, step.when.as_str(), step.is_now.then_some(step.tone))).collect();
        let expected = [
            ("Queued", "00:00:00 UTC", None),
            ("Dialing", "after 200 ms", None),
            ("In progress", "after 5.9 s", None),
            ("Completed", "after 4 min 10 s", Some("")),
        ];
        assert_eq!(said, expected);
    }
}
