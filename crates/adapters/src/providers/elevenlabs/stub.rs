//! What ElevenLabs says, for the stub engine: conversations, their list, and the two webhooks that matter.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::signature::HEADER;
use crate::providers::keys::{Keys, Sum};
use crate::providers::theirs::REFERENCE;
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, SAID, Stage, TALK_S};
use callgate_domain::model::Secret;

const SECRET: &str = "wsec_of_the_stub_engine";
const AGENT: &str = "agent_1";

/// The dialect.
pub struct ElevenLabsStub;

impl Dialect for ElevenLabsStub {
    fn kind(&self) -> &'static str {
        "elevenlabs"
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"STUB_ELEVENLABS_KEY\" }\nwebhook_secret = { env = \"STUB_ELEVENLABS_SECRET\" }\nnumber_id = \"phnum_1\"\n"
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_ELEVENLABS_KEY", "sk_of_the_stub_engine"), ("STUB_ELEVENLABS_SECRET", SECRET)]
    }

    fn id(&self, n: usize, _order: &Order) -> String {
        format!("conv_{n}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        let rings = matches!(asked.path.as_str(), "/v1/convai/sip-trunk/outbound-call" | "/v1/convai/twilio/outbound-call");
        let body: Value = serde_json::from_slice(&asked.body).ok().filter(|_| rings && asked.method == "POST")?;
        let attempt = body.pointer(&format!("/conversation_initiation_client_data/dynamic_variables/{REFERENCE}"));
        let to = body.get("to_number")?.as_str()?.to_owned();
        Some(Order { attempt: attempt.and_then(Value::as_str).map(str::to_owned), to, webhook: None })
    }

    fn accepted(&self, call: &Call) -> Reply {
        let body = json!({
            "success": true, "message": "Success", "conversation_id": call.id, "sip_call_id": format!("SCL_{}", call.id),
        });
        Reply::json(200, &body)
    }

    fn refused(&self) -> Reply {
        Reply::json(401, &json!({ "detail": { "status": "invalid_api_key", "message": "Invalid API key" } }))
    }

    fn too_many(&self) -> Reply {
        let detail = json!({ "status": "too_many_concurrent_requests", "message": "Too many concurrent requests" });
        Reply::json(429, &json!({ "detail": detail })).with("retry-after", "1")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let Some(below) = path.strip_prefix("/v1/convai/").filter(|_| asked.method == "GET") else { return nothing_there() };
        let reply = match below.split('/').collect::<Vec<_>>().as_slice() {
            ["conversations"] => Reply::json(200, &list(query, calls)),
            ["conversations", id] => match calls.iter().find(|call| call.id == *id) {
                Some(call) => Reply::json(200, &conversation(call)),
                None => return nothing_there(),
            },
            ["phone-numbers", id] => Reply::json(
                200,
                &json!({ "phone_number_id": id, "provider": "sip_trunk", "label": "stub", "livekit_stack": "standard" }),
            ),
            ["agents", id] => Reply::json(200, &json!({ "agent_id": id, "name": "stub" })),
            _ => return nothing_there(),
        };
        reply.into()
    }

    fn tells(&self, call: &Call, _url: &str, at: Timestamp) -> Option<Hook> {
        if call.stage != Stage::Over {
            return None;
        }
        let (kind, data) = match call.ends {
            Ends::Talk => ("post_call_transcription", conversation(call)),
            Ends::NoAnswer => ("call_initiation_failure", failure(call, "no-answer", 480)),
            Ends::Busy => ("call_initiation_failure", failure(call, "busy", 486)),
        };
        let body = json!({ "type": kind, "event_timestamp": at.as_second(), "data": data }).to_string().into_bytes();
        let date = at.as_second().to_string();
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(SECRET))).ok()?;
        let sum = keys.sum(&[date.as_bytes(), b".", &body]).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let headers =
            vec![(HEADER.to_owned(), format!("t={date},v0={sum}")), ("content-type".to_owned(), "application/json".to_owned())];
        Some(Hook { headers, body })
    }
}

fn nothing_there() -> Done {
    Reply::json(404, &json!({ "detail": { "status": "document_not_found", "message": "Document not found" } })).into()
}

fn list(query: &str, calls: &[Call]) -> Value {
    let wanted = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user_id").map(|(_, value)| value);
    let rows = calls.iter().filter(|call| wanted.is_none() || call.attempt.as_deref() == wanted.as_deref());
    let rows: Vec<Value> = rows
        .map(|call| {
            json!({
                "agent_id": AGENT, "conversation_id": call.id, "start_time_unix_secs": call.placed_at.as_second(),
                "call_duration_secs": 0, "message_count": 0, "status": status(call), "call_successful": "unknown",
            })
        })
        .collect();
    json!({ "conversations": rows, "next_cursor": null, "has_more": false })
}

fn status(call: &Call) -> &'static str {
    match (call.stage, call.ends) {
        (Stage::Accepted | Stage::Ringing, _) => "initiated",
        (Stage::Talking, _) => "in-progress",
        (Stage::Over, Ends::Talk) => "done",
        (Stage::Over, _) => "failed",
    }
}

