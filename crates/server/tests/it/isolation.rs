//! Clients do not see one another: what is another's and what is not there are the same answer, to the byte.
//!
//! The walk goes over the route table, so a new route is covered by itself; a new kind of thing in a path has to be made
//! here for another client, or the walk fails.

use callgate_domain::ports::Scope;
use callgate_server::http::{ROUTES, Route};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

/// Every scope that a client's key may have.
const CLIENTS: [Scope; 3] = [Scope::CallsWrite, Scope::CallsRead, Scope::AgentsRead];
const MISSING: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

/// Paths with something in braces that belongs to nobody in particular.
const SHARED: [&str; 1] = ["/v1/agents/{key}"];

/// Streams: what they show is in `events.rs`.
const STREAMS: [&str; 1] = ["/v1/events"];

/// A thing of client `default` that this path names.
async fn made(server: &Server, path: &str) -> String {
    match path.split("/{").next().unwrap() {
        "/v1/calls" => server.create(&json!({"phone": "+12025550101", "agent": "akylai", "reference": "theirs"})).await,
        "/v1/webhook-endpoints" => {
            let answer = Answer::of(server.post("/v1/webhook-endpoints", &json!({"url": "https://93.184.216.34/a"}))).await;
            answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
        }
        "/v1/webhook-deliveries" => {
            Box::pin(made(server, "/v1/webhook-endpoints/{id}")).await;
            let call = Box::pin(made(server, "/v1/calls/{call_id}")).await;
            let canceled = Answer::of(server.request(Method::POST, &format!("/v1/calls/{call}/cancel"))).await;
            assert_eq!(canceled.status, 200, "{}", canceled.text);
            let listed = server.read("/v1/webhook-deliveries").await;
            listed["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
        }
        other => panic!("say here how a client comes to a thing whose path begins with {other}"),
    }
}

/// What a route needs in its query.
fn needed(path: &str) -> &'static str {
    if path.ends_with("/recover") { "since=2199-01-01T00:00:00Z" } else { "" }
}

/// The answer, without what names the request.
async fn answered(server: &Server, route: &Route, path: &str, key: &str) -> (u16, String, Vec<String>) {
    let request = server.bare(route.method.as_str().parse().unwrap(), path).bearer_auth(key);
    let request = if route.method == "GET" { request } else { request.json(&json!({})) };
    let answer = Answer::of(request).await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
        .map(|held| format!("{held:?}"))
        .collect();
    headers.sort();
    (answer.status, answer.text.replace(&id, "REQUEST_ID"), headers)
}

fn of_clients() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.gate.scope().is_some_and(|scope| CLIENTS.contains(&scope)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_and_what_is_missing_is_the_same_answer_on_every_route() {
    let server = Server::start().await;
    let (stranger, owner) = (key_of("other", &CLIENTS), key_of("default", &CLIENTS));
    let mut walked = 0;
    for route in of_clients().filter(|route| route.path.contains('{') && !SHARED.contains(&route.path)) {
        let name = route.path.split('/').find(|part| part.starts_with('{')).unwrap();
        let id = made(&server, route.path).await;
        for query in ["", "wait=1"] {
            let path = |id: &str| format!("{}?{}&{query}", route.path.replace(name, id), needed(route.path));
            let foreign = answered(&server, route, &path(&id), &stranger).await;
            let missing = answered(&server, route, &path(MISSING), &stranger).await;
            assert_eq!(foreign, missing, "{} {}", route.method, path(&id));
            if query.is_empty() {
                assert_eq!(foreign.0, 404, "{} {}: {}", route.method, route.path, foreign.1);
                let own = answered(&server, route, &path(MISSING), &owner).await;
                assert_eq!(own, missing, "{} {}", route.method, route.path);
            }
        }
        walked += 1;
    }
    assert!(walked >= 10, "{walked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_shows_another_client_anything_and_an_operator_sees_all() {
    let server = Server::start().await;
    made(&server, "/v1/webhook-deliveries/{id}").await;
    let id = made(&server, "/v1/calls/{call_id}").await;
    let theirs = |list: &Value| list["data"].as_array().map_or(0, Vec::len);
    for route in of_clients().filter(|route| route.method == "GET" && !route.path.contains('{')) {
        if STREAMS.contains(&route.path) || SHARED[0].starts_with(route.path) {
            continue;
        }
        let seen = async |key: String, query: &str| {
            let (status, text, _) = answered(&server, route, &format!("{}{query}", route.path), &key).await;
            assert_eq!(status, 200, "{}{query}: {text}", route.path);
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let (stranger, admin) = (key_of("other", &CLIENTS), key_of("other", &[Scope::Admin]));
        assert_eq!(theirs(&seen(stranger.clone(), "").await), 0, "{}", route.path);
        assert!(theirs(&seen(admin, "").await) > 0, "{}", route.path);
        let filters: &[&str] = match route.path {
            "/v1/calls" => &["reference=theirs", "phone=%2B12025550101", "agent=akylai", "status=queued"],
            "/v1/webhook-deliveries" => &["call_id=CALL"],
            _ => &[],
        };
        for filter in filters {
            let query = format!("?{}", filter.replace("CALL", &id));
            assert_eq!(theirs(&seen(stranger.clone(), &query).await), 0, "{}{query}", route.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_a_clients_call_and_changes_none() {
    let server = Server::start().await;
    let id = made(&server, "/v1/calls/{call_id}").await;
    let admin = key_of("other", &[Scope::Admin]);
    for route in of_clients().filter(|route| route.path.contains("{call_id}")) {
        let path = route.path.replace("{call_id}", &id);
        let request = server.bare(route.method.as_str().parse().unwrap(), &path).bearer_auth(&admin);
        // Only the head of a stream: it goes on.
        let answer = request.send().await.unwrap();
        if route.gate.scope() == Some(Scope::CallsRead) {
            // There is no recording.
            let wanted = if route.path.ends_with("/recording") { 404 } else { 200 };
            assert_eq!(answer.status(), wanted, "{path}");
        } else {
            assert_eq!(answer.status(), 403, "{path}");
        }
    }
    let call = server.read(&format!("/v1/calls/{id}")).await;
    assert_eq!(call["status"], "queued");
    // With the scope to change it, a stranger still cannot.
    let stranger = key_of("other", &[Scope::CallsWrite]);
    Answer::of(server.bare(Method::POST, &format!("/v1/calls/{id}/cancel")).bearer_auth(&stranger))
        .await
        .problem(404, "not_found");
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["revision"], call["revision"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_is_another_one_for_another_client() {
    let server = Server::start().await;
    let wish = json!({"phone": "+12025550101", "agent": "akylai"});
    let placed = async |client: &str| -> Value {
        let request = server.bare(Method::POST, "/v1/calls").bearer_auth(key_of(client, &CLIENTS));
        let answer = Answer::of(request.header("idempotency-key", "order-7").json(&wish)).await;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, None), "{}", answer.text);
        answer.json()["call_id"].clone()
    };
    assert_ne!(placed("default").await, placed("other").await);
}
