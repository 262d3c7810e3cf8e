//! `Moves` in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Held, Memory};
use crate::model::{Call, CallId, Revision};
use crate::ports::{Mark, Moves, Reader, StoreError, Stretch};

/// Changes in one stretch.
const STRETCH: usize = 100;

#[async_trait]
impl Moves for Memory {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.clock.now())
    }

    async fn mark(&self, call: CallId, revision: Revision, of: &Reader) -> Result<Option<Mark>, StoreError> {
        let held = self.held();
        let seen = held.calls.get(&call).filter(|held| of.sees(&held.client) && revision <= held.revision);
        Ok(seen.and_then(|_| held.mark(call, revision)))
    }

    async fn since(&self, after: Mark, of: &Reader) -> Result<Stretch, StoreError> {
        let held = self.held();
        let newest = held.calls.values().filter(|call| of.sees(&call.client));
        let mut moved: Vec<_> =
            newest.filter_map(|call| held.mark(call.id, call.revision)).filter(|mark| *mark > after).collect();
        moved.sort_unstable();
        let is_last = moved.len() <= STRETCH;
        moved.truncate(STRETCH);
        Ok(Stretch { until: moved.last().copied().unwrap_or(after), moved, is_last })
    }

    async fn whole(&self, ids: &[CallId], of: &Reader) -> Result<Vec<Call>, StoreError> {
        let held = self.held();
        Ok(ids.iter().filter_map(|id| held.calls.get(id)).filter(|call| of.sees(&call.client)).cloned().collect())
    }
}

impl Held {
    fn mark(&self, call: CallId, revision: Revision) -> Option<Mark> {
        let at = if revision == Revision(1) { call.made_at() } else { self.taken_in.get(&(call, revision)).copied() };
        at.map(|at| Mark { at, call, revision })
    }
}
