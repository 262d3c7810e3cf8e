//! `callgate calls`: list, get, watch and cancel.

use std::fmt::Write as _;

use callgate_domain::model::Status;
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::follow::minutes;
use super::out::Out;
use super::{Global, follow, table};
use crate::failure::{Exit, Failure};
use crate::{duration, hint};

/// List, get, watch and cancel calls
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  callgate calls list --status completed --since 24h\n  callgate calls get CALL_ID --transcript\n"
)]
pub enum Calls {
    /// The newest calls first
    #[command(before_help = "Example:\n  callgate calls list --agent altai --limit 5\n")]
    List {
        /// Only of this status
        #[arg(long)]
        status: Option<String>,
        /// Only of this agent
        #[arg(long)]
        agent: Option<String>,
        /// Only accepted since then: 10m, 24h, 90d
        #[arg(long, value_name = "DURATION")]
        since: Option<String>,
        /// So many: 1 to 200
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Go on where a page before ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// State, times and transcript of a call
    #[command(before_help = "Example:\n  callgate calls get CALL_ID\n")]
    Get {
        /// What placing it printed
        call_id: String,
        /// Only the words
        #[arg(long)]
        transcript: bool,
    },
    /// Follow a call until it ends
    #[command(before_help = "Example:\n  callgate calls watch CALL_ID\n")]
    Watch {
        /// What placing it printed
        call_id: String,
    },
    /// Ask for the end of a call
    #[command(before_help = "Example:\n  callgate calls cancel CALL_ID\n")]
    Cancel {
        /// What placing it printed
        call_id: String,
    },
}

impl Calls {
    pub async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let client = Client::new(global)?;
        match self {
            Self::List { status, agent, since, limit, cursor } => {
                let since = since.map(|since| moment_ago(&since)).transpose()?;
                let filters = [
                    ("status", status),
                    ("agent", agent),
                    ("created_after", since),
                    ("cursor", cursor),
                    ("limit", Some(limit.to_string())),
                ];
                list(&client, &filters, out).await
            }
            Self::Get { call_id, transcript } => get(&client, &call_id, transcript, out).await,
            Self::Watch { call_id } => follow::watch(&client, &plain(&call_id)?, out).await,
            Self::Cancel { call_id } => cancel(&client, &call_id, out).await,
        }
    }
}

async fn list(client: &Client, filters: &[(&str, Option<String>)], out: &mut Out) -> Result<Exit, Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in filters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let answer = client.get(&format!("/v1/calls?{}", query.finish())).await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let calls = answer.body.items("data");
    if calls.is_empty() {
        let filtered = filters.iter().any(|(name, value)| *name != "limit" && value.is_some());
        let place = hint::command("call +12025550101 --agent akylai");
        out.note(&if filtered { "No call matches.".to_owned() } else { format!("No calls yet. Place one: {place}") });
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = calls.iter().map(|call| row(call, out)).collect();
    table::print(out, &["STATUS", "PHONE", "AGENT", "STARTED", "LENGTH", "CALL_ID"], &rows, &[4]);
    if let Some(cursor) = answer.body.text("next_cursor") {
        out.note(&format!("\nMore: {}", hint::command(&format!("calls list --cursor {cursor}"))));
    }
    Ok(Exit::Done)
}

fn row(call: &Value, out: &Out) -> Vec<String> {
    let text = |field: &str| call.text(field).unwrap_or_default();
    let status = text("status").parse::<Status>().map_or_else(|_| text("status").to_owned(), |status| out.status(status));
    let length = match (call.number("duration"), text("answered_at").parse::<Timestamp>()) {
        (Some(seconds), _) if seconds > 0 => minutes(seconds),
        (None, Ok(answered_at)) => minutes(now().duration_since(answered_at).as_secs()),
        _ => "-".to_owned(),
    };
    vec![status, out.masked(text("phone")), text("agent").to_owned(), ago(text("created_at")), length, text("call_id").to_owned()]
}

async fn get(client: &Client, id: &str, only_words: bool, out: &mut Out) -> Result<Exit, Failure> {
    let answer = client.get(&format!("/v1/calls/{}", plain(id)?)).await?;
    match (only_words, answer.body.text("transcript")) {
        (true, Some(words)) => out.answer(words),
        (true, None) => out.note("There are no words yet, or none will come."),
        (false, _) if out.json => out.answer(answer.text.trim_end()),
        (false, _) => show(&answer.body, out),
    }
    Ok(Exit::Done)
}

async fn cancel(client: &Client, id: &str, out: &mut Out) -> Result<Exit, Failure> {
    let answer = client.post(&format!("/v1/calls/{}/cancel", plain(id)?), None, None).await?;
    if out.json {
        out.answer(answer.text.trim_end());
    } else if answer.body.text("status") == Some("canceled") {
        out.answer("canceled");
    } else if answer.body.is_not("cancel_supported") {
        out.answer("cancel requested; this call cannot be ended from here and goes on to its own end");
    } else {
        out.answer("cancel requested; the call ends when its end is proven");
    }
    Ok(Exit::Done)
}

/// A call for people: what is known, then what was said.
pub fn show(call: &Value, out: &mut Out) {
    let text = |field: &str| call.text(field);
    let status = text("status").and_then(|word| word.parse::<Status>().ok()).map(|status| out.status(status));
    let mut lines = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _written = writeln!(lines, "{name:<10}{value}");
        }
    };
    line("status", status);
    line("reason", text("ended_reason").map(|reason| format!("{reason} (by {})", text("ended_by").unwrap_or("unknown"))));
    line("phone", text("phone").map(str::to_owned));
    line("agent", text("agent").map(str::to_owned));
    line("length", call.number("duration").map(|seconds| format!("{seconds} s")));
    for (name, field) in [
        ("accepted", "created_at"),
        ("dialed", "dialed_at"),
        ("answered", "answered_at"),
        ("ended", "ended_at"),
        ("settles", "settles_by"),
    ] {
        line(name, text(field).map(str::to_owned));
    }
    line("reference", text("reference").map(str::to_owned));
    line("call_id", text("call_id").map(str::to_owned));
    out.answer(lines.trim_end());
    if let Some(words) = text("transcript") {
        out.answer(&format!("\n{words}"));
    }
}

/// An id goes into a path as it is, so it may hold nothing that ends one.
fn plain(id: &str) -> Result<String, Failure> {
    let fits = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits {
        Ok(id.to_owned())
    } else {
        Err(Failure::new(Exit::Missing, format!("'{id}' is no call_id")).then("A call_id is what placing a call printed"))
    }
}

fn moment_ago(text: &str) -> Result<String, Failure> {
    let since = duration::parse(text)
        .map_err(|fault| Failure::new(Exit::Usage, format!("--since {text}: {fault}")).then("Write it like 10m, 24h or 90d"))?;
    Ok(callgate_domain::model::moment::earlier(now(), since).to_string())
}

/// As a person says it: `4 min ago`.
fn ago(at: &str) -> String {
    let Ok(at) = at.parse::<Timestamp>() else { return "-".to_owned() };
    match now().duration_since(at).as_secs() {
        ..10 => "now".to_owned(),
        seconds @ 10..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// The time on this machine: the command line runs on it, with no gateway's clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "what a person at this machine calls now")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
