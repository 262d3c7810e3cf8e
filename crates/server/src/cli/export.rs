//! `callgate calls export`: a client's calls, whole, as lines of JSON or as a table.
//!
//! What is exported is what there was when it began, newest first; each call is as it is when it is fetched. A page is
//! written once all of it is there, so an export that breaks off goes on behind its last whole page, with `--cursor`.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use callgate_domain::model::moment::{earlier, to_micros};
use clap::ValueEnum;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::body::Body;
use super::calls::now;
use super::client::{Answer, Client};
use super::out::Out;
use crate::failure::{Exit, Failure};
use crate::hint;

/// Calls of one page.
const PAGE: u32 = 100;
/// Calls that are fetched at once.
const AT_ONCE: usize = 8;

/// How calls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line for each call: exactly what GET /v1/calls/{call_id} answers
    Jsonl,
    /// One row for each call, with the names of the columns first
    Csv,
}

/// What is in a row, by the name of its field. Objects stand there as JSON.
const COLUMNS: [&str; 23] = [
    "call_id",
    "status",
    "agent",
    "phone",
    "created_at",
    "dialed_at",
    "answered_at",
    "ended_at",
    "duration",
    "ended_reason",
    "ended_by",
    "retryable",
    "attempts",
    "resolved_status",
    "opt_out",
    "test",
    "reference",
    "transcript_status",
    "transcript",
    "summary",
    "extracted",
    "variables",
    "metadata",
];

/// The columns that others write: a program for tables would run what begins like a formula. All the rest is of our own
/// making, the number too: a plus and digits.
const FROM_OUTSIDE: [&str; 3] = ["reference", "transcript", "summary"];

/// Exports the calls accepted since then.
///
/// # Errors
/// What the server refuses, with the command that goes on from there.
pub async fn export(
    client: &Client,
    format: Format,
    since: Option<Duration>,
    cursor: Option<String>,
    flags: &str,
    out: &Out,
) -> Result<Exit, Failure> {
    let mut place = match &cursor {
        Some(text) => Place::read(text)?,
        None => Place { cursor: None, after: since.map(|since| to_micros(earlier(now(), since))) },
    };
    let mut written = Written::new(format, cursor.is_none());
    let mut calls = 0_usize;
    loop {
        let page = page(client, &place.query()).await.map_err(|failure| goes_on(failure, format, &place, flags))?;
        calls += page.calls.len();
        if let Err(error) = page.calls.iter().try_for_each(|call| written.call(call)).and_then(|()| written.flush()) {
            return match error.kind() {
                // Whoever read it has enough.
                ErrorKind::BrokenPipe => Ok(Exit::Done),
                _ => Err(Failure::new(Exit::Other, format!("the calls cannot be written: {error}"))),
            };
        }
        place.cursor = page.next;
        if place.cursor.is_none() {
            out.note(&format!("{calls} calls"));
            return Ok(Exit::Done);
        }
    }
}

/// How far an export has come. Pages go back in time, so what is accepted meanwhile is in none of them; where they end was
/// settled when it began.
struct Place {
    cursor: Option<String>,
    after: Option<Timestamp>,
}

impl Place {
    /// As `--cursor` takes it: the list's cursor, and after a dot the moment of the end.
    fn read(text: &str) -> Result<Self, Failure> {
        let (cursor, after) = text.split_once('.').unwrap_or((text, ""));
        let after = match after {
            "" => None,
            after => Some(after.parse().ok().and_then(|after| Timestamp::from_microsecond(after).ok()).ok_or_else(|| {
                Failure::new(Exit::Usage, "that is no cursor of an export").then("Copy it whole from what the export printed")
            })?),
        };
        Ok(Self { cursor: Some(cursor.to_owned()), after })
    }

