//! `POST` and `GET /v1/webhook-endpoints`.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, added, quiet};
use crate::harness::{Answer, Server, key_of};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_shows_its_secret_once() {
    let server = Server::start().await;
    let body = json!({"url": "https://93.184.216.34:443/hooks?token=a", "events": ["call.completed"], "description": "Billing"});
    let answer = Answer::of(server.post(PATH, &body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let mut endpoint = answer.json();
    let id = endpoint["id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.header("location"), Some(format!("{PATH}/{id}").as_str()));
    let secret = endpoint.as_object_mut().expect("an object").remove("secret").expect("a secret");
    let secret = secret.as_str().expect("text");
    assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44, "{} letters", secret.len());
    for (field, expected) in [
        ("events", json!(["call.completed"])),
        ("description", json!("Billing")),
        ("disabled_at", Value::Null),
        ("failing_since", Value::Null),
        ("previous_secret_until", Value::Null),
    ] {
        assert_eq!(endpoint[field], expected, "{field}");
    }
    assert_eq!(server.read(&format!("{PATH}/{id}")).await, endpoint, "the same without its secret");
    assert_eq!(server.read(PATH).await, json!({"data": [endpoint], "next_cursor": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_everything_unless_it_says_what() {
    let server = Server::start().await;
    for body in [
        json!({"url": "https://hooks.example.com/a"}),
        json!({"url": "https://hooks.example.com/a", "events": null, "description": null}),
        json!({"url": "https://hooks.example.com/a", "events": ["call.updated", "call.completed"]}),
    ] {
        assert_eq!(added(&server, &body).await["events"], json!(["call.completed", "call.updated"]), "{body}");
    }
}

/// A body that is refused with these faults, and that nothing is kept of it.
async fn check(server: &Server, body: Value, code: &str, faults: &[&str], detail: &str) {
    let answer = Answer::of(server.post(PATH, &body)).await;
    let problem = answer.problem(422, code);
    assert_eq!(answer.faults(), faults, "{body}");
    assert!(problem["detail"].as_str().is_some_and(|said| said.contains(detail)), "{body}: {}", problem["detail"]);
    assert_eq!(server.read(PATH).await["data"], json!([]), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_with_what_to_do() {
    let server = Server::start().await;
    let url = |url: &str| json!({"url": url});
    for (body, detail) in [
        (url(""), "/url has to begin with https:// and a host"),
        (url("example.com/hooks"), "has to begin with https:// and a host"),
        (url("ftp://example.com/"), "has to begin with https:// and a host"),
        (url("http://93.184.216.34/"), "has to be https on port 443"),
        (url("https://93.184.216.34:8443/"), "has to be https on port 443"),
        (url("https://user:secret@example.com/"), "a name or a password before its host"),
        (url("https://example.com/#a"), "a '#' part, which is never sent"),
        (url("https://exam ple.com/"), "a blank, a control character or a backslash"),
        (url("https://example..com/"), "a host that is no name"),
        (url("https://10.0.0.1/"), "names 10.0.0.1, which is not a public address"),
        (url("https://0xa.1/"), "names 10.0.0.1, which is not a public address"),
        (url("https://[::1]/"), "names ::1, which is not a public address"),
        (url("https://169.254.169.254/latest/meta-data"), "leads to 169.254.169.254, which nothing is ever sent to"),
        (url(&format!("https://example.com/{}", "a".repeat(2_048))), "longer than 2048 bytes"),
    ] {
        check(&server, body, "invalid_url", &["/url invalid_url"], detail).await;
    }
    let good = "https://93.184.216.34/";
    for (body, code, faults) in [
        (json!({}), "required", vec!["/url required"]),
        (url("https://93.184.216.34/\u{0}"), "nul", vec!["/url nul"]),
        (json!({"url": 7}), "wrong_type", vec!["/url wrong_type"]),
        (json!({"url": good, "events": []}), "invalid", vec!["/events invalid"]),
        (json!({"url": good, "events": "call.completed"}), "wrong_type", vec!["/events wrong_type"]),
        (json!({"url": good, "events": ["call.started", 7]}), "invalid_body", vec!["/events/0 invalid", "/events/1 wrong_type"]),
        (json!({"url": good, "events": ["webhook.test"]}), "invalid", vec!["/events/0 invalid"]),
        (json!({"url": good, "events": ["call.updated", "call.updated"]}), "invalid", vec!["/events/1 invalid"]),
        (json!({"url": good, "description": "d".repeat(201)}), "too_long", vec!["/description too_long"]),
        (json!({"url": good, "secret": "mine"}), "unknown_field", vec!["/secret unknown_field"]),
        (json!({"urls": 1, "events": []}), "invalid_body", vec!["/events invalid", "/urls unknown_field", "/url required"]),
    ] {
        check(&server, body, code, &faults, "").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_a_most_and_it_is_said() {
    let server = Server::start().await;
    let most = callgate_domain::model::endpoint::MOST_ENDPOINTS;
    for _ in 0..most {
        quiet(&server).await;
    }
    let answer = Answer::of(server.post(PATH, &json!({"url": "https://93.184.216.34/"}))).await;
    let problem = answer.problem(409, "too_many_endpoints");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&most.to_string())), "{problem}");
    let other = server.bare(Method::POST, PATH).bearer_auth(key_of("other", &[Scope::CallsWrite]));
    let answer = Answer::of(other.json(&json!({"url": "https://93.184.216.34/"}))).await;
    assert_eq!(answer.status, 201, "another client has its own: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_oldest_first() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(quiet(&server).await);
    }
    let mut found: Vec<String> = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let page = server.read(&path).await;
        found.extend(page["data"].as_array().expect("a list").iter().map(|held| held["id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?limit=2&cursor={cursor}");
    }
    assert_eq!(found, ids);
    for query in ["limit=0", "limit=201", "cursor=x", "url=a", "limit=1&limit=1"] {
        Answer::of(server.get(&format!("{PATH}?{query}"))).await.problem(400, "invalid_query");
    }
}
