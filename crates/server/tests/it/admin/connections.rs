//! `/v1/admin/connections`, `POST /v1/admin/agents/check` and `/v1/admin/reload`.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup};

async fn told(server: &Server, path: &str) -> (u16, Value) {
    let answer = Answer::of(server.post(path, &json!({}))).await;
    (answer.status, answer.json())
}

async fn reachable() -> Server {
    Server::with(Setup { public_url: Some("https://calls.example"), ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_listed_with_what_an_operator_pastes_into_a_providers_console() {
    let server = reachable().await;
    let listed = server.read("/v1/admin/connections").await;
    let all = listed["data"].as_array().expect("a list");
    let shown: Vec<_> = all.iter().map(|held| (held["id"].as_str(), held["kind"].as_str(), held["health"].as_str())).collect();
    assert_eq!(
        shown,
        [(Some("own"), Some("http"), Some("unchecked")), (Some("simulator"), Some("simulator"), Some("unchecked"))]
    );
    let own = &all[0];
    assert!(own["webhook_url"].as_str().is_some_and(|url| url.starts_with("https://calls.example/v1/webhooks/in/own/")), "{own}");
    assert_eq!((&own["breaker"], &own["live"], &own["recent_errors"]), (&json!("closed"), &json!(0), &json!([])));
    // Without a public address no provider can reach it, so there is nothing to paste.
    let hidden = Server::start().await;
    assert_eq!(hidden.read("/v1/admin/connections").await["data"][0]["webhook_url"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_of_each_agent_what_was_found_and_is_remembered() {
    let server = Server::start().await;
    let (status, found) = told(&server, "/v1/admin/connections/simulator/check").await;
    assert_eq!((status, &found["health"]), (200, &json!("ready")), "{found}");
    assert!(found["agents"].as_array().is_some_and(|agents| agents.iter().all(|agent| agent["ready"] == true)), "{found}");
    // Nobody listens there.
    let (_, found) = told(&server, "/v1/admin/connections/own/check").await;
    assert_eq!(found["health"], "not_ready", "{found}");
    assert!(found["agents"][0]["detail"].as_str().is_some_and(|detail| detail.contains("could not be asked")), "{found}");
    let (_, routes) = told(&server, "/v1/admin/agents/check").await;
    let of = |name: &str| routes["data"].as_array().expect("a list").iter().filter(|route| route["connection"] == name).count();
    assert!(of("simulator") >= 2 && of("own") >= 1, "{routes}");
    let listed = server.read("/v1/admin/connections").await;
    assert_eq!((&listed["data"][0]["health"], &listed["data"][1]["health"]), (&json!("not_ready"), &json!("ready")));
    assert!(listed["data"][0]["checked_at"].is_string(), "{listed}");
    assert_eq!(told(&server, "/v1/admin/connections/nobody/check").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_url_is_rotated_and_the_old_one_works_a_while_longer() {
    let server = reachable().await;
    let url = |listed: &Value| listed["data"][0]["webhook_url"].as_str().expect("a URL").to_owned();
    let before = url(&server.read("/v1/admin/connections").await);
    let (status, rotated) = told(&server, "/v1/admin/connections/own/rotate-url").await;
    assert_eq!(status, 200, "{rotated}");
    let after = rotated["webhook_url"].as_str().expect("a URL").to_owned();
    assert_ne!(before, after);
    assert_eq!(url(&server.read("/v1/admin/connections").await), after);
    // Both lead to the connection, which then finds that nobody signed; any other leads nowhere.
    let path = |url: &str| url.strip_prefix("https://calls.example").expect("a path").to_owned();
    for (path, expected) in [(path(&before), 401), (path(&after), 401), (format!("{}x", path(&after)), 404)] {
        assert_eq!(Answer::of(server.bare(reqwest::Method::POST, &path).body("{}")).await.status, expected, "{path}");
    }
    assert_eq!(told(&server, "/v1/admin/connections/nobody/rotate-url").await.0, 404);
    let hidden = Server::start().await;
    let (status, refused) = told(&hidden, "/v1/admin/connections/own/rotate-url").await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("not_supported_here")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_a_configuration_has_nothing_to_read_again() {
    let server = Server::start().await;
    let (status, refused) = told(&server, "/v1/admin/reload").await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("not_supported_here")), "{refused}");
}
