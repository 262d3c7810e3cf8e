//! The two parts of a call that are kept as JSON: its terms and its refusals.
//!
//! Durations are whole microseconds, the resolution of everything here.

use std::time::Duration;

use callgate_domain::model::call::Refusals;
use callgate_domain::model::{RetryPlan, Terms};
use serde::{Deserialize, Serialize};

use super::word;
use crate::store::error::Unreadable;
use crate::store::types::JsonText;

#[derive(Serialize, Deserialize)]
struct TermsJson {
    max_duration_us: u64,
    ring_timeout_us: u64,
    queue_ttl_us: u64,
    settle_grace_us: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<RetryJson>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

#[derive(Serialize, Deserialize)]
struct RetryJson {
    on: Vec<String>,
    max: u16,
    delays_us: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct RefusalsJson {
    counted: u16,
    closed: Vec<String>,
}

/// The terms as they are kept.
pub fn terms_to_json(terms: &Terms) -> JsonText {
    json(&TermsJson {
        max_duration_us: micros(terms.max_duration),
        ring_timeout_us: micros(terms.ring_timeout),
        queue_ttl_us: micros(terms.queue_ttl),
        settle_grace_us: micros(terms.settle_grace),
        retry: terms.retry.as_ref().map(|plan| RetryJson {
            on: plan.on.iter().map(|state| state.as_str().to_owned()).collect(),
            max: plan.max,
            delays_us: plan.delays.iter().map(|delay| micros(*delay)).collect(),
        }),
        test: terms.test,
    })
}

/// The terms, read back.
pub fn terms_from_json(json: &JsonText) -> Result<Terms, Unreadable> {
    let terms: TermsJson = read("calls.terms", json)?;
    let retry = terms.retry.map(|plan| {
        let on = plan.on.iter().map(|state| word("calls.terms", state)).collect::<Result<_, _>>()?;
        Ok(RetryPlan { on, max: plan.max, delays: plan.delays_us.into_iter().map(Duration::from_micros).collect() })
    });
    Ok(Terms {
        max_duration: Duration::from_micros(terms.max_duration_us),
        ring_timeout: Duration::from_micros(terms.ring_timeout_us),
        queue_ttl: Duration::from_micros(terms.queue_ttl_us),
        settle_grace: Duration::from_micros(terms.settle_grace_us),
        retry: retry.transpose()?,
        test: terms.test,
    })
}

/// The refusals as they are kept: not at all where there are none.
pub fn refusals_to_json(refusals: &Refusals) -> Option<JsonText> {
    (*refusals != Refusals::default()).then(|| {
        json(&RefusalsJson {
            counted: refusals.counted,
            closed: refusals.closed.iter().map(|connection| connection.as_str().to_owned()).collect(),
        })
    })
}

/// The refusals, read back.
pub fn refusals_from_json(json: Option<&JsonText>) -> Result<Refusals, Unreadable> {
    let Some(json) = json else { return Ok(Refusals::default()) };
    let refusals: RefusalsJson = read("calls.refusals", json)?;
    let closed = refusals.closed.iter().map(|connection| word("calls.refusals", connection)).collect::<Result<_, _>>()?;
    Ok(Refusals { counted: refusals.counted, closed })
}

fn json(value: &impl Serialize) -> JsonText {
    // Structs of numbers and words always are JSON.
    JsonText(serde_json::to_string(value).unwrap_or_default())
}

fn read<'de, T: Deserialize<'de>>(column: &'static str, json: &'de JsonText) -> Result<T, Unreadable> {
    serde_json::from_str(&json.0).map_err(|error| Unreadable { column, fault: error.to_string() })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
