//! What every request passes: ids, headers, methods, panics, slow bodies, a store that is away.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::ports::StoreError;
use callgate_domain::ports::store::MockCallStore;
use callgate_server::gateway::Gateway;
use callgate_server::http::ROUTES;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Answer, KEY, Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_same_headers() {
    let server = Server::start().await;
    for (path, status) in
        [("/v1/agents", 200), ("/v1/calls/7", 404), ("/nothing", 404), ("/healthz", 200), ("/openapi.json", 200)]
    {
        let answer = Answer::of(server.get(path)).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'"), "{path}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_") && id.len() == 20), "{path}");
        for absent in ["server", "strict-transport-security", "access-control-allow-origin"] {
            assert_eq!(answer.header(absent), None, "{path}: {absent}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_a_browser_is_told_to_stay_there() {
    let server = Server::with(Setup { public_url: Some("https://calls.example.com"), ..Setup::default() }).await;
    let answer = Answer::of(server.get("/v1/agents")).await;
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_echoed_where_it_is_harmless() {
    let server = Server::start().await;
    for (id, echoed) in
        [("mine-7_A", true), ("a b", false), ("<script>", false), (&"a".repeat(64), true), (&"a".repeat(65), false)]
    {
        for path in ["/v1/agents", "/nothing"] {
            let answer = Answer::of(server.get(path).header("x-request-id", id)).await;
            assert_eq!(answer.header("x-request-id") == Some(id), echoed, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_under_another_method_is_405_with_those_it_has() {
    let server = Server::start().await;
    for (method, path, allowed) in [
        ("DELETE", "/v1/calls", "POST, GET"),
        ("HEAD", "/v1/agents", "GET"),
        ("TRACE", "/v1/calls/7", "GET"),
        ("OPTIONS", "/v1/calls", "POST, GET"),
        ("GET", "/v1/calls/7/cancel", "POST"),
        ("BREW", "/healthz", "GET"),
    ] {
        let answer = Answer::of(server.request(method.parse().unwrap(), path)).await;
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        if method != "HEAD" {
            let problem = answer.problem(405, "method_not_allowed");
            assert!(problem["detail"].as_str().unwrap().contains(allowed), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_built_yet_is_not_there() {
    let server = Server::start().await;
    for (method, path) in [
        (Method::POST, "/v1/batches"),
        (Method::GET, "/v1/suppressions"),
        (Method::GET, "/v1/calls/"),
        (Method::GET, "//v1/calls"),
        (Method::GET, "/v1"),
    ] {
        Answer::of(server.request(method, path)).await.problem(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_large_are_431() {
    let server = Server::start().await;
    Answer::of(server.get("/v1/agents").header("x-long", "a".repeat(17_000))).await.problem(431, "headers_too_large");
}

/// What comes back for bytes that are sent as they stand, until the server closes or falls silent.
async fn raw(server: &Server, request: &[u8], wait: Duration) -> String {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    let _silent = tokio::time::timeout(wait, stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_408() {
    let server = Server::start().await;
    let request = format!(
        "POST /v1/calls HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{{"
    );
    let answer = raw(&server, request.as_bytes(), Duration::from_secs(15)).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

/// The status line that comes back on a connection that stays open.
async fn exchanged(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut held = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read =
            tokio::time::timeout(Duration::from_secs(5), stream.read(&mut piece)).await.expect("in time").expect("a piece");
        assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&held));
        held.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&held);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if body.len() >= length.parse::<usize>().expect("a number") {
            return head.lines().next().expect("a line").to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_keeps_the_connection() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
    for (target, headers, expected) in [
        ("POST /v1/calls", "content-type: application/json\r\n", "401 Unauthorized"),
        ("POST /nothing", "", "404 Not Found"),
        ("DELETE /v1/calls", "", "405 Method Not Allowed"),
        ("POST /v1/calls?dry=1", &format!("authorization: Bearer {KEY}\r\n"), "400 Bad Request"),
        ("POST /v1/calls", &format!("authorization: Bearer {KEY}\r\n"), "415 Unsupported Media Type"),
    ] {
        let body = "a".repeat(30_000);
        let request = format!("{target} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        assert_eq!(exchanged(&mut stream, &request).await, format!("HTTP/1.1 {expected}"), "{target}");
    }
    assert_eq!(exchanged(&mut stream, "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await, "HTTP/1.1 200 OK");
}

fn with_store(gateway: &mut Gateway, store: MockCallStore) {
    gateway.calls.store = Arc::new(store);
    gateway.store = Arc::clone(&gateway.calls.store);
}

fn away() -> StoreError {
    StoreError::Unavailable(std::io::Error::other("the secret place /var/lib is gone").into())
}

const SAFE: &str = "Sending it again with the same Idempotency-Key is safe.";

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_503_and_says_when_to_come_back() {
    let change = |gateway: &mut Gateway| {
        let mut store = MockCallStore::new();
        store.expect_insert().returning(|_, _, _| Err(away()));
        store.expect_get().returning(|_, _| Err(away()));
        store.expect_ping().returning(|| Err(away()));
        with_store(gateway, store);
    };
    let server = Server::with(Setup { change, ..Setup::default() }).await;
    let create = Answer::of(server.post("/v1/calls", &json!({"phone": "+12025550101", "agent": "akylai"}))).await;
    let detail = create.problem(503, "unavailable")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("in 2 seconds") && detail.ends_with(SAFE), "{detail}");
    assert_eq!(create.header("retry-after"), Some("2"));
    assert!(!create.text.contains("/var/lib"));
    let read = Answer::of(server.get("/v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d")).await;
    let detail = read.problem(503, "unavailable")["detail"].as_str().unwrap().to_owned();
    assert!(!detail.contains(SAFE), "{detail}");
    let ready = Answer::of(server.bare(Method::GET, "/readyz")).await;
    assert_eq!((ready.status, ready.json()), (503, json!([{"check": "database", "detail": "it cannot be used"}])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_500_and_the_process_survives() {
    let change = |gateway: &mut Gateway| {
        let mut store = MockCallStore::new();
        store.expect_insert().returning(|_, _, _| panic!("a mistake, with a secret in it"));
        store.expect_get().returning(|_, _| panic!("a mistake, with a secret in it"));
        store.expect_ping().returning(|| Ok(()));
        with_store(gateway, store);
    };
    let server = Server::with(Setup { change, ..Setup::default() }).await;
    for _ in 0..3 {
        let create = Answer::of(server.post("/v1/calls", &json!({"phone": "+12025550101", "agent": "akylai"}))).await;
        assert!(create.problem(500, "internal_error")["detail"].as_str().unwrap().ends_with(SAFE));
        assert_eq!(create.header("x-content-type-options"), Some("nosniff"));
        let read = Answer::of(server.get("/v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d")).await;
        read.problem(500, "internal_error");
        assert!(!read.text.contains("secret"));
    }
    assert_eq!(Answer::of(server.bare(Method::GET, "/readyz")).await.text, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_is_not_ready_but_alive() {
    let server = Server::start().await;
    assert_eq!(Answer::of(server.bare(Method::GET, "/readyz")).await.text, "[]");
    server.gateway.stopping.cancel();
    let ready = Answer::of(server.bare(Method::GET, "/readyz")).await;
    assert_eq!((ready.status, ready.json()), (503, json!([{"check": "process", "detail": "it is stopping"}])));
    assert_eq!(Answer::of(server.bare(Method::GET, "/healthz")).await.text, "{\"status\":\"ok\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_measured_under_its_template() {
    let server = Server::start().await;
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    Answer::of(server.get(&format!("/v1/calls/{id}"))).await;
    Answer::of(server.get("/v1/calls?phone=%2B12025550199")).await;
    Answer::of(server.get("/a/path/of/nobody")).await;
    let metrics = Answer::of(server.get("/metrics")).await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in ["http_route=\"/v1/calls/{call_id}\"", "http_route=\"unknown\"", "http_response_status_code=\"201\""] {
        assert!(metrics.text.contains(line), "{line}");
    }
    for absent in [id.as_str(), "12025550199", "nobody"] {
        assert!(!metrics.text.contains(absent), "{absent}");
    }
    assert!(ROUTES.iter().any(|route| route.path == "/metrics" && route.gate.scope().is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_address_needs_no_key_and_answers_nothing_else() {
    let server = Server::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let operators = callgate_server::http::operators_server(&server.gateway, vec![listener]).expect("a server");
    let handle = operators.handle();
    tokio::spawn(operators);
    for (path, status) in [("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/v1/agents", 404), ("/docs", 404)] {
        let answer = Answer::of(server.client.get(format!("{url}{path}")).bearer_auth(KEY)).await;
        assert_eq!(answer.status, status, "{path}");
    }
    handle.stop(false).await;
}
