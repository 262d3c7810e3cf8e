//! `Inspection` in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{InboxRow, Memory};
use crate::model::call::Attempt;
use crate::model::{CallId, ConnectionId, InboxId};
use crate::ports::{Inspection, Looked, Progress, Replayed, StoreError};

const LEFT_OVER: [Progress; 3] = [Progress::Parked, Progress::Quarantined, Progress::Orphaned];

#[async_trait]
impl Inspection for Memory {
    async fn attempts(&self, call: CallId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.held().attempts.values().filter(|attempt| attempt.call == call).cloned().collect())
    }

    async fn webhooks_about(&self, call: CallId, limit: u32) -> Result<Vec<Looked>, StoreError> {
        let held = self.held();
        let of_call = |row: &&InboxRow| {
            let attempt = row.about.attempt.and_then(|id| held.attempts.get(&id));
            attempt.is_some_and(|attempt| attempt.call == call)
        };
        Ok(held.inbox.values().rev().filter(of_call).take(limit as usize).map(looked).collect())
    }

    async fn left_over(&self, progress: Progress, before: Option<InboxId>, limit: u32) -> Result<Vec<Looked>, StoreError> {
        let held = self.held();
        let rows = held.inbox.iter().rev().filter(|(id, _)| before.is_none_or(|before| **id < before));
        let rows = rows.map(|(_, row)| row).filter(|row| LEFT_OVER.contains(&progress) && row.kept.progress == progress);
        Ok(rows.take(limit as usize).map(looked).collect())
    }

    async fn live(&self) -> Result<BTreeMap<ConnectionId, u32>, StoreError> {
        let held = self.held();
        let live = held.calls.values().filter(|call| call.state.is_live()).filter_map(|call| call.connection.clone());
        Ok(live.fold(BTreeMap::new(), |mut counts, connection| {
            *counts.entry(connection).or_default() += 1;
            counts
        }))
    }

    async fn webhook(&self, id: InboxId) -> Result<Looked, StoreError> {
        self.held().inbox.get(&id).map(looked).ok_or(StoreError::NotFound)
    }

    async fn replay(&self, id: InboxId, now: Timestamp) -> Result<Replayed, StoreError> {
        let mut held = self.held();
        let row = held.inbox.get_mut(&id).ok_or(StoreError::NotFound)?;
        if !LEFT_OVER.contains(&row.kept.progress) || row.kept.parcel.webhook.webhook().body.is_empty() {
            return Ok(Replayed::Not(row.kept.progress));
        }
        row.kept.progress = Progress::Waiting;
        row.kept.tries = 0;
        row.again_at = Some(now);
        Ok(Replayed::Waiting)
    }
}

fn looked(row: &InboxRow) -> Looked {
    Looked { kept: row.kept.clone(), about: row.about.clone(), again_at: row.again_at }
}
