//! Where words go: stdout carries the answer, stderr everything else.

use std::io::{self, IsTerminal, Write};

use callgate_domain::model::Status;

use super::Global;
use crate::failure::Failure;

/// Both outputs, and what may be done with them.
pub struct Out {
    stdout: io::Stdout,
    /// stdout is a terminal.
    pub is_terminal: bool,
    /// Colours may be used.
    colours: bool,
    /// Signs beyond ASCII may be used.
    signs: bool,
    quiet: bool,
    verbose: bool,
    /// The API's JSON is wanted.
    pub json: bool,
    /// Nobody can be asked.
    pub no_input: bool,
}

impl Out {
    /// As the flags, the environment and the terminal say.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let dumb = set("TERM").is_none_or(|term| term == "dumb");
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default().to_lowercase();
        Self {
            stdout: io::stdout(),
            is_terminal,
            colours: is_terminal && !global.no_color && set("NO_COLOR").is_none() && !dumb,
            signs: locale.contains("utf-8") || locale.contains("utf8"),
            quiet: global.quiet,
            verbose: global.verbose > 0,
            json: global.json,
            no_input: global.no_input || !io::stdin().is_terminal() || !io::stderr().is_terminal(),
        }
    }

    /// One line of the answer. A reader that went away (`| head`) ends nothing.
    pub fn answer(&mut self, line: &str) {
        let _gone = writeln!(self.stdout, "{line}").and_then(|()| self.stdout.flush());
    }

    /// One line for a person.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            note_to_stderr(line);
        }
    }

    /// What went wrong.
    pub fn failure(&self, failure: &Failure) {
        let text = failure.text(self.verbose);
        if !text.is_empty() {
            note_to_stderr(&text);
        }
    }

    /// A status with its sign, coloured where that is wanted. A colour never stands alone.
    #[must_use]
    pub fn status(&self, status: Status) -> String {
        let (sign, ascii, colour) = match status {
            Status::Completed => ("✓", "+", "32"),
            Status::NoAnswer | Status::Busy | Status::Canceled | Status::Expired => ("⊘", "-", "33"),
            Status::Failed | Status::Blocked => ("✕", "x", "31"),
            _ => ("●", "*", "36"),
        };
        let sign = if self.signs { sign } else { ascii };
        if self.colours { format!("\u{1b}[{colour}m{sign}\u{1b}[0m {status}") } else { format!("{sign} {status}") }
    }

    /// Hides the middle of a number, as lists show it: `+1 202 ••• 0142`.
    #[must_use]
    pub fn masked(&self, phone: &str) -> String {
        let hidden = if self.signs { "•••" } else { "***" };
        let digits = phone.trim_start_matches('+');
        let (head, tail) = digits.split_at_checked(digits.len().saturating_sub(4)).unwrap_or((digits, ""));
        let country = if digits.starts_with('1') { 1 } else { 3.min(head.len()) };
        let (country, rest) = head.split_at_checked(country).unwrap_or((head, ""));
        let area = rest.get(..rest.len().min(3)).unwrap_or_default();
        if area.is_empty() { format!("+{country} {hidden} {tail}") } else { format!("+{country} {area} {hidden} {tail}") }
    }
}

/// One line to stderr.
pub fn note_to_stderr(line: &str) {
    let _gone = writeln!(io::stderr(), "{line}");
}
