//! Bland's own side, for stub engines.

use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::providers::keys::{Keys, Sum};
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};

/// Bland, as a gateway sees it.
pub const STUB: &dyn Dialect = &Engine;

const WEBHOOK_SECRET: &str = "bland_whsec_stub_0123456789";

struct Engine;

impl Dialect for Engine {
    fn kind(&self) -> &'static str {
        "bland"
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"BLAND_API_KEY\" }\nwebhook_secret = { env = \"BLAND_WEBHOOK_SECRET\" }"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("BLAND_API_KEY", "sk-stub-0123456789"), ("BLAND_WEBHOOK_SECRET", WEBHOOK_SECRET)]
    }

    fn id(&self, n: usize, _order: &Order) -> String {
        format!("5f0c1f1e-0f5a-4a53-9f0b-{n:012x}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if asked.method != "POST" || asked.path != "/v1/calls" {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Order { attempt: text("/metadata/attempt_id"), to: text("/phone_number")?, webhook: text("/webhook") })
    }

    fn accepted(&self, call: &Call) -> Reply {
        let message = "Call successfully queued.";
        Reply::json(200, &json!({ "status": "success", "message": message, "call_id": call.id, "batch_id": null }))
    }

    fn refused(&self) -> Reply {
        Reply::json(401, &json!({ "data": null, "errors": [{ "error": "AUTH_FAILURE", "message": "Unauthorized" }] }))
    }

    fn too_many(&self) -> Reply {
        Reply::json(429, &json!({ "status": "error", "message": "Rate limit exceeded." })).with("retry-after", "1")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let Ok(url) = url::Url::parse(&format!("http://stub{}", asked.path)) else { return nothing().into() };
        let path: Vec<&str> = url.path().trim_start_matches('/').split('/').collect();
        let held = |id: &str| calls.iter().find(|call| call.id == id);
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "me"]) => Reply::json(200, &json!({ "status": "active" })).into(),
            ("GET", ["v1", "calls"]) => Reply::json(200, &list(&url, calls)).into(),
            ("GET", ["v1", "calls", id]) => held(id).map_or_else(nothing, |call| Reply::json(200, &shown(call))).into(),
            ("POST", ["v1", "calls", id, "stop"]) => stop(held(id)),
            _ => nothing().into(),
        }
    }

    fn tells(&self, call: &Call, _url: &str, _at: Timestamp) -> Option<Hook> {
        if call.stage != Stage::Over {
            return None;
        }
        let body = shown(call).to_string().into_bytes();
        let keys = Keys::new(Sum::Sha256, &[Secret::new(WEBHOOK_SECRET)?]).ok()?;
        let signature: String = keys.sum(&[&body]).iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = [("content-type", "application/json"), ("x-webhook-signature", signature.as_str())];
        Some(Hook { headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), body })
    }
}

fn nothing() -> Reply {
    Reply::json(404, &json!({ "status": "error", "message": "Call not found." }))
}

fn stop(call: Option<&Call>) -> Done {
    match call {
        Some(call) if call.stage != Stage::Over => {
            let reply = Reply::json(200, &json!({ "status": "success", "message": "Call ended successfully." }));
            Done { reply, cancels: Some(call.id.clone()) }
        }
        Some(_) => Reply::json(400, &json!({ "status": "error", "message": "SID not found for the given c_id." })).into(),
        None => nothing().into(),
    }
}

/// Oldest first, without words and without what was sent along.
fn list(url: &url::Url, calls: &[Call]) -> Value {
    let asked = |name: &str| url.query_pairs().find(|(held, _)| held == name).map(|(_, value)| value.into_owned());
    let (to, since) = (asked("to_number"), asked("start_date").and_then(|text| text.parse().ok()));
    let is_asked_for = |call: &&Call| {
        to.as_deref().is_none_or(|to| to == call.to) && since.is_none_or(|since: Timestamp| call.placed_at >= since)
    };
    let limit = asked("limit").and_then(|text| text.parse().ok()).unwrap_or(1000);
    let rows: Vec<Value> = calls
        .iter()
        .filter(is_asked_for)
        .take(limit)
        .map(|call| json!({ "call_id": call.id, "c_id": call.id, "to": call.to, "created_at": call.placed_at.to_string() }))
        .collect();
    json!({ "total_count": calls.len(), "count": rows.len(), "calls": rows })
}

