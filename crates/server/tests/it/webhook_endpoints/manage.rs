//! One endpoint: read, changed, rotated, removed; and by its client alone.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, patch, quiet};
use crate::harness::{Answer, Server, key_of};

const MISSING: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_changes_and_the_rest_stays() {
    let server = Server::start().await;
    let id = quiet(&server).await;
    let mut expected = server.read(&format!("{PATH}/{id}")).await;
    for (body, changed) in [
        (json!({}), vec![]),
        (json!({"description": "Billing"}), vec![("description", json!("Billing"))]),
        (json!({"events": ["call.updated"]}), vec![("events", json!(["call.updated"]))]),
        (json!({"url": "https://93.184.216.35/b"}), vec![("url", json!("https://93.184.216.35/b"))]),
        (json!({"description": null, "events": null}), vec![("description", Value::Null)]),
    ] {
        for (field, value) in changed {
            expected[field] = value;
        }
        let answer = Answer::of(patch(&server, &id, &body)).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{body}");
        assert_eq!(server.read(&format!("{PATH}/{id}")).await, expected, "{body}");
    }
    for (disabled, is_set) in [(true, true), (true, true), (false, false)] {
        let answer = Answer::of(patch(&server, &id, &json!({"disabled": disabled}))).await;
        assert_eq!((answer.status, answer.json()["disabled_at"].is_string()), (200, is_set), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_changes_nothing() {
    let server = Server::start().await;
    let id = quiet(&server).await;
    let before = server.read(&format!("{PATH}/{id}")).await;
    for (body, code, fault) in [
        (json!({"url": "https://10.0.0.1/", "description": "x"}), "invalid_url", "/url invalid_url"),
        (json!({"url": null}), "wrong_type", "/url wrong_type"),
        (json!({"events": []}), "invalid", "/events invalid"),
        (json!({"disabled": "yes"}), "wrong_type", "/disabled wrong_type"),
        (json!({"disabled_at": null}), "unknown_field", "/disabled_at unknown_field"),
        (json!({"secret": "mine"}), "unknown_field", "/secret unknown_field"),
    ] {
        let answer = Answer::of(patch(&server, &id, &body)).await;
        answer.problem(422, code);
        assert_eq!(answer.faults(), [fault], "{body}");
    }
    assert_eq!(server.read(&format!("{PATH}/{id}")).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_leaves_the_old_one_a_day() {
    let server = Server::start().await;
    let id = quiet(&server).await;
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let answer = Answer::of(server.request(Method::POST, &format!("{PATH}/{id}/rotate-secret"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let endpoint = answer.json();
        secrets.push(endpoint["secret"].as_str().expect("a secret").to_owned());
        let until: jiff::Timestamp = endpoint["previous_secret_until"].as_str().expect("a moment").parse().expect("a moment");
        let left = until.duration_since(server.gateway.clock.now());
        assert!((23 * 3_600..=24 * 3_600).contains(&left.as_secs()), "{left}");
    }
    assert_ne!(secrets[0], secrets[1]);
    assert!(server.read(&format!("{PATH}/{id}")).await.get("secret").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_gone() {
    let server = Server::start().await;
    let (id, stays) = (quiet(&server).await, quiet(&server).await);
    let remove = || server.request(Method::DELETE, &format!("{PATH}/{id}"));
    let answer = Answer::of(remove()).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    Answer::of(remove()).await.problem(404, "not_found");
    Answer::of(server.get(&format!("{PATH}/{id}"))).await.problem(404, "not_found");
    assert_eq!(server.read(PATH).await["data"][0]["id"], stays.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_looks_like_what_is_not_there() {
    let server = Server::start().await;
    let id = quiet(&server).await;
    let test = Answer::of(server.request(Method::POST, &format!("{PATH}/{id}/test"))).await;
    assert_eq!(test.status, 202, "{}", test.text);
    let delivery = test.json()["id"].as_str().expect("an id").to_owned();
    let key = key_of("other", &[Scope::CallsWrite, Scope::CallsRead]);
    let routes = [
        (Method::GET, "/v1/webhook-endpoints/ID", false),
        (Method::PATCH, "/v1/webhook-endpoints/ID", false),
        (Method::DELETE, "/v1/webhook-endpoints/ID", false),
        (Method::POST, "/v1/webhook-endpoints/ID/rotate-secret", false),
        (Method::POST, "/v1/webhook-endpoints/ID/test", false),
        (Method::POST, "/v1/webhook-endpoints/ID/recover?since=2199-01-01T00:00:00Z", false),
        (Method::POST, "/v1/webhook-deliveries/ID/resend", true),
    ];
    for (method, path, is_delivery) in routes {
        let held = if is_delivery { &delivery } else { &id };
        let mut details = Vec::new();
        for id in [held.as_str(), MISSING, "7", "0"] {
            let request =
                server.bare(method.clone(), &path.replace("ID", id)).bearer_auth(&key).json(&json!({"url": "https://10.0.0.1/"}));
            details.push(Answer::of(request).await.problem(404, "not_found")["detail"].clone());
        }
        details.dedup();
        assert_eq!(details.len(), 1, "{method} {path}: {details:?}");
    }
    for path in [PATH, "/v1/webhook-deliveries"] {
        let list = Answer::of(server.bare(Method::GET, path).bearer_auth(&key)).await;
        assert_eq!((list.status, list.json()["data"].clone()), (200, json!([])), "{path}");
        let admin = key_of("other", &[Scope::Admin]);
        let list = Answer::of(server.bare(Method::GET, path).bearer_auth(admin)).await;
        assert_eq!(list.json()["data"].as_array().map(Vec::len), Some(1), "{path}: a key with admin reads all");
    }
}
