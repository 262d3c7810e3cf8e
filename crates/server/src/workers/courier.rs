//! Tells clients: what is due is taken, sent and written down, many at a time and none behind another's slow receiver.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::EndpointId;
use callgate_domain::ports::{Actor, AuditAction, AuditResult, Errand, Work};
use tokio::task::JoinSet;

use super::{BUSY_SLEEP, LONGEST_SLEEP, after_failure, count_panic, failed, finish};
use crate::gateway::Gateway;
use crate::telemetry;

const NAME: &str = "deliver";
/// Deliveries in the air at once. One endpoint has a few of them at most, so this bounds how many slow ones it takes to
/// keep others waiting.
const AT_ONCE: usize = 128;

/// Delivers until the stop.
pub(super) async fn courier(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    if gateway.facts.alone
        && let Err(error) = gateway.deliver.outbox.end_leases().await
    {
        failed(NAME, "what was in the air before is sent once its lease is over", &error);
    }
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Deliver);
        let limit = u32::try_from(AT_ONCE.saturating_sub(under_way.len())).unwrap_or(0);
        let sleep = match gateway.deliver.take(limit).await {
            Ok(taken) if taken.is_empty() => until_next(&gateway).await,
            Ok(taken) => {
                taken.into_iter().for_each(|errand| drop(under_way.spawn(deliver(Arc::clone(&gateway), errand))));
                Duration::ZERO
            }
            Err(error) => after_failure(NAME, &error),
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(sleep) => {}
            // Its endpoint may have more.
            Some(done) = under_way.join_next() => count_panic(NAME, done),
            () = gateway.stopping.cancelled() => {}
        }
    }
    finish(under_way, NAME).await;
}

async fn deliver(gateway: Arc<Gateway>, errand: Errand) {
    let (id, begun) = (errand.delivery.id, gateway.clock.monotonic());
    match gateway.deliver.deliver(&errand).await {
        Ok(delivered) => {
            telemetry::notice_tried(id, &delivered, gateway.clock.monotonic().saturating_sub(begun));
            if let Some(endpoint) = delivered.disabled {
                note_disabled(&gateway, endpoint).await;
            }
        }
        Err(error) => failed(NAME, &format!("delivery {id} is sent again"), &error),
    }
}

/// Its own answers, or none, disabled an endpoint: that stands in the audit log as if a person had.
async fn note_disabled(gateway: &Gateway, endpoint: EndpointId) {
    let nobody = Actor { key: None, request_id: None };
    let line = gateway.audit.line(nobody, AuditAction::EndpointDisabled, &endpoint.to_string(), AuditResult::Done);
    if let Err(error) = gateway.audit.record(line).await {
        failed(NAME, &format!("that endpoint {endpoint} was disabled is not in the audit log"), &error);
    }
}

/// How long nothing falls due. What is due already waits for room at its endpoint.
async fn until_next(gateway: &Gateway) -> Duration {
    match gateway.deliver.next_due().await {
        Ok(Some(moment)) => match elapsed(gateway.clock.now(), moment) {
            Duration::ZERO => BUSY_SLEEP,
            wait => wait.clamp(Duration::from_millis(10), LONGEST_SLEEP),
        },
        _ => LONGEST_SLEEP,
    }
}
