//! The small JSON documents of the hot row: the terms a call was accepted under, and what refused it.

use std::time::Duration;

use callgate_domain::model::call::{CallState, Refusals, Terms};
use callgate_domain::model::{ConnectionId, RetryPlan};
use callgate_domain::ports::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::word;
use crate::store::error::unreadable;

#[derive(Serialize, Deserialize)]
struct TermsJson {
    max_duration_ms: u64,
    ring_timeout_ms: u64,
    queue_ttl_ms: u64,
    settle_grace_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<RetryJson>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

#[derive(Serialize, Deserialize)]
struct RetryJson {
    on: Vec<String>,
    max: u16,
    delays_ms: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct RefusalsJson {
    counted: u16,
    closed: Vec<String>,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// As it is kept.
pub fn write_terms(terms: &Terms) -> Value {
    let retry = terms.retry.as_ref().map(|plan| RetryJson {
        on: plan.on.iter().map(ToString::to_string).collect(),
        max: plan.max,
        delays_ms: plan.delays.iter().copied().map(millis).collect(),
    });
    let json = TermsJson {
        max_duration_ms: millis(terms.max_duration),
        ring_timeout_ms: millis(terms.ring_timeout),
        queue_ttl_ms: millis(terms.queue_ttl),
        settle_grace_ms: millis(terms.settle_grace),
        retry,
        test: terms.test,
    };
    serde_json::to_value(json).unwrap_or_default()
}

/// As it was kept.
pub fn read_terms(json: &Value) -> Result<Terms, StoreError> {
    let held = TermsJson::deserialize(json).map_err(|_shape| unreadable("terms"))?;
    let plan = |held: RetryJson| -> Result<RetryPlan, StoreError> {
        let on = held.on.iter().map(|state| word::<CallState>(state, "a state")).collect::<Result<_, _>>()?;
        Ok(RetryPlan { on, max: held.max, delays: held.delays_ms.into_iter().map(Duration::from_millis).collect() })
    };
    Ok(Terms {
        max_duration: Duration::from_millis(held.max_duration_ms),
        ring_timeout: Duration::from_millis(held.ring_timeout_ms),
        queue_ttl: Duration::from_millis(held.queue_ttl_ms),
        settle_grace: Duration::from_millis(held.settle_grace_ms),
        retry: held.retry.map(plan).transpose()?,
        test: held.test,
    })
}

/// As it is kept; nothing where nothing refused.
pub fn write_refusals(refusals: &Refusals) -> Option<Value> {
    let json = RefusalsJson { counted: refusals.counted, closed: refusals.closed.iter().map(ToString::to_string).collect() };
    (*refusals != Refusals::default()).then(|| serde_json::to_value(json).unwrap_or_default())
}

/// As it was kept.
pub fn read_refusals(json: Option<&Value>) -> Result<Refusals, StoreError> {
    let Some(json) = json else { return Ok(Refusals::default()) };
    let held = RefusalsJson::deserialize(json).map_err(|_shape| unreadable("refusals"))?;
    let closed = held.closed.iter().map(|id| word::<ConnectionId>(id, "a connection")).collect::<Result<_, _>>()?;
    Ok(Refusals { counted: held.counted, closed })
}
