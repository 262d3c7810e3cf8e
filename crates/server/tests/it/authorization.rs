//! Keys: every operation needs one, or is on the short open list.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::{ClientId, KeyId};
use callgate_domain::ports::{Actor, ApiKey, AuditAction, AuditResult, Clock, ListedKey, NewKey, Scope};
use callgate_server::http::{Gate, OPERATOR_ROUTES, Options, ROUTES, openapi};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Answer, KEY, Server, Setup, key_of};

/// What anybody may ask for. Anything new here is a decision.
const OPEN: [&str; 14] = [
    "POST /v1/webhooks/in/{connection}/{token}",
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /docs",
    "GET /docs.md",
    "GET /docs/errors",
    "GET /docs/reference",
    "GET /llms.txt",
    "GET /",
    "GET /assets/{file}",
    "GET /console/sign-in",
    "POST /console/sign-in",
    "GET /console/enter",
];

/// The path of a route with something in its braces.
fn filled(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

fn method(of: &str) -> Method {
    of.parse().expect("a method")
}

#[test]
fn what_is_open_is_on_the_list() {
    let open: Vec<_> =
        ROUTES.iter().filter(|route| route.gate == Gate::Open).map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(open, OPEN);
    assert!(OPERATOR_ROUTES.iter().all(|route| matches!(route.path, "/metrics" | "/healthz" | "/readyz")));
}

/// Every key that opens nothing, with what the answer says: header, code, challenge.
async fn no_keys(server: &Server) -> Vec<(String, &'static str, &'static str)> {
    let (none, bad) = ("Bearer", "Bearer error=\"invalid_token\"");
    let revoked = made(server, json!({"scopes": Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>()})).await;
    let path = format!("/v1/admin/keys/{}/revoke", revoked["id"].as_str().unwrap());
    assert_eq!(Answer::of(server.request(Method::POST, &path)).await.status, 200);
    let bearer = |key: &str| format!("Bearer {key}");
    vec![
        (String::new(), "missing_credentials", none),
        (format!("Basic {KEY}"), "missing_credentials", none),
        (KEY.to_owned(), "missing_credentials", none),
        ("Bearer".to_owned(), "invalid_token", bad),
        (bearer(""), "invalid_token", bad),
        (bearer("cg_wrong"), "invalid_token", bad),
        (bearer(&format!("{KEY} {KEY}")), "invalid_token", bad),
        (bearer(&expired(server).await), "invalid_token", bad),
        (bearer(revoked["key"].as_str().unwrap()), "invalid_token", bad),
    ]
}

/// A key of every scope that expired a second ago.
async fn expired(server: &Server) -> String {
    let (gateway, key) = (&server.gateway, "cg_a_key_that_is_expired_and_long_enough_for_anybody");
    let now = gateway.clock.now();
    let id = KeyId::new(now, [7; 10]);
    let expires_at = Some(earlier(now, Duration::from_secs(1)));
    let held = ApiKey { id, client: ClientId::new("default").unwrap(), scopes: Scope::ALL.to_vec(), expires_at };
    let listed = ListedKey { key: held, prefix: None, is_first: false, created_at: now, revoked_at: None, replaced_by: None };
    let line = gateway.audit.line(Actor::default(), AuditAction::KeyCreated, "a test", AuditResult::Done);
    gateway.key_store.create(NewKey { listed, sha256: Sha256::digest(key).into() }, line).await.unwrap();
    key.to_owned()
}

/// The answer to making a key.
async fn made(server: &Server, wish: Value) -> Value {
    let answer = Answer::of(server.post("/v1/admin/keys", &wish)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// Nobody is throttled: the walk sends many wrong keys.
async fn patient() -> Server {
    let options = Options { failed_auth_per_minute: 0, ..Options::default() };
    Server::with(Setup { options, ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_operation_is_refused_to_whatever_is_no_key() {
    let server = patient().await;
    let no_keys = no_keys(&server).await;
    for route in ROUTES.iter().filter(|route| route.gate.scope().is_some()) {
        let path = filled(route.path);
        for (header, code, challenge) in &no_keys {
            let bare = server.bare(method(route.method.as_str()), &path);
            let request = if header.is_empty() { bare } else { bare.header("authorization", header) };
            let answer = Answer::of(request).await;
            let detail = match *code {
                "missing_credentials" => "Send your API key in the header 'Authorization: Bearer <key>'.",
                _ => "The key after 'Authorization: Bearer' is unknown, expired or revoked.",
            };
            assert_eq!(answer.problem(401, code)["detail"], detail, "{path} {header}");
            assert_eq!(answer.header("www-authenticate"), Some(*challenge), "{path} {header}");
        }
        let twice = server.bare(method(route.method.as_str()), &path).bearer_auth(KEY).bearer_auth(KEY);
        Answer::of(twice).await.problem(401, "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_operation_is_refused_to_a_key_that_may_not_and_to_no_other() {
    let server = patient().await;
    for route in ROUTES {
        let Some(scope) = route.gate.scope() else { continue };
        let path = filled(route.path);
        let bare = || server.bare(method(route.method.as_str()), &path);
        let reads = matches!(scope, Scope::CallsRead | Scope::AgentsRead);
        let may = |other: Scope| other == scope || (reads && other == Scope::Admin);
        let others: Vec<Scope> = Scope::ALL.iter().copied().filter(|other| !may(*other)).collect();
        let answer = Answer::of(bare().bearer_auth(key_of("default", &others))).await;
        assert_eq!(answer.problem(403, "insufficient_scope")["detail"], format!("This needs a key with the scope {scope}."));
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()), "{path}");
        for good in Scope::ALL.iter().copied().filter(|good| may(*good)) {
            // A stream has no end to wait for.
            let answer = bare().bearer_auth(key_of("default", &[good])).send().await.expect("an answer");
            assert!(!matches!(answer.status().as_u16(), 401 | 403), "{path} {good}: {answer:?}");
        }
    }
}

#[test]
fn every_operation_of_the_document_is_in_the_table_with_its_scope() {
    let document: Value = serde_json::from_str(&openapi::text()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (of, operation) in item.as_object().unwrap() {
            let row = ROUTES.iter().find(|route| route.path == path && route.method.as_str().eq_ignore_ascii_case(of));
            let route = row.unwrap_or_else(|| panic!("{of} {path} is in no table, so nobody tests who may do it"));
            let about = operation["description"].as_str().unwrap_or_default();
            match route.gate.scope() {
                Some(scope) => assert!(about.contains(&format!("scope `{scope}`")), "{of} {path}"),
                None => assert!(!about.contains("scope"), "{of} {path}"),
            }
            seen += 1;
        }
    }
    assert!(seen > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiring_key_stops_at_its_moment_though_it_was_just_used() {
    let server = Server::start().await;
    let expires_at = later(server.gateway.clock.now(), Duration::from_millis(1_500));
    let key = made(&server, json!({"expires_at": expires_at})).await["key"].as_str().unwrap().to_owned();
    let used = || Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(&key));
    assert_eq!(used().await.status, 200);
    let stopped = async {
        while used().await.status == 200 {}
        server.gateway.clock.now()
    };
    let stopped_at = tokio::time::timeout(Duration::from_secs(10), stopped).await.expect("it stops");
    assert!(stopped_at >= expires_at && stopped_at < later(expires_at, Duration::from_secs(3)), "{stopped_at} {expires_at}");
    used().await.problem(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_read_as_they_are_written() {
    let server = Server::start().await;
    for (header, status) in [
        (format!("Bearer {KEY}"), 200),
        (format!("bearer {KEY}"), 200),
        (format!("BEARER   {KEY}"), 200),
        (format!("Basic {KEY}"), 401),
        (KEY.to_owned(), 401),
        ("Bearer".to_owned(), 401),
        (format!("Bearer {KEY}x"), 401),
        (format!("Bearer {} {KEY}", KEY), 401),
    ] {
        let answer = Answer::of(server.bare(Method::GET, "/v1/agents").header("authorization", &header)).await;
        assert_eq!(answer.status, status, "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_throttled_and_a_good_one_is_not() {
    let options = Options { failed_auth_per_minute: 3, ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() }).await;
    let wrong = || Answer::of(server.bare(Method::GET, "/v1/agents").bearer_auth("cg_wrong"));
    for _ in 0..3 {
        wrong().await.problem(401, "invalid_token");
    }
    let answer = wrong().await;
    let detail = answer.problem(429, "rate_limited")["detail"].as_str().unwrap().to_owned();
    let seconds = answer.header("retry-after").unwrap();
    assert!(detail.contains(&format!("in {seconds} seconds")), "{detail}");
    assert_eq!(answer.header("ratelimit-policy"), Some("\"wrong-keys\";q=3;w=60"));
    assert_eq!(answer.header("ratelimit"), Some(format!("\"wrong-keys\";r=0;t={seconds}").as_str()));
    assert_eq!(Answer::of(server.get("/v1/agents")).await.status, 200);
    Answer::of(server.bare(Method::GET, "/v1/agents")).await.problem(401, "missing_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_trusted_says_whose_wrong_key_it_was() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let options = Options { failed_auth_per_minute: 1, trusted_proxies, ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() }).await;
    let wrong = |from: &'static str| {
        Answer::of(server.bare(Method::GET, "/v1/agents").bearer_auth("cg_wrong").header("x-forwarded-for", from))
    };
    wrong("192.0.2.1").await.problem(401, "invalid_token");
    wrong("192.0.2.1").await.problem(429, "rate_limited");
    wrong("192.0.2.2").await.problem(401, "invalid_token");
    // What the sender wrote before the proxy did is not believed, and an IPv6 customer has a whole /64.
    wrong("198.51.100.9, 192.0.2.1").await.problem(429, "rate_limited");
    wrong("2001:db8:0:1::1").await.problem(401, "invalid_token");
    wrong("2001:db8:0:1:ffff::2").await.problem(429, "rate_limited");
    wrong("2001:db8:0:2::1").await.problem(401, "invalid_token");
    wrong("::ffff:192.0.2.1").await.problem(429, "rate_limited");
    server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_asks_too_fast_is_told_when_to_ask_again_and_no_other_key_is_slowed_down() {
    let options = Options { requests_per_second: 3, ..Options::default() };
    // Its clock stands still: nothing is given back meanwhile.
    let server = Server::with(Setup { options, change: |gateway| gateway.clock = Arc::new(Still), ..Setup::default() }).await;
    let quota = |answer: &Answer| {
        assert_eq!(answer.header("ratelimit-policy"), Some("\"default\";q=3;w=1"));
        answer.header("ratelimit").expect("how it stands").to_owned()
    };
    let answer = Answer::of(server.get("/v1/agents")).await;
    assert_eq!((answer.status, quota(&answer).as_str()), (200, "\"default\";r=2;t=1"));
    // Every answer tells, and what fails counts too.
    let answer = Answer::of(server.get("/v1/calls?colour=red")).await;
    answer.problem(400, "invalid_query");
    assert_eq!(quota(&answer), "\"default\";r=1;t=1");
    let answer = Answer::of(server.get("/v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d")).await;
    answer.problem(404, "not_found");
    assert_eq!(quota(&answer), "\"default\";r=0;t=1");
    for _ in 0..2 {
        let answer = Answer::of(server.post("/v1/calls", &json!({"phone": "+12025550101", "agent": "akylai"}))).await;
        let problem = answer.problem(429, "rate_limited");
        assert_eq!(problem["detail"], "This key may send 3 requests a second, and sent more. Try again in 1 seconds.");
        assert_eq!((answer.header("retry-after"), quota(&answer).as_str()), (Some("1"), "\"default\";r=0;t=1"));
    }
    let other = key_of("default", &[Scope::AgentsRead]);
    let answer = Answer::of(server.bare(Method::GET, "/v1/agents").bearer_auth(other)).await;
    assert_eq!((answer.status, quota(&answer).as_str()), (200, "\"default\";r=2;t=1"));
    let answer = Answer::of(server.bare(Method::GET, "/healthz")).await;
    assert_eq!((answer.status, answer.header("ratelimit")), (200, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_no_answer_speaks_of_one() {
    let server = Server::start().await;
    let answer = Answer::of(server.get("/v1/agents")).await;
    assert_eq!((answer.status, answer.header("ratelimit"), answer.header("ratelimit-policy")), (200, None, None));
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_767_225_600).expect("2026-01-01")
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1_000)
    }
}
