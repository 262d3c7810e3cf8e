//! Following a call to its end: on its stream, and by asking where the stream breaks.

use std::time::Duration;

use callgate_domain::model::Status;
use reqwest::Response;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::out::Out;
use crate::failure::{Exit, Failure};
use crate::hint;

/// A stream that broke is opened again after this.
const AGAIN: Duration = Duration::from_millis(500);
/// So many breaks in a row are no accident.
const MOST_BREAKS: u32 = 20;

/// Shows a call as it goes, until it is over.
///
/// # Errors
/// The server's refusal, or that it cannot be reached any more. Ctrl-C ends the watching, not the call.
pub async fn watch(client: &Client, id: &str, out: &mut Out) -> Result<Exit, Failure> {
    let mut shown = Shown::default();
    tokio::select! {
        ended = follow(client, id, |call| shown.show(call, out)) => {
            let call = ended?;
            if !out.json {
                out.note(&format!("\n  Console  {}", client.page(&format!("/console/calls/{id}"))));
            }
            Ok(exit_of(&call))
        }
        _ = tokio::signal::ctrl_c() => {
            out.note(&format!("\nThe call goes on. Follow it again: {}", hint::command(&format!("calls watch {id}"))));
            Err(Failure::interrupted())
        }
    }
}

/// Waits until a call is over.
///
/// # Errors
/// As [`watch`].
pub async fn wait(client: &Client, id: &str, out: &Out) -> Result<Value, Failure> {
    let spinner = spinner(out, "Waiting for the call to end");
    let ended = tokio::select! {
        ended = follow(client, id, |_| ()) => ended,
        _ = tokio::signal::ctrl_c() => {
            out.note(&format!("\nThe call goes on. Follow it again: {}", hint::command(&format!("calls watch {id}"))));
            Err(Failure::interrupted())
        }
    };
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    ended
}

/// The exit code of a call that is over.
#[must_use]
pub fn exit_of(call: &Value) -> Exit {
    match call.text("status").and_then(|word| word.parse().ok()) {
        Some(Status::Completed) => Exit::Done,
        Some(Status::NoAnswer) => Exit::NoAnswer,
        Some(Status::Busy) => Exit::Busy,
        Some(Status::Failed) => Exit::Failed,
        Some(Status::Canceled) => Exit::Canceled,
        Some(Status::Expired) => Exit::Expired,
        Some(Status::Blocked) => Exit::Blocked,
        _ => Exit::Other,
    }
}

async fn follow(client: &Client, id: &str, mut each: impl FnMut(&Value)) -> Result<Value, Failure> {
    let path = format!("/v1/calls/{id}/events");
    let mut last: Option<String> = None;
    let mut breaks = 0;
    loop {
        match client.stream(&path, last.as_deref()).await {
            Ok(stream) => match read(stream, &mut last, &mut each).await {
                Some(call) => return Ok(call),
                // It ended without the last event: the server stops, or the line broke.
                None => breaks += 1,
            },
            Err(failure) if failure.exit == Exit::Unreachable && last.is_some() && breaks < MOST_BREAKS => breaks += 1,
            Err(failure) => return Err(failure),
        }
        if breaks >= MOST_BREAKS {
            return Err(Failure::new(Exit::Unreachable, "the stream broke again and again").id("call", id));
        }
        // What may have ended meanwhile is read by asking.
        if let Ok(answer) = client.get(&format!("/v1/calls/{id}")).await
            && answer.body.is("terminal")
        {
            each(&answer.body);
            return Ok(answer.body);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Reads events until the last one, or until the stream ends.
async fn read(mut stream: Response, last: &mut Option<String>, each: &mut impl FnMut(&Value)) -> Option<Value> {
    let mut text = String::new();
    while let Ok(Some(chunk)) = stream.chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let call = field("data").and_then(|data| serde_json::from_str::<Value>(data).ok());
            if let Some(id) = field("id") {
                *last = Some(id.to_owned());
            }
            let is_last = field("event") == Some("call.completed");
            text = rest.to_owned();
            if let Some(call) = call {
                each(&call);
                if is_last {
                    return Some(call);
                }
            }
        }
    }
    None
}

/// What of a call has been shown.
#[derive(Default)]
struct Shown {
    status: Option<String>,
    turns: usize,
}

impl Shown {
    fn show(&mut self, call: &Value, out: &mut Out) {
        if out.json {
            return out.answer(&call.to_string());
        }
        let text = |field: &str| call.text(field);
        let at = clock(call);
        let status = text("status").unwrap_or_default();
        let over = call.is("terminal");
        // The words come before the end, as they were said.
        if self.status.as_deref() != Some(status) && !over {
            out.answer(&format!("  {at}  {status}"));
            self.status = Some(status.to_owned());
        }
        let turns = call.items("turns");
        let agent = text("agent").unwrap_or_default();
        for turn in turns.iter().skip(self.turns) {
            let said = |field: &str| turn.text(field).unwrap_or_default();
            let who = if said("role") == "agent" { agent } else { "user" };
            out.answer(&format!("  {}  {who:<8} {}", turn_clock(call, turn), said("text")));
        }
        self.turns = self.turns.max(turns.len());
        if over && self.status.as_deref() != Some(status) {
            out.answer(&format!("  {at}  {status:<12}{}", ending(call, turns.len())));
            self.status = Some(status.to_owned());
        }
    }
}

fn ending(call: &Value, turns: usize) -> String {
    match call.number("duration") {
        Some(seconds) if seconds > 0 => format!("  {seconds} s, {turns} turns"),
        _ => format!("  {}", call.text("ended_reason").unwrap_or_default()),
    }
}

/// Time since the call was accepted, by the moment that brought it where it is.
fn clock(call: &Value) -> String {
    let status = call.text("status").unwrap_or_default();
    let moment = |field: &str| call.text(field).and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let Some(created_at) = moment("created_at") else { return "-".to_owned() };
    let now = super::calls::now();
    let at = match status {
        "queued" | "scheduled" => Some(created_at),
        "dialing" => moment("dialed_at"),
        "in_progress" => moment("answered_at"),
        "ringing" | "processing" => Some(now),
        _ => moment("ended_at"),
    };
    minutes(at.unwrap_or(now).duration_since(created_at).as_secs())
}

fn turn_clock(call: &Value, turn: &Value) -> String {
    let moment = |field: &str| call.text(field).and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let (Some(created_at), Some(answered_at)) = (moment("created_at"), moment("answered_at")) else { return "    ".to_owned() };
    let start_s = turn.number("start_ms").unwrap_or(0) / 1000;
    minutes(answered_at.duration_since(created_at).as_secs().saturating_add(start_s))
}

/// `1:04`.
#[must_use]
pub fn minutes(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Appears after 300 ms, on a terminal only, and leaves no trace.
fn spinner(out: &Out, text: &'static str) -> Option<indicatif::ProgressBar> {
    if out.no_input || out.json {
        return None;
    }
    let spinner = indicatif::ProgressBar::new_spinner().with_message(text);
    spinner.enable_steady_tick(Duration::from_millis(300));
    Some(spinner)
}
