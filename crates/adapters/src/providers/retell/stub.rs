//! What Retell says, for the stub engine: calls, their list, the end of one, and the two webhooks that matter.

use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::signature::HEADER;
use crate::providers::keys::{Keys, Sum};
use crate::providers::theirs::REFERENCE;
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};

const KEY: &str = "key_of_the_stub_engine";
const AGENT: &str = "agent_1";

/// The dialect.
pub struct RetellStub;

impl Dialect for RetellStub {
    fn kind(&self) -> &'static str {
        "retell"
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"STUB_RETELL_KEY\" }\nfrom = \"+12025550100\"\n"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_RETELL_KEY", KEY)]
    }

    fn id(&self, n: usize, _order: &Order) -> String {
        format!("call_{n}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        let rings = asked.method == "POST" && asked.path == "/v2/create-phone-call";
        let body: Value = serde_json::from_slice(&asked.body).ok().filter(|_| rings)?;
        let attempt = body.pointer(&format!("/metadata/{REFERENCE}")).and_then(Value::as_str).map(str::to_owned);
        Some(Order { attempt, to: body.get("to_number")?.as_str()?.to_owned(), webhook: None })
    }

    fn accepted(&self, call: &Call) -> Reply {
        Reply::json(201, &shown(call))
    }

    fn refused(&self) -> Reply {
        error(401, "API key is missing or invalid.")
    }

    fn too_many(&self) -> Reply {
        error(429, "Account rate limited, please throttle your requests.").with("retry-after", "1")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let one = |id: &str| calls.iter().find(|call| call.id == id);
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["v2", "get-call", id]) => one(id).map_or_else(not_there, |call| Reply::json(200, &shown(call))).into(),
            ("POST", ["v3", "list-calls"]) => Reply::json(200, &list(&asked.body, calls)).into(),
            ("POST", ["v2", "stop-call", id]) => match one(id).filter(|call| call.stage < Stage::Over) {
                Some(call) => {
                    let reply = Reply { status: 204, headers: Vec::new(), body: Vec::new() };
                    Done { reply, cancels: Some(call.id.clone()) }
                }
                None => not_there().into(),
            },
            ("GET", ["get-phone-number", number]) => Reply::json(
                200,
                &json!({ "phone_number": number, "phone_number_type": "custom", "last_modification_timestamp": 0 }),
            )
            .into(),
            ("GET", ["get-agent", id]) => Reply::json(200, &json!({ "agent_id": id, "agent_name": "stub" })).into(),
            _ => not_there().into(),
        }
    }

    fn tells(&self, call: &Call, _url: &str, at: Timestamp) -> Option<Hook> {
        let event = match call.stage {
            Stage::Talking => "call_started",
            Stage::Over => "call_ended",
            Stage::Accepted | Stage::Ringing => return None,
        };
        let body = json!({ "event": event, "call": shown(call) }).to_string().into_bytes();
        let date = at.as_millisecond().to_string();
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(KEY))).ok()?;
        let sum = keys.sum(&[&body, date.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let headers =
            vec![(HEADER.to_owned(), format!("v={date},d={sum}")), ("content-type".to_owned(), "application/json".to_owned())];
        Some(Hook { headers, body })
    }
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "status": "error", "message": message }))
}

fn not_there() -> Reply {
    error(422, "cannot find requested asset under given api key")
}

/// Those that carry the reference asked for; without one, those to the number asked for.
fn list(body: &[u8], calls: &[Call]) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |pointer: &str| asked.pointer(pointer).and_then(Value::as_str);
    let attempt = text("/filter_criteria/metadata/0/value");
    let to = text("/filter_criteria/to_number/value");
    let wanted = |call: &&Call| match attempt {
        Some(attempt) => call.attempt.as_deref() == Some(attempt),
        None => to.is_none_or(|to| call.to == to),
    };
    let items = calls.iter().filter(wanted).map(|call| {
        let mut item = shown(call);
        if let Some(fields) = item.as_object_mut() {
            fields.remove("transcript");
            fields.remove("transcript_object");
        }
        item
    });
    json!({ "items": items.collect::<Vec<_>>(), "has_more": false })
}

