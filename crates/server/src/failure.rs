//! Why the program stops: what a person reads, and the exit code a script reads.
//!
//! First line: who did what. Then ids. Then one thing to do. Causes are for `--verbose`.

use std::fmt;
use std::process::ExitCode;

use callgate_adapters::store::OpenError;
use callgate_domain::ports::InvalidSettings;

use crate::config::Faults;
use crate::wiring::WiringError;

/// The exit codes, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; with `--wait` or `--watch` the call ended `completed`.
    Done = 0,
    /// Anything not listed below.
    Other = 1,
    /// The command line is wrong, or a needed confirmation could not be asked.
    Usage = 2,
    /// Configuration is invalid, or a check found a fault.
    Configuration = 3,
    /// The key is missing, wrong, or lacks the scope.
    Key = 4,
    /// No such call, agent, key or delivery.
    Missing = 5,
    /// The request was refused.
    Refused = 6,
    /// The server cannot be reached.
    Unreachable = 7,
    /// Time ran out while waiting.
    TimeRanOut = 8,
    /// The followed call ended `no_answer`.
    NoAnswer = 10,
    /// The followed call ended `busy`.
    Busy = 11,
    /// The followed call ended `failed`.
    Failed = 12,
    /// The followed call ended `canceled`.
    Canceled = 13,
    /// The followed call ended `expired`.
    Expired = 14,
    /// The followed call ended `blocked`.
    Blocked = 15,
    /// Stopped with Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the program stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Who did what, in words.
    pub what: String,
    /// One thing to do.
    pub then: Option<String>,
    /// What not every failure has.
    more: Box<More>,
}

/// What not every failure has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct More {
    /// Ids of what it is about: `call`, `request`.
    ids: Vec<(&'static str, String)>,
    /// What caused it, nearest first.
    causes: Vec<String>,
    /// More of the same, each with its own lines.
    also: Vec<Failure>,
    /// The API's word for it, where the API said it.
    code: String,
}

impl Failure {
    /// A failure in one line.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), then: None, more: Box::default() }
    }

    /// The same, with something to do.
    #[must_use]
    pub fn then(mut self, then: impl Into<String>) -> Self {
        self.then = Some(then.into());
        self
    }

    /// The same, with an id.
    #[must_use]
    pub fn id(mut self, name: &'static str, id: impl Into<String>) -> Self {
        self.more.ids.push((name, id.into()));
        self
    }

    /// The same, with the API's word for it.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.more.code);
        self
    }

    /// Whether the API said this word.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.more.code == code
    }

    /// The same, with what caused it and what caused that.
    #[must_use]
    pub fn because(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        self.more.causes.extend(causes.map(ToString::to_string));
        self
    }

    /// Stopped with Ctrl-C.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "")
    }

    /// What a person reads; causes only where they are asked for.
    #[must_use]
    pub fn text(&self, with_causes: bool) -> String {
        let mut lines = Vec::new();
        self.write(&mut lines, with_causes);
        lines.join("\n")
    }

    fn write(&self, lines: &mut Vec<String>, with_causes: bool) {
        if !self.what.is_empty() {
            lines.push(format!("error: {}", self.what));
        }
        let width = self.more.ids.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        lines.extend(self.more.ids.iter().map(|(name, id)| format!("  {name:<width$}  {id}")));
        if with_causes {
            lines.extend(self.more.causes.iter().map(|cause| format!("  because {cause}")));
        }
        lines.extend(self.then.iter().map(|then| format!("  {then}")));
        for failure in &self.more.also {
            failure.write(lines, with_causes);
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

impl From<Faults> for Failure {
    fn from(Faults(faults): Faults) -> Self {
        let mut failures = faults
            .into_iter()
            .map(|fault| Self { then: fault.then, ..Self::new(Exit::Configuration, format!("{}: {}", fault.place, fault.what)) });
        let first = failures.next().unwrap_or_else(|| Self::new(Exit::Configuration, "the configuration is invalid"));
        Self { more: Box::new(More { also: failures.collect(), ..*first.more }), ..first }
    }
}

impl From<InvalidSettings> for Failure {
    fn from(invalid: InvalidSettings) -> Self {
        Self::new(Exit::Configuration, invalid.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (exit, then) = match &error {
            OpenError::UnsupportedScheme { .. } | OpenError::NoFile => {
                (Exit::Configuration, "Write it so: sqlite://callgate-data/callgate.db, or postgres://user@host/name")
            }
            OpenError::Unreachable(_) => (Exit::Other, "Check database.url, and that the database runs and may be written"),
            OpenError::Settings { .. } => {
                (Exit::Other, "Change that setting in the database; it protects calls against a power cut")
            }
            OpenError::ForeignLog { .. } => {
                (Exit::Other, "A backup was put over it. Move the -wal and -shm files away, or put the backup into a new folder")
            }
            OpenError::NewerDatabase { .. } => (Exit::Other, "Nothing was changed in it"),
            OpenError::Migration(_) => (Exit::Other, "Nothing was changed. Check that the database's user may change its tables"),
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::new(exit, format!("{error}{cause}")).then(then)
    }
}

impl From<WiringError> for Failure {
    fn from(error: WiringError) -> Self {
        match error {
            WiringError::Open(error) => error.into(),
            WiringError::Connection(invalid) => invalid.into(),
            other => Self::new(Exit::Other, other.to_string()).because(&other),
        }
    }
}

impl From<anyhow::Error> for Failure {
    /// The failure inside where there is one, else the error's own words.
    fn from(error: anyhow::Error) -> Self {
        let known = error.downcast::<Self>().or_else(|error| error.downcast::<Faults>().map(Self::from));
        known.or_else(|error| error.downcast::<WiringError>().map(Self::from)).unwrap_or_else(|error| {
            let causes = error.chain().skip(1).map(ToString::to_string).collect();
            Self { more: Box::new(More { causes, ..More::default() }), ..Self::new(Exit::Other, error.to_string()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_who_did_what_then_ids_then_causes_if_asked_then_one_thing_to_do() {
        let failure = Failure::new(Exit::Refused, "the gateway refused the call: no such number")
            .id("call", "019ab0b7")
            .id("request", "req_7f2c91d0e4")
            .because(&std::io::Error::other("broken"))
            .then("Check the number");
        assert_eq!(
            failure.text(false),
            "error: the gateway refused the call: no such number\n  call     019ab0b7\n  request  req_7f2c91d0e4\n  Check the number"
        );
        assert!(failure.text(true).contains("\n  because broken\n  Check the number"));
    }

    #[test]
    fn a_failure_survives_a_way_through_anyhow() {
        let failure = Failure::new(Exit::Configuration, "no");
        assert_eq!(Failure::from(anyhow::Error::from(failure.clone())), failure);
        let plain = Failure::from(anyhow::anyhow!("inner").context("outer"));
        assert_eq!((plain.exit, plain.what.as_str(), plain.more.causes), (Exit::Other, "outer", vec!["inner".to_owned()]));
    }
}
