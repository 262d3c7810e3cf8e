//! One call as a row of the list.

use callgate_domain::model::call::CallState;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, Status};
use jiff::Timestamp;

use crate::http::console::words::{self, Pill};

/// Letters of an id that are shown.
const TAIL: usize = 6;

/// A row, ready to be shown.
pub struct Row {
    /// Its state.
    pub pill: Pill,
    /// Its whole id.
    pub id: String,
    /// The end of it.
    pub tail: String,
    /// Who is called, with the middle hidden or whole.
    pub number: String,
    /// Who talks.
    pub agent: String,
    /// Over which connection, once that is chosen.
    pub connection: Option<String>,
    /// Simulated.
    pub test: bool,
    /// When it began, for people.
    pub started: String,
    /// The same for machines.
    pub started_at: String,
    /// How long they talked, or it has been under way.
    pub length: String,
    /// Seconds that run on.
    pub timer: Option<u64>,
    /// How it ended, or what is going on.
    pub ended: String,
}

impl Row {
    /// The row of a call.
    pub fn of(call: &Call, whole: bool, now: Timestamp) -> Self {
        let id = call.id.to_string();
        let timer = timer(call, now);
        let is_ahead = call.status() == Status::Scheduled && call.due_at > now;
        let started_at = if is_ahead { call.due_at } else { call.created_at };
        Self {
            pill: words::pill(call.status()),
            tail: id.get(id.len().saturating_sub(TAIL)..).unwrap_or_default().to_owned(),
            id,
            number: words::number(&call.phone, whole),
            agent: call.agent.to_string(),
            connection: call.connection.as_ref().map(ToString::to_string),
            test: call.terms.test,
            started: if is_ahead { words::until(started_at, now) } else { words::ago(started_at, now) },
            started_at: words::exact(started_at),
            length: length(call, timer),
            timer,
            ended: ended(call),
        }
    }
}

/// How long it has been under way: the talk once somebody answered, the ringing before.
fn timer(call: &Call, now: Timestamp) -> Option<u64> {
    let since = match call.status() {
        Status::InProgress => call.answered_at.or(call.dialed_at),
        Status::Dialing | Status::Ringing => call.attempt.as_ref().map(|attempt| attempt.sent_mark_at),
        _ => None,
    };
    since.map(|since| elapsed(since, now).as_secs())
}

fn length(call: &Call, timer: Option<u64>) -> String {
    // What is not known is "-"; nor has what nobody answered a length.
    let talked = call.duration_s().filter(|seconds| *seconds > 0 || call.status() == Status::Completed).map(u64::from);
    timer.or(talked).map_or_else(|| "-".to_owned(), words::length)
}

fn ended(call: &Call) -> String {
    let Some(reason) = call.ended_reason.filter(|_| call.state.is_terminal()) else {
        return under_way(call).to_owned();
    };
    match call.resolved {
        Some(found) => format!("{}; found out later: {}", words::ended(reason), words::pill(found.status()).word.to_lowercase()),
        None => words::ended(reason).to_owned(),
    }
}

fn under_way(call: &Call) -> &'static str {
    match call.state {
        _ if call.state.is_terminal() => "-",
        _ if call.cancel_requested_at.is_some() => "Asked to end",
        CallState::Scheduled if call.attempts > 0 => "Waits for its next try",
        CallState::Scheduled => "Waits for its window",
        CallState::Queued | CallState::Claimed => "Waits to be dialed",
        CallState::Unknown => "Whether it rings is being found out",
        CallState::InProgress => "Talking",
        CallState::Processing => "Waits for its result",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use callgate_domain::model::moment::later;
    use callgate_domain::model::{CallEvent, EndedReason, Seen};
    use callgate_domain::testing::builders::{a_call, after, evidence};

    use super::*;

    fn check(call: &Call, expected: [&str; 4]) {
        let row = Row::of(call, false, later(call.created_at, Duration::from_secs(64)));
        assert_eq!([row.pill.word, &row.length, &row.ended, &row.number], expected);
    }

    #[test]
    fn a_row_says_how_a_call_is_or_ended() {
        let hidden = "+996 700 ••• 0000";
        let at = a_call().queued().created_at;
        check(&a_call().queued(), ["Queued", "-", "Waits to be dialed", hidden]);
        check(&a_call().unknown(), ["Dialing", "1:04", "Whether it rings is being found out", hidden]);
        let placed = a_call().placed("theirs");
        check(&after(&placed, &evidence(&placed, Seen::Answered), at), ["In progress", "1:04", "Talking", hidden]);
        check(&after(&placed, &CallEvent::CancelRequested, at), ["Dialing", "1:04", "Asked to end", hidden]);
        check(&after(&placed, &evidence(&placed, Seen::Busy), at), ["Busy", "-", words::ended(EndedReason::Busy), hidden]);
        let canceled = after(&a_call().queued(), &CallEvent::CancelRequested, at);
        check(&canceled, ["Canceled", "-", words::ended(EndedReason::CanceledByClient), hidden]);
    }

    #[test]
    fn a_row_has_the_whole_number_where_it_was_asked_for() {
        let call = a_call().queued();
        assert_eq!(Row::of(&call, true, call.created_at).number, "+996 700 00 0000");
    }
}
