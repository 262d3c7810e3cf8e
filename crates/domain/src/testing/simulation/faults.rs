//! What can go wrong, each with the row of `RELIABILITY.md` section 1 that it belongs to.

use crate::model::words::words;

words! {
    /// A kind of fault.
    pub enum Fault {
        /// Row 1: the answer to a create is lost, and the client asks again.
        ReplyLost = "reply lost",
        /// Row 2: killed before an insert commits.
        CrashBeforeInsert = "crash before insert",
        /// Row 2: killed after an insert committed, before the answer.
        CrashAfterInsert = "crash after insert",
        /// Row 3: killed right after a claim.
        CrashAfterClaim = "crash after claim",
        /// Rows 3 and 4: killed before a change is saved.
        CrashBeforeSave = "crash before save",
        /// Rows 3 and 4: killed after a change was saved.
        CrashAfterSave = "crash after save",
        /// Row 4: killed after the send mark, before the request leaves.
        CrashBeforeRequest = "crash before request",
        /// Row 4: killed while a request is on its way.
        CrashAfterRequest = "crash after request",
        /// Section 4: killed before a webhook is kept.
        CrashBeforeKeep = "crash before keep",
        /// Section 4: killed after a webhook was kept, before the answer.
        CrashAfterKeep = "crash after keep",
        /// Section 4: killed before a webhook's progress is written.
        CrashBeforeSettle = "crash before settle",
        /// Killed anywhere.
        Crash = "crash",
        /// Row 5: no answer in time, though the request arrived.
        TimeoutAfterDial = "timeout after dial",
        /// Row 5: no answer in time, and nothing was dialed.
        TimeoutWithoutDial = "timeout without dial",
        /// Row 6: a 5xx, though the request was accepted.
        ErrorAfterDial = "error after dial",
        /// Row 6: a 5xx, and nothing was dialed.
        ErrorWithoutDial = "error without dial",
        /// Row 7: what became of a request cannot be written down.
        NoteFails = "note fails",
        /// Row 8: accepted, without an id.
        NoId = "no id",
        /// Row 9: a webhook before the create's answer.
        WebhookFirst = "webhook first",
        /// Row 10: a webhook twice.
        WebhookTwice = "webhook twice",
        /// Row 11: a webhook after a later one.
        WebhookLate = "webhook late",
        /// Row 12: a webhook never comes.
        WebhookLost = "webhook lost",
        /// Row 13: a webhook about nobody.
        WebhookOfNobody = "webhook of nobody",
        /// Row 14: the database is down.
        DatabaseDown = "database down",
        /// Row 14: the database takes no writes.
        DatabaseFull = "database full",
        /// Row 14: a commit whose answer is lost.
        CommitAnswerLost = "commit answer lost",
        /// Row 15: a clock is set.
        ClockJump = "clock jump",
        /// Row 16: another took it first.
        RivalClaim = "rival claim",
        /// Row 17: stopped for up to 400 s.
        Pause = "pause",
        /// Row 18: asked to stop.
        Drain = "drain",
        /// Row 19: the connection is refused.
        Refused = "refused",
        /// Row 19: a provider is not there for a long time.
        ProviderDown = "provider down",
        /// A connection fails so often that it is left alone.
        BreakerOpen = "breaker open",
        /// The provider asks to wait.
        TooMany = "too many",
        /// The provider refuses for good.
        RefusedForGood = "refused for good",
        /// Row 21: nobody works for longer than a call may wait.
        LongOutage = "long outage",
        /// Row 24: a webhook that kills whoever reads it.
        Poison = "poison",
        /// Row 27: a backup is started in the place of its database.
        Restored = "restored",
        /// Row 28: a process knows one connection only.
        OtherConfiguration = "other configuration",
        /// Row 25: a receiver is down.
        ReceiverDown = "receiver down",
        /// Row 25: a receiver answers late.
        ReceiverSlow = "receiver slow",
        /// Row 25: a receiver asks to wait.
        ReceiverBusy = "receiver busy",
        /// Row 25: a receiver says that nobody is there.
        ReceiverGone = "receiver gone",
        /// Row 25: what a receiver missed is asked for.
        Recovered = "recovered",
        /// Row 26: a receiver took a notice, and its answer is lost.
        ReceiverUnheard = "receiver unheard",
        /// Row 26: killed before a notice is sent.
        CrashBeforeSend = "crash before send",
        /// Row 26: killed after a receiver took a notice.
        CrashAfterSend = "crash after send",
        /// Row 26: killed before what came of a notice is on record.
        CrashBeforeRecord = "crash before record",
        /// A look-up does not see a call yet.
        LookUpLag = "look-up lag",
        /// A look-up gets no answer.
        LookUpFails = "look-up fails",
        /// A look-up does not see every page.
        LookUpIncomplete = "look-up incomplete",
        /// A provider never tells the end.
        NeverEnds = "never ends",
    }
}

/// How often each fault happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    by_fault: std::collections::BTreeMap<Fault, u64>,
}

impl Counts {
    /// It happened once more.
    pub fn add(&mut self, fault: Fault) {
        let count = self.by_fault.entry(fault).or_default();
        *count = count.saturating_add(1);
    }

    /// So often it happened.
    pub fn set(&mut self, fault: Fault, times: u64) {
        self.by_fault.insert(fault, times);
    }

    /// These happened as well.
    pub fn merge(&mut self, other: &Self) {
        for (fault, times) in &other.by_fault {
            let count = self.by_fault.entry(*fault).or_default();
            *count = count.saturating_add(*times);
        }
    }

    /// How often this one happened.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.by_fault.get(&fault).copied().unwrap_or(0)
    }
}
