//! Where clients want to be told, for clients: endpoints, their secrets, and what became of what was sent there.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::delivery::REPLAYABLE;
use crate::model::endpoint::MOST_ENDPOINTS;
use crate::model::moment::earlier;
use crate::model::{
    ClientId, Delivery, DeliveryId, Endpoint, EndpointChange, EndpointId, EndpointSecret, EndpointUrl, Exchange, Notice,
    NoticeType, Secret,
};
use crate::ports::{
    Chance, Clock, DeliveryFilter, DeliveryPage, NoticeSender, Outbox, Reader, Signals, StoreError, UrlFault, Work,
};

/// Notices that one step of a recovery looks at.
const STEP: u32 = 500;
/// Steps of one recovery.
const STEPS: u32 = 200;

/// Manages endpoints.
pub struct Endpoints {
    /// Where they are kept.
    pub outbox: Arc<dyn Outbox>,
    /// Who knows which addresses may be reached.
    pub sender: Arc<dyn NoticeSender>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids and secrets.
    pub chance: Arc<dyn Chance>,
    /// Who is told that there is something to send.
    pub signals: Arc<dyn Signals>,
}

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Whose it will be.
    pub client: ClientId,
    /// Where it is.
    pub url: EndpointUrl,
    /// What it wants to be told; `None` is everything.
    pub events: Option<Vec<NoticeType>>,
    /// What the client calls it.
    pub description: Option<String>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Nothing is ever sent there.
    #[error(transparent)]
    Url(#[from] UrlFault),
    /// It wants to be told nothing, or what nobody can choose.
    #[error("an endpoint wants one or more of the events there are")]
    Events,
    /// The client has as many as it may.
    #[error("there are {MOST_ENDPOINTS} endpoints already")]
    TooMany,
    /// Nothing is sent there at the moment.
    #[error("the endpoint is disabled")]
    Disabled,
    /// The store could not, or there is no such endpoint or delivery of this client.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a recovery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// So many deliveries are due that were not.
    pub count: u32,
    /// Whether it has seen all notices; else it is to be asked for again.
    pub is_complete: bool,
}

impl Endpoints {
    /// Adds an endpoint with a fresh secret.
    ///
    /// # Errors
    /// [`EndpointError`]; nothing is kept then.
    pub async fn create(&self, new: NewEndpoint) -> Result<Endpoint, EndpointError> {
        let events = chosen(new.events.unwrap_or_else(|| NoticeType::CHOICES.to_vec()))?;
        self.sender.check(&new.url).await?;
        let now = self.clock.now();
        let endpoint = Endpoint {
            id: EndpointId::new(now, self.chance.for_id()),
            client: new.client,
            url: new.url,
            events,
            description: new.description,
            secrets: vec![EndpointSecret { secret: self.fresh_secret(), created_at: now, until: None }],
            created_at: now,
            disabled_at: None,
            failing_since: None,
        };
        if self.outbox.add(endpoint.clone(), MOST_ENDPOINTS).await? { Ok(endpoint) } else { Err(EndpointError::TooMany) }
    }

