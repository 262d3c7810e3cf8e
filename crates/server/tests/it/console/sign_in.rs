//! Signing in: with a key or a link, from our own pages alone, and no longer than the key lasts.

use callgate_domain::ports::Scope;
use callgate_server::http::Options;
use reqwest::Method;
use serde_json::json;

use super::Visitor;
use crate::harness::{Answer, KEY, Server, Setup, key_of};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_led_there_and_then_on() {
    let server = Server::start().await;
    let mut visitor = Visitor::new(&server);
    for (wanted, leads_to) in [("/console", "/console/sign-in"), ("/console?a=b", "/console/sign-in"), ("/console/sign-in", "")] {
        let answer = visitor.get(wanted).await;
        match leads_to {
            "" => assert_eq!(answer.status, 200),
            _ => assert_eq!((answer.status, answer.header("location")), (303, Some(leads_to)), "{wanted}"),
        }
    }
    let page = visitor.page("/console/sign-in?next=%2Fconsole%2Fcalls%3Fstatus%3Dfailed").await;
    assert!(page.contains("value=\"/console/calls?status=failed\""), "{page}");
    let answer = visitor.send("/console/sign-in", &[("key", KEY), ("next", "/console/calls?status=failed")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console/calls?status=failed")));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; Path=/console; Max-Age=43200; HttpOnly; SameSite=Strict"), "{cookie}");
    visitor.take_cookie(&answer);
    assert!(visitor.page("/console").await.contains("<h1"));
    // The cookie's secret is no key.
    let secret = cookie.split(['=', ';']).nth(1).expect("a secret");
    Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(secret)).await.problem(401, "invalid_token");
    // What is no page is refused, not led away.
    let bare = server.bare(Method::GET, "/console");
    let answer = Answer::of(bare).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_one_that_may_not_are_told_apart_on_the_page() {
    let server = Server::start().await;
    let visitor = Visitor::new(&server);
    let reads = key_of("default", &[Scope::CallsRead]);
    for (key, words) in [
        ("cg_wrong", "This server does not know that key."),
        ("", "This server does not know that key."),
        (reads.as_str(), "That key works for the API but not for the console; it needs the scope admin."),
    ] {
        let answer = visitor.send("/console/sign-in", &[("key", key)]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{key}");
        assert!(answer.text.contains(words) && answer.text.contains("aria-invalid"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_and_links_are_throttled_together() {
    let options = Options { failed_auth_per_minute: 3, ..Options::default() };
    let server = Server::with(Setup { options, ..Setup::default() }).await;
    let visitor = Visitor::new(&server);
    visitor.send("/console/sign-in", &[("key", "cg_wrong")]).await;
    visitor.get("/console/enter?code=AAAA-BBBB-CCCC").await;
    Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth("cg_wrong_too")).await.problem(401, "invalid_token");
    let answer = visitor.get("/console/enter?code=AAAA-BBBB-CCCD").await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert!(answer.text.starts_with("<!doctype html>"), "a person reads it on a page");
    let answer = visitor.send("/console/sign-in", &[("key", "cg_wrong_again")]).await;
    assert_eq!(answer.status, 429);
    let answer = visitor.send("/console/sign-in", &[("key", KEY)]).await;
    assert_eq!(answer.status, 303, "a good key works from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_once() {
    let server = Server::with(Setup { public_url: Some("https://calls.example.com"), ..Setup::default() }).await;
    let answer = Answer::of(server.post("/v1/admin/console-links", &json!({}))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let url = answer.json()["url"].as_str().expect("a link").to_owned();
    let path = url.strip_prefix("https://calls.example.com").expect("the public address");
    let mut visitor = Visitor::new(&server);
    // As a person may type it.
    let typed = path.to_lowercase().replace('-', "");
    let answer = visitor.get(&typed).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console")), "{typed}");
    assert!(answer.header("set-cookie").expect("a cookie").ends_with("; Secure"), "only over TLS");
    visitor.take_cookie(&answer);
    visitor.page("/console").await;
    let answer = visitor.get(path).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("That link was used or is older than 10 minutes."), "{}", answer.text);
    let audit = server.read("/v1/admin/audit").await;
    let actions: Vec<_> = audit["data"].as_array().expect("lines").iter().filter_map(|line| line["action"].as_str()).collect();
    assert!(actions.contains(&"console.link_made") && actions.contains(&"console.signed_in"), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_from_another_site() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let elsewhere = [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")];
    for path in ["/console/sign-out", "/console/sign-in"] {
        for (name, value) in elsewhere {
            let answer = Answer::of(visitor.form(path, &[("key", KEY)]).header(name, value)).await;
            assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{path} {name}: {value}");
        }
        let answer = Answer::of(visitor.form(path, &[("key", KEY)])).await;
        assert_eq!(answer.status, 403, "{path}: whoever does not say where it comes from");
    }
    visitor.page("/console").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_left_and_with_its_key() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let answer = visitor.send("/console/sign-out", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console/sign-in")));
    assert!(answer.header("set-cookie").expect("a cookie").contains("Max-Age=0"));
    assert_eq!(visitor.get("/console").await.status, 303);

    let made = Answer::of(server.post("/v1/admin/keys", &json!({"scopes": ["admin"]}))).await.json();
    let mut visitor = Visitor::new(&server);
    let answer = visitor.send("/console/sign-in", &[("key", made["key"].as_str().expect("a key"))]).await;
    visitor.take_cookie(&answer);
    visitor.page("/console").await;
    let revoke = format!("/v1/admin/keys/{}/revoke", made["id"].as_str().expect("an id"));
    assert_eq!(Answer::of(server.request(Method::POST, &revoke)).await.status, 200);
    assert_eq!(visitor.get("/console").await.status, 303, "at once, where it was revoked");
}
