//! `Outbox` in memory.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{DeliveryRow, Held, Memory};
use crate::model::moment::later;
use crate::model::{
    Call, Delivery, DeliveryId, DeliveryResult, Endpoint, EndpointChange, EndpointId, Exchange, Notice, NoticeId,
};
use crate::ports::{DeliveryFilter, DeliveryPage, Errand, Outbox, Reader, Recovered, StoreError, Tried, in_turn};

#[async_trait]
impl Outbox for Memory {
    async fn add(&self, endpoint: Endpoint, at_most: u32) -> Result<bool, StoreError> {
        let mut held = self.held();
        let has = held.endpoints.values().filter(|other| other.client == endpoint.client).count();
        let fits = has < size(at_most);
        if fits {
            held.endpoints.insert(endpoint.id, endpoint);
        }
        Ok(fits)
    }

    async fn endpoint(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        self.held().endpoint(id, of)
    }

    async fn endpoints(&self, of: &Reader, after: Option<EndpointId>, limit: u32) -> Result<Vec<Endpoint>, StoreError> {
        let held = self.held();
        let wanted = held.endpoints.values().filter(|one| of.sees(&one.client)).filter(|one| after.is_none_or(|id| one.id > id));
        Ok(wanted.take(size(limit)).cloned().collect())
    }

    async fn change(&self, id: EndpointId, of: &Reader, change: EndpointChange, at: Timestamp) -> Result<Endpoint, StoreError> {
        let mut held = self.held();
        let changed = held.endpoint(id, of)?.changed(change, at);
        held.endpoints.insert(id, changed.clone());
        Ok(changed)
    }

    async fn remove(&self, id: EndpointId, of: &Reader) -> Result<(), StoreError> {
        let mut held = self.held();
        held.endpoint(id, of)?;
        held.endpoints.remove(&id);
        Ok(())
    }

    async fn announce(&self, notice: Notice, delivery: Delivery) -> Result<(), StoreError> {
        let mut held = self.held();
        held.notices.insert(notice.id, notice);
        held.deliveries.insert(delivery.id, DeliveryRow { delivery, leased_until: None, exchange: None });
        Ok(())
    }

    async fn take(&self, lease: Duration, limit: u32) -> Result<Vec<Errand>, StoreError> {
        let now = self.clock.now();
        let until = later(now, lease);
        let mut held = self.held();
        let mut queues: Vec<_> = held.endpoints.values().filter_map(|endpoint| held.queue(endpoint, now)).collect();
        queues.sort_unstable();
        let due = in_turn(queues.into_iter().map(|(_, queue)| queue).collect(), limit);
        let mut errands = Vec::with_capacity(due.len());
        for id in due {
            let Some(row) = held.deliveries.get_mut(&id) else { continue };
            let delivery = row.delivery.clone();
            (row.leased_until, row.delivery.next_at) = (Some(until), Some(until));
            let endpoint = held.endpoint(delivery.endpoint, &Reader::All)?;
            errands.push(Errand { delivery, endpoint, until });
        }
        Ok(errands)
    }

    async fn record(&self, tried: Tried) -> Result<Option<Timestamp>, StoreError> {
        let mut held = self.held();
        let row = held.deliveries.get_mut(&tried.delivery.id).filter(|row| row.leased_until == Some(tried.until));
        let row = row.ok_or(StoreError::Conflict)?;
        let endpoint = tried.delivery.endpoint;
        *row = DeliveryRow { delivery: tried.delivery, leased_until: None, exchange: Some(tried.exchange) };
        let Some(endpoint) = held.endpoints.get_mut(&endpoint) else { return Ok(None) };
        let was_enabled = endpoint.disabled_at.is_none();
        endpoint.hear(tried.verdict, tried.at);
        Ok(endpoint.disabled_at.filter(|_| was_enabled))
    }

