//! `/v1/admin/keys`.

use std::time::Duration;

use callgate_domain::model::moment::later;
use callgate_domain::ports::Scope;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

const DAY: Duration = Duration::from_hours(24);

async fn made(server: &Server, wish: Value) -> Value {
    let answer = Answer::of(server.post("/v1/admin/keys", &wish)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_else(|| panic!("{field}: {of}"))
}

/// What the key itself may see: the status of a list of calls.
async fn used(server: &Server, key: &str) -> u16 {
    Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(key)).await.status
}

async fn change(server: &Server, id: &str, what: &str, body: Value) -> Answer {
    Answer::of(server.post(&format!("/v1/admin/keys/{id}/{what}"), &body)).await
}

async fn listed(server: &Server) -> Vec<Value> {
    server.read("/v1/admin/keys").await["data"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_does_what_it_may() {
    let server = Server::start().await;
    let key = made(&server, json!({})).await;
    let secret = text(&key, "key");
    assert!(secret.len() == 46 && secret.starts_with("cg_"), "{secret}");
    assert!(secret[3..].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{secret}");
    assert_eq!(
        (&key["client"], &key["scopes"], &key["first"], &key["expires_at"], &key["revoked_at"]),
        (&json!("default"), &json!(["calls:write", "calls:read", "agents:read"]), &json!(false), &Value::Null, &Value::Null)
    );
    assert_eq!(text(&key, "prefix"), &secret[..7]);
    let id = server.bare(Method::POST, "/v1/calls").bearer_auth(secret);
    assert_eq!(Answer::of(id.json(&json!({"phone": "+12025550101", "agent": "akylai"}))).await.status, 201);
    assert_eq!(Answer::of(server.bare(Method::GET, "/v1/admin/keys").bearer_auth(secret)).await.status, 403);

    let list = Answer::of(server.get("/v1/admin/keys")).await;
    assert!(!list.text.contains(secret) && list.text.contains(&secret[..7]), "{}", list.text);
    let (mut shown, first) = (listed(&server).await[0].clone(), listed(&server).await[1].clone());
    shown["key"] = key["key"].clone();
    assert_eq!(shown, key);
    assert_eq!((&first["first"], &first["prefix"]), (&json!(true), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_client() {
    let server = Server::start().await;
    server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let key = made(&server, json!({"client": "shop", "scopes": ["calls:read"]})).await;
    let seen = Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(text(&key, "key"))).await;
    assert_eq!(seen.json()["data"], json!([]));
    let admin = made(&server, json!({"client": "shop", "scopes": ["admin", "admin"]})).await;
    assert_eq!(admin["scopes"], json!(["admin"]));
    let seen = Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(text(&admin, "key"))).await;
    assert_eq!(seen.json()["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_wish_is_named_and_nothing_is_made() {
    let server = Server::start().await;
    for (body, code, detail) in [
        (
            json!({"client": "Shop!"}),
            "invalid",
            "/client must be 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit.",
        ),
        (json!({"client": 7}), "wrong_type", "/client must be a string."),
        (json!({"scopes": "admin"}), "wrong_type", "/scopes must be a list of scopes."),
        (json!({"scopes": []}), "invalid", "/scopes must name at least one scope; leave it out for the usual ones."),
        (json!({"scopes": ["calls:reed"]}), "invalid", "There is no scope 'calls:reed'. Did you mean 'calls:read'?"),
        (json!({"expires_at": "tomorrow"}), "invalid", "/expires_at must be a time like 2026-01-31T09:30:00Z (RFC 3339)."),
        (
            json!({"expires_at": "2026-01-01T00:00:00Z"}),
            "invalid",
            "/expires_at lies in the past, so the key would never be good.",
        ),
        (json!({"scope": ["admin"]}), "unknown_field", "/scope is not known here; did you mean 'scopes'?"),
    ] {
        let answer = Answer::of(server.post("/v1/admin/keys", &body)).await;
        assert_eq!(answer.problem(422, code)["detail"], detail, "{body}");
    }
    assert_eq!(listed(&server).await.len(), 1, "only the first key is there");
    let id = text(&made(&server, json!({})).await, "id").to_owned();
    for (grace, code) in
        [(json!(-1), "out_of_range"), (json!(604_801), "out_of_range"), (json!("1h"), "wrong_type"), (json!(0.5), "wrong_type")]
    {
        change(&server, &id, "rotate", json!({ "grace_s": grace })).await.problem(422, code);
    }
    assert_eq!(listed(&server).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_at_once_and_for_ever() {
    let server = Server::start().await;
    let key = made(&server, json!({})).await;
    let (id, secret) = (text(&key, "id"), text(&key, "key"));
    assert_eq!(used(&server, secret).await, 200);
    let revoked = change(&server, id, "revoke", json!({})).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    assert_eq!(used(&server, secret).await, 401);
    let again = change(&server, id, "revoke", json!({})).await;
    assert_eq!((again.status, &again.text), (200, &revoked.text), "it stays as it was revoked");
    change(&server, id, "rotate", json!({})).await.problem(409, "key_over");
    assert_eq!(used(&server, secret).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_works_beside_its_successor_until_the_grace_is_over() {
    let server = Server::start().await;
    let old = made(&server, json!({"client": "shop", "scopes": ["calls:read", "admin"]})).await;
    let answer = change(&server, text(&old, "id"), "rotate", json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let new = answer.json();
    assert_eq!((&new["client"], &new["scopes"], &new["expires_at"]), (&old["client"], &old["scopes"], &Value::Null));
    assert_eq!((&new["replaces"]["id"], &new["replaces"]["replaced_by"]), (&old["id"], &new["id"]));
    change(&server, text(&old, "id"), "rotate", json!({})).await.problem(409, "key_over");
    let until: Timestamp = text(&new["replaces"], "expires_at").parse().expect("a moment");
    let made_at: Timestamp = text(&new, "created_at").parse().expect("a moment");
    assert_eq!(until, later(made_at, DAY), "a day where nothing is said");
    for key in [text(&old, "key"), text(&new, "key")] {
        assert_eq!(used(&server, key).await, 200);
    }
    let third = change(&server, text(&new, "id"), "rotate", json!({"grace_s": 0})).await.json();
    assert_eq!((used(&server, text(&new, "key")).await, used(&server, text(&third, "key")).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_lives_as_long_as_the_one_before_was_made_for() {
    let server = Server::start().await;
    let expires_at = later(server.gateway.clock.now(), 10 * DAY);
    let old = made(&server, json!({ "expires_at": expires_at })).await;
    let new = change(&server, text(&old, "id"), "rotate", json!({"grace_s": 604_800})).await.json();
    let moment = |of: &Value, field: &str| text(of, field).parse::<Timestamp>().expect("a moment");
    assert_eq!(
        moment(&new, "expires_at").duration_since(moment(&new, "created_at")),
        expires_at.duration_since(moment(&old, "created_at"))
    );
    assert!(moment(&new["replaces"], "expires_at") < expires_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_is_changed_where_it_comes_from() {
    let server = Server::start().await;
    let first = listed(&server).await.pop().expect("the first key");
    for what in ["rotate", "revoke"] {
        let answer = change(&server, text(&first, "id"), what, json!({})).await;
        let detail = text(&answer.problem(409, "first_key"), "detail").to_owned();
        assert!(detail.contains("CALLGATE_KEY") && detail.contains("start the gateway again"), "{detail}");
    }
    assert_eq!(Answer::of(server.get("/v1/calls")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_is_404() {
    let server = Server::start().await;
    for id in ["019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "nothing", "019ab0c27f3e7a519d2c3f0d6a1b2c3d"] {
        for what in ["rotate", "revoke"] {
            change(&server, id, what, json!({})).await.problem(404, "not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_in_pages() {
    let server = Server::start().await;
    for _ in 0..4 {
        made(&server, json!({})).await;
    }
    let whole: Vec<Value> = listed(&server).await;
    let (mut path, mut paged) = ("/v1/admin/keys?limit=2".to_owned(), Vec::new());
    loop {
        let page = server.read(&path).await;
        paged.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/admin/keys?limit=2&cursor={cursor}");
    }
    assert_eq!((whole.len(), paged), (5, whole));
    for query in ["limit=0", "limit=201", "cursor=x", "client=shop"] {
        Answer::of(server.get(&format!("/v1/admin/keys?{query}"))).await.problem(400, "invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_and_a_held_read_end_with_their_key() {
    let server = Server::start().await;
    let call = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let key = made(&server, json!({"scopes": ["calls:read"]})).await;
    let (id, secret) = (text(&key, "id"), text(&key, "key"));
    let bare = |path: String| server.bare(Method::GET, &path).bearer_auth(secret);
    let stream = bare(format!("/v1/calls/{call}/events")).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    let held = tokio::spawn(Answer::of(bare(format!("/v1/calls/{call}?wait=3"))));
    // Both have begun by the time this is answered: the held read is sent before, and waits for three seconds.
    tokio::time::timeout(Duration::from_secs(2), server.call_when(&call, |call| call["status"] == "queued"))
        .await
        .expect("it waits");
    assert_eq!(change(&server, id, "revoke", json!({})).await.status, 200);
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.text()).await;
    let text = ended.expect("the stream ends within five seconds").expect("whole");
    assert_eq!(text.matches("event: ").count(), 1, "{text}");
    held.await.expect("an answer").problem(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_operator_makes_keys() {
    let server = Server::start().await;
    let others: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    let request =
        server.bare(Method::POST, "/v1/admin/keys").bearer_auth(key_of("default", &others)).json(&json!({"scopes": ["admin"]}));
    Answer::of(request).await.problem(403, "insufficient_scope");
    assert_eq!(listed(&server).await.len(), 1);
}
