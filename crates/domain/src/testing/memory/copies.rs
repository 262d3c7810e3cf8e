//! `Copies` in memory: there is no file to write one to, but it can be taken for one.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Memory;
use crate::model::{Call, CallEvent, Hold, Transition};
use crate::ports::{Change, Copies, CopyError, StoreError, TakingIn};

#[async_trait]
impl Copies for Memory {
    async fn write(&self, _file: &Path, _at: Timestamp) -> Result<u64, CopyError> {
        Err(CopyError::Unsupported)
    }

    async fn stamp(&self, at: Timestamp) -> Result<(), StoreError> {
        self.held().stamped_at.get_or_insert(at);
        Ok(())
    }

    async fn stamped_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.held().stamped_at)
    }

    async fn take_in(&self, hold: &Hold, limit: u32) -> Result<TakingIn, StoreError> {
        let at = hold.created_at;
        let mut held = self.held();
        if held.stamped_at.is_none() {
            return Ok(TakingIn::NoCopy);
        }
        let unmarked = |call: &&Call| !call.state.is_terminal() && call.restored_at.is_none();
        let open: Vec<Call> =
            held.calls.values().filter(unmarked).take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect();
        if open.is_empty() {
            held.holds.insert(hold.what.clone(), hold.clone());
            held.stamped_at = None;
            return Ok(TakingIn::Done);
        }
        let mut marked = Vec::with_capacity(open.len());
        for call in open {
            let moved = call.apply(&CallEvent::Restored, at).map_err(|forbidden| StoreError::Unavailable(forbidden.into()))?;
            if let Transition::Moved { call: next, entry, earlier } = moved {
                marked.push((call.state, (*next).clone()));
                held.save(Change::new(&call, *next, entry, earlier, None), at)?;
            }
        }
        Ok(TakingIn::Marked(marked))
    }
}
