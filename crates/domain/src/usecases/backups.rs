//! Makes backups, and takes one in that is started in the place of its store: nobody is rung from it for what it does not
//! know.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::call::By;
use crate::model::{Hold, OnHold};
use crate::ports::{Clock, Copies, CopyError, Signals, StoreError, TakingIn};

/// Calls that are marked in one commit.
const AT_ONCE: u32 = 500;
/// How often a step is tried again when something else changed a call meanwhile.
const TRIES: u8 = 6;

/// Makes backups, and takes one in.
pub struct Backups {
    /// The store, as something to copy, and as what may be a copy.
    pub copies: Arc<dyn Copies>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is told.
    pub signals: Arc<dyn Signals>,
}

/// A backup that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// When.
    pub made_at: Timestamp,
    /// Its size.
    pub bytes: u64,
}

/// A backup that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// When it was made.
    pub made_at: Timestamp,
    /// Open calls in it, which are only looked up from now on.
    pub calls: u64,
}

impl Backups {
    /// Writes a backup to a new file of the machine that this runs on, while the store is in use.
    ///
    /// # Errors
    /// [`CopyError`]; then nothing is left behind.
    pub async fn make(&self, file: &Path) -> Result<Made, CopyError> {
        let made_at = self.clock.now();
        let bytes = self.copies.write(file, made_at).await?;
        Ok(Made { made_at, bytes })
    }

    /// It belongs to a start, before any call is taken or placed. Where the store is a stamped copy: marks every open call as
    /// only to be looked up, and holds everything back until an operator resumes. `None` where it is no copy.
    ///
    /// # Errors
    /// `Unavailable`: the copy stays stamped, nothing in it is claimed, and the next start goes on.
    pub async fn take_in(&self) -> Result<Option<Restored>, StoreError> {
        let Some(made_at) = self.copies.stamped_at().await? else { return Ok(None) };
        let reason = format!("restored from a backup of {made_at:.0}");
        let hold = Hold { what: OnHold::Everything, reason, created_at: self.clock.now() };
        let (mut calls, mut conflicts) = (0_u64, 0);
        // Each step marks calls that were not, and no new ones come: it ends.
        loop {
            match self.copies.take_in(&hold, AT_ONCE).await {
                Ok(TakingIn::Marked(marked)) => {
                    for (from, call) in &marked {
                        self.signals.call_moved(call, *from, By::Gateway.into());
                    }
                    calls = calls.saturating_add(marked.len().try_into().unwrap_or(u64::MAX));
                    conflicts = 0;
                }
                Ok(TakingIn::Done | TakingIn::NoCopy) => return Ok(Some(Restored { made_at, calls })),
                Err(StoreError::Conflict) if conflicts < TRIES => conflicts += 1,
                Err(error) => return Err(error),
            }
        }
    }
}
