//! Forgets what was kept long enough: contents of calls, raw webhooks, notices, the audit log, idempotency keys.
//!
//! A sweep takes a small page of each kind, each a transaction of its own, so that nobody waits for it; what is done twice,
//! or by two processes at once, is done once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::erase::Erase;
use crate::model::Erasure;
use crate::model::call::By;
use crate::model::moment::earlier;
use crate::ports::{Clock, KeyPlace, Retention, StoreError};

/// Calls that one sweep erases, each in a commit of its own.
const CALLS: u32 = 32;
/// Webhooks that one sweep clears, or drops: a body may be long.
const WEBHOOKS: u32 = 64;
/// Notices that one sweep deletes, and deliveries, and lines of the audit log: small rows.
const NOTICES: u32 = 256;
/// Idempotency keys that one sweep looks at.
const KEYS: u32 = 512;
/// An idempotency key is remembered so long: `RELIABILITY.md` section 6.
const KEY_KEPT: Duration = Duration::from_hours(7 * 24);
/// What repeated webhooks are known by is kept for so long at least: longer than any provider repeats.
const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);
/// Failed deliveries can be sent again for so long: `RELIABILITY.md` section 5.
const NOTICE_KEPT: Duration = Duration::from_hours(30 * 24);
/// A line of the audit log may hold an address. A year is long enough to look into what happened.
const AUDIT_KEPT: Duration = Duration::from_hours(365 * 24);
/// How often all idempotency keys are gone through.
const ROUND: Duration = Duration::from_hours(1);

/// Forgets.
pub struct Retain {
    /// How calls are erased.
    pub erase: Arc<Erase>,
    /// Where what is to be forgotten is found.
    pub retention: Arc<dyn Retention>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long.
    pub terms: KeepFor,
    /// Where the keys were looked at up to.
    pub round: Mutex<Round>,
}

/// How long things are kept: `[calls]` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepFor {
    /// A call's content, after its end: `keep`.
    pub content: Duration,
    /// Raw webhooks, after they came in: `keep_raw`.
    pub raw: Duration,
}

/// A round over all idempotency keys.
#[derive(Debug, Default)]
pub struct Round {
    place: Option<KeyPlace>,
    /// When the last one was over.
    done_at: Option<Duration>,
}

/// What one sweep forgot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Calls whose content was erased.
    pub calls: u32,
    /// Raw webhooks that were cleared.
    pub raw: u32,
    /// Webhooks that were dropped.
    pub webhooks: u32,
    /// Whether there is more to forget now.
    pub more: bool,
}

impl Retain {
    /// One small step of everything.
    ///
    /// # Errors
    /// What the store says; what was done by then stays done.
    pub async fn sweep(&self) -> Result<Forgotten, StoreError> {
        let now = self.clock.now();
        let mut forgotten = Forgotten::default();
        let due = self.retention.ended_before(earlier(now, self.terms.content), CALLS).await?;
        forgotten.more = u32::try_from(due.len()).is_ok_and(|due| due >= CALLS);
        for call in due {
            let erased = self.erase.erase(call, Erasure { by: By::Gateway, person: false }).await?;
            forgotten.calls += u32::from(erased);
        }
        let raw = self.retention.clear_raw(earlier(now, self.terms.raw), WEBHOOKS).await?;
        // Once its call is erased, what comes again can bring nothing back.
        let known_for = self.terms.content.max(self.terms.raw).max(KNOWN_FOR);
        let webhooks = self.retention.drop_webhooks(earlier(now, known_for), WEBHOOKS).await?;
        let notices = self.retention.drop_notices(earlier(now, NOTICE_KEPT), NOTICES).await?;
        let audit = self.retention.drop_audit(earlier(now, AUDIT_KEPT), NOTICES).await?;
        let keys = self.look_at_keys().await?;
        if raw.gone + webhooks.gone > 0 {
            self.erase.stain();
        }
        self.erase.scrub().await;
        forgotten.more |= raw.more || webhooks.more || notices.more || audit.more || keys;
        Ok(Forgotten { raw: raw.gone, webhooks: webhooks.gone, ..forgotten })
    }

    /// A page of the round over all keys; says whether there are more in it.
    async fn look_at_keys(&self) -> Result<bool, StoreError> {
        let (now, at) = (self.clock.now(), self.clock.monotonic());
        let place = {
            let round = self.round();
            if round.done_at.is_some_and(|done_at| at.saturating_sub(done_at) < ROUND) {
                return Ok(false);
            }
            round.place.clone()
        };
        let place = self.retention.drop_keys(earlier(now, KEY_KEPT), place, KEYS).await?;
        let is_over = place.is_none();
        *self.round() = Round { place, done_at: is_over.then_some(at) };
        Ok(!is_over)
    }

    fn round(&self) -> std::sync::MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
