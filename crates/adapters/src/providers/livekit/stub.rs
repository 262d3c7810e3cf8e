//! A LiveKit server with its SIP service, for tests. What is said in its rooms, a worker would have to report.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::providers::keys::{Keys, Sum};
use crate::providers::theirs::REFERENCE;
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, Stage};

const KEY: &str = "APIstubkey";
const SECRET: &str = "stub-livekit-secret-0123456789abcdef";
const TRUNK: &str = "ST_stub";

/// Its dialect.
pub struct LiveKit;

impl Dialect for LiveKit {
    fn kind(&self) -> &'static str {
        super::KIND.name
    }

    fn settings(&self) -> &'static str {
        "api_key = { env = \"STUB_LIVEKIT_KEY\" }\napi_secret = { env = \"STUB_LIVEKIT_SECRET\" }\ntrunk_id = \"ST_stub\""
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_LIVEKIT_KEY", KEY), ("STUB_LIVEKIT_SECRET", SECRET)]
    }

    fn keeps_records(&self) -> bool {
        false
    }

    fn tells_words(&self) -> bool {
        false
    }

    /// The room, which the gateway named.
    fn id(&self, n: usize, order: &Order) -> String {
        order.attempt.as_ref().map_or_else(|| format!("call-{n}"), |attempt| format!("call-{attempt}"))
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if asked.path != "/twirp/livekit.SIP/CreateSIPParticipant" {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let attempt = body.pointer(&format!("/participantAttributes/{REFERENCE}")).and_then(Value::as_str).map(str::to_owned);
        Some(Order { attempt, to: body.get("sipCallTo")?.as_str()?.to_owned(), webhook: None })
    }

    fn accepted(&self, call: &Call) -> Reply {
        let sip =
            json!({ "participantId": "PA_stub", "participantIdentity": "callee", "roomName": call.id, "sipCallId": "SCL_stub" });
        Reply::json(200, &sip)
    }

    fn refused(&self) -> Reply {
        Reply::json(401, &json!({ "code": "unauthenticated", "msg": "invalid token" }))
    }

    fn too_many(&self) -> Reply {
        Reply::json(429, &json!({ "code": "resource_exhausted", "msg": "quota" })).with("retry-after", "60")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let room = body.get("room").and_then(Value::as_str).unwrap_or_default();
        let call = calls.iter().find(|call| call.id == room && call.stage != Stage::Over);
        let nobody = Reply::json(404, &json!({ "code": "not_found", "msg": "participant does not exist" }));
        match (asked.path.rsplit('/').next().unwrap_or_default(), call) {
            ("CreateRoom", _) => Reply::json(200, &json!({ "sid": "RM_stub", "name": body.get("name") })).into(),
            ("ListSIPOutboundTrunk", _) => Reply::json(200, &json!({ "items": [{ "sipTrunkId": TRUNK }] })).into(),
            ("GetParticipant", Some(call)) => Reply::json(200, &callee(call)).into(),
            ("DeleteRoom", Some(call)) => Done { reply: Reply::json(200, &json!({})), cancels: Some(call.id.clone()) },
            _ => nobody.into(),
        }
    }

    fn tells(&self, call: &Call, _: &str, at: Timestamp) -> Option<Hook> {
        let event = match call.stage {
            Stage::Ringing => "participant_joined",
            Stage::Over => "participant_left",
            Stage::Accepted | Stage::Talking => return None,
        };
        let body = json!({
            "event": event, "id": format!("EV_{event}_{}", call.id), "createdAt": at.as_second().to_string(),
            "room": { "sid": "RM_stub", "name": call.id }, "participant": callee(call),
        });
        let body = body.to_string().into_bytes();
        let headers = [("authorization", token(&body, at)?), ("content-type", "application/webhook+json".to_owned())];
        Some(Hook { headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body })
    }
}

fn callee(call: &Call) -> Value {
    let (status, reason) = match (call.stage, call.ends) {
        (Stage::Accepted, _) => ("dialing", None),
        (Stage::Ringing, _) => ("ringing", None),
        (Stage::Talking, _) => ("active", None),
        (Stage::Over, _) if call.is_canceled => ("hangup", Some("ROOM_DELETED")),
        (Stage::Over, Ends::Talk) => ("hangup", Some("CLIENT_INITIATED")),
        (Stage::Over, Ends::NoAnswer) => ("hangup", Some("USER_UNAVAILABLE")),
        (Stage::Over, Ends::Busy) => ("hangup", Some("USER_REJECTED")),
    };
    let attributes = json!({ "sip.callStatus": status, "sip.callID": "SCL_stub", REFERENCE: call.attempt });
    json!({ "sid": "PA_stub", "identity": "callee", "kind": "SIP", "attributes": attributes, "disconnectReason": reason })
}

fn token(body: &[u8], at: Timestamp) -> Option<String> {
    let at = at.as_second();
    let sum = STANDARD.encode(Sha256::digest(body));
    let claims = json!({ "iss": KEY, "nbf": at, "iat": at, "exp": at + 300, "sha256": sum }).to_string();
    let signed = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}", URL_SAFE_NO_PAD.encode(claims));
    let sum = Keys::new(Sum::Sha256, &[Secret::new(SECRET)?]).ok()?.sum(&[signed.as_bytes()]);
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sum)))
}
