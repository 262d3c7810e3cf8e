//! Webhooks: verified, kept, and then understood: matched with a call and applied, or parked.
//!
//! Keeping comes first and is durable, so that whatever was answered with 2xx reaches its call.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::record::{RecordError, Recorded, Recorder};
use crate::model::call::{Attempt, What};
use crate::model::moment::{elapsed, later};
use crate::model::{Call, CallEvent, ConnectionId, Evidence, InboxId, Stale};
use crate::ports::{
    AttemptRef, Authentic, CallStore, Chance, Clock, Connections, Inbox, Kept, KeptWebhook, Match, Parcel, Progress, RawWebhook,
    Reading, SWEEP, Signals, StoreError, WebhookError, Work,
};

/// So long a webhook that was taken is not given to another process.
pub const HOLD: Duration = Duration::from_secs(60);
/// What was taken from a process that is gone is held until just after that process held it at most: it is not taken twice.
const PAST_IT: Duration = Duration::from_millis(1);
/// How long a webhook waits for a call to have its id.
const PARKED_FOR: Duration = Duration::from_hours(72);
/// A webhook that could not be handled so often waits for an operator.
const TRIES: u16 = 5;

/// Takes webhooks in.
pub struct Intake {
    /// Where webhooks are kept.
    pub inbox: Arc<dyn Inbox>,
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// How calls change.
    pub recorder: Arc<Recorder>,
    /// Who can verify and read them.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub chance: Arc<dyn Chance>,
    /// Who is told.
    pub signals: Arc<dyn Signals>,
}

/// A result that is kept.
#[derive(Debug)]
pub enum KeptReport {
    /// The first of its kind: what it says, and whose it was when it came.
    New {
        /// Its id.
        id: InboxId,
        /// What it says.
        reading: Reading,
        /// Whom that was found to be about.
        found: Match,
    },
    /// The same one was here before.
    Seen(KeptWebhook),
}

/// Why a webhook was not kept.
#[derive(Debug, thiserror::Error)]
pub enum ArriveError {
    /// No such connection here.
    #[error("no such connection")]
    UnknownConnection,
    /// It is not authentic.
    #[error(transparent)]
    NotAuthentic(#[from] WebhookError),
    /// A result that names an id known under several connections, and none of them. Nothing is kept.
    #[error("the id is known under several connections")]
    Ambiguous,
    /// The store could not: it was not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Intake {
    /// A provider's own webhook: verify, keep. It is understood later.
    ///
    /// # Errors
    /// [`ArriveError`]; nothing is kept then.
    pub async fn arrive(&self, connection: &ConnectionId, webhook: &RawWebhook) -> Result<(), ArriveError> {
        let held = self.connections.heard(connection, self.clock.now()).ok_or(ArriveError::UnknownConnection)?;
        let authentic = held.provider.verify(webhook, self.clock.now())?;
        let dedupe_key = held.provider.event_id(&authentic).unwrap_or_else(|| digest(&authentic.webhook().body));
        let received_at = self.clock.now();
        let parcel = Parcel {
            id: self.id(received_at),
            connection: Some(connection.clone()),
            is_report: false,
            dedupe_key,
            webhook: authentic,
            received_at,
            waits_for: None,
        };
        self.inbox.keep(parcel).await?;
        self.signals.work_waiting(Work::Intake);
        Ok(())
    }

    /// A result in the words of `API.md` section 3, whose key was checked, and what it says: look whose it is, keep. Returns
    /// it for [`Self::handle_report`].
    ///
    /// # Errors
    /// [`ArriveError`]; nothing is kept then.
    pub async fn keep_report(&self, authentic: Authentic, reading: Reading) -> Result<KeptReport, ArriveError> {
        let (found, waits_for) = match &reading {
            Reading::Says { about, .. } if !about.names_nothing() => match self.store.find(about).await? {
                Match::Ambiguous => return Err(ArriveError::Ambiguous),
                // It is kept as what it will be anyway: one change instead of two.
                Match::None => (Match::None, Some(about.clone())),
                found => (found, None),
            },
            _ => (Match::None, None),
        };
        let received_at = self.clock.now();
        let parcel = Parcel {
            id: self.id(received_at),
            connection: None,
            is_report: true,
            dedupe_key: digest(&authentic.webhook().body),
            webhook: authentic,
            received_at,
            waits_for,
        };
        Ok(match self.inbox.keep(parcel.clone()).await? {
            Kept::New => KeptReport::New { id: parcel.id, reading, found },
            Kept::Seen(before) => KeptReport::Seen(*before),
        })
    }

    /// Takes up to `limit` webhooks whose moment has come.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take(&self, limit: u32) -> Result<Vec<KeptWebhook>, StoreError> {
        self.inbox.take(&self.connections.heard_ids(self.clock.now()), HOLD, limit, self.clock.now()).await
    }

