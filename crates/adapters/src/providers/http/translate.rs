//! What an engine's answers mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{ConnectionId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Source};
use callgate_domain::ports::{Found, ProviderError, Reading};
use jiff::Timestamp;

use super::wire::Placed;
use crate::providers::client::{Answer, wait_of};
use crate::providers::report::{Lenient, Report, Words};

/// How long to wait where an engine says that it has no room, but not for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// What became of the request to place a call. The table of the contract; everything that is not in it is unknown.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    // The whole body is text or none of it counts: what nobody reads is not looked at otherwise.
    let placed: Placed =
        std::str::from_utf8(&answer.body).ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    // An id that is none, such as an empty one, is no id; but whoever sends one speaks of a call.
    let id = placed.provider_call_id.map(ProviderCallId::new);
    match (answer.status, id, placed.dialed) {
        // A 409 with the call's id: the engine knows the attempt already.
        (200 | 201 | 409, Some(Some(id)), _) => Placing::Dialed(id),
        // Without it, there is a call that we cannot name.
        (409, ..) => Placing::default(),
        (status @ 400..=499, None, Some(false)) => {
            let ours = placed.reason.and_then(|reason| reason.parse().ok());
            let retry = if status == 429 {
                Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT))
            } else {
                Retry::Never
            };
            Placing::NotDialed { reason: ours.unwrap_or(EndedReason::ProviderError), retry }
        }
        _ => Placing::default(),
    }
}

/// What became of the request to end a call.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match answer.status {
        200 | 202 | 204 => Ok(()),
        404 | 409 => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
}

/// A look-up's answer, and what to tell the operator about it.
#[derive(Debug)]
pub struct LookedUp {
    /// For the caller.
    pub found: Found,
    /// For the log.
    pub unknown_status: Option<String>,
    /// For the log.
    pub unusable: Vec<String>,
}

/// What a look-up says of the call that was `asked` for, or of the attempt where its id is not known yet.
pub fn found(answer: &Answer, asked: Option<&ProviderCallId>, now: Timestamp) -> Result<LookedUp, ProviderError> {
    match answer.status {
        200 => {}
        404 => {
            return Ok(LookedUp { found: Found::Absent { complete: true }, unknown_status: None, unusable: Vec::new() });
        }
        _ => return Err(answer.unusable(now)),
    }
    let Lenient { report, provider_call, unknown_status, unusable } =
        Report::make_the_best_of(&answer.body, Words::LookUp, Source::LookUp);
    let id = provider_call.ok_or_else(|| ProviderError::Failed(anyhow!("the answer names no call")))?;
    if asked.is_some_and(|asked| *asked != id) {
        return Err(ProviderError::Failed(anyhow!("the answer is about another call")));
    }
    let evidence = match (report, &unknown_status) {
        (Some(report), _) => report.evidence,
        // It is there; what it does cannot be said.
        (None, Some(_)) => Evidence { provider_call: Some(id), ..Evidence::new(Source::LookUp) },
        (None, None) => return Err(ProviderError::Failed(anyhow!("the answer has no status"))),
    };
    Ok(LookedUp { found: Found::Evidence(Box::new(evidence)), unknown_status, unusable })
}

/// What a webhook says, as far as it can be used.
pub fn webhook(body: &[u8], source: Source) -> Lenient {
    Report::make_the_best_of(body, Words::Engine, source)
}

/// The same as a reading: about a call of this connection, whatever the body names.
pub fn reading(read: Lenient, connection: &ConnectionId) -> Reading {
    read.report.map_or(Reading::Nothing, |report| Report { connection: Some(connection.clone()), ..report }.reading())
}

/// Whether an engine that was asked about a call it cannot know is in order.
pub fn health(status: u16) -> Health {
    let (ready, detail) = match status {
        200 | 404 => (true, "the engine answers and takes our signature".to_owned()),
        401 | 403 => (false, format!("the engine refuses our signature ({status}); is it the same secret on both sides?")),
        _ => (false, format!("the engine answers GET /calls with {status}; it should be 404 for an unknown attempt_id")),
    };
    Health { ready, detail }
}

#[cfg(test)]
#[path = "placing_table_tests.rs"]
mod placing_table;
#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
