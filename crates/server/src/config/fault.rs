//! What is wrong with a configuration: where, what, and what to do about it.

use std::fmt;

use super::tree::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file and line, the variable or the flag.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// One thing to do.
    pub then: Option<String>,
}

/// Everything that is wrong, in the order of the settings. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Fault {
    /// Something wrong with a value that came from `origin`.
    pub fn at(origin: &Origin, what: impl Into<String>) -> Self {
        Self { place: origin.to_string(), what: what.into(), then: None }
    }

    /// The same, with something to do.
    #[must_use]
    pub fn then(mut self, then: impl Into<String>) -> Self {
        self.then = Some(then.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        match &self.then {
            Some(then) => write!(f, "\n  {then}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, fault) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(fault, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
