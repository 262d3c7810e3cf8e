//! Telling clients: take what is due, send it once, write down what came of it.
//!
//! At least once: who dies in between leaves the delivery to the next one who takes it, under the same id.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::moment::elapsed;
use crate::model::{Call, DeliveryResult, EndpointId, Exchange, NotSent, Notice, Sent};
use crate::ports::{CallStore, Chance, Clock, Errand, Message, NoticeSender, Outbox, Reader, Reply, StoreError, Target, Tried};

/// So long a delivery that was taken is not given to another: longer than sending it takes.
pub const LEASE: Duration = Duration::from_secs(30);

/// Makes the body of a notice: of a call as it is now, or of a test.
pub type Render = Arc<dyn Fn(&Notice, Option<&Call>) -> Vec<u8> + Send + Sync>;

/// Tells clients.
pub struct Deliver {
    /// What is to be told, and where.
    pub outbox: Arc<dyn Outbox>,
    /// What happened.
    pub store: Arc<dyn CallStore>,
    /// The way there.
    pub sender: Arc<dyn NoticeSender>,
    /// How it reads.
    pub render: Render,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For spreading tries.
    pub chance: Arc<dyn Chance>,
}

/// What came of one errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What became of the delivery: `Pending` is tried again.
    pub result: DeliveryResult,
    /// How long after the notice was made this was.
    pub after: Duration,
    /// This disabled the endpoint.
    pub disabled: Option<EndpointId>,
}

impl Deliver {
    /// Takes up to `limit` deliveries that are due.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take(&self, limit: u32) -> Result<Vec<Errand>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.outbox.take(LEASE, limit).await
    }

    /// When the next one falls due.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.outbox.next_due().await
    }

    /// Sends one, once, and writes down what came of it.
    ///
    /// # Errors
    /// The store could not, or the errand was no longer ours: it is taken, and sent, again.
    pub async fn deliver(&self, errand: &Errand) -> Result<Delivered, StoreError> {
        let (began_at, began) = (self.clock.now(), self.clock.monotonic());
        let Reply { sent, answer } = self.send(errand).await?;
        let at = self.clock.now();
        let exchange = Exchange { began_at, took: self.clock.monotonic().saturating_sub(began), answer };
        let delivery = errand.delivery.tried(sent, self.chance.spread(), at);
        let (result, after) = (delivery.result, elapsed(delivery.created_at, at));
        let tried = Tried { delivery, until: errand.until, verdict: sent.verdict(), at, exchange };
        let disabled = self.outbox.record(tried).await?.map(|_at| errand.endpoint.id);
        Ok(Delivered { result, after, disabled })
    }

    async fn send(&self, errand: &Errand) -> Result<Reply, StoreError> {
        let (delivery, endpoint) = (&errand.delivery, &errand.endpoint);
        let call = match delivery.call {
            None => None,
            Some(id) => match self.store.get(id, &Reader::Client(delivery.client.clone())).await {
                Ok(call) => Some(call),
                Err(StoreError::NotFound) => return Ok(Sent::Not(NotSent::NoCall).into()),
                Err(error) => return Err(error),
            },
        };
        let at = self.clock.now();
        let body = (self.render)(&delivery.notice(), call.as_ref());
        let secrets = endpoint.signing(at).cloned().collect();
        let message = Message { id: delivery.notice, call: delivery.call, at, secrets, body };
        Ok(self.sender.send(&Target { url: endpoint.url.clone() }, &message).await)
    }
}
