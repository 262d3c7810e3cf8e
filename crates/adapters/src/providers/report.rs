//! The result of a call in the words of `API.md` section 3.
//!
//! The result webhook reads it strictly, so that whoever writes it learns every fault at once. The `http` kind reads
//! the same words leniently: what comes in at its own address is kept in any case, so the best is made of it.

mod draft;
mod fields;
mod status;

use callgate_domain::model::{AttemptId, ConnectionId, Evidence, ProviderCallId, Source};
use callgate_domain::ports::{AttemptRef, Authentic, Reading};

use draft::Draft;
pub(super) use draft::{MAX_EXTRACTED, MAX_SUMMARY, MAX_TURNS, MAX_URL};
pub use fields::Fault;
pub(super) use fields::has_nul;
pub(super) use status::Words;

/// What somebody reports about a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Theirs.
    pub provider_call: ProviderCallId,
    /// Ours, where it is echoed; matches first.
    pub attempt: Option<AttemptId>,
    /// Whose id `provider_call` is, where it is said.
    pub connection: Option<ConnectionId>,
    /// What is said.
    pub evidence: Evidence,
}

/// Why a body is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// No JSON: broken syntax, invalid UTF-8 or text after the end. The detail names the place and quotes nothing.
    Malformed(String),
    /// JSON, but not this: every fault, in the order of the body.
    Wrong(Vec<Fault>),
}

/// A report as it came, for those who make the best of it.
pub(super) struct Lenient {
    /// What could be made of it; `None` where nothing could.
    pub report: Option<Report>,
    /// Theirs, also where there is no report.
    pub provider_call: Option<ProviderCallId>,
    /// The word, where the status is none we know: then nothing is made of it.
    pub unknown_status: Option<String>,
    /// Places of what could not be used, for the log.
    pub unusable: Vec<String>,
}

impl Report {
    /// Reads the body of the result webhook.
    ///
    /// # Errors
    /// [`Unreadable`] says whether it is no JSON or not the right JSON.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let (draft, faults) = Draft::read(body, Words::Result)?;
        match draft.report(Source::Webhook) {
            Some(report) if faults.is_empty() => Ok(report),
            _ => Err(Unreadable::Wrong(faults)),
        }
    }

    /// Reads what an engine says, as far as it can be used.
    pub(super) fn make_the_best_of(body: &[u8], words: Words, source: Source) -> Lenient {
        let Ok((mut draft, faults)) = Draft::read(body, words) else {
            let unusable = vec!["the whole body".to_owned()];
            return Lenient { report: None, provider_call: None, unknown_status: None, unusable };
        };
        let unknown_status = draft.unknown_status.take();
        let provider_call = draft.provider_call.clone();
        // Fields we do not know are an engine's own affair, and their names may be anything: they are not for the log.
        let unusable = faults.into_iter().filter(draft::knows).map(|fault| fault.pointer).collect();
        Lenient { report: draft.report(source), provider_call, unknown_status, unusable }
    }

    /// The same as a reading.
    #[must_use]
    pub fn reading(self) -> Reading {
        let about = AttemptRef { attempt: self.attempt, provider_call: Some(self.provider_call), connection: self.connection };
        Reading::Says { about, evidence: Box::new(self.evidence) }
    }
}

/// What an authentic result webhook says: the `ReadReport` of the ports.
#[must_use]
pub fn read_report(webhook: &Authentic) -> Reading {
    let read = Report::make_the_best_of(&webhook.webhook().body, Words::Result, Source::Webhook);
    read.report.map_or(Reading::Nothing, Report::reading)
}

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