    /// Takes up to `limit` webhooks that a process which is gone may have held when this one started; none when there are
    /// no more. Only where no other process shares the store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take_held(&self, limit: u32, started_at: Timestamp) -> Result<Vec<KeptWebhook>, StoreError> {
        let held_until = later(started_at, HOLD);
        let mut taken = self.inbox.take(&self.connections.heard_ids(started_at), PAST_IT, limit, held_until).await?;
        // What came in since then is left to the request that brought it.
        taken.retain(|kept| kept.parcel.received_at < started_at);
        Ok(taken)
    }

    /// Understands a result that was kept just now, from what was seen of it on the way in.
    ///
    /// # Errors
    /// The store could not; it stays kept and is tried again.
    pub async fn handle_report(&self, report: KeptReport) -> Result<Progress, RecordError> {
        match report {
            KeptReport::Seen(before) => self.handle(before).await,
            KeptReport::New { id, reading: Reading::Says { about, evidence }, found: Match::One(call, attempt) } => {
                self.learn(id, about, *call, attempt, evidence).await
            }
            KeptReport::New { id, reading: Reading::Says { about, .. }, .. } if !about.names_nothing() => {
                self.look_again(id, about).await?;
                Ok(Progress::Parked)
            }
            KeptReport::New { id, .. } => self.settle(id, Progress::Ignored, None).await,
        }
    }

    /// Understands one kept webhook, once: a second time it is what it became, or a duplicate.
    ///
    /// # Errors
    /// The store could not; it stays kept and is tried again.
    pub async fn handle(&self, kept: KeptWebhook) -> Result<Progress, RecordError> {
        match kept.progress {
            Progress::Applied | Progress::Duplicate => return Ok(Progress::Duplicate),
            Progress::Ignored => return Ok(Progress::Ignored),
            Progress::Waiting | Progress::Parked if kept.tries > TRIES => {
                return self.settle(kept.parcel.id, Progress::Quarantined, None).await;
            }
            _ => {}
        }
        let id = kept.parcel.id;
        match self.read(&kept) {
            Reading::Nothing => self.settle(id, Progress::Ignored, None).await,
            // Of no call that could ever be found.
            Reading::Says { about, .. } | Reading::Ask(about) if about.names_nothing() => {
                self.settle(id, Progress::Ignored, None).await
            }
            Reading::Ask(about) => match self.store.find(&about).await? {
                Match::One(call, attempt) => {
                    self.ask_now(&call).await?;
                    self.settle(id, Progress::Applied, Some(matched(about, &attempt))).await
                }
                _ => self.park(&kept, about).await,
            },
            Reading::Says { about, evidence } => match self.store.find(&about).await? {
                Match::One(call, attempt) => self.learn(id, about, *call, attempt, evidence).await,
                Match::Ambiguous => self.settle(id, Progress::Quarantined, Some(about)).await,
                Match::None => self.park(&kept, about).await,
            },
        }
    }

    /// Brings a call what is said of it. Should it have changed since it was found, it is read again.
    async fn learn(
        &self,
        id: InboxId,
        about: AttemptRef,
        call: Call,
        attempt: Attempt,
        evidence: Box<Evidence>,
    ) -> Result<Progress, RecordError> {
        let about = matched(about, &attempt);
        let event = CallEvent::Evidence { attempt, evidence };
        let progress = progress_of(&self.recorder.record(call, &event).await?);
        self.settle(id, progress, Some(about)).await
    }

    fn read(&self, kept: &KeptWebhook) -> Reading {
        let parcel = &kept.parcel;
        if parcel.is_report {
            return (self.connections.read_report)(&parcel.webhook);
        }
        let Some((id, held)) =
            parcel.connection.as_ref().and_then(|id| Some((id, self.connections.heard(id, self.clock.now())?)))
        else {
            return Reading::Nothing;
        };
        // One connection's event never touches another's call.
        let own = |about: AttemptRef| AttemptRef { connection: Some(id.clone()), ..about };
        match held.provider.read(&parcel.webhook) {
            Reading::Says { about, evidence } => Reading::Says { about: own(about), evidence },
            Reading::Ask(about) => Reading::Ask(own(about)),
            Reading::Nothing => Reading::Nothing,
        }
    }

    async fn ask_now(&self, call: &Call) -> Result<(), StoreError> {
        self.store.look_later(call.id, call.revision, call.looks, Some(self.clock.now())).await?;
        self.signals.work_waiting(Work::Reconcile);
        Ok(())
    }

    async fn park(&self, kept: &KeptWebhook, about: AttemptRef) -> Result<Progress, RecordError> {
        let now = self.clock.now();
        let over = elapsed(kept.parcel.received_at, now) >= PARKED_FOR;
        let (progress, again_at) = if over { (Progress::Orphaned, None) } else { (Progress::Parked, Some(later(now, SWEEP))) };
        self.inbox.settle(kept.parcel.id, progress, Some(about.clone()), again_at).await?;
        if progress == Progress::Parked {
            self.look_again(kept.parcel.id, about).await?;
        }
        Ok(progress)
    }

    /// The id may have appeared between the look and the parking: then nobody else would wake it for half a minute.
    async fn look_again(&self, id: InboxId, about: AttemptRef) -> Result<(), StoreError> {
        if matches!(self.store.find(&about).await?, Match::One(..)) {
            self.inbox.settle(id, Progress::Parked, Some(about), Some(self.clock.now())).await?;
            self.signals.work_waiting(Work::Intake);
        }
        Ok(())
    }

    async fn settle(&self, id: InboxId, progress: Progress, about: Option<AttemptRef>) -> Result<Progress, RecordError> {
        self.inbox.settle(id, progress, about, None).await?;
        Ok(progress)
    }

    fn id(&self, received_at: Timestamp) -> InboxId {
        InboxId::new(received_at, self.chance.for_id())
    }
}

/// What a webhook speaks of is kept with the attempt it was found to be about: by that an erased call's are found again.
fn matched(about: AttemptRef, attempt: &Attempt) -> AttemptRef {
    AttemptRef { attempt: Some(attempt.id), ..about }
}

fn progress_of(recorded: &Recorded) -> Progress {
    match recorded {
        Recorded::Moved(_, entry) if matches!(entry.what, What::Contradicted | What::EarlierAttempt) => Progress::Ignored,
        Recorded::Moved(..) => Progress::Applied,
        Recorded::Ignored(_, Stale::Contradiction) => Progress::Ignored,
        Recorded::Ignored(..) => Progress::Duplicate,
    }
}

fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
