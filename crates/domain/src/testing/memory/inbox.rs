//! `Inbox` in memory.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{InboxRow, Memory};
use crate::model::moment::later;
use crate::model::{Call, ConnectionId, InboxId, ProviderCallId};
use crate::ports::{AttemptRef, Inbox, Kept, KeptWebhook, Parcel, Progress, StoreError, together};

#[async_trait]
impl Inbox for Memory {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        let mut held = self.held();
        let same = |row: &&InboxRow| {
            let kept = &row.kept.parcel;
            kept.connection == parcel.connection && kept.dedupe_key == parcel.dedupe_key
        };
        if let Some(before) = held.inbox.values().find(same) {
            return Ok(Kept::Seen(Box::new(before.kept.clone())));
        }
        let (id, again_at) = (parcel.id, Some(parcel.due_at()));
        let (progress, about) = (parcel.progress(), parcel.waits_for.clone().unwrap_or_default());
        let kept = KeptWebhook { parcel, progress, tries: 0 };
        held.inbox.insert(id, InboxRow { kept, about, again_at });
        Ok(Kept::New)
    }

    async fn take(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        let mut held = self.held();
        let ours = |row: &InboxRow| row.kept.parcel.connection.as_ref().is_none_or(|id| known.contains(id));
        let mut due: Vec<_> = held
            .inbox
            .iter()
            .filter(|(_, row)| ours(row))
            .filter_map(|(id, row)| row.again_at.filter(|again_at| *again_at <= now).map(|again_at| (again_at, *id)))
            .collect();
        due.sort_unstable();
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        due.truncate(together(due.iter().filter_map(|(_, id)| held.inbox.get(id).map(|row| row.kept.tries))));
        let mut taken = Vec::with_capacity(due.len());
        for (_, id) in due {
            if let Some(row) = held.inbox.get_mut(&id) {
                row.again_at = Some(later(now, hold));
                row.kept.tries = row.kept.tries.saturating_add(1);
                taken.push(row.kept.clone());
            }
        }
        Ok(taken)
    }

    async fn settle(
        &self,
        id: InboxId,
        progress: Progress,
        about: Option<AttemptRef>,
        again_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut held = self.held();
        let of_call = about.as_ref().and_then(|about| about.attempt).and_then(|id| held.attempts.get(&id)).map(|held| held.call);
        let erased = of_call.and_then(|call| held.calls.get(&call)).is_some_and(Call::is_erased);
        let of_nothing = progress == Progress::Ignored && about.is_none();
        let row = held.inbox.get_mut(&id).ok_or(StoreError::NotFound)?;
        let over = !matches!(progress, Progress::Waiting | Progress::Parked);
        if over && (erased || of_nothing) {
            row.clear();
        }
        row.kept.progress = progress;
        row.kept.tries = if progress == Progress::Parked { 0 } else { row.kept.tries };
        row.about = about.unwrap_or_default();
        row.again_at = again_at;
        Ok(())
    }

    async fn unpark(&self, connection: &ConnectionId, id: &ProviderCallId, now: Timestamp) -> Result<u32, StoreError> {
        let mut woken = 0;
        for row in self.held().inbox.values_mut() {
            let parked = row.kept.progress == Progress::Parked && row.about.provider_call.as_ref() == Some(id);
            let came_there = row.kept.parcel.connection.as_ref().is_none_or(|came| came == connection);
            let means_it = row.about.connection.as_ref().is_none_or(|named| named == connection);
            if parked && came_there && means_it {
                row.again_at = Some(now);
                woken += 1;
            }
        }
        Ok(woken)
    }
}
