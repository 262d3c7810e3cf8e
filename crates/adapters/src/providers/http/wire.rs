//! The JSON of the small contract: what we send to place a call, and what decides in the answer.

use callgate_domain::model::provider::PlaceOrder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `POST /calls`.
#[derive(Serialize)]
pub struct Order<'a> {
    attempt_id: String,
    to: &'a str,
    agent: &'a str,
    variables: &'a Map<String, Value>,
    max_duration: u64,
    callback_url: Option<&'a str>,
}

impl<'a> Order<'a> {
    /// An order in the words of the contract.
    pub fn of(order: &'a PlaceOrder, callback_url: Option<&'a str>) -> Self {
        Self {
            attempt_id: order.attempt.to_string(),
            to: order.phone.e164(),
            agent: if order.remote_id.is_empty() { order.agent.as_str() } else { &order.remote_id },
            variables: &order.variables,
            max_duration: order.max_duration.as_secs(),
            callback_url,
        }
    }
}

/// The answer to it. A field of the wrong type, or twice, makes the whole answer unreadable, and so unknown.
#[derive(Debug, Default, Deserialize)]
pub struct Placed {
    /// Theirs.
    pub provider_call_id: Option<String>,
    /// `false` is the engine's word that nobody was rung.
    pub dialed: Option<bool>,
    /// Why not.
    pub reason: Option<String>,
}
