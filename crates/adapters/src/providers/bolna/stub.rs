//! Bolna's own side, for stub engines.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};

/// Bolna, as a gateway sees it.
pub const STUB: &dyn Dialect = &Engine;

const AGENT: &str = "123e4567-e89b-12d3-a456-426655440000";

struct Engine;

impl Dialect for Engine {
    fn kind(&self) -> &'static str {
        "bolna"
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"BOLNA_API_KEY\" }"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("BOLNA_API_KEY", "bn-stub-0123456789")]
    }

    fn id(&self, n: usize, _order: &Order) -> String {
        format!("4c06b4d1-4096-4561-919a-{n:012x}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if asked.method != "POST" || asked.path != "/call" {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let attempt = body.pointer("/user_data/attempt_id").and_then(Value::as_str).map(str::to_owned);
        Some(Order { attempt, to: body.get("recipient_phone_number")?.as_str()?.to_owned(), webhook: None })
    }

    fn accepted(&self, call: &Call) -> Reply {
        Reply::json(200, &json!({ "message": "done", "status": "queued", "execution_id": call.id }))
    }

    fn refused(&self) -> Reply {
        Reply::json(403, &json!({ "error": 403, "message": "Unrecognized access token" }))
    }

    fn too_many(&self) -> Reply {
        Reply::json(429, &json!({ "error": 429, "message": "Rate limit exceeded" })).with("retry-after", "1")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let Ok(url) = url::Url::parse(&format!("http://stub{}", asked.path)) else { return nothing().into() };
        let path: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
        let held = |id: &str| calls.iter().find(|call| call.id == id);
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["executions", id]) => held(id).map_or_else(nothing, |call| Reply::json(200, &execution(call))).into(),
            ("GET", ["v2", "agent", _, "executions"]) => Reply::json(200, &list(&url, calls)).into(),
            ("GET", ["v2", "agent", id]) => Reply::json(200, &json!({ "id": id, "agent_status": "processed" })).into(),
            ("POST", ["call", id, "stop"]) => stop(held(id)),
            _ => nothing().into(),
        }
    }

    fn tells(&self, call: &Call, _url: &str, _at: Timestamp) -> Option<Hook> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Some(Hook { headers, body: execution(call).to_string().into_bytes() })
    }
}

fn nothing() -> Reply {
    Reply::json(404, &json!({ "error": 404, "message": "Not found" }))
}

fn stop(call: Option<&Call>) -> Done {
    match call {
        Some(call) if call.stage == Stage::Accepted => {
            let reply = Reply::json(200, &json!({ "message": "done", "status": "stopped", "execution_id": call.id }));
            Done { reply, cancels: Some(call.id.clone()) }
        }
        Some(_) => Reply::json(400, &json!({ "error": 400, "message": "Call cannot be stopped" })).into(),
        None => nothing().into(),
    }
}

/// Newest first, a page of them; rows are trimmed.
fn list(url: &url::Url, calls: &[Call]) -> Value {
    let number = |name: &str, usual: usize| {
        let told = url.query_pairs().find(|(held, _)| held == name).and_then(|(_, value)| value.parse().ok());
        told.unwrap_or(usual).max(1)
    };
    let moment = |name: &str| url.query_pairs().find(|(held, _)| held == name).and_then(|(_, value)| value.parse().ok());
    let (from, to) = (moment("from").unwrap_or(Timestamp::MIN), moment("to").unwrap_or(Timestamp::MAX));
    let (page, size) = (number("page_number", 1), number("page_size", 20).min(50));
    let asked: Vec<&Call> = calls.iter().rev().filter(|call| (from..=to).contains(&call.placed_at)).collect();
    let row = |call: &&Call| json!({ "id": call.id, "status": status(call), "telephony_data": { "to_number": call.to } });
    let rows: Vec<Value> = asked.iter().skip((page - 1) * size).take(size).map(row).collect();
    json!({ "page_number": page, "page_size": size, "total": asked.len(), "has_more": page * size < asked.len(), "data": rows })
}

fn status(call: &Call) -> &'static str {
    match (call.is_canceled, call.stage, call.ends) {
        (true, ..) => "stopped",
        (false, Stage::Accepted, _) => "queued",
        (false, Stage::Ringing, _) => "ringing",
        (false, Stage::Talking, _) => "in-progress",
        (false, Stage::Over, Ends::Talk) => "completed",
        (false, Stage::Over, Ends::NoAnswer) => "no-answer",
        (false, Stage::Over, Ends::Busy) => "busy",
    }
}

fn execution(call: &Call) -> Value {
    let talked = status(call) == "completed";
    let said = SAID.map(|(role, text)| format!("{}: {text}", if role == "agent" { "assistant" } else { role })).join("\n");
    json!({
        "id": call.id,
        "agent_id": AGENT,
        "status": status(call),
        "conversation_duration": if talked { f64::from(TALK_S) } else { 0.0 },
        "transcript": talked.then_some(said),
        "created_at": call.placed_at.to_string(),
        "telephony_data": {
            "to_number": call.to,
            "duration": if talked { TALK_S.to_string() } else { "0".to_owned() },
            "hangup_by": talked.then_some("Caller"),
            "hangup_reason": talked.then_some("llm_prompted_hangup"),
        },
        "context_details": {
            "recipient_data": { "attempt_id": call.attempt },
            "recipient_phone_number": call.to,
        },
    })
}
