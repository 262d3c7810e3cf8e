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

#[cfg(test)]
mod tests {
    use callgate_domain::model::Seen;

    use super::super::{translate, wire};
    use super::*;
    use crate::providers::client::Answer;

    fn call(stage: Stage, ends: Ends) -> Call {
        let id = STUB.id(1, &Order { attempt: None, to: String::new(), webhook: None });
        let to = "+12025550199".to_owned();
        let placed_at = Timestamp::UNIX_EPOCH;
        Call { id, attempt: None, to, webhook: None, placed_at, stage, ends, is_canceled: false, recording: None }
    }

    #[test]
    fn the_adapter_understands_what_the_stub_shows() {
        for (stage, ends, seen) in [
            (Stage::Accepted, Ends::Talk, Seen::Accepted),
            (Stage::Ringing, Ends::Talk, Seen::Ringing),
            (Stage::Talking, Ends::Talk, Seen::Answered),
            (Stage::Over, Ends::Talk, Seen::Completed),
            (Stage::Over, Ends::NoAnswer, Seen::NoAnswer),
            (Stage::Over, Ends::Busy, Seen::Busy),
        ] {
            let call = call(stage, ends);
            let path = format!("/executions/{}", call.id);
            let asked = Asked { method: "GET".to_owned(), path, headers: Vec::new(), body: Vec::new() };
            let reply = STUB.other(&asked, std::slice::from_ref(&call)).reply;
            let execution: wire::Execution = serde_json::from_slice(&reply.body).unwrap();
            let evidence = translate::told(&execution).evidence;
            assert_eq!(evidence.seen, Some(seen));
            let talk_s = (seen == Seen::Completed).then_some(TALK_S);
            assert_eq!(evidence.duration_s.filter(|seconds| *seconds > 0), talk_s);
            assert_eq!(evidence.turns.len(), if talk_s.is_some() { 2 } else { 0 });
        }
    }

    #[test]
    fn a_list_comes_in_pages_newest_first() {
        let calls: Vec<Call> = (0..60).map(|n| Call { id: format!("ex-{n}"), ..call(Stage::Accepted, Ends::Talk) }).collect();
        for (page, first, rows, more) in [(1, "ex-59", 50, true), (2, "ex-9", 10, false)] {
            let query = format!("from=1969-12-31T23:59:00.000Z&to=1970-01-01T01:00:00.000Z&page_number={page}&page_size=50");
            let path = format!("/v2/agent/a/executions?{query}");
            let asked = Asked { method: "GET".to_owned(), path, headers: Vec::new(), body: Vec::new() };
            let reply = STUB.other(&asked, &calls).reply;
            let answer = Answer { status: reply.status, retry_after: None, body: reply.body };
            let read = translate::page(&answer, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!((read.data.len(), read.has_more.get()), (rows, Some(&more)));
            assert_eq!(read.data[0].id().unwrap().as_str(), first);
        }
    }
}
