//! The headers of every answer there is: each route of the table, with a key and without, each page and each asset.

use std::collections::BTreeSet;

use callgate_server::http::ROUTES;
use reqwest::{Method, RequestBuilder};

use crate::harness::{Answer, Server, Setup};

/// What no answer carries: who serves it, and leave for other sites to read it.
const ABSENT: [&str; 6] = [
    "server",
    "x-powered-by",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "set-cookie",
];
/// Every type that is served.
const TYPES: [&str; 12] = [
    "application/json",
    "application/problem+json",
    "text/html; charset=utf-8",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
    "text/markdown; charset=utf-8",
    "text/plain; charset=utf-8",
    "text/plain; version=0.0.4; charset=utf-8",
    "text/event-stream",
    "image/svg+xml",
    "image/png",
    "font/woff2",
];

async fn behind_https() -> Server {
    Server::with(Setup { public_url: Some("https://calls.example.com"), ..Setup::default() }).await
}

/// The one stream that does not end by itself.
const ENDLESS: &str = "/v1/events";

/// The head of an answer whose body goes on.
async fn begun(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), vec![value.to_str().expect("text").to_owned()])).collect();
    Answer { status, headers, text: "a stream".to_owned() }
}

fn filled(path: &str) -> String {
    let part =
        |part: &str| if part.starts_with('{') { "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn check(what: &str, answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{what}");
    assert!(answer.header("x-request-id").is_some(), "{what}");
    for name in ABSENT {
        assert_eq!(answer.header(name), None, "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{what}: {policy}");
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let own = policy.split(';').next() == Some("default-src 'self'") && policy.contains("frame-ancestors 'none'");
    assert!(policy == "default-src 'none'" || (is_page && own), "{what}: {policy}");
    let cached = answer.header("cache-control").unwrap_or_else(|| panic!("{what}: may be cached"));
    let is_asset = what.contains(" /assets/") && answer.status == 200;
    assert!(cached == "no-store" || (is_asset && cached.contains("immutable")), "{what}: {cached}");
    match answer.header("content-type") {
        Some(kind) => assert!(TYPES.contains(&kind), "{what}: {kind}"),
        None => assert!(answer.text.is_empty(), "{what}: no type"),
    }
    if answer.status >= 400 && !answer.text.is_empty() && !what.contains("/readyz") {
        // A form that was filled in wrongly is shown again.
        let is_form = ["/console/sign-in", "/console/enter"].iter().any(|form| what.contains(form));
        let kind = answer.header("content-type");
        assert!(kind == Some("application/problem+json") || (is_form && is_page), "{what}: {kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_them_whatever_it_answers() {
    let server = behind_https().await;
    for route in ROUTES {
        let (method, path): (Method, String) = (route.method.as_str().parse().expect("a method"), filled(route.path));
        for with_key in [true, false] {
            let request = server.bare(method.clone(), &path).header("origin", "https://elsewhere.example");
            let request = if with_key { request.bearer_auth(crate::harness::KEY) } else { request };
            let what = format!("{method} {path}, key {with_key}");
            if with_key && path == ENDLESS {
                check(&what, &begun(request).await);
            } else {
                check(&what, &Answer::of(request).await);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_and_everything_it_loads_has_them() {
    let server = behind_https().await;
    let (mut seen, mut next) = (BTreeSet::new(), Vec::<String>::new());
    next.extend(["/", "/docs", "/docs/errors", "/docs/reference", "/console/sign-in"].map(str::to_owned));
    while let Some(path) = next.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = Answer::of(server.bare(Method::GET, &path)).await;
        assert_eq!(answer.status, 200, "{path}");
        check(&format!("GET {path}"), &answer);
        let loads = ["href=\"", "src=\"", "url(\""].into_iter().flat_map(|before| answer.text.split(before).skip(1));
        let loads = loads.filter_map(|rest| rest.split('"').next()).filter(|path| path.starts_with("/assets/"));
        next.extend(loads.map(str::to_owned));
        // Nothing is loaded from elsewhere.
        for away in ["src=\"http", "src=\"//", "url(http", "<link rel=\"stylesheet\" href=\"http"] {
            assert!(!answer.text.contains(away), "{path}: {away}");
        }
    }
    assert!(seen.iter().any(|path| path.starts_with("/assets/")), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_method_is_405_and_no_preflight_is_granted() {
    let server = behind_https().await;
    let paths: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).collect();
    for template in paths {
        let known: Vec<&str> = ROUTES.iter().filter(|route| route.path == template).map(|route| route.method.as_str()).collect();
        for method in ["TRACE", "OPTIONS", "PUT", "PATCH", "DELETE", "POST", "GET", "PROPFIND"] {
            if known.contains(&method) {
                continue;
            }
            let what = format!("{method} {template}");
            let request = server.bare(method.parse().expect("a method"), &filled(template));
            let request = request.header("origin", "https://elsewhere.example").header("access-control-request-method", "POST");
            let answer = Answer::of(request).await;
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(known.join(", ").as_str()), "{what}");
            check(&what, &answer);
        }
    }
}
