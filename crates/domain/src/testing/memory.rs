//! The stores in memory, under the same rules as the SQL ones: what a simulation of the whole gateway runs on.
//!
//! Every method is one step: nothing comes between, as in a transaction. Leases go by the clock it is given.

mod calls;
mod copies;
mod figures;
mod inbox;
mod inspection;
mod keys;
mod moves;
mod outbox;
mod rest;
mod retention;
mod sessions;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::model::call::{Attempt, Entry};
use crate::model::rate::Rate;
use crate::model::{
    AttemptId, AuditId, Call, CallId, ClientId, ConnectionId, Delivery, DeliveryId, Endpoint, EndpointId, Exchange, Hold,
    InboxId, KeyId, Notice, NoticeId, OnHold, Revision, Secret,
};
use crate::ports::{AttemptRef, AuditEntry, Clock, KeptWebhook, ListedKey, Ticket, WebhookToken};

/// Calls, inbox, outbox, keys, audit log, settings and holds.
pub struct Memory {
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

/// The tables.
#[derive(Default, Clone)]
struct Held {
    calls: BTreeMap<CallId, Call>,
    attempts: BTreeMap<AttemptId, Attempt>,
    history: BTreeMap<CallId, Vec<Entry>>,
    /// When each change was taken in, but for the first of a call.
    taken_in: BTreeMap<(CallId, Revision), Timestamp>,
    idempotency: BTreeMap<(ClientId, &'static str, String), KeyUsed>,
    spent: BTreeSet<(KeyId, CallId)>,
    inbox: BTreeMap<InboxId, InboxRow>,
    keys: BTreeMap<[u8; 32], ListedKey>,
    tickets: BTreeMap<[u8; 32], Ticket>,
    audit: BTreeMap<AuditId, AuditEntry>,
    secrets: BTreeMap<String, Secret>,
    tokens: BTreeMap<ConnectionId, WebhookToken>,
    rates: HashMap<ConnectionId, Rate>,
    holds: BTreeMap<OnHold, Hold>,
    stamped_at: Option<Timestamp>,
    endpoints: BTreeMap<EndpointId, Endpoint>,
    notices: BTreeMap<NoticeId, Notice>,
    deliveries: BTreeMap<DeliveryId, DeliveryRow>,
}

#[derive(Clone)]
struct DeliveryRow {
    /// Its moment is the end of the lease while it is in the air.
    delivery: Delivery,
    leased_until: Option<Timestamp>,
    exchange: Option<Exchange>,
}

#[derive(Clone)]
struct KeyUsed {
    fingerprint: [u8; 32],
    call: CallId,
    at: Timestamp,
}

#[derive(Clone)]
struct InboxRow {
    kept: KeptWebhook,
    about: AttemptRef,
    again_at: Option<Timestamp>,
}

impl Memory {
    /// Empty, with leases going by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, held: Mutex::default() }
    }

    /// A copy of everything as it is now, stamped as a backup of `at`.
    #[must_use]
    pub fn copied(&self, at: Timestamp) -> Self {
        let held = Held { stamped_at: Some(at), ..self.held().clone() };
        Self { clock: Arc::clone(&self.clock), held: Mutex::new(held) }
    }

    /// Every call there is, for a judge.
    #[must_use]
    pub fn all_calls(&self) -> Vec<Call> {
        self.held().calls.values().cloned().collect()
    }

    /// Every attempt there is, for a judge.
    #[must_use]
    pub fn all_attempts(&self) -> Vec<Attempt> {
        self.held().attempts.values().cloned().collect()
    }

    /// Every webhook that was kept, for a judge.
    #[must_use]
    pub fn all_webhooks(&self) -> Vec<KeptWebhook> {
        self.held().inbox.values().map(|row| row.kept.clone()).collect()
    }

    /// Every notice there is, for a judge.
    #[must_use]
    pub fn all_notices(&self) -> Vec<Notice> {
        self.held().notices.values().cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
