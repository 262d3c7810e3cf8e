//! The plain pages.

use callgate_server::http::error::Code;
use reqwest::Method;

use crate::harness::{Answer, KEY, Server, Setup};

async fn page(server: &Server, path: &str) -> String {
    let answer = Answer::of(server.bare(Method::GET, path)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    answer.text
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_whole_and_bring_nothing_from_elsewhere() {
    let server = Server::start().await;
    for path in ["/", "/console", "/console/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "/docs", "/docs/errors"] {
        let text = page(&server, path).await;
        assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">") && text.trim_end().ends_with("</html>"), "{path}");
        assert_eq!((text.matches("<h1>").count(), text.matches("<main").count()), (1, 1), "{path}");
        for forbidden in ["<script", "style=", "<style", "{{", "src=\"http", "href=\"http", KEY] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        assert!(text.len() < 60 * 1024, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stylesheet_is_kept_for_a_year_under_its_own_name() {
    let server = Server::start().await;
    let text = page(&server, "/").await;
    let name = text.split("href=\"/assets/").nth(1).and_then(|rest| rest.split('"').next()).expect("a stylesheet");
    let css = Answer::of(server.bare(Method::GET, &format!("/assets/{name}"))).await;
    assert_eq!((css.status, css.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(css.header("cache-control"), Some("public, max-age=31536000, immutable"));
    Answer::of(server.bare(Method::GET, "/assets/other.css")).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_have_every_heading_of_the_contract_and_a_card_for_each_public_agent() {
    let server = Server::start().await;
    let text = page(&server, "/docs").await;
    for heading in [
        "Base URL",
        "Authorization",
        "Create a call",
        "Read call state",
        "Agents",
        "Webhook",
        "Errors",
        "Shortest integration path",
        "Ready-to-run request for a quick outbound call test",
    ] {
        assert!(text.contains(&format!(">{heading}</h2>")), "{heading}");
    }
    assert!(text.contains("\"agent\": \"akylai\"") && text.contains("\"agent\": \"altai\"") && !text.contains("hidden"));
    assert!(text.contains(&format!("curl -X POST {}/v1/calls", server.url)));
    let server = Server::with(Setup { public_url: Some("https://calls.example.com"), ..Setup::default() }).await;
    assert!(page(&server, "/docs").await.contains("curl -X POST https://calls.example.com/v1/calls"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_not_shown() {
    let server = Server::start().await;
    let answer = Answer::of(server.bare(Method::GET, "/docs").header("host", "a\"><script>")).await;
    assert!(!answer.text.contains("<script"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_explained_where_its_type_points() {
    let server = Server::start().await;
    let text = page(&server, "/docs/errors").await;
    for code in Code::ALL {
        assert!(text.contains(&format!("<tr id=\"{}\">", code.as_str())), "{}", code.as_str());
    }
}
