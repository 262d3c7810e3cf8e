//! The states of a call, their ranks, and the public words for them.
//!
//! The table is `RELIABILITY.md` section 2. The public word stands here and not at the HTTP edge because history
//! entries hash it, lists filter by it and metrics are labelled with it.

use crate::model::words::words;

words! {
    /// Where a call is. Inside words; clients see [`Status`].
    pub enum CallState {
        /// Waiting for its window, or for its next try.
        Scheduled = "scheduled",
        /// Waiting to be claimed.
        Queued = "queued",
        /// A worker holds it under a lease; nothing was sent.
        Claimed = "claimed",
        /// The send mark is committed: the one request may be on its way.
        Sending = "sending",
        /// It may have rung and we cannot tell. Never dialed again.
        Unknown = "unknown",
        /// The provider has it.
        Placed = "placed",
        /// The phone rings.
        Ringing = "ringing",
        /// They talk.
        InProgress = "in_progress",
        /// Talk over, result not in yet.
        Processing = "processing",
        /// Somebody, or a voicemail, answered and it ended.
        Completed = "completed",
        /// Rang out, or was declined.
        NoAnswer = "no_answer",
        /// Engaged.
        Busy = "busy",
        /// Could not be placed, or its outcome cannot be known.
        Failed = "failed",
        /// The client stopped it before anybody spoke.
        Canceled = "canceled",
        /// Its window, or its time in the queue, ran out.
        Expired = "expired",
        /// A rule forbids it.
        Blocked = "blocked",
    }
}

words! {
    /// What a client reads as `status`.
    pub enum Status {
        /// Waiting for its window or its next try.
        Scheduled = "scheduled",
        /// Accepted, not dialed yet.
        Queued = "queued",
        /// Handed over, or not known yet whether it was.
        Dialing = "dialing",
        /// The phone rings.
        Ringing = "ringing",
        /// They talk.
        InProgress = "in_progress",
        /// Talk over, result not in yet.
        Processing = "processing",
        /// Terminal: somebody, or a voicemail, answered and it ended.
        Completed = "completed",
        /// Terminal: rang out.
        NoAnswer = "no_answer",
        /// Terminal: engaged.
        Busy = "busy",
        /// Terminal: could not be placed, or its outcome cannot be known.
        Failed = "failed",
        /// Terminal: the client stopped it before anybody spoke.
        Canceled = "canceled",
        /// Terminal: its window, or its time in the queue, ran out.
        Expired = "expired",
        /// Terminal: a rule forbids it.
        Blocked = "blocked",
    }
}

impl CallState {
    /// How far along it is: evidence moves a call only to a higher rank. All terminal states share the highest.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Queued => 1,
            Self::Claimed => 2,
            Self::Sending => 3,
            Self::Unknown => 4,
            Self::Placed => 5,
            Self::Ringing => 6,
            Self::InProgress => 7,
            Self::Processing => 8,
            Self::Completed | Self::NoAnswer | Self::Busy | Self::Failed | Self::Canceled | Self::Expired | Self::Blocked => 9,
        }
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        self.rank() == 9
    }

    /// Whether it takes up one of its connection's places: claimed and not over.
    #[must_use]
    pub const fn is_live(self) -> bool {
        let rank = self.rank();
        rank >= 2 && rank <= 8
    }

    /// Whether a request may have been sent and the end is not known yet.
    #[must_use]
    pub const fn is_out(self) -> bool {
        let rank = self.rank();
        rank >= 3 && rank <= 8
    }

    /// What clients read.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Scheduled => Status::Scheduled,
            Self::Queued | Self::Claimed => Status::Queued,
            Self::Sending | Self::Unknown | Self::Placed => Status::Dialing,
            Self::Ringing => Status::Ringing,
            Self::InProgress => Status::InProgress,
            Self::Processing => Status::Processing,
            Self::Completed => Status::Completed,
            Self::NoAnswer => Status::NoAnswer,
            Self::Busy => Status::Busy,
            Self::Failed => Status::Failed,
            Self::Canceled => Status::Canceled,
            Self::Expired => Status::Expired,
            Self::Blocked => Status::Blocked,
        }
    }
}

impl Status {
    /// The states a client reads as this word.
    pub fn states(self) -> impl Iterator<Item = CallState> {
        CallState::ALL.iter().copied().filter(move |state| state.status() == self)
    }

    /// Whether nothing more happens to a call of this status.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.states().all(CallState::is_terminal)
    }
}