fn shown(call: &Call) -> Value {
    let is_over = call.stage == Stage::Over;
    let answered = call.ends == Ends::Talk && !call.is_canceled;
    let talked = is_over && answered;
    let (status, reason) = match (call.stage, call.ends) {
        (Stage::Accepted | Stage::Ringing, _) => ("registered", None),
        (Stage::Talking, _) => ("ongoing", None),
        (Stage::Over, _) if call.is_canceled => ("ended", Some("manual_stopped")),
        (Stage::Over, Ends::Talk) => ("ended", Some("agent_hangup")),
        (Stage::Over, Ends::NoAnswer) => ("not_connected", Some("dial_no_answer")),
        (Stage::Over, Ends::Busy) => ("not_connected", Some("dial_busy")),
    };
    let began = call.placed_at.as_millisecond();
    let duration_ms = i64::from(TALK_S) * 1_000;
    let mut shown = json!({
        "call_id": call.id,
        "call_type": "phone_call",
        "agent_id": AGENT,
        "agent_version": 0,
        "call_status": status,
        "direction": "outbound",
        "from_number": "+12025550100",
        "to_number": call.to,
        "metadata": { REFERENCE: call.attempt },
    });
    let Some(fields) = shown.as_object_mut() else { return shown };
    if call.stage >= Stage::Talking {
        fields.insert("start_timestamp".to_owned(), json!(began));
    }
    if let Some(reason) = reason {
        fields.insert("disconnection_reason".to_owned(), json!(reason));
        fields.insert("end_timestamp".to_owned(), json!(if talked { began + duration_ms } else { began }));
    }
    if talked {
        let turns = SAID.iter().map(|(role, text)| json!({ "role": role, "content": text, "words": [] }));
        let lines = SAID.iter().map(|(role, text)| format!("{}: {text}\n", if *role == "agent" { "Agent" } else { "User" }));
        fields.insert("duration_ms".to_owned(), json!(duration_ms));
        fields.insert("transcript".to_owned(), json!(lines.collect::<String>()));
        fields.insert("transcript_object".to_owned(), turns.collect());
    }
    shown
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::{ConnectionId, Placing, ProviderCallId, Seen};
    use callgate_domain::ports::{RawWebhook, Reading};

    use super::super::{signature, translate};
    use super::*;
    use crate::providers::client::Answer;

    const ATTEMPT: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

    fn call(stage: Stage, ends: Ends, is_canceled: bool) -> Call {
        let (id, to) = ("call_1".to_owned(), "+12025550199".to_owned());
        let attempt = Some(ATTEMPT.to_owned());
        Call { id, attempt, to, webhook: None, placed_at: Timestamp::UNIX_EPOCH, stage, ends, is_canceled, recording: None }
    }

    fn answer(reply: Reply) -> Answer {
        Answer { status: reply.status, retry_after: None, body: reply.body }
    }

    fn asked(method: &str, path: &str, body: &Value) -> Asked {
        Asked { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// What the stub says is understood as it is meant: by look-up, and by webhook where there is one.
    #[test]
    fn it_is_understood() {
        let stub = RetellStub;
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(KEY))).unwrap();
        let id = ProviderCallId::new("call_1").unwrap();
        for (stage, ends, is_canceled, seen, is_told) in [
            (Stage::Ringing, Ends::Talk, false, Seen::Accepted, false),
            (Stage::Talking, Ends::Talk, false, Seen::Answered, true),
            (Stage::Over, Ends::Talk, false, Seen::Completed, true),
            (Stage::Over, Ends::NoAnswer, false, Seen::NoAnswer, true),
            (Stage::Over, Ends::Busy, false, Seen::Busy, true),
            (Stage::Over, Ends::Talk, true, Seen::Canceled, true),
        ] {
            let call = call(stage, ends, is_canceled);
            let placed = translate::placing(&answer(stub.accepted(&call)), Timestamp::UNIX_EPOCH);
            assert_eq!(placed, Placing::Dialed(id.clone()));
            let reply = stub.other(&asked("GET", "/v2/get-call/call_1", &Value::Null), std::slice::from_ref(&call)).reply;
            let found = translate::call(&answer(reply), &id, Timestamp::UNIX_EPOCH).unwrap().unwrap();
            assert_eq!(found.evidence.seen, Some(seen));
            let attempt = ATTEMPT.parse().unwrap();
            let filter = serde_json::to_value(super::super::wire::List::by_reference(attempt)).unwrap();
            let list = stub.other(&asked("POST", "/v3/list-calls", &filter), std::slice::from_ref(&call)).reply;
            assert_eq!(translate::list(&answer(list), Timestamp::UNIX_EPOCH).unwrap().ours(attempt), std::slice::from_ref(&id));
            let hook = stub.tells(&call, "", Timestamp::UNIX_EPOCH);
            assert_eq!(hook.is_some(), is_told, "{stage:?}");
            let Some(Hook { headers, body }) = hook else { continue };
            let webhook = RawWebhook { url: None, headers, body };
            let authentic = signature::verify(&keys, &webhook, Timestamp::UNIX_EPOCH).unwrap();
            let read = translate::webhook(&authentic.webhook().body, &ConnectionId::new("own").unwrap());
            assert!(matches!(read.reading, Reading::Says { evidence, .. } if evidence.seen == Some(seen)));
        }
        for refusal in [stub.refused(), stub.too_many()] {
            assert!(matches!(translate::placing(&answer(refusal), Timestamp::UNIX_EPOCH), Placing::NotDialed { .. }));
        }
    }
}
