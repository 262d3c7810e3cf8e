//! The tokens that requests carry: JWT by HS256, good for ten minutes and for one request's purpose.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;

use crate::providers::keys::Keys;

/// The header of every one: `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const LASTS_S: i64 = 600;

/// What a token permits.
#[derive(Debug, Default, Serialize)]
pub struct Grants<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Video<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip: Option<Sip>,
}

/// About rooms.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Video<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_create: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_list: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub room_admin: bool,
    /// The one room that `room_admin` is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<&'a str>,
}

/// About phones.
#[derive(Debug, Default, Serialize)]
pub struct Sip {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub call: bool,
}

impl<'a> Grants<'a> {
    /// To make and to delete rooms.
    pub fn rooms() -> Self {
        Self { video: Some(Video { room_create: true, ..Video::default() }), sip: None }
    }

    /// To see who is in this room.
    pub fn inside(room: &'a str) -> Self {
        Self { video: Some(Video { room_admin: true, room: Some(room), ..Video::default() }), sip: None }
    }

    /// To call somebody.
    pub fn to_call() -> Self {
        Self { video: None, sip: Some(Sip { call: true, ..Sip::default() }) }
    }

    /// To see trunks.
    pub fn trunks() -> Self {
        Self { video: None, sip: Some(Sip { admin: true, ..Sip::default() }) }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'static str,
    nbf: i64,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    grants: &'a Grants<'a>,
}

/// A token of `key`, signed with the first of `secrets`.
pub fn token(key: &str, secrets: &Keys, grants: &Grants<'_>, now: Timestamp) -> Result<String, serde_json::Error> {
    let at = now.as_second();
    let claims = Claims { iss: key, sub: "gateway", nbf: at, iat: at, exp: at.saturating_add(LASTS_S), grants };
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?));
    let sum = URL_SAFE_NO_PAD.encode(secrets.sum(&[signed.as_bytes()]));
    Ok(format!("{signed}.{sum}"))
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::Secret;

    use super::*;
    use crate::providers::keys::Sum;

    #[test]
    fn a_token_is_that_of_the_vector() {
        let secrets = Keys::new(Sum::Sha256, &[Secret::new("livekit-test-secret-0123456789abcdef").unwrap()]).unwrap();
        let video = Video { room_create: true, room_list: true, room_admin: true, room: Some("call-01") };
        let grants = Grants { video: Some(video), sip: Some(Sip { call: true, ..Sip::default() }) };
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        assert_eq!(
            token("APItestKey123", &secrets, &grants, now).unwrap(),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUEl0ZXN0S2V5MTIzIiwic3ViIjoiZ2F0ZXdheSIsIm5iZiI6MTc2NzIyNTYwMCwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjYyMDAsInZpZGVvIjp7InJvb21DcmVhdGUiOnRydWUsInJvb21MaXN0Ijp0cnVlLCJyb29tQWRtaW4iOnRydWUsInJvb20iOiJjYWxsLTAxIn0sInNpcCI6eyJjYWxsIjp0cnVlfX0.uEd64iopI_tFGgHVkcGHPOzu1PAytUGMG72D-CJ1F-g"
        );
    }

    #[test]
    fn a_token_permits_one_purpose() {
        let shown = |grants: Grants<'_>| serde_json::to_string(&grants).unwrap();
        assert_eq!(shown(Grants::rooms()), r#"{"video":{"roomCreate":true}}"#);
        assert_eq!(shown(Grants::inside("call-1")), r#"{"video":{"roomAdmin":true,"room":"call-1"}}"#);
        assert_eq!(shown(Grants::to_call()), r#"{"sip":{"call":true}}"#);
        assert_eq!(shown(Grants::trunks()), r#"{"sip":{"admin":true}}"#);
    }
}
