//! The courier: takes what clients are to be told and sends each as a task of its own, so that an endpoint that is slow or
//! down delays only itself.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::{Actor, AuditAction, AuditResult, Errand, StoreError, Work};
use tokio::task::JoinSet;

use super::pulse::Loop;
use super::{BUSY_SLEEP, LONGEST_SLEEP, after_failure, count_panic, failed};
use crate::gateway::Gateway;
use crate::telemetry;
use crate::telemetry::traces::{Request, Span};

/// Requests to clients under way at once, over all endpoints: each may hold a whole transcript.
const AT_ONCE: usize = 128;

/// Sends what is due, until the stop; then lets what is under way finish.
pub(super) async fn courier(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    while !gateway.stopping.is_cancelled() {
        let woken = gateway.hub.woken(Work::Deliver);
        let room = u32::try_from(AT_ONCE.saturating_sub(under_way.len())).unwrap_or(0);
        let looked = look(&gateway, room).await;
        gateway.looked(Loop::Deliver);
        let sleep = match looked {
            Ok(Look::Taken(errands)) => {
                for errand in errands {
                    under_way.spawn(deliver(Arc::clone(&gateway), errand));
                }
                Duration::ZERO
            }
            Ok(Look::Nothing(sleep)) => sleep,
            Err(error) => after_failure("deliver", &error),
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(sleep) => {}
            // A finished request makes room, here or at its endpoint.
            Some(done) = under_way.join_next() => count_panic("deliver", done),
            () = gateway.stopping.cancelled() => {}
        }
        while let Some(done) = under_way.try_join_next() {
            count_panic("deliver", done);
        }
    }
    while let Some(done) = under_way.join_next().await {
        count_panic("deliver", done);
    }
}

enum Look {
    /// To be sent now.
    Taken(Vec<Errand>),
    /// For so long, unless a hint comes.
    Nothing(Duration),
}

/// Looks before it takes: mostly nothing is due, and a look costs no write.
async fn look(gateway: &Gateway, room: u32) -> Result<Look, StoreError> {
    let Some(due_at) = gateway.deliver.next_due().await? else { return Ok(Look::Nothing(LONGEST_SLEEP)) };
    let wait = elapsed(gateway.clock.now(), due_at);
    if wait > Duration::ZERO {
        return Ok(Look::Nothing(wait.clamp(Duration::from_millis(10), LONGEST_SLEEP)));
    }
    let errands = gateway.deliver.take(room).await?;
    // What is due and was not taken is another courier's, or its endpoint has as many in the air as it may.
    Ok(if errands.is_empty() { Look::Nothing(BUSY_SLEEP) } else { Look::Taken(errands) })
}

async fn deliver(gateway: Arc<Gateway>, errand: Errand) {
    let (id, begun) = (errand.delivery.id, gateway.clock.monotonic());
    let span = errand.delivery.call.map(|call| Span::of(call, Request::Notice));
    let delivered = gateway.deliver.deliver(&errand).await;
    drop(span);
    match delivered {
        Ok(delivered) => {
            telemetry::notice_tried(id, &delivered, gateway.clock.monotonic().saturating_sub(begun));
            if let Some(endpoint) = delivered.disabled {
                let (action, object) = (AuditAction::EndpointDisabled, endpoint.to_string());
                let line = gateway.audit.line(Actor::default(), action, &object, AuditResult::Done);
                if let Err(error) = gateway.audit.record(line).await {
                    failed("deliver", &format!("that endpoint {endpoint} was disabled is not in the audit log"), &error);
                }
            }
        }
        Err(StoreError::Conflict) => tracing::info!(delivery = %id, "another courier has the delivery"),
        Err(error) => failed("deliver", &format!("delivery {id} is sent again when its lease ends"), &error),
    }
}
