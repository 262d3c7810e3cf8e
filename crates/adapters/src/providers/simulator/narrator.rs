//! Tells of simulated calls: signs their webhooks and hands them to the intake, each at its moment.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callgate_domain::model::moment::{elapsed, later};
use callgate_domain::model::{AttemptId, ConnectionId, InboxId};
use callgate_domain::ports::inbox::Parcel;
use callgate_domain::ports::{Authentic, RawWebhook, StoreError, WebhookError, Work};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

use super::script::Delivery;
use super::story::Story;
use super::{DIALS, signature, wire};
use crate::providers::Ports;
use crate::providers::hmac::{self, StandardWebhooks};

/// The name of a call's last webhook, which is the same however often it comes.
pub const LAST: &str = "end";
/// A status that nobody knows.
const UNKNOWN_WORD: &str = "rerouted";
/// Calls told of at the same time; what happens in further ones is found by asking.
const MAX_TOLD: usize = 10_000;
/// How often a webhook is handed in again while the inbox cannot keep it, a second apart.
const TRIES: usize = 5;

pub struct Narrator {
    connection: ConnectionId,
    key: StandardWebhooks,
    ports: Ports,
    room: Arc<Semaphore>,
    /// So that a call that is ended on request is not told of any further. Only a courtesy: a task of another process
    /// goes on, and its late news changes nothing.
    told: Mutex<HashMap<AttemptId, AbortHandle>>,
}

impl Narrator {
    pub fn new(connection: ConnectionId, key: StandardWebhooks, ports: Ports) -> Self {
        Self { connection, key, ports, room: Arc::new(Semaphore::new(MAX_TOLD)), told: Mutex::default() }
    }

    pub fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Counts requests to place a call: the judge of "nobody is called twice". With none it makes the figure visible.
    pub fn count_dials(&self, dials: u64) {
        metrics::counter!(DIALS, "connection" => self.connection.to_string()).increment(dials);
    }

    /// Tells of a call from now on, in a task of its own.
    pub fn begin(self: &Arc<Self>, story: Story) {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!(connection = %self.connection, "too many simulated calls at once: webhooks are left out");
            return;
        };
        let attempt = story.reference.attempt;
        let mut told = self.told();
        let task = tokio::spawn(Arc::clone(self).narrate(story, place));
        told.insert(attempt, task.abort_handle());
    }

    /// Tells no more of a call.
    pub fn hush(&self, attempt: AttemptId) {
        if let Some(task) = self.told().remove(&attempt) {
            task.abort();
        }
    }

    async fn narrate(self: Arc<Self>, story: Story, _place: OwnedSemaphorePermit) {
        let moments = story.moments();
        let last = moments.len().saturating_sub(1);
        for (nth, moment) in moments.into_iter().enumerate() {
            tokio::time::sleep(moment.saturating_sub(elapsed(story.sent_at, self.now()))).await;
            if nth < last {
                self.tell_or_log(&story.at(later(story.sent_at, moment)), &nth.to_string()).await;
                continue;
            }
            let mut end = story.end();
            if story.scenario.delivery == Delivery::UnknownWord {
                UNKNOWN_WORD.clone_into(&mut end.status);
            }
            self.tell_or_log(&end, LAST).await;
            if story.scenario.delivery == Delivery::Twice {
                self.tell_or_log(&end, LAST).await;
            }
        }
        self.told().remove(&story.reference.attempt);
    }

    /// As `tell`, a few times if need be.
    pub async fn tell_or_log(&self, call: &wire::Call, name: &str) {
        for nth in 1..=TRIES {
            match self.tell(call, name).await {
                Ok(()) => return,
                Err(error) if nth == TRIES => {
                    tracing::warn!(connection = %self.connection, %error, "a simulated webhook could not be kept: look-ups will settle the call");
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    /// Signs a webhook and hands it to the intake: verified, kept, and then understood, as one from outside is.
    pub async fn tell(&self, call: &wire::Call, name: &str) -> Result<(), StoreError> {
        let unavailable = |error: anyhow::Error| StoreError::Unavailable(error);
        let body = serde_json::to_vec(call).map_err(|error| unavailable(error.into()))?;
        let now = self.now();
        let webhook = signature::sign(&self.key, &format!("{}-{name}", call.id), now, body);
        let webhook = self.verify(&webhook, now).map_err(|error| unavailable(error.into()))?;
        let parcel = Parcel {
            id: InboxId::new(now, self.ports.chance.for_id()),
            connection: Some(self.connection.clone()),
            is_report: false,
            dedupe_key: dedupe_key(&webhook),
            webhook,
            received_at: now,
            waits_for: None,
        };
        self.ports.inbox.keep(parcel).await?;
        self.ports.signals.work_waiting(Work::Intake);
        Ok(())
    }

    pub fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.key, webhook, now)
    }

    fn told(&self) -> MutexGuard<'_, HashMap<AttemptId, AbortHandle>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message's own name; the inbox wants the hash of the body where there is none.
fn dedupe_key(webhook: &Authentic) -> String {
    let named = webhook.webhook().header(hmac::ID).next().map(str::to_owned);
    named.unwrap_or_else(|| {
        Sha256::digest(&webhook.webhook().body).iter().fold(String::new(), |mut hex, byte| {
            // Writing to a text cannot fail.
            let _written = write!(hex, "{byte:02x}");
            hex
        })
    })
}
