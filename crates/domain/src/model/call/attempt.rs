//! One request to a provider to place a call.

use jiff::Timestamp;

use crate::model::ids::{AttemptId, CallId, ConnectionId, Fence, ProviderCallId};
use crate::model::words::words;

words! {
    /// What became of an attempt. The database refuses a second attempt of a call whose first is not proven over:
    /// its unique index leaves out `NotDialed`, `NoAnswer` and `Busy` only.
    pub enum Outcome {
        /// Not known yet.
        Open = "open",
        /// Proven: nobody was rung.
        NotDialed = "not_dialed",
        /// Proven: rang out.
        NoAnswer = "no_answer",
        /// Proven: engaged.
        Busy = "busy",
        /// It ended in another way, or the gateway stopped waiting.
        Over = "over",
    }
}

impl Outcome {
    /// Whether it is proven that this attempt rings nobody any more and that nobody spoke: only then may another follow.
    #[must_use]
    pub const fn permits_another(self) -> bool {
        matches!(self, Self::NotDialed | Self::NoAnswer | Self::Busy)
    }
}

/// One request to a provider to place a call: at most one ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Carried to the provider as our reference.
    pub id: AttemptId,
    /// Whose attempt it is.
    pub call: CallId,
    /// Which of the client's tries it belongs to; the first is 1.
    pub try_number: u16,
    /// The account it went to.
    pub connection: ConnectionId,
    /// The fence it was marked under.
    pub fence: Fence,
    /// When the send mark was committed.
    pub sent_mark_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// The provider's id, once known.
    pub provider_call: Option<ProviderCallId>,
    /// When its id was picked from a list that does not carry our reference: likely, and no proof of anything that rings.
    pub guessed_at: Option<Timestamp>,
    /// When evidence first contradicted what we hold: counted and shown to operators.
    pub contradicted_at: Option<Timestamp>,
}
