//! `Figures` in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Held, Memory};
use crate::model::moment::{earlier, elapsed};
use crate::model::{Call, CallId, CallState, Delivery, DeliveryId, DeliveryResult};
use crate::ports::figures::{COUNTED_TO, NEWEST, SPOKEN_OF, median};
use crate::ports::{Accepted, Backlog, Deliveries, Failing, Figures, Middles, Progress, Pulse, StoreError, Unsettled};

#[async_trait]
impl Figures for Memory {
    async fn pulse(&self, now: Timestamp, live: u32, ended: u32) -> Result<Pulse, StoreError> {
        let held = self.held();
        let since = earlier(now, SPOKEN_OF);
        let alive = || held.calls.values().filter(|call| call.state.is_live());
        let unsettled = || alive().filter(|call| is_unsettled(call));
        let mut over: Vec<&Call> = held.calls.values().filter(|call| call.ended_at.is_some() && !call.is_erased()).collect();
        over.retain(|call| call.state.is_terminal());
        over.sort_by_key(|call| std::cmp::Reverse((call.ended_at, call.id)));
        let settling = |call: &Call| {
            let settles_by = call.settles_by?;
            Some(Unsettled { call: call.id, look_at: call.look_at, settles_by })
        };
        let retrying = || held.deliveries.values().map(|row| &row.delivery).filter(|one| held.is_retried(one));
        let failed = |one: &&Delivery| one.result == DeliveryResult::Failed && one.created_at >= since;
        let known = |one: &&Delivery| held.endpoints.contains_key(&one.endpoint);
        let left = |progress| matches!(progress, Progress::Quarantined | Progress::Orphaned);
        Ok(Pulse {
            live: whole(alive().count()),
            newest_live: alive().rev().filter(|call| call.state.is_out()).map(|call| call.id).take(live as usize).collect(),
            ended_last: over.into_iter().map(|call| call.id).take(ended as usize).collect(),
            unsettled: counted(unsettled().count()),
            settles_first: unsettled().filter_map(settling).min_by_key(|held| (held.settles_by, held.call)),
            overdue: counted(alive().filter(|call| call.settles_by.is_some_and(|by| by <= now)).count()),
            retrying: counted(retrying().count()),
            retrying_since: retrying().map(|one| one.created_at).min(),
            failing: held.failing(),
            failed: counted(held.deliveries.values().map(|row| &row.delivery).filter(failed).filter(known).count()),
            given_up: counted(
                held.endpoints.values().filter(|to| to.disabled_at.is_some() && to.failing_since.is_some()).count(),
            ),
            left_over: counted(
                held.inbox.values().filter(|row| left(row.kept.progress) && row.kept.parcel.received_at >= since).count(),
            ),
        })
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let held = self.held();
        let open = || held.calls.values().filter(|call| !call.state.is_terminal());
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let waiting = || {
            let all = held.deliveries.values().filter(|row| row.delivery.next_at.is_some());
            all.filter(|row| held.endpoints.get(&row.delivery.endpoint).is_some_and(|to| to.disabled_at.is_none()))
        };
        Ok(Backlog {
            open: open().fold(BTreeMap::new(), |mut counts, call| {
                *counts.entry(call.status()).or_default() += 1;
                counts
            }),
            overdue: count(open().filter(|call| is_due(call.settles_by)).count()),
            due: count(open().filter(|call| call.state == CallState::Queued && call.due_at <= now).count()),
            looks: count(held.calls.values().filter(|call| is_due(call.look_at)).count()),
            webhooks: count(held.inbox.values().filter(|row| is_due(row.again_at)).count()),
            parked: count(held.inbox.values().filter(|row| row.kept.progress == Progress::Parked).count()),
            deliveries: count(waiting().count()),
            oldest: waiting().map(|row| row.delivery.created_at).min(),
        })
    }

    async fn accepted(&self, spans: &[(Timestamp, Timestamp)]) -> Result<Vec<Accepted>, StoreError> {
        let held = self.held();
        let of = |(from, to): &(Timestamp, Timestamp)| {
            held.within(*from, *to).fold(BTreeMap::new(), |mut counts, call| {
                *counts.entry((call.agent.clone(), call.status())).or_default() += 1;
                counts
            })
        };
        Ok(spans.iter().map(of).collect())
    }

    async fn middles(&self, from: Timestamp, to: Timestamp) -> Result<Middles, StoreError> {
        let held = self.held();
        let newest: Vec<&Call> = held.within(from, to).rev().take(NEWEST as usize).collect();
        let answer = newest.iter().filter_map(|call| Some(elapsed(call.dialed_at?, call.answered_at?)));
        let completed = newest.iter().filter(|call| call.state == CallState::Completed);
        let length =
            completed.filter_map(|call| call.result.duration_s).map(|seconds| std::time::Duration::from_secs(seconds.into()));
        Ok(Middles { answer: median(answer.collect()), length: median(length.collect()) })
    }

    async fn deliveries(&self, from: Timestamp, to: Timestamp) -> Result<Deliveries, StoreError> {
        let held = self.held();
        let [from, to] = [from, to].map(|at| DeliveryId::new(at, [0; 10]));
        let newest = held.deliveries.range(from..to).rev().take(NEWEST as usize).map(|(_, row)| &row.delivery);
        Ok(newest.fold(Deliveries::default(), |mut sum, one| {
            sum.over += u32::from(one.result != DeliveryResult::Pending);
            sum.at_first += u32::from(one.result == DeliveryResult::Delivered && one.tries == 1);
            sum
        }))
    }
}

impl Held {
    fn within(&self, from: Timestamp, to: Timestamp) -> impl DoubleEndedIterator<Item = &Call> {
        let [from, to] = [from, to].map(|at| CallId::new(at, [0; 10]));
        self.calls.range(from..to).map(|(_, call)| call)
    }

    fn is_retried(&self, one: &Delivery) -> bool {
        let is_enabled = self.endpoints.get(&one.endpoint).is_some_and(|to| to.disabled_at.is_none());
        is_enabled && one.result == DeliveryResult::Pending && one.tries > 0 && one.next_at.is_some()
    }

    fn failing(&self) -> Option<Failing> {
        let failing = self.endpoints.values().filter(|to| to.disabled_at.is_none());
        let (since, to) = failing.filter_map(|to| Some((to.failing_since?, to))).min_by_key(|(since, to)| (*since, to.id))?;
        let mut waiting = self.deliveries.values().rev().map(|row| &row.delivery);
        let newest = waiting.find(|one| one.endpoint == to.id && self.is_retried(one));
        Some(Failing {
            url: to.url.clone(),
            since,
            last_status: newest.and_then(|one| one.last_status),
            last_fault: newest.and_then(|one| one.last_fault),
        })
    }
}

fn is_unsettled(call: &Call) -> bool {
    call.state == CallState::Unknown || (call.state == CallState::Processing && call.looks.count > 0)
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn counted(count: usize) -> u32 {
    whole(count).min(COUNTED_TO)
}
