//! An engine that speaks the small contract of `CONFIG.md`, for tests.

use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::providers::hmac;
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Its dialect.
pub struct OwnEngine;

impl Dialect for OwnEngine {
    fn kind(&self) -> &'static str {
        super::KIND.name
    }

    fn settings(&self) -> &'static str {
        "secret = { env = \"STUB_HTTP_SECRET\" }"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_HTTP_SECRET", SECRET)]
    }

    fn id(&self, n: usize, _: &Order) -> String {
        format!("eng-{n}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if (asked.method.as_str(), asked.path.as_str()) != ("POST", "/calls") {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Order { attempt: text("attempt_id"), to: text("to")?, webhook: text("callback_url") })
    }

    fn accepted(&self, call: &Call) -> Reply {
        Reply::json(201, &json!({ "provider_call_id": call.id }))
    }

    fn refused(&self) -> Reply {
        Reply::json(401, &json!({ "dialed": false, "reason": "provider_error" }))
    }

    fn too_many(&self) -> Reply {
        Reply::json(429, &json!({ "dialed": false })).with("retry-after", "60")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let path = asked.path.as_str();
        let about = |call: &&Call| match (path.split_once("?attempt_id="), path.strip_prefix("/calls/")) {
            (Some((_, attempt)), _) => call.attempt.as_deref() == Some(attempt),
            (None, Some(rest)) => rest.split('/').next() == Some(&call.id),
            (None, None) => false,
        };
        let Some(call) = calls.iter().find(about) else { return Reply::json(404, &json!({})).into() };
        if path.ends_with("/cancel") {
            return Done { reply: Reply::json(202, &json!({})), cancels: Some(call.id.clone()) };
        }
        Reply::json(200, &told(call)).into()
    }

    fn tells(&self, call: &Call, _: &str, at: Timestamp) -> Option<Hook> {
        let mut body = told(call);
        let event = match call.stage {
            Stage::Accepted => return None,
            Stage::Ringing => "call.ringing",
            Stage::Talking => "call.answered",
            Stage::Over => "call.completed",
        };
        let fields = body.as_object_mut()?;
        fields.insert("event_type".to_owned(), json!(event));
        if call.stage != Stage::Over {
            fields.remove("status");
        }
        let body = body.to_string().into_bytes();
        let signed = hmac::sign_with_all(&[Secret::new(SECRET)?], &call.id, at, &body).ok()?;
        let headers = signed.into_iter().map(|(name, value)| (name.to_owned(), value));
        Some(Hook { headers: headers.chain([("content-type".to_owned(), "application/json".to_owned())]).collect(), body })
    }
}

fn told(call: &Call) -> Value {
    let status = match (call.stage, call.ends) {
        (Stage::Over, _) if call.is_canceled => "canceled",
        (Stage::Accepted, _) => "queued",
        (Stage::Ringing, _) => "ringing",
        (Stage::Talking, _) => "in_progress",
        (Stage::Over, Ends::Talk) => "completed",
        (Stage::Over, Ends::NoAnswer) => "no_answer",
        (Stage::Over, Ends::Busy) => "busy",
    };
    let mut told = json!({ "provider_call_id": call.id, "attempt_id": call.attempt, "status": status });
    if status == "completed"
        && let Some(fields) = told.as_object_mut()
    {
        let turns = SAID.map(|(role, text)| json!({ "role": role, "text": text }));
        fields.insert("turns".to_owned(), json!(turns));
        fields.insert("duration".to_owned(), json!(TALK_S));
        fields.insert("ended_reason".to_owned(), json!("agent_hangup"));
    }
    told
}
