//! Every request to a provider, measured: for `/metrics`, and for the time that the console shows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use callgate_domain::model::provider::{AudioOrder, Capabilities, Health, LookUpOrder, PlaceOrder};
use callgate_domain::model::{ConnectionId, EndedReason, Placing, Route};
use callgate_domain::ports::{
    Audio, Authentic, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;

use crate::telemetry::{Outcome, provider_asked};

/// So many requests to place a call are remembered of a connection.
const REMEMBERED: usize = 100;

/// How long the last requests to place a call took, by connection; of this process.
#[derive(Default)]
pub struct Latencies(Mutex<HashMap<ConnectionId, VecDeque<Duration>>>);

impl Latencies {
    /// Nineteen of twenty took no longer; `None` where none was sent.
    #[must_use]
    pub fn of_most(&self, connection: &ConnectionId) -> Option<Duration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last: Vec<Duration> = all.get(connection)?.iter().copied().collect();
        last.sort_unstable();
        last.get((last.len() * 19).div_ceil(20).checked_sub(1)?).copied()
    }

    fn note(&self, connection: &ConnectionId, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.entry(connection.clone()).or_default();
        last.truncate(REMEMBERED - 1);
        last.push_front(took);
    }

    /// A provider whose requests are measured.
    #[must_use]
    pub fn around(self: &Arc<Self>, connection: ConnectionId, inside: Arc<dyn VoiceProvider>) -> Arc<dyn VoiceProvider> {
        Arc::new(Measured { inside, connection, latencies: Arc::clone(self) })
    }
}

struct Measured {
    inside: Arc<dyn VoiceProvider>,
    connection: ConnectionId,
    latencies: Arc<Latencies>,
}

impl Measured {
    async fn asked<T>(
        &self,
        operation: &'static str,
        request: impl Future<Output = T> + Send,
        outcome: fn(&T) -> Outcome,
    ) -> (T, Duration) {
        #[expect(clippy::disallowed_methods, reason = "what a request really took, whatever the gateway's clock is set to")]
        let began = Instant::now();
        let answer = request.await;
        let took = began.elapsed();
        provider_asked(&self.connection, operation, outcome(&answer), took);
        (answer, took)
    }
}

#[async_trait]
impl VoiceProvider for Measured {
    async fn place(&self, order: &PlaceOrder) -> Placing {
        let (placing, took) = self.asked("place", self.inside.place(order), placed).await;
        self.latencies.note(&self.connection, took);
        placing
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        self.asked("look_up", self.inside.look_up(order), answered).await.0
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        self.asked("cancel", self.inside.cancel(order), answered).await.0
    }

    async fn probe(&self, route: &Route) -> Result<Health, ProviderError> {
        self.asked("probe", self.inside.probe(route), answered).await.0
    }

    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        self.asked("recording", self.inside.recording(order), answered).await.0
    }

    fn capabilities(&self) -> Capabilities {
        self.inside.capabilities()
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        self.inside.check_route(route)
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        self.inside.verify(webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        self.inside.read(webhook)
    }

    fn event_id(&self, webhook: &Authentic) -> Option<String> {
        self.inside.event_id(webhook)
    }
}

fn placed(placing: &Placing) -> Outcome {
    match placing {
        Placing::Dialed(_) => Outcome::Ok,
        Placing::NotDialed { .. } => Outcome::Refused,
        Placing::Unknown { reason: EndedReason::ProviderTimeout } => Outcome::Timeout,
        Placing::Unknown { .. } => Outcome::Failed,
    }
}

/// That there is no such call, or no more, is an answer.
fn answered<T>(answer: &Result<T, ProviderError>) -> Outcome {
    match answer {
        Ok(_) | Err(ProviderError::Gone) => Outcome::Ok,
        Err(ProviderError::Busy { .. } | ProviderError::Unsupported) => Outcome::Refused,
        Err(ProviderError::Failed(_)) => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nineteen_of_twenty_requests_took_no_longer() {
        let check = |millis: std::ops::RangeInclusive<u64>, expected: Option<u64>| {
            let (latencies, id) = (Latencies::default(), ConnectionId::new("vapi").unwrap());
            millis.for_each(|millis| latencies.note(&id, Duration::from_millis(millis)));
            assert_eq!(latencies.of_most(&id), expected.map(Duration::from_millis));
        };
        #[expect(clippy::reversed_empty_ranges, reason = "none")]
        check(1..=0, None);
        check(7..=7, Some(7));
        check(1..=20, Some(19));
        check(1..=1_000, Some(995));
    }
}
