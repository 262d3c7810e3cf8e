//! LiveKit's JSON: what we send, and what we read of what comes.
//!
//! Webhooks come in camelCase. A server of one's own answers requests in snake_case, since Twirp does so by default:
//! both are read.

use std::collections::BTreeMap;

use callgate_domain::model::ConnectionId;
use callgate_domain::model::provider::PlaceOrder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::providers::lenient::{Items, Lenient, Number};
use crate::providers::theirs::REFERENCE;

/// Who is called, in every room: calling one of the same name into the same room twice would hang up on the first.
pub const CALLEE: &str = "callee";
/// A room nobody came to is gone after this.
const EMPTY_S: u32 = 60;
/// And one that everybody but the agent left.
const LEFT_S: u32 = 20;

/// `RoomService/CreateRoom`: the room, with the agent sent to it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRoom<'a> {
    name: &'a str,
    empty_timeout: u32,
    departure_timeout: u32,
    agents: [Dispatch<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dispatch<'a> {
    agent_name: &'a str,
    metadata: String,
}

/// What the worker is told: what it needs to talk, and to report the result. Not the number: the room has it.
#[derive(Serialize)]
struct Told<'a> {
    attempt_id: String,
    provider_call_id: &'a str,
    connection: &'a str,
    agent: &'a str,
    voicemail: &'a str,
    variables: &'a Map<String, Value>,
}

impl<'a> NewRoom<'a> {
    pub fn of(order: &'a PlaceOrder, room: &'a str, connection: &'a ConnectionId) -> Result<Self, serde_json::Error> {
        let told = Told {
            attempt_id: order.attempt.to_string(),
            provider_call_id: room,
            connection: connection.as_str(),
            agent: order.agent.as_str(),
            voicemail: order.voicemail.as_str(),
            variables: &order.variables,
        };
        let agent = Dispatch { agent_name: &order.remote_id, metadata: serde_json::to_string(&told)? };
        Ok(Self { name: room, empty_timeout: EMPTY_S, departure_timeout: LEFT_S, agents: [agent] })
    }
}

/// `SIP/CreateSIPParticipant`: the request that rings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewCallee<'a> {
    sip_trunk_id: &'a str,
    sip_call_to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip_number: Option<&'a str>,
    room_name: &'a str,
    participant_identity: &'static str,
    participant_attributes: BTreeMap<&'static str, String>,
    ringing_timeout: String,
    max_call_duration: String,
    wait_until_answered: bool,
}

impl<'a> NewCallee<'a> {
    pub fn of(order: &'a PlaceOrder, room: &'a str, trunk: &'a str, from: Option<&'a str>) -> Self {
        Self {
            sip_trunk_id: trunk,
            sip_call_to: order.phone.e164(),
            sip_number: from,
            room_name: room,
            participant_identity: CALLEE,
            participant_attributes: BTreeMap::from([(REFERENCE, order.attempt.to_string())]),
            ringing_timeout: format!("{}s", order.ring_timeout.as_secs()),
            max_call_duration: format!("{}s", order.max_duration.as_secs()),
            wait_until_answered: false,
        }
    }
}

/// The answer to it. A field of the wrong type, or twice, makes the whole answer unreadable, and so unknown.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Placed {
    #[serde(alias = "participant_id")]
    pub participant_id: Option<String>,
    #[serde(alias = "participant_identity")]
    pub participant_identity: Option<String>,
    #[serde(alias = "room_name")]
    pub room_name: Option<String>,
}

/// A refusal in Twirp's shape, read strictly for the same reason.
#[derive(Deserialize)]
pub struct Refusal {
    pub code: String,
    #[serde(default)]
    pub msg: String,
    #[serde(default)]
    pub meta: BTreeMap<String, String>,
}

/// `RoomService/DeleteRoom`.
#[derive(Serialize)]
pub struct Room<'a> {
    pub room: &'a str,
}

/// `RoomService/GetParticipant`.
#[derive(Serialize)]
pub struct Who<'a> {
    pub room: &'a str,
    pub identity: &'static str,
}

/// `SIP/ListSIPOutboundTrunk`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhichTrunks<'a> {
    pub trunk_ids: [&'a str; 1],
}

/// The answer to it.
#[derive(Deserialize)]
pub struct Trunks {
    #[serde(default)]
    pub items: Items<Trunk>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trunk {
    #[serde(alias = "sip_trunk_id")]
    pub sip_trunk_id: String,
}

/// Somebody in a room.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Participant {
    pub identity: Lenient<String>,
    pub kind: Lenient<String>,
    pub attributes: Lenient<Attributes>,
    #[serde(alias = "disconnect_reason")]
    pub disconnect_reason: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Attributes {
    #[serde(rename = "sip.callStatus")]
    pub call_status: Lenient<String>,
    pub attempt_id: Lenient<String>,
}

impl Participant {
    /// Whether this is the one who is called: agents and others are in the room too.
    pub fn is_callee(&self) -> bool {
        self.identity.text() == Some(CALLEE) && self.kind.text() == Some("SIP")
    }
}

/// A webhook.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    pub event: Lenient<String>,
    pub id: Lenient<String>,
    #[serde(alias = "created_at")]
    pub created_at: Lenient<Number>,
    pub room: Lenient<Named>,
    pub participant: Lenient<Participant>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Named {
    pub name: Lenient<String>,
}
