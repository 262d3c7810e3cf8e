//! `Retention` in memory, and what erasing a call takes along.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Held, InboxRow, Memory};
use crate::model::{AttemptId, Call, CallId, ClientId, Phone, ProviderCallId};
use crate::ports::{Authentic, KeyPlace, Progress, Retention, StoreError, Swept};

#[async_trait]
impl Retention for Memory {
    async fn ended_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Call>, StoreError> {
        let now = self.clock.now();
        let over = |call: &&Call| call.state.is_terminal() && !call.is_erased();
        let old = |call: &&Call| call.ended_at.is_some_and(|at| at < before || (at > now && call.created_at < before));
        let mut calls: Vec<_> = self.held().calls.values().filter(over).filter(old).cloned().collect();
        calls.sort_by_key(|call| call.ended_at);
        calls.truncate(size(limit));
        Ok(calls)
    }

    async fn with_number(&self, phone: &Phone, after: Option<CallId>, limit: u32) -> Result<Vec<Call>, StoreError> {
        let held = self.held();
        let later = |call: &&Call| after.is_none_or(|after| call.id > after);
        Ok(held.calls.values().filter(|call| call.phone == *phone).filter(later).take(size(limit)).cloned().collect())
    }

    async fn clear_raw(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        let mut held = self.held();
        let old = |row: &&mut InboxRow| row.kept.parcel.received_at < before && row.is_handled() && row.has_raw();
        let old = held.inbox.values_mut().filter(old).take(size(limit)).map(InboxRow::clear).count();
        Ok(swept(old, limit))
    }

    async fn drop_webhooks(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        let mut held = self.held();
        let old = held.inbox.iter().filter(|(_, row)| row.kept.parcel.received_at < before).map(|(id, _)| *id);
        let old: Vec<_> = old.take(size(limit)).collect();
        old.iter().for_each(|id| drop(held.inbox.remove(id)));
        Ok(swept(old.len(), limit))
    }

    async fn drop_notices(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        let mut held = self.held();
        let old = |at: Timestamp| at < before;
        let deliveries = held.deliveries.values().filter(|row| old(row.delivery.created_at) && row.delivery.next_at.is_none());
        let deliveries: Vec<_> = deliveries.take(size(limit)).map(|row| row.delivery.id).collect();
        let notices: Vec<_> =
            held.notices.values().filter(|notice| old(notice.created_at)).take(size(limit)).map(|notice| notice.id).collect();
        deliveries.iter().for_each(|id| drop(held.deliveries.remove(id)));
        notices.iter().for_each(|id| drop(held.notices.remove(id)));
        let more = deliveries.len().max(notices.len()) >= size(limit);
        Ok(Swept { more, ..swept(notices.len(), limit) })
    }

    async fn drop_audit(&self, before: Timestamp, limit: u32) -> Result<Swept, StoreError> {
        let mut held = self.held();
        let old: Vec<_> = held.audit.values().filter(|entry| entry.at < before).take(size(limit)).map(|entry| entry.id).collect();
        old.iter().for_each(|id| drop(held.audit.remove(id)));
        Ok(swept(old.len(), limit))
    }

    async fn drop_keys(&self, before: Timestamp, after: Option<KeyPlace>, limit: u32) -> Result<Option<KeyPlace>, StoreError> {
        let mut held = self.held();
        let place =
            |(client, operation, key): &(ClientId, &str, String)| (client.to_string(), (*operation).to_owned(), key.clone());
        let behind = held.idempotency.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| place(key) > *after));
        let page: Vec<_> = behind.take(size(limit)).map(|(key, used)| (key.clone(), used.at)).collect();
        for (key, _) in page.iter().filter(|(_, at)| *at < before) {
            held.idempotency.remove(key);
        }
        let last = page.last().map(|(key, _)| place(key));
        Ok(last.filter(|_| page.len() == size(limit)))
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Held {
    /// Clears the webhooks that are about a call, or name one of its attempts and were left over.
    pub(super) fn forget_webhooks_of(&mut self, call: CallId) {
        let attempts: Vec<_> = self.attempts.values().filter(|attempt| attempt.call == call).cloned().collect();
        let is_ours = |id: AttemptId| attempts.iter().any(|attempt| attempt.id == id);
        let is_theirs = |row: &InboxRow, id: &ProviderCallId| {
            let here = |held: &_| row.about.connection.as_ref().is_none_or(|named| named == held);
            attempts.iter().any(|attempt| attempt.provider_call.as_ref() == Some(id) && here(&attempt.connection))
        };
        for row in self.inbox.values_mut() {
            let left = matches!(row.kept.progress, Progress::Orphaned | Progress::Quarantined);
            let about = row.about.attempt.is_some_and(is_ours);
            let names = row.about.provider_call.as_ref().is_some_and(|id| is_theirs(row, id));
            let mentions = row.about.attempt.is_none() && row.about.provider_call.is_none() && {
                let said = String::from_utf8_lossy(&row.kept.parcel.webhook.webhook().body).into_owned();
                let of = |id: &ProviderCallId| said.contains(id.as_str());
                attempts.iter().any(|one| said.contains(&one.id.to_string()) || one.provider_call.as_ref().is_some_and(of))
            };
            if (about && row.is_handled()) || (left && (about || names || mentions)) {
                row.clear();
            }
        }
    }
}

impl InboxRow {
    fn is_handled(&self) -> bool {
        matches!(self.kept.progress, Progress::Applied | Progress::Duplicate | Progress::Ignored | Progress::Orphaned)
    }

    fn has_raw(&self) -> bool {
        !self.kept.parcel.webhook.webhook().body.is_empty()
    }

    /// What repeats are known by stays.
    pub(super) fn clear(&mut self) {
        self.kept.parcel.webhook = Authentic::emptied();
    }
}

fn swept(gone: usize, limit: u32) -> Swept {
    let gone = u32::try_from(gone).unwrap_or(u32::MAX);
    Swept { gone, more: gone >= limit }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
