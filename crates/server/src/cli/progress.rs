//! A call as it goes, line by line: times since it was accepted, states, and turns as they come.
//!
//! A stream may skip revisions. What was skipped is told from the call's own moments, so that the lines are the same
//! however fast it went.

use callgate_domain::model::Status;
use jiff::Timestamp;
use serde_json::Value;

use super::body::Body;
use super::out::{Colour, Out, clean};

/// What of a call has been told.
#[derive(Debug, Default)]
pub struct Progress {
    /// The furthest state that was told, and how many turns.
    told: Option<Status>,
    turns: usize,
    /// The second of the last line: time does not go back.
    second: i64,
}

/// One line: when, who or what state, and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    second: i64,
    who: String,
    words: String,
    colour: Option<Colour>,
    is_turn: bool,
}

impl Line {
    /// As it is printed.
    pub fn text(&self, out: &Out) -> String {
        let Self { second, who, words, .. } = self;
        let (second, name) = (minutes(*second), self.colour.map_or_else(|| who.clone(), |colour| out.coloured(who, colour)));
        if words.is_empty() {
            return format!("{second:>6}  {name}");
        }
        // A name and two spaces at least; states stand a little further from what follows.
        let width: usize = if self.is_turn { 9 } else { 14 };
        let gap = " ".repeat(width.saturating_sub(who.chars().count()).max(2));
        format!("{second:>6}  {name}{gap}{words}")
    }
}

impl Progress {
    /// The lines that the call, as it is at `now`, adds.
    pub fn lines(&mut self, call: &Value, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        let Some(status) = call.text("status").and_then(|word| word.parse::<Status>().ok()) else { return lines };
        let since = |at: Timestamp| moment(call, "created_at").map_or(0, |begun| at.duration_since(begun).as_secs());
        let is_over = status.is_terminal();
        let first = if status == Status::Scheduled { Status::Scheduled } else { Status::Queued };
        if self.told.is_none() {
            self.tell(first, 0, String::new(), &mut lines);
        }
        for (passed, field) in [(Status::Dialing, "dialed_at"), (Status::InProgress, "answered_at")] {
            if let Some(at) = moment(call, field)
                && passed <= status
                && self.told < Some(passed)
            {
                self.tell(passed, since(at), String::new(), &mut lines);
            }
        }
        let goes_on = !is_over && self.told != Some(status);
        if goes_on && status != Status::Processing {
            self.tell(status, since(now), String::new(), &mut lines);
        }
        self.turns(call, since, &mut lines);
        if goes_on && status == Status::Processing {
            self.tell(status, since(now), String::new(), &mut lines);
        }
        if is_over && self.told < Some(status) {
            self.tell(status, since(moment(call, "ended_at").unwrap_or(now)), ending(call, status), &mut lines);
        }
        lines
    }

    fn tell(&mut self, status: Status, second: i64, words: String, lines: &mut Vec<Line>) {
        self.told = Some(status);
        self.second = self.second.max(second);
        let colour = match status {
            Status::Completed => Some(Colour::Green),
            Status::Failed | Status::Blocked => Some(Colour::Red),
            status if status.is_terminal() => Some(Colour::Orange),
            _ => None,
        };
        lines.push(Line { second: self.second, who: status.to_string(), words, colour, is_turn: false });
    }

    fn turns(&mut self, call: &Value, since: impl Fn(Timestamp) -> i64, lines: &mut Vec<Line>) {
        let answered = moment(call, "answered_at").map(since);
        let turns = call.items("turns");
        for turn in turns.iter().skip(self.turns) {
            let starts = turn.number("start_ms").map(|start| start.saturating_div(1_000));
            if let (Some(answered), Some(starts)) = (answered, starts) {
                self.second = self.second.max(answered.saturating_add(starts));
            }
            let (who, colour) = match turn.text("role") {
                Some("agent") => (call.text("agent").unwrap_or("agent"), Colour::Green),
                _ => ("user", Colour::Orange),
            };
            let words = clean(turn.text("text").unwrap_or_default(), false);
            lines.push(Line { second: self.second, who: who.to_owned(), words, colour: Some(colour), is_turn: true });
        }
        self.turns = self.turns.max(turns.len());
    }
}

/// How it ended: length and turns, or the reason where that is another word than the state.
fn ending(call: &Value, status: Status) -> String {
    match (call.number("duration"), call.items("turns").len()) {
        (Some(seconds), 0) if seconds > 0 => format!("{seconds} s"),
        (Some(seconds), 1) if seconds > 0 => format!("{seconds} s, 1 turn"),
        (Some(seconds), turns) if seconds > 0 => format!("{seconds} s, {turns} turns"),
        _ => call.text("ended_reason").filter(|reason| *reason != status.as_str()).unwrap_or_default().to_owned(),
    }
}

fn moment(call: &Value, field: &str) -> Option<Timestamp> {
    call.text(field)?.parse().ok()
}

/// `1:04`.
#[must_use]
pub fn minutes(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