    async fn end_leases(&self) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let mut ended = 0;
        for row in self.held().deliveries.values_mut().filter(|row| row.leased_until.is_some()) {
            (row.leased_until, row.delivery.next_at) = (None, Some(now));
            ended += 1;
        }
        Ok(ended)
    }

    async fn deliveries(&self, of: &Reader, filter: &DeliveryFilter, page: DeliveryPage) -> Result<Vec<Delivery>, StoreError> {
        let held = self.held();
        let all = held.deliveries.values().rev().map(|row| &row.delivery);
        let there = all.filter(|one| held.endpoint(one.endpoint, of).is_ok());
        let wanted = there.filter(|one| {
            page.before.is_none_or(|before| one.id < before)
                && filter.endpoint.is_none_or(|endpoint| endpoint == one.endpoint)
                && filter.call.is_none_or(|call| one.call == Some(call))
                && filter.result.is_none_or(|result| result == one.result)
        });
        Ok(wanted.take(size(page.limit)).cloned().collect())
    }

    async fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, StoreError> {
        self.held().delivery(id, of)
    }

    async fn exchange(&self, id: DeliveryId, of: &Reader) -> Result<Option<Exchange>, StoreError> {
        let held = self.held();
        let call = held.delivery(id, of)?.call;
        let is_erased = call.and_then(|id| held.calls.get(&id)).is_some_and(Call::is_erased);
        let exchange = held.deliveries.get(&id).and_then(|row| row.exchange.clone());
        Ok(exchange.map(|exchange| Exchange { answer: exchange.answer.filter(|_| !is_erased), ..exchange }))
    }

    async fn resend(&self, id: DeliveryId, of: &Reader, at: Timestamp) -> Result<Delivery, StoreError> {
        let now = self.clock.now();
        let mut held = self.held();
        let delivery = held.delivery(id, of)?;
        match held.deliveries.get_mut(&id) {
            Some(row) if row.leased_until.is_none_or(|until| until <= now) => {
                *row = DeliveryRow { delivery: delivery.resent(at), leased_until: None, exchange: row.exchange.take() };
                Ok(row.delivery.clone())
            }
            _ => Ok(delivery),
        }
    }

    async fn recover(
        &self,
        endpoint: &Endpoint,
        since: Timestamp,
        after: Option<NoticeId>,
        limit: u32,
        at: Timestamp,
    ) -> Result<Recovered, StoreError> {
        let mut held = self.held();
        let own = held.notices.values().filter(|notice| notice.client == endpoint.client && notice.created_at >= since);
        let next = own.filter(|notice| after.is_none_or(|after| notice.id > after) && endpoint.events.contains(&notice.kind));
        let page: Vec<_> = next.take(size(limit)).cloned().collect();
        let mut count = 0;
        for notice in &page {
            let fresh = Delivery::of(notice, endpoint.id, at);
            let (delivery, exchange) = match held.deliveries.get(&fresh.id) {
                None => (fresh, None),
                Some(row) if row.delivery.result == DeliveryResult::Failed => (row.delivery.resent(at), row.exchange.clone()),
                Some(_) => continue,
            };
            held.deliveries.insert(delivery.id, DeliveryRow { delivery, leased_until: None, exchange });
            count += 1;
        }
        let is_full = page.len() >= size(limit);
        Ok(Recovered { count, last: page.last().filter(|_| is_full).map(|notice| notice.id) })
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let held = self.held();
        let waiting = held.deliveries.values().filter(|row| held.is_open(row.delivery.endpoint));
        Ok(waiting.filter_map(|row| row.delivery.next_at).min())
    }
}

impl Held {
    /// Keeps a notice with its deliveries.
    pub(super) fn keep_notice(&mut self, notice: Notice) {
        let own = self.endpoints.values().filter(|endpoint| endpoint.client == notice.client && endpoint.wants(notice.kind));
        for delivery in own.map(|endpoint| Delivery::of(&notice, endpoint.id, notice.created_at)) {
            self.deliveries.insert(delivery.id, DeliveryRow { delivery, leased_until: None, exchange: None });
        }
        self.notices.insert(notice.id, notice);
    }

    fn endpoint(&self, id: EndpointId, of: &Reader) -> Result<Endpoint, StoreError> {
        self.endpoints.get(&id).filter(|endpoint| of.sees(&endpoint.client)).cloned().ok_or(StoreError::NotFound)
    }

    fn delivery(&self, id: DeliveryId, of: &Reader) -> Result<Delivery, StoreError> {
        let delivery = self.deliveries.get(&id).map(|row| row.delivery.clone()).ok_or(StoreError::NotFound)?;
        self.endpoint(delivery.endpoint, of).map(|_endpoint| delivery)
    }

    fn is_open(&self, id: EndpointId) -> bool {
        self.endpoints.get(&id).is_some_and(|endpoint| endpoint.disabled_at.is_none())
    }

    /// What may be taken for an endpoint now, with the moment of the first.
    fn queue(&self, endpoint: &Endpoint, now: Timestamp) -> Option<(Timestamp, Vec<DeliveryId>)> {
        if endpoint.disabled_at.is_some() {
            return None;
        }
        let own = || self.deliveries.values().filter(|row| row.delivery.endpoint == endpoint.id);
        let in_the_air = own().filter(|row| row.leased_until.is_some_and(|until| until > now)).count();
        let is_due = |row: &DeliveryRow| row.delivery.next_at.filter(|at| *at <= now).map(|at| (at, row.delivery.id));
        let mut due: Vec<_> = own().filter_map(is_due).collect();
        due.sort_unstable();
        let (first, _) = *due.first()?;
        let room = size(endpoint.at_once()).saturating_sub(in_the_air);
        Some((first, due.into_iter().take(room).map(|(_, id)| id).collect()))
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