fn shown(call: &Call) -> Value {
    let (queue_status, status, answered_by) = match (call.stage, call.is_canceled, call.ends) {
        (Stage::Accepted, false, _) => ("queued", None, None),
        // There is no word for ringing.
        (Stage::Ringing, false, _) => ("allocated", None, None),
        (Stage::Talking, false, _) => ("started", None, None),
        (_, true, _) => ("complete", Some("canceled"), None),
        (Stage::Over, _, Ends::Talk) => ("complete", Some("completed"), Some("human")),
        (Stage::Over, _, Ends::NoAnswer) => ("complete", Some("no-answer"), Some("no-answer")),
        (Stage::Over, _, Ends::Busy) => ("complete", Some("busy"), None),
    };
    let talked = status == Some("completed");
    let said = SAID.map(|(role, text)| (if role == "agent" { "assistant" } else { role }, text));
    let turns: Vec<Value> =
        said.iter().filter(|_| talked).map(|(role, text)| json!({ "user": role, "text": text, "c_id": call.id })).collect();
    json!({
        "call_id": call.id,
        "c_id": call.id,
        "to": call.to.trim_start_matches('+'),
        "created_at": call.placed_at.to_string(),
        "completed": status.is_some(),
        "queue_status": queue_status,
        "status": status,
        "answered_by": answered_by,
        "call_ended_by": talked.then_some("ASSISTANT"),
        "corrected_duration": status.map(|_| if talked { TALK_S.to_string() } else { "0".to_owned() }),
        "call_length": if talked { f64::from(TALK_S) / 60.0 } else { 0.0 },
        "concatenated_transcript": talked.then(|| said.map(|(role, text)| format!("{role}: {text}")).join("\n")),
        "transcripts": turns,
        "recording_url": call.recording.as_ref().filter(|_| talked),
        "metadata": { "attempt_id": call.attempt },
        "inbound": false,
    })
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::{ConnectionId, Seen};
    use callgate_domain::ports::{RawWebhook, Reading};

    use super::super::{signature, translate};
    use super::*;
    use crate::providers::client::Answer;

    fn call(stage: Stage, ends: Ends) -> Call {
        let id = STUB.id(1, &Order { attempt: None, to: String::new(), webhook: None });
        let attempt = Some("019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d".to_owned());
        let to = "+12025550199".to_owned();
        let placed_at = Timestamp::UNIX_EPOCH;
        Call { id, attempt, to, webhook: None, placed_at, stage, ends, is_canceled: false, recording: None }
    }

    #[test]
    fn the_adapter_believes_and_understands_what_the_stub_tells() {
        assert!(STUB.tells(&call(Stage::Ringing, Ends::Talk), "", Timestamp::UNIX_EPOCH).is_none());
        for (ends, seen) in [(Ends::Talk, Seen::Completed), (Ends::NoAnswer, Seen::NoAnswer), (Ends::Busy, Seen::Busy)] {
            let hook = STUB.tells(&call(Stage::Over, ends), "", Timestamp::UNIX_EPOCH).unwrap();
            let keys = Keys::new(Sum::Sha256, &[Secret::new(WEBHOOK_SECRET).unwrap()]).unwrap();
            let webhook = RawWebhook { url: None, headers: hook.headers, body: hook.body };
            let authentic = signature::verify(&keys, &webhook).unwrap();
            let (reading, word) = translate::reading(&authentic.webhook().body, &ConnectionId::new("own").unwrap());
            let Reading::Says { about, evidence } = reading else { panic!("it says something") };
            assert!(about.attempt.is_some() && word.is_none());
            assert_eq!((evidence.seen, evidence.words_final), (Some(seen), true));
            let turns = if seen == Seen::Completed { SAID.len() } else { 0 };
            assert_eq!(evidence.turns.len(), turns);
        }
    }

    #[test]
    fn calls_to_one_number_are_listed() {
        let other = Call { to: "+12025550198".to_owned(), ..call(Stage::Ringing, Ends::Talk) };
        let calls = [call(Stage::Ringing, Ends::Talk), other];
        let path = "/v1/calls?to_number=%2B12025550199&start_date=1969-12-31T23%3A59%3A00.000Z&limit=50".to_owned();
        let asked = Asked { method: "GET".to_owned(), path, headers: Vec::new(), body: Vec::new() };
        let reply = STUB.other(&asked, &calls).reply;
        let answer = Answer { status: reply.status, retry_after: None, body: reply.body };
        assert_eq!(translate::list(&answer, Timestamp::UNIX_EPOCH).unwrap().calls.len(), 1);
    }
}