fn conversation(call: &Call) -> Value {
    let is_over = call.stage == Stage::Over;
    let talked = is_over && call.ends == Ends::Talk;
    let result = match call.ends {
        _ if !is_over => None,
        Ends::Talk => Some("answered"),
        Ends::NoAnswer => Some("no_answer"),
        Ends::Busy => Some("busy"),
    };
    let answered = call.stage >= Stage::Talking && call.ends == Ends::Talk;
    let said: Vec<Value> = (0..)
        .zip(SAID)
        .filter(|_| talked)
        .map(|(at, (role, message)): (i32, _)| json!({ "role": role, "message": message, "time_in_call_secs": 2 * at }))
        .collect();
    json!({
        "agent_id": AGENT,
        "conversation_id": call.id,
        "status": status(call),
        "user_id": call.attempt,
        "conversation_initiation_client_data": { "user_id": call.attempt, "dynamic_variables": { REFERENCE: call.attempt } },
        "transcript": said,
        "metadata": {
            "start_time_unix_secs": call.placed_at.as_second(),
            "accepted_time_unix_secs": answered.then(|| call.placed_at.as_second()),
            "call_duration_secs": if talked { TALK_S } else { 0 },
            "termination_reason": if talked { "end_call tool was called." } else { "" },
            "error": null,
            "cost_fiat": null,
            "phone_call": { "type": "sip_trunking", "direction": "outbound", "external_number": call.to, "call_result": result },
        },
        "analysis": talked.then(|| json!({ "call_successful": "success", "transcript_summary": "They said hello." })),
        "has_audio": talked,
        "has_user_audio": talked,
        "has_response_audio": talked,
        "has_auxiliary_audio": false,
    })
}

fn failure(call: &Call, reason: &str, sip: u16) -> Value {
    let body = json!({
        "from_number": "+15550100001", "to_number": call.to, "sip_status_code": sip, "error_reason": reason, "call_sid": "sid-1",
    });
    json!({
        "agent_id": AGENT, "conversation_id": call.id, "failure_reason": reason, "metadata": { "type": "sip", "body": body },
    })
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::{ConnectionId, Placing, ProviderCallId, Seen};
    use callgate_domain::ports::{RawWebhook, Reading};

    use super::super::{signature, translate};
    use super::*;
    use crate::providers::client::Answer;

    fn call(stage: Stage, ends: Ends) -> Call {
        let attempt = Some("019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d".to_owned());
        let (id, to) = ("conv_1".to_owned(), "+12025550199".to_owned());
        Call {
            id,
            attempt,
            to,
            webhook: None,
            placed_at: Timestamp::UNIX_EPOCH,
            stage,
            ends,
            is_canceled: false,
            recording: None,
        }
    }

    fn answer(reply: Reply) -> Answer {
        Answer { status: reply.status, retry_after: None, body: reply.body }
    }

    /// What the stub says is understood as it is meant: by look-up, and by webhook where there is one.
    #[test]
    fn it_is_understood() {
        let (stub, origin) = (ElevenLabsStub, url::Url::parse("https://a.example").unwrap());
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(SECRET))).unwrap();
        let id = ProviderCallId::new("conv_1").unwrap();
        for (stage, ends, seen, is_told) in [
            (Stage::Ringing, Ends::Talk, Seen::Accepted, false),
            (Stage::Talking, Ends::Talk, Seen::Answered, false),
            (Stage::Over, Ends::Talk, Seen::Completed, true),
            (Stage::Over, Ends::NoAnswer, Seen::NoAnswer, true),
            (Stage::Over, Ends::Busy, Seen::Busy, true),
        ] {
            let call = call(stage, ends);
            let asked =
                |path: &str| Asked { method: "GET".to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() };
            let placed = translate::placing(&answer(stub.accepted(&call)), Timestamp::UNIX_EPOCH);
            assert_eq!(placed, Placing::Dialed(id.clone()));
            let reply = stub.other(&asked("/v1/convai/conversations/conv_1"), std::slice::from_ref(&call)).reply;
            let found = translate::conversation(&answer(reply), &id, &origin, Timestamp::UNIX_EPOCH).unwrap().unwrap();
            assert_eq!(found.evidence.seen, Some(seen));
            let list = stub.other(
                &asked("/v1/convai/conversations?user_id=019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"),
                std::slice::from_ref(&call),
            );
            assert_eq!(translate::page(&answer(list.reply), Timestamp::UNIX_EPOCH).unwrap().ids, std::slice::from_ref(&id));
            let hook = stub.tells(&call, "", Timestamp::UNIX_EPOCH);
            assert_eq!(hook.is_some(), is_told, "{stage:?}");
            let Some(Hook { headers, body }) = hook else { continue };
            let webhook = RawWebhook { url: None, headers, body };
            let authentic = signature::verify(&keys, &webhook, Timestamp::UNIX_EPOCH).unwrap();
            let read = translate::webhook(&authentic.webhook().body, &ConnectionId::new("own").unwrap(), &origin);
            assert!(matches!(read.reading, Reading::Says { evidence, .. } if evidence.seen == Some(seen)));
        }
        for refusal in [stub.refused(), stub.too_many()] {
            assert!(matches!(translate::placing(&answer(refusal), Timestamp::UNIX_EPOCH), Placing::NotDialed { .. }));
        }
    }
}