    fn written(&self) -> Option<String> {
        let after = self.after.map(|after| format!(".{}", after.as_microsecond())).unwrap_or_default();
        self.cursor.as_ref().map(|cursor| format!("{cursor}{after}"))
    }

    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &PAGE.to_string());
        query.extend_pairs(self.after.map(|after| ("created_after", after.to_string())));
        query.extend_pairs(self.cursor.as_ref().map(|cursor| ("cursor", cursor)));
        query.finish()
    }
}

/// Whole calls, in the order of the list.
struct Page {
    calls: Vec<Answer>,
    next: Option<String>,
}

async fn page(client: &Client, query: &str) -> Result<Page, Failure> {
    let list = client.get(&format!("/v1/calls?{query}")).await?.body;
    let ids: Vec<String> = list.items("data").iter().filter_map(|call| call.text("call_id").map(str::to_owned)).collect();
    let whole = stream::iter(ids).map(|id| async move { client.get(&format!("/v1/calls/{id}")).await });
    let calls = whole.buffered(AT_ONCE).try_collect().await?;
    Ok(Page { calls, next: list.text("next_cursor").map(str::to_owned) })
}

fn goes_on(failure: Failure, format: Format, place: &Place, flags: &str) -> Failure {
    let Some(cursor) = place.written() else { return failure };
    let format = format.to_possible_value().map(|value| format!(" --format {}", value.get_name())).unwrap_or_default();
    let command = format!("calls export{format}{flags} --cursor {}", hint::quoted(&cursor));
    failure.then(format!("What was written is whole. Go on from there: {}", hint::command(&command)))
}

/// What has been written.
enum Written {
    Lines(io::BufWriter<io::Stdout>),
    Table(Box<csv::Writer<io::Stdout>>),
}

impl Written {
    fn new(format: Format, with_names: bool) -> Self {
        match format {
            Format::Jsonl => Self::Lines(io::BufWriter::new(io::stdout())),
            Format::Csv => {
                let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(io::stdout());
                // Held until the first page is written.
                let _held = with_names.then(|| table.write_record(COLUMNS));
                Self::Table(Box::new(table))
            }
        }
    }

    fn call(&mut self, call: &Answer) -> io::Result<()> {
        match self {
            Self::Lines(lines) => writeln!(lines, "{}", call.line()),
            Self::Table(table) => Ok(table.write_record(COLUMNS.map(|column| cell(column, &call.body)))?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Lines(lines) => lines.flush(),
            Self::Table(table) => table.flush(),
        }
    }
}

/// A field as a cell: null, and an object without entries, are empty.
fn cell(column: &str, call: &Value) -> String {
    let text = match call.get(column) {
        None | Some(Value::Null) => return String::new(),
        Some(Value::Object(entries)) if entries.is_empty() => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if FROM_OUTSIDE.contains(&column) { harmless(text) } else { text }
}

/// A text that no program for tables takes for a formula: one that begins like it gets an apostrophe before it.
fn harmless(text: String) -> String {
    let begins = text.chars().next().is_some_and(|c| "=+-@\t\r\n＝＋－＠".contains(c));
    if begins { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_others_wrote_can_be_a_formula_and_is_made_harmless() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("order=7", "order=7"),
            ("", ""),
        ] {
            assert_eq!(harmless(text.to_owned()), cell);
        }
        let call = json!({"phone": "+12025550101", "reference": "+7", "summary": null, "transcript": "=x"});
        let cells = ["phone", "reference", "summary", "transcript", "metadata"].map(|column| cell(column, &call));
        assert_eq!(cells, ["+12025550101", "'+7", "", "'=x", ""]);
    }

    #[test]
    fn objects_are_json_and_the_rest_is_as_it_reads() {
        let call = json!({"variables": {"a": 1}, "metadata": {}, "duration": 12, "opt_out": false});
        let cells = ["variables", "metadata", "duration", "opt_out"].map(|column| cell(column, &call));
        assert_eq!(cells, ["{\"a\":1}", "", "12", "false"]);
    }
}
