//! `/v1/admin/keys`: API keys, each shown once, when it is made.

mod wish;

use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use callgate_domain::model::{ClientId, KeyId};
use callgate_domain::ports::{AuditAction, ListedKey, Scope, StoreError};
use callgate_domain::usecases::Keys;
use callgate_domain::usecases::keys::{KeyError, MadeKey};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::fault;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::calls::list::{LONGEST_PAGE, PAGE};
use crate::http::error::{Code, Problem};
use crate::http::faults::Wrong;
use crate::http::query::{Known, NOTHING, Query};
use crate::http::view::Text;
use crate::http::{Http, cursor};

const PAGES: Known = Known { now: &["limit", "cursor"], later: &[] };

/// A page of keys.
#[derive(Serialize)]
struct KeyList<'a> {
    data: Vec<KeyView<'a>>,
    next_cursor: Option<String>,
}

/// A key without what opens.
#[derive(Serialize)]
struct KeyView<'a> {
    id: Text<KeyId>,
    /// Its first characters.
    prefix: Option<&'a str>,
    client: Text<&'a ClientId>,
    scopes: Vec<Text<Scope>>,
    /// It comes from the operator's environment or file, and is changed there.
    first: bool,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    replaced_by: Option<Text<KeyId>>,
}

/// A key that was made: the only answer that holds it.
#[derive(Serialize)]
struct MadeView<'a> {
    key: &'a str,
    #[serde(flatten)]
    listed: KeyView<'a>,
    /// The one whose place it takes, which is good until its `expires_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<KeyView<'a>>,
}

/// Makes a key.
#[post("/v1/admin/keys")]
pub async fn create_key(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let wish = wish::create(&body.json(&request, SMALL).await?)?;
    let object = format!("client {}", wish.client);
    let made = http.gateway.keys.create(wish, caller.actor()).await.map_err(refused);
    let made = http.audit_refusal(&caller, AuditAction::KeyCreated, object, made).await?;
    Ok(json(StatusCode::CREATED, &shown(&made, None)))
}

/// Lists keys, newest first; expired and revoked ones too.
#[get("/v1/admin/keys")]
pub async fn list_keys(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &PAGES)?;
    let limit = query.number("limit", 1, LONGEST_PAGE)?.unwrap_or(PAGE);
    let before = query.get("cursor").map(cursor::read).transpose()?.map(|id| KeyId::from_uuid(Uuid::from_bytes(id)));
    // One more than is shown: whether there is another page.
    let mut found = http.gateway.keys.list(before, limit + 1).await?;
    let next_cursor = cursor::cut(&mut found, limit, |last| last.key.id.as_uuid().into_bytes());
    Ok(json(StatusCode::OK, &KeyList { data: found.iter().map(view).collect(), next_cursor }))
}

/// Replaces a key by a new one; the old one is good for a while yet.
#[post("/v1/admin/keys/{key_id}/rotate")]
pub async fn rotate_key(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let grace = wish::grace(&body.json(&request, SMALL).await?)?.unwrap_or(Keys::GRACE);
    let rotated = http.gateway.keys.rotate(id, grace, caller.actor()).await.map_err(refused);
    http.auth.forget(id);
    let (made, old) = http.audit_refusal(&caller, AuditAction::KeyRotated, id, rotated).await?;
    Ok(json(StatusCode::CREATED, &shown(&made, Some(&old))))
}

/// Ends a key. May be repeated.
#[post("/v1/admin/keys/{key_id}/revoke")]
pub async fn revoke_key(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = id_of(&request)?;
    Query::of(&request, &NOTHING)?;
    let revoked = http.gateway.keys.revoke(id, caller.actor()).await.map_err(refused);
    http.auth.forget(id);
    let revoked = http.audit_refusal(&caller, AuditAction::KeyRevoked, id, revoked).await?;
    Ok(json(StatusCode::OK, &view(&revoked)))
}

impl Http {
    /// The outcome; where it is a refusal, once it is written down. What was done stands in the audit log already.
    async fn audit_refusal<T>(
        &self,
        caller: &Caller,
        action: AuditAction,
        object: impl Display,
        outcome: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if outcome.is_err() {
            self.audit(caller, action, object, &outcome).await;
        }
        outcome
    }
}

fn id_of(request: &HttpRequest) -> Result<KeyId, Problem> {
    let id = request.match_info().get("key_id").filter(|id| id.len() == 36);
    id.and_then(|id| id.parse().ok()).ok_or_else(no_such_key)
}

fn no_such_key() -> Problem {
    Problem::new(Code::NotFound, "There is no key with this id. GET /v1/admin/keys lists them.")
}

fn refused(error: KeyError) -> Problem {
    match error {
        KeyError::InThePast => {
            fault("/expires_at", Wrong::new(Code::Invalid, "lies in the past, so the key would never be good"))
        }
        KeyError::First => Problem::new(
            Code::FirstKey,
            "This is the first key, which comes from CALLGATE_KEY, CALLGATE_KEY_FILE or the file 'key' in the data folder. \
             Change it there and start the gateway again: the one before then stops at once.",
        ),
        KeyError::Over => Problem::new(
            Code::KeyOver,
            "This key is expired, revoked or replaced already, so nothing can take its place. Make a new one, or rotate the one that replaced it.",
        ),
        KeyError::LastAdmin => Problem::new(
            Code::LastAdminKey,
            "Nobody could operate this gateway without this key. Make another one with the scope admin first.",
        ),
        KeyError::Store(StoreError::NotFound) => no_such_key(),
        KeyError::Store(error) => error.into(),
    }
}

fn shown<'a>(made: &'a MadeKey, old: Option<&'a ListedKey>) -> MadeView<'a> {
    MadeView { key: made.secret.expose(), listed: view(&made.listed), replaces: old.map(view) }
}

fn view(listed: &ListedKey) -> KeyView<'_> {
    let ListedKey { key, prefix, is_first, created_at, revoked_at, replaced_by } = listed;
    KeyView {
        id: Text(key.id),
        prefix: prefix.as_deref(),
        client: Text(&key.client),
        scopes: key.scopes.iter().copied().map(Text).collect(),
        first: *is_first,
        created_at: *created_at,
        expires_at: key.expires_at,
        revoked_at: *revoked_at,
        replaced_by: replaced_by.map(Text),
    }
}
