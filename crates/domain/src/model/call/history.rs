//! What happened to a call, one entry per revision, each hash over its entry and the hash before it.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::state::Status;
use crate::model::ids::{CallId, Revision};
use crate::model::words::words;

words! {
    /// What changed, in neutral words.
    pub enum What {
        /// The call was accepted and is durable.
        Created = "created",
        /// Its moment came.
        Due = "due",
        /// A worker took it.
        Claimed = "claimed",
        /// A worker gave it back, or its lease ran out.
        Released = "released",
        /// The one request of an attempt is about to leave.
        Sent = "sent",
        /// It was handed over.
        Accepted = "accepted",
        /// Proven: nobody was rung.
        NotDialed = "not_dialed",
        /// It may have been handed over.
        OutcomeUnknown = "outcome_unknown",
        /// The phone rings.
        Ringing = "ringing",
        /// Somebody answered.
        Answered = "answered",
        /// The talk is over.
        TalkEnded = "talk_ended",
        /// It ended.
        Ended = "ended",
        /// A further try was set for later.
        TryAgain = "try_again",
        /// Facts were added.
        FactsAdded = "facts_added",
        /// Evidence disagrees with what is final; it changes nothing.
        Contradicted = "contradicted",
        /// Evidence about an earlier attempt; it changes nothing.
        EarlierAttempt = "earlier_attempt",
        /// The client asked for its end.
        CancelRequested = "cancel_requested",
        /// It was open in a backup that was restored: it is only looked up from then on.
        Restored = "restored",
        /// Its content was erased, for good.
        Erased = "erased",
    }
}

words! {
    /// What caused a change.
    pub enum By {
        /// The integrator.
        Client = "client",
        /// Whoever places the call.
        Provider = "provider",
        /// A moment that passed.
        Deadline = "deadline",
        /// A rule.
        Rule = "rule",
        /// This program.
        Gateway = "gateway",
    }
}

/// The SHA-256 of an entry and of the hash before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written at once: it is part of every answer.
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
        f.write_str(&text)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One line of a call's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The revision this change made.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// What a client reads as status since then.
    pub status: Status,
    /// What changed.
    pub what: What,
    /// What caused it.
    pub by: By,
    /// Over this entry and the hash before it.
    pub hash: Hash,
}

impl Entry {
    /// The entry that follows `before` (`None` for a call's first).
    #[must_use]
    pub fn after(
        before: Option<Hash>,
        call: CallId,
        revision: Revision,
        at: Timestamp,
        status: Status,
        what: What,
        by: By,
    ) -> Self {
        let hash = Self::hash(before, call, revision, at, status, what, by);
        Self { revision, at, status, what, by, hash }
    }

    /// SHA-256 over the UTF-8 text `before LF call_id LF revision LF at LF status LF what LF by`, where `before` is the
    /// previous `sha256:…` or empty, and `at` is RFC 3339 in UTC with six digits of a second.
    #[must_use]
    pub fn hash(
        before: Option<Hash>,
        call: CallId,
        revision: Revision,
        at: Timestamp,
        status: Status,
        what: What,
        by: By,
    ) -> Hash {
        let before = before.map(|hash| hash.to_string()).unwrap_or_default();
        let text = format!("{before}\n{call}\n{}\n{at:.6}\n{status}\n{what}\n{by}", revision.0);
        Hash(Sha256::digest(text.as_bytes()).into())
    }
}
