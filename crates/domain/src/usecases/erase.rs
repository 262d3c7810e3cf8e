//! Erases the content of a call, or everything that points to one person. For good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::record::{RecordError, Recorded, Recorder};
use crate::model::call::By;
use crate::model::{Call, CallEvent, CallId, Erasure, Phone};
use crate::ports::{CallStore, Clock, Reader, Retention, StoreError};

/// Calls that are read together.
const PAGE: u32 = 32;
/// So long one request goes on; what it did not get to is left to its repetition.
const LONGEST: Duration = Duration::from_secs(10);
/// Open calls that are named in one answer.
const NAMED: usize = 100;

/// Erases.
pub struct Erase {
    /// Where calls are kept.
    pub store: Arc<dyn CallStore>,
    /// Where what is to be forgotten is found.
    pub retention: Arc<dyn Retention>,
    /// How calls change.
    pub recorder: Arc<Recorder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What was erased, by a process before this one too, may still stand in a file.
    pub stained: AtomicBool,
}

/// What a request to erase a call did.
#[derive(Debug, Clone, PartialEq)]
pub enum Erased {
    /// Its content is gone, now or before.
    Done,
    /// It is not over yet: nothing was erased.
    NotOver(Box<Call>),
}

/// What a request to erase a person did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonErased {
    /// Calls that were erased by this request.
    pub erased: u32,
    /// Calls that are not over yet, and so were not: the first hundred. They are erased by a repetition after their end.
    pub open: Vec<CallId>,
    /// Whether it is to be repeated at once, for the calls it did not get to.
    pub more: bool,
}

impl Erase {
    /// Erases the content of one call.
    ///
    /// # Errors
    /// `NotFound`, for another client's call too, or what the store says.
    pub async fn content(&self, id: CallId, reader: &Reader) -> Result<Erased, RecordError> {
        let call = self.store.get(id, reader).await?;
        if !call.state.is_terminal() {
            return Ok(Erased::NotOver(Box::new(call)));
        }
        self.erase(call, Erasure { by: By::Client, person: false }).await?;
        self.scrub().await;
        Ok(Erased::Done)
    }

    /// Erases every call with this number that is over, whoever's it is: its content, the number and the client's reference.
    ///
    /// # Errors
    /// What the store says; what was erased by then stays erased, and a repetition goes on.
    pub async fn person(&self, phone: &Phone) -> Result<PersonErased, RecordError> {
        let began = self.clock.monotonic();
        let (mut told, mut after) = (PersonErased::default(), None);
        loop {
            let page = self.retention.with_number(phone, after, PAGE).await?;
            let Some(last) = page.last().map(|call| call.id) else { break };
            after = Some(last);
            for call in page {
                if call.state.is_terminal() {
                    told.erased += u32::from(self.erase(call, Erasure { by: By::Gateway, person: true }).await?);
                } else if told.open.len() < NAMED {
                    told.open.push(call.id);
                }
            }
            if self.clock.monotonic().saturating_sub(began) > LONGEST {
                told.more = true;
                break;
            }
        }
        self.scrub().await;
        Ok(told)
    }

    /// Erases the content of a call that is over; says whether there was any.
    pub(super) async fn erase(&self, call: Call, erasure: Erasure) -> Result<bool, RecordError> {
        // Before it is written: a process that ends right after it leaves the next one to look.
        self.stained.store(true, Ordering::SeqCst);
        let recorded = self.recorder.record(call, &CallEvent::Erased(erasure)).await?;
        Ok(matches!(recorded, Recorded::Moved(..)))
    }

    /// Takes what was erased out of the files too. Where somebody is in the way it is tried again by the next sweep.
    pub(super) async fn scrub(&self) {
        if self.stained.swap(false, Ordering::SeqCst) && self.retention.scrub().await.is_err() {
            self.stained.store(true, Ordering::SeqCst);
        }
    }

    /// Something else was taken away that may still stand in a file.
    pub(super) fn stain(&self) {
        self.stained.store(true, Ordering::SeqCst);
    }
}

impl From<RecordError> for StoreError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error,
            error => Self::Unavailable(error.into()),
        }
    }
}
