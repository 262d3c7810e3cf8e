//! Vapi's own side, as far as a gateway sees it.

use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};

const SECRET: &str = "vapi-stub-webhook-secret";

/// What its engine speaks.
pub struct Stub;

impl Dialect for Stub {
    fn kind(&self) -> &'static str {
        "vapi"
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"STUB_VAPI_API_KEY\" }\n\
         webhook_secret = { env = \"STUB_VAPI_WEBHOOK_SECRET\" }\n\
         number_id = \"0f0e0d0c-0000-4000-8000-000000000001\"\n"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_VAPI_API_KEY", "vapi-stub-key"), ("STUB_VAPI_WEBHOOK_SECRET", SECRET)]
    }

    fn id(&self, n: usize, _order: &Order) -> String {
        format!("0f0e0d0c-0000-4000-9000-{n:012x}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if asked.method != "POST" || asked.path != "/call" {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Order {
            attempt: text("/assistantOverrides/metadata/attempt_id"),
            to: text("/customer/number")?,
            webhook: text("/assistantOverrides/server/url"),
        })
    }

    fn accepted(&self, call: &Call) -> Reply {
        Reply::json(201, &shown(call, None))
    }

    fn refused(&self) -> Reply {
        refusal(401, "Invalid Key. Hot tip, you may be using the public key instead of the private one.", "Unauthorized")
    }

    fn too_many(&self) -> Reply {
        refusal(429, "Too many requests.", "Too Many Requests").with("retry-after", "1")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let (path, _query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let host = asked.headers.iter().find(|(name, _)| name == "host").map(|(_, value)| value.as_str());
        let held = |id: &str| calls.iter().find(|call| call.id == id);
        let absent = || Done::from(refusal(404, "Couldn't get call.", "Not Found"));
        match (asked.method.as_str(), steps.as_slice()) {
            ("GET", ["call"]) => {
                let all = calls.iter().map(|call| shown(call, host)).collect();
                Reply::json(200, &Value::Array(all)).into()
            }
            ("GET", ["call", id]) => held(id).map_or_else(absent, |call| Reply::json(200, &shown(call, host)).into()),
            ("DELETE", ["call", id]) => held(id).map_or_else(absent, |call| ends(Reply::json(200, &shown(call, host)), call)),
            ("POST", ["control", id]) => held(id).map_or_else(absent, |call| ends(Reply::json(200, &json!({})), call)),
            ("GET", ["assistant" | "phone-number", id]) => Reply::json(200, &json!({ "id": id })).into(),
            _ => refusal(404, "Cannot do that.", "Not Found").into(),
        }
    }

    fn tells(&self, call: &Call, _url: &str, at: Timestamp) -> Option<Hook> {
        let mut message = json!({ "type": "status-update", "timestamp": at.as_millisecond(), "call": shown(call, None) });
        let fields = message.as_object_mut()?;
        if call.stage == Stage::Over {
            fields.insert("type".to_owned(), json!("end-of-call-report"));
            for name in ["endedReason", "startedAt", "endedAt", "artifact", "analysis"] {
                let told = fields.get("call").and_then(|call| call.get(name)).cloned();
                fields.extend(told.map(|told| (name.to_owned(), told)));
            }
        } else {
            fields.insert("status".to_owned(), json!(status(call)));
        }
        let secret = Secret::new(SECRET)?;
        let headers = [("content-type", "application/json"), ("x-vapi-secret", secret.expose())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Some(Hook { headers, body: json!({ "message": message }).to_string().into_bytes() })
    }
}

fn ends(reply: Reply, call: &Call) -> Done {
    Done { reply, cancels: Some(call.id.clone()) }
}

fn refusal(status: u16, message: &str, error: &str) -> Reply {
    Reply::json(status, &json!({ "message": message, "error": error, "statusCode": status }))
}

const fn status(call: &Call) -> &'static str {
    match call.stage {
        Stage::Accepted => "queued",
        Stage::Ringing => "ringing",
        Stage::Talking => "in-progress",
        Stage::Over => "ended",
    }
}

/// A call as they show it; where it is controlled depends on who asks, and is left out otherwise.
fn shown(call: &Call, host: Option<&str>) -> Value {
    let mut shown = json!({
        "id": call.id,
        "orgId": "0f0e0d0c-0000-4000-8000-0000000000ff",
        "type": "outboundPhoneCall",
        "status": status(call),
        "createdAt": call.placed_at.to_string(),
        "updatedAt": call.placed_at.to_string(),
        "name": call.attempt,
        "customer": { "number": call.to, "externalId": call.attempt },
        "assistantOverrides": { "metadata": { "attempt_id": call.attempt } },
    });
    let Some(fields) = shown.as_object_mut() else { return shown };
    if let Some(host) = host {
        let control = format!("http://{host}/control/{}", call.id);
        fields.insert("monitor".to_owned(), json!({ "controlUrl": control }));
    }
    if call.stage == Stage::Over {
        fields.extend(over(call));
    }
    shown
}

fn over(call: &Call) -> Vec<(String, Value)> {
    let (reason, is_talk) = match call.ends {
        _ if call.is_canceled => ("manually-canceled", false),
        Ends::Talk => ("assistant-ended-call", true),
        Ends::NoAnswer => ("customer-did-not-answer", false),
        Ends::Busy => ("customer-busy", false),
    };
    let ended_at = call.placed_at + std::time::Duration::from_secs(u64::from(TALK_S));
    let words = |(n, (role, text)): (usize, (&str, &str))| {
        let role = if role == "agent" { "bot" } else { role };
        json!({ "role": role, "message": text, "secondsFromStart": n })
    };
    let instructions = json!({ "role": "system", "message": "You are Aida." });
    let messages: Vec<Value> = std::iter::once(instructions).chain(SAID.into_iter().enumerate().map(words)).collect();
    let lines = SAID.map(|(role, text)| format!("{}: {text}", if role == "agent" { "AI" } else { "User" })).join("\n");
    let artifact = if is_talk { json!({ "messages": messages, "transcript": lines }) } else { json!({ "messages": [] }) };
    let facts = [
        ("endedReason", json!(reason)),
        ("startedAt", json!(call.placed_at.to_string())),
        ("endedAt", json!(ended_at.to_string())),
        ("artifact", artifact),
        ("analysis", json!({})),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
