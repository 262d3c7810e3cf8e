//! `callgate calls`: list, get, watch, export and cancel.

use std::fmt::Write as _;

use std::time::Duration;

use callgate_domain::model::{CallId, Status};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::export::{Format, export};
use super::out::{Out, clean};
use super::progress::minutes;
use super::watch::Watch;
use super::{Global, table};
use crate::failure::{Exit, Failure};
use crate::phone;
use crate::{duration, hint};

/// List, get, watch, export and cancel calls
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  callgate calls list --status completed --since 24h\n  callgate calls get CALL_ID --transcript\n"
)]
pub enum Calls {
    /// The newest calls first
    #[command(before_help = "Example:\n  callgate calls list --agent altai --limit 5\n")]
    List {
        /// Only of this status
        #[arg(long, value_parser = PossibleValuesParser::new(Status::ALL.iter().map(|status| status.as_str())))]
        status: Option<String>,
        /// Only of this agent
        #[arg(long)]
        agent: Option<String>,
        /// Only accepted since then: 10m, 24h, 90d
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        since: Option<Duration>,
        /// So many: 1 to 200
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
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
        /// Stop following it after this long: 90s, 5m
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        timeout: Option<Duration>,
    },
    /// Your calls with their content, to stdout
    #[command(before_help = "Example:\n  callgate calls export --since 30d > calls.jsonl\n")]
    Export {
        /// Lines of JSON, or a table
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        /// Only accepted since then: 24h, 30d
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        since: Option<Duration>,
        /// Go on where an export before broke off
        #[arg(long, conflicts_with = "since")]
        cursor: Option<String>,
    },
    /// Ask for the end of a call
    #[command(before_help = "Example:\n  callgate calls cancel CALL_ID\n")]
    Cancel {
        /// What placing it printed
        call_id: String,
    },
}

impl Calls {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let flags = client.flag(global);
        match self {
            Self::List { status, agent, since, limit, cursor } => {
                let since = since.map(|since| callgate_domain::model::moment::earlier(now(), since).to_string());
                let filters =
                    [("status", status), ("agent", agent), ("created_after", since), ("limit", Some(limit.to_string()))];
                list(&client, &filters, cursor, &flags, out).await
            }
            Self::Get { call_id, transcript } => {
                let id = known(&call_id)?;
                get(&client, id, transcript, out).await.map_err(|failure| named(failure, id))
            }
            Self::Watch { call_id, timeout } => {
                let id = known(&call_id)?;
                let text = id.to_string();
                let watch = Watch { client: &client, id: &text, is_new: false, patience: timeout, flags };
                watch.show(out).await.map_err(|failure| named(failure, id))
            }
            Self::Export { format, since, cursor } => export(&client, format, since, cursor, &flags, out).await,
            Self::Cancel { call_id } => {
                let id = known(&call_id)?;
                cancel(&client, id, out).await.map_err(|failure| named(failure, id))
            }
        }
    }
}

/// What is no id is the id of no call.
fn known(call_id: &str) -> Result<CallId, Failure> {
    call_id.parse().map_err(|_no_id| missing(call_id))
}

/// A call that is not there is named.
fn named(failure: Failure, call_id: CallId) -> Failure {
    if failure.exit == Exit::Missing { missing(&call_id.to_string()) } else { failure }
}

fn missing(call_id: &str) -> Failure {
    Failure::new(Exit::Missing, format!("there is no call {call_id}"))
        .then(format!("Look for it: {}", hint::command("calls list")))
}

