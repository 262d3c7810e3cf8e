//! What an operator looks at when something went wrong: a call with everything that no client sees, and webhooks that were
//! left over.

use std::sync::Arc;

use crate::model::call::Attempt;
use crate::model::{Call, CallId, InboxId};
use crate::ports::{CallStore, Clock, Inspection, Looked, Progress, Reader, Replayed, Signals, StoreError, Work};

/// Webhooks that are shown with a call; there are more only where a provider repeats itself.
const WEBHOOKS: u32 = 100;

/// Looks.
pub struct Inspect {
    /// Calls.
    pub store: Arc<dyn CallStore>,
    /// What stands behind them.
    pub inspection: Arc<dyn Inspection>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is told that a webhook waits.
    pub signals: Arc<dyn Signals>,
}

/// A call with what stands behind it.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// The call.
    pub call: Call,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The newest hundred webhooks about them, newest first.
    pub webhooks: Vec<Looked>,
}

impl Inspect {
    /// Any client's call.
    ///
    /// # Errors
    /// `NotFound`, or what the store says.
    pub async fn call(&self, id: CallId) -> Result<Inspected, StoreError> {
        let call = self.store.get(id, &Reader::All).await?;
        let attempts = self.inspection.attempts(id).await?;
        let webhooks = self.inspection.webhooks_about(id, WEBHOOKS).await?;
        Ok(Inspected { call, attempts, webhooks })
    }

    /// A page of webhooks that came so far and no further, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn left_over(&self, progress: Progress, before: Option<InboxId>, limit: u32) -> Result<Vec<Looked>, StoreError> {
        self.inspection.left_over(progress, before, limit).await
    }

    /// One webhook.
    ///
    /// # Errors
    /// `NotFound`, or what the store says.
    pub async fn webhook(&self, id: InboxId) -> Result<Looked, StoreError> {
        self.inspection.webhook(id).await
    }

    /// Has a webhook handled once more.
    ///
    /// # Errors
    /// `NotFound`, or what the store says.
    pub async fn replay(&self, id: InboxId) -> Result<Replayed, StoreError> {
        let replayed = self.inspection.replay(id, self.clock.now()).await?;
        if replayed == Replayed::Waiting {
            self.signals.work_waiting(Work::Intake);
        }
        Ok(replayed)
    }
}
