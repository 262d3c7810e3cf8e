//! Where words go: stdout carries the answer, stderr everything else.

use std::io::{self, ErrorKind, IsTerminal, Write};

use callgate_domain::model::Status;

use super::Global;
use crate::failure::{Exit, Failure};
use crate::phone;

/// Both outputs, and what may be done with them.
pub struct Out {
    /// stdout is a terminal.
    pub is_terminal: bool,
    /// Something may move on stderr while one waits.
    pub moves: bool,
    /// The API's JSON is wanted.
    pub json: bool,
    /// Nobody can be asked.
    pub no_input: bool,
    /// The exchange with the server is wanted.
    pub exchange: bool,
    colours: bool,
    /// The answer alone is wanted.
    pub quiet: bool,
    signs: bool,
    causes: bool,
}

/// What a colour stands for; a word always stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The agent, and anything alive or well.
    Green,
    /// The one called.
    Orange,
    /// Broken.
    Red,
}

impl Out {
    /// As the flags, the environment and the terminal say.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let is_plain = global.no_color || set("NO_COLOR").is_some() || set("TERM").is_none_or(|term| term == "dumb");
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default().to_lowercase();
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            is_terminal: stdout,
            moves: stderr && !is_plain && !global.quiet,
            json: global.json,
            no_input: global.no_input || !io::stdin().is_terminal() || !stderr,
            exchange: global.verbose > 1,
            colours: stdout && !is_plain,
            signs: locale.contains("utf-8") || locale.contains("utf8"),
            quiet: global.quiet,
            causes: global.verbose > 0,
        }
    }

    /// One line of the answer, or several. Where the reader went away (`| head`) there is nothing left to do.
    pub fn answer(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(i32::from(Exit::Done as u8)),
            Err(error) => {
                self.failure(&Failure::new(Exit::Other, format!("the answer cannot be written: {error}")));
                std::process::exit(i32::from(Exit::Other as u8));
            }
            Ok(()) => {}
        }
    }

    /// One line for a person.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            note_to_stderr(line);
        }
    }

    /// What went wrong.
    pub fn failure(&self, failure: &Failure) {
        let text = failure.text(self.causes);
        if !text.is_empty() {
            note_to_stderr(&text);
        }
    }

    /// A status with its sign, as lists show it.
    #[must_use]
    pub fn status(&self, status: Status) -> String {
        let (sign, ascii, colour) = match status {
            Status::Completed => ("✓", "+", Colour::Green),
            Status::NoAnswer | Status::Busy | Status::Canceled | Status::Expired => ("⊘", "-", Colour::Orange),
            Status::Failed | Status::Blocked => ("✕", "x", Colour::Red),
            _ => ("●", "*", Colour::Green),
        };
        format!("{} {status}", self.sign(sign, ascii, colour))
    }

    /// A sign, or what stands for it where letters are plain.
    #[must_use]
    pub fn sign(&self, sign: &str, ascii: &str, colour: Colour) -> String {
        self.coloured(if self.signs { sign } else { ascii }, colour)
    }

    /// The same text, in a colour where colours may be used.
    #[must_use]
    pub fn coloured(&self, text: &str, colour: Colour) -> String {
        let code = match colour {
            Colour::Green => "32",
            Colour::Orange => "33",
            Colour::Red => "31",
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A number with its middle hidden, as lists show it.
    #[must_use]
    pub fn masked(&self, e164: &str) -> String {
        phone::masked(e164, if self.signs { "•••" } else { "***" })
    }

    /// What stands where a line was cut.
    #[must_use]
    pub const fn cut(&self) -> &'static str {
        if self.signs { "…" } else { "..." }
    }
}

/// Words from outside, without what would steer a terminal. Lines stay where `lines` says so.
#[must_use]
pub fn clean(text: &str, lines: bool) -> String {
    text.chars().map(|c| if c.is_control() && !(lines && c == '\n') { ' ' } else { c }).collect()
}

/// One line to stderr. Nobody is left to tell where that cannot be written.
pub fn note_to_stderr(line: &str) {
    let _gone = writeln!(io::stderr(), "{line}");
}

/// Without colours and movement, for tests of what is printed.
#[cfg(test)]
pub fn plain() -> Out {
    Out {
        is_terminal: false,
        moves: false,
        json: false,
        no_input: true,
        exchange: false,
        colours: false,
        signs: true,
        quiet: false,
        causes: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_sign_and_its_word() {
        let all = |out: Out| Status::ALL.iter().map(|status| out.status(*status)).collect::<Vec<_>>().join(", ");
        assert_eq!(
            all(plain()),
            "● scheduled, ● queued, ● dialing, ● ringing, ● in_progress, ● processing, ✓ completed, ⊘ no_answer, ⊘ busy, ✕ failed, ⊘ canceled, ⊘ expired, ✕ blocked"
        );
        assert!(all(Out { signs: false, ..plain() }).is_ascii());
        assert_eq!(Out { colours: true, ..plain() }.status(Status::Failed), "\u{1b}[31m✕\u{1b}[0m failed");
    }

    #[test]
    fn words_from_outside_cannot_steer_a_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{9b}d", true), "a [2Jb\nc d");
        assert_eq!(clean("a\nb\tc", false), "a b c");
    }
}