async fn list(
    client: &Client,
    filters: &[(&str, Option<String>)],
    cursor: Option<String>,
    flags: &str,
    out: &Out,
) -> Result<Exit, Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let given = filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    query.extend_pairs(given).extend_pairs(cursor.as_deref().map(|cursor| ("cursor", cursor)));
    let answer = client.get(&format!("/v1/calls?{}", query.finish())).await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let calls = answer.body.items("data");
    if calls.is_empty() {
        let is_filtered = filters.iter().any(|(name, value)| *name != "limit" && value.is_some());
        let place = || hint::command(&format!("call +12025550101 --agent akylai{flags}"));
        out.note(&match (cursor, is_filtered) {
            (Some(_), _) => "There are no more calls.".to_owned(),
            (None, true) => format!("No call matches. All of them: {}", hint::command(&format!("calls list{flags}"))),
            (None, false) => format!("No calls yet. Place one: {}", place()),
        });
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = calls.iter().map(|call| row(call, out)).collect();
    table::print(out, &["STATUS", "PHONE", "AGENT", "STARTED", "LENGTH", "CALL_ID"], &rows, &[4]);
    if let Some(cursor) = answer.body.text("next_cursor") {
        let again = filters.iter().filter_map(|(name, value)| {
            let (flag, value) = (name.replace("created_after", "since"), value.as_deref()?);
            Some(format!(" --{flag} {}", hint::quoted(value)))
        });
        // A length of time would begin at another moment by then; the cursor knows where the list ends instead.
        let again: String = again.filter(|flag| !flag.starts_with(" --since")).collect();
        out.note(&format!("\nMore: {}", hint::command(&format!("calls list{again}{flags} --cursor {}", hint::quoted(cursor)))));
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
    // There is none once an operator erased it.
    let phone = call.text("phone").map_or_else(|| "-".to_owned(), |phone| out.masked(phone));
    vec![status, phone, text("agent").to_owned(), ago(text("created_at")), length, text("call_id").to_owned()]
}

async fn get(client: &Client, call_id: CallId, only_words: bool, out: &Out) -> Result<Exit, Failure> {
    let answer = client.get(&format!("/v1/calls/{call_id}")).await?;
    match (out.json, only_words, answer.body.text("transcript")) {
        (true, _, _) => out.answer(answer.text.trim_end()),
        (false, true, Some(words)) => out.answer(&clean(words, true)),
        (false, true, None) => out.note(&match answer.body.text("transcript_status") {
            Some("pending") => format!("No words yet. Follow it: {}", hint::command(&format!("calls watch {call_id}"))),
            Some(why) => format!("No words: the transcript is {why}."),
            None => "No words.".to_owned(),
        }),
        (false, false, _) => show(&answer.body, out),
    }
    Ok(Exit::Done)
}

async fn cancel(client: &Client, call_id: CallId, out: &Out) -> Result<Exit, Failure> {
    let answer = client.post(&format!("/v1/calls/{call_id}/cancel")).await?;
    out.answer(match () {
        () if out.json => answer.text.trim_end(),
        () if answer.body.text("status") == Some("canceled") => "canceled",
        () if answer.body.is_not("cancel_supported") => {
            "asked for; this call cannot be ended from here and goes on to its own end"
        }
        () => "asked for; the call ends when its end is proven",
    });
    Ok(Exit::Done)
}

/// A call for people: what is known, then what was said.
pub fn show(call: &Value, out: &Out) {
    let text = |field: &str| call.text(field).map(|text| clean(text, false));
    let mut lines = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _written = writeln!(lines, "{name:<11}{value}");
        }
    };
    line("call_id", text("call_id"));
    line("status", call.text("status").and_then(|word| word.parse::<Status>().ok()).map(|status| out.status(status)));
    line("ended", text("ended_reason").map(|reason| format!("{reason}, by {}", text("ended_by").unwrap_or_default())));
    line("phone", call.text("phone").map(phone::grouped));
    line("agent", text("agent").map(|agent| if call.is("test") { format!("{agent} (simulated)") } else { agent }));
    line("length", call.number("duration").map(|seconds| format!("{seconds} s")));
    for (name, field) in [
        ("accepted", "created_at"),
        ("dialed", "dialed_at"),
        ("answered", "answered_at"),
        ("over", "ended_at"),
        ("settles by", "settles_by"),
    ] {
        line(name, text(field));
    }
    line("reference", text("reference"));
    if let Some(words) = call.text("transcript") {
        let _written = write!(lines, "\n{}", clean(words, true));
    }
    out.answer(lines.trim_end());
}

/// As a person says it: `4 min ago`.
pub fn ago(at: &str) -> String {
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
