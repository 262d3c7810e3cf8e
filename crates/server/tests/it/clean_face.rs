//! The clean face: no client ever reads who carries the calls, and no log holds whom they go to.
//!
//! [`search`] looks through every answer of this whole suite, and [`Searched`] through every line it makes the gateway write,
//! at any level; `harness.rs` sees to that. The tests here walk what is said without being asked.

use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use callgate_adapters::providers::KINDS;
use callgate_server::http::error::Code;
use callgate_server::telemetry::{LogFormat, start_logs_to};
use reqwest::Method;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Answer, KEY, OWN_SECRET, Server, Setup};

/// How calls are carried, and what the tests' own connections are called over there. Who carries them says the registry.
const NAMES: [&str; 5] = ["telnyx", "plivo", "sip", "trunk", "over-there"];

/// What belongs into no log: every number that the tests call begins like one of these.
const UNSAID: [&str; 5] = [KEY, OWN_SECRET, "12025550", "99670000", "4930123456"];

/// Lines that say too much.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
static SEARCHING: LazyLock<()> =
    LazyLock::new(|| start_logs_to("trace", LogFormat::Json, Searched).expect("nobody else logs in this process"));

/// The first of [`NAMES`], or of the kinds of providers, that stands in a text as a word of its own.
pub fn named(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    // `http` is a word of every answer.
    let kinds = KINDS.iter().map(|kind| kind.name).filter(|name| *name != "http");
    kinds.chain(NAMES).find(|name| {
        text.match_indices(name).any(|(at, _)| {
            let apart = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
            apart(text[..at].chars().last()) && apart(text[at + name.len()..].chars().next())
        })
    })
}

/// Searches an answer to a client. Operators' own routes and pages name connections.
pub fn search(path: &str, answer: &Answer) {
    if ["/v1/admin", "/console"].iter().any(|own| path.starts_with(own)) || path == "/metrics" {
        return;
    }
    let whole = format!("{:?}\n{}", answer.headers, answer.text);
    // Whoever is signed in to the console is an operator.
    assert!(path.starts_with("/console/calls") || named(&whole).is_none(), "{path}: {whole}");
    assert!(!whole.contains(OWN_SECRET) && !whole.contains(KEY), "{path}: {whole}");
}

/// From now on every line of this process's log is searched.
pub fn search_logs() {
    LazyLock::force(&SEARCHING);
}

/// Fails when a line said too much. It may be another test's that runs at the same time.
pub fn nothing_was_said() {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*said, [""; 0], "the log says what it must not");
}

/// A log that is searched instead of kept.
struct Searched;

impl io::Write for Searched {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if UNSAID.iter().any(|word| text.contains(word)) {
            SAID.lock().unwrap_or_else(PoisonError::into_inner).push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Searched {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

#[test]
fn a_name_is_found_as_a_word_and_not_inside_one() {
    let kinds = [("by Bolna, in the end", Some("bolna")), ("http://bolnas.example", None)];
    let ways = [("it went over SIP.", Some("sip")), ("gossip and sipping", None), ("\"trunk\"", Some("trunk"))];
    for (text, expected) in kinds.into_iter().chain(ways) {
        assert_eq!(named(text), expected, "{text}");
    }
}

#[test]
fn no_code_and_no_advice_names_who_carries_calls() {
    for code in Code::ALL {
        let said = format!("{} {} {}", code.as_str(), code.title(), code.advice());
        assert_eq!(named(&said), None, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_public_page_names_who_carries_calls() {
    for public_url in [None, Some("https://calls.example.com")] {
        let server = Server::with(Setup { public_url, ..Setup::default() }).await;
        for path in [
            "/",
            "/docs",
            "/docs.md",
            "/docs/errors",
            "/docs/reference",
            "/llms.txt",
            "/console/sign-in",
            "/openapi.json",
            "/healthz",
            "/readyz",
            "/nothing-here",
        ] {
            // The harness searches it.
            let answer = Answer::of(server.bare(Method::GET, path)).await;
            assert!(matches!(answer.status, 200 | 404) && !answer.text.is_empty(), "{path}");
        }
    }
}