    /// One endpoint.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        self.outbox.endpoint(id, of).await
    }

    /// Up to `limit` endpoints after one, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list(&self, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError> {
        self.outbox.endpoints(of, after, limit).await
    }

    /// Changes an endpoint. One that is enabled again counts as new, and what waited for it goes there.
    ///
    /// # Errors
    /// [`EndpointError`]; nothing is changed then.
    pub async fn change(&self, id: EndpointId, of: &Reader, change: EndpointChange) -> Result<Endpoint, EndpointError> {
        // Whoever may not see it does not learn what we think of an address either.
        self.outbox.endpoint(id, of).await?;
        let change = match change {
            EndpointChange::Edit { url, events, description, disabled } => {
                if let Some(url) = &url {
                    self.sender.check(url).await?;
                }
                EndpointChange::Edit { url, events: events.map(chosen).transpose()?, description, disabled }
            }
            rotation @ EndpointChange::Rotate(_) => rotation,
        };
        let changed = self.outbox.change(id, of, change, self.clock.now()).await?;
        self.signals.work_waiting(Work::Deliver);
        Ok(changed)
    }

    /// Gives an endpoint a fresh secret, the first of its secrets; the one before signs beside it for a day.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn rotate(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        self.outbox.change(id, of, EndpointChange::Rotate(self.fresh_secret()), self.clock.now()).await
    }

    /// Takes an endpoint away.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn remove(&self, id: EndpointId, of: &Reader) -> Result<(), StoreError> {
        self.outbox.remove(id, of).await
    }

    /// Sends a test to an endpoint; what became of it is read in its delivery.
    ///
    /// # Errors
    /// [`EndpointError::Disabled`], `NotFound`, `Unavailable`.
    pub async fn test(&self, id: EndpointId, of: &Reader) -> Result<Delivery, EndpointError> {
        let endpoint = self.enabled(id, of).await?;
        let now = self.clock.now();
        let notice = Notice::test(endpoint.client, now, self.chance.for_id());
        let delivery = Delivery::of(&notice, endpoint.id, now);
        self.outbox.announce(notice, delivery.clone()).await?;
        self.signals.work_waiting(Work::Deliver);
        Ok(delivery)
    }

    /// A page of deliveries, newest notice first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn deliveries(
        &self,
        of: &Reader,
        filter: &DeliveryFilter,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.outbox.deliveries(of, filter, page).await
    }

    /// One delivery, and how its last try went.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<(Delivery, Option<Exchange>), StoreError> {
        let delivery = self.outbox.delivery(id, of).await?;
        Ok((delivery, self.outbox.exchange(id, of).await?))
    }

    /// Sends a delivery again, under the same `webhook-id`.
    ///
    /// # Errors
    /// [`EndpointError::Disabled`], `NotFound`, `Unavailable`.
    pub async fn resend(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, EndpointError> {
        let delivery = self.outbox.delivery(id, of).await?;
        self.enabled(delivery.endpoint, of).await?;
        let delivery = self.outbox.resend(id, of, self.clock.now()).await?;
        self.signals.work_waiting(Work::Deliver);
        Ok(delivery)
    }

    /// Tells an endpoint what it missed since a moment, within [`REPLAYABLE`]: what failed, and what it was not told.
    ///
    /// # Errors
    /// [`EndpointError::Disabled`], `NotFound`, `Unavailable`: what was done until then stays.
    pub async fn recover(&self, id: EndpointId, of: &Reader, since: Timestamp) -> Result<Recovery, EndpointError> {
        let endpoint = self.enabled(id, of).await?;
        let now = self.clock.now();
        let since = since.max(earlier(now, REPLAYABLE));
        let mut recovery = Recovery { count: 0, is_complete: false };
        let mut after = None;
        for _ in 0..STEPS {
            let step = self.outbox.recover(&endpoint, since, after, STEP, now).await?;
            recovery.count = recovery.count.saturating_add(step.count);
            after = step.last;
            if after.is_none() {
                recovery.is_complete = true;
                break;
            }
        }
        if recovery.count > 0 {
            self.signals.work_waiting(Work::Deliver);
        }
        Ok(recovery)
    }

    async fn enabled(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, EndpointError> {
        let endpoint = self.outbox.endpoint(id, of).await?;
        if endpoint.disabled_at.is_some() { Err(EndpointError::Disabled) } else { Ok(endpoint) }
    }

    fn fresh_secret(&self) -> Secret {
        let mut bytes = [0; 32];
        self.chance.bytes(&mut bytes);
        Secret::signing(&bytes)
    }
}

/// Each once, in the order of their declaration.
fn chosen(mut events: Vec<NoticeType>) -> Result<Vec<NoticeType>, EndpointError> {
    events.sort_unstable();
    events.dedup();
    let known = events.iter().all(|event| NoticeType::CHOICES.contains(event));
    if events.is_empty() || !known { Err(EndpointError::Events) } else { Ok(events) }
}
