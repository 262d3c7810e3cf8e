//! The clean face: whatever an engine says, no client ever sees a word of it; whatever a client says, no log has it.
//!
//! An engine sings like a canary on every way it has, clients do on theirs, every route is asked well and badly, and then
//! everything that came back and everything that was written down is searched.

mod engine;

use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use callgate_server::http::ROUTES;
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};

use self::engine::{Engine, WAYS};
use crate::process::{KEY, Process, Site};

/// In every word of the provider's own: connection, names, ids, hosts, messages.
const PROVIDER: &str = "canary-p";
/// In every word of a client's own that belongs into no log.
const CLIENT: &str = "canary-c";
/// The secret of the connection.
const SECRET: &str = "whsec_Y2FuYXJ5LWMtdGhlLXdlYmhvb2stc2VjcmV0";
const WRONG_KEY: &str = "cg_canary-c-a-key-that-is-not-good-at-all";
/// The phone numbers, as far as they are alike.
const NUMBERS: &str = "99670000130";
const NOBODY: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

/// Everything that came back.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

struct Visitor {
    url: String,
    client: Client,
    seen: Seen,
}

impl Visitor {
    fn new(url: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(Duration::from_secs(20));
        Self { url: url.to_owned(), client: client.build().expect("a client"), seen: Seen::default() }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse::<Method>().expect("a method"), format!("{}{path}", self.url))
    }

    /// Sends a request, and keeps all that comes back: of a stream, what comes at once.
    async fn ask(&mut self, what: &str, request: RequestBuilder) -> u16 {
        let mut response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let mut text = format!("{status} {:?}\n", response.headers());
        while let Ok(Ok(Some(piece))) = tokio::time::timeout(Duration::from_millis(400), response.chunk()).await {
            text.push_str(&String::from_utf8_lossy(&piece));
        }
        self.seen.0.push((what.to_owned(), text));
        status
    }

    /// One route, asked well and badly, by everybody.
    async fn visit(&mut self, method: &str, template: &str, calls: &[String], callback: &str) {
        let own = calls.first().map_or(NOBODY, String::as_str);
        let junk = fill(template, |_| "canary-c-path".to_owned());
        let mut targets: Vec<String> = vec![junk, fill(template, |_| NOBODY.to_owned())];
        if template.contains("{call_id}") {
            targets.extend(calls.iter().map(|call| fill(template, |_| call.clone())));
        }
        if template.contains("{token}") {
            targets.push(callback.trim_start_matches(&self.url).to_owned());
        }
        targets.push(format!("{}?phone=%2B{NUMBERS}0&canary-c-query=1", fill(template, |_| own.to_owned())));
        targets.push(format!("{}?cursor=canary-c-cursor&wait=canary-c-wait", fill(template, |_| own.to_owned())));
        for target in targets {
            for key in [None, Some(WRONG_KEY), Some(KEY)] {
                let what = format!("{method} {template} as {target}");
                for body in bodies(method, template) {
                    let mut request = self.request(method, &target);
                    if let Some(key) = key {
                        request = request.bearer_auth(key);
                    }
                    if let Some(body) = body {
                        request = request.header("content-type", "application/json").header("idempotency-key", "canary-c-twice");
                        request = request.header("webhook-signature", "v1,canary-c-signature").body(body);
                    }
                    self.ask(&what, request).await;
                }
            }
        }
        self.ask(&format!("TRACE {template}"), self.request("TRACE", &fill(template, |_| NOBODY.to_owned()))).await;
    }
}

fn fill(template: &str, with: impl Fn(&str) -> String) -> String {
    let part = |part: &str| if part.starts_with('{') { with(part) } else { part.to_owned() };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What is sent along: nothing, what is no JSON, what is wrong, and what is right where that harms nobody.
fn bodies(method: &str, template: &str) -> Vec<Option<String>> {
    if matches!(method, "GET" | "DELETE") {
        return vec![None];
    }
    let wrong = json!({"phone": format!("+{NUMBERS}1;canary-c"), "canary-c-field": "canary-c-value", "agent": "canary-c-agent"});
    let spaced =
        json!({"phone": "+996 (700) 00-13-01", "agent": "akylai", "reference": "canary-c-reference", "retry": "canary-c"});
    let mut all = vec![None, Some("{\"canary-c-broken\":".to_owned()), Some(wrong.to_string()), Some(spaced.to_string())];
    if template == "/v1/webhooks/call-completed" {
        let report = json!({"event_type": "call.completed", "provider_call_id": "of-nobody", "status": "completed",
            "transcript": "agent: canary-c-transcript", "duration": 3});
        all.push(Some(report.to_string()));
    }
    all
}

fn wish(way: u32) -> Value {
    json!({
        "phone": format!("+{NUMBERS}{way}"), "agent": "akylai", "reference": "canary-c-reference",
        "variables": {"name": "canary-c-variable"}, "metadata": {"order": "canary-c-metadata"},
    })
}

fn lines_with<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.to_lowercase().contains(&word.to_lowercase())).collect()
}

/// Nothing of the provider's in an answer, but to operators; and nobody's secrets in any.
fn search_answers(seen: &Seen, secrets: &[String], address: &str) {
    assert!(seen.0.len() > 300, "every route was asked");
    for (what, text) in &seen.0 {
        let for_operators = what.contains(" /v1/admin") || what.contains(" /metrics");
        let hidden: &[&str] = if for_operators { &[] } else { &[PROVIDER, address] };
        // The one place where a webhook's address, with its token, is told: whoever sets up a provider pastes it there.
        let parts = text.split("\"webhook_url\":\"");
        let told = what.contains(" /v1/admin/connections");
        let rest: String = parts
            .enumerate()
            .map(|(nth, part)| if told && nth > 0 { part.split_once('"').map_or("", |cut| cut.1) } else { part })
            .collect();
        let text = if told { &rest } else { text };
        for word in hidden.iter().copied().chain(secrets.iter().map(String::as_str)) {
            assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{what}: {word} in\n{text}");
        }
    }
}

/// Nothing of a client's in the log or the metrics, at any level.
fn search_written(place: &str, text: &str, secrets: &[String]) {
    let words = [CLIENT, NUMBERS, &NUMBERS[3..], "00-13-01", KEY, WRONG_KEY, SECRET];
    for word in words.into_iter().chain(secrets.iter().map(String::as_str)) {
        let found = lines_with(text, word);
        assert!(found.is_empty(), "{place}: {word} in {} lines, such as\n{}", found.len(), found[0]);
    }
}

#[test]
#[should_panic(expected = "the log: 99670000130")]
fn a_number_in_a_log_is_found() {
    search_written("the log", "ts=1 msg=placed\nts=2 msg=placed phone=+996700001305", &[]);
}

#[test]
#[should_panic(expected = "canary-p in")]
fn a_provider_in_an_answer_is_found() {
    let innocent = (0..300).map(|_| ("GET /v1/agents".to_owned(), "200 {}".to_owned()));
    let told = ("GET /v1/calls".to_owned(), "200 {\"server\": \"Canary-P-server\"}".to_owned());
    search_answers(&Seen(innocent.chain([told]).collect()), &[], "127.0.0.1:1");
}

/// The notices, once there are as many as are wanted.
async fn told(receiver: &Engine, wanted: usize) -> Vec<String> {
    for _ in 0..400 {
        let notices = receiver.notices();
        if notices.len() >= wanted {
            return notices;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the notices do not come");
}

async fn check(format: &str) {
    install_crypto();
    let engine = Engine::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let site =
        Site::new(folder.path()).with("CALLGATE_LOG", "trace").with("CALLGATE_LOG_FORMAT", format).with("ENGINE_SECRET", SECRET);
    site.configure(&format!(
        "[server]\npublic_url = \"{}\"\n[limits]\nfailed_auth_per_minute = 0\nrequests_per_second = 100000\n\
         [webhooks]\nallow_private = [\"127.0.0.0/8\"]\n\
         [calls]\nallow_numbers = [\"+996\"]\nring_timeout = \"1s\"\nmax_duration = \"10s\"\nsettle_grace = \"1s\"\n\
         [connections.{PROVIDER}-connection]\nkind = \"http\"\nbase_url = \"http://{}\"\nsecret = {{ env = \"ENGINE_SECRET\" }}\n\
         max_live = 0\nmax_per_second = 0\nrequest_timeout = \"2s\"\npoll_interval = \"1s\"\n\
         [agents.akylai]\nconnection = \"{PROVIDER}-connection\"\nremote_id = \"{PROVIDER}-remote\"\n",
        site.url(),
        engine.address
    ));
    let process: Process = site.start().await;
    let receiver = Engine::start().await;
    let mut made = Vec::new();
    for place in ["good", "bad"] {
        let wanted =
            json!({"url": format!("http://{}/notices/{place}", receiver.address), "description": "canary-c-description"});
        let answer = process.post("/v1/webhook-endpoints", &wanted).await;
        let text = |name: &str| answer.1[name].as_str().unwrap_or_else(|| panic!("an endpoint: {answer:?}")).to_owned();
        made.push((text("id"), text("secret")));
    }
    let mut visitor = Visitor::new(&site.url());
    let mut calls = Vec::new();
    for way in WAYS {
        let request = visitor.request("POST", "/v1/calls").bearer_auth(KEY).json(&wish(way));
        assert_eq!(visitor.ask("POST /v1/calls", request).await, 201);
        let answer = &visitor.seen.0.last().expect("the answer").1;
        let id = answer.split("\"call_id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
        calls.push(id.to_owned());
        let request = visitor.request("GET", &format!("/v1/calls/{id}/events")).bearer_auth(KEY);
        visitor.ask("GET /v1/calls/{call_id}/events", request).await;
    }
    let mut statuses = Vec::new();
    for call in &calls {
        let call = process.when(call, |call| call["terminal"] == true).await;
        statuses.push(call["status"].as_str().expect("a word").to_owned());
    }
    // The engine was heard: some of what it said is in the calls.
    assert!(statuses.iter().any(|status| status == "completed") && statuses.iter().any(|status| status == "failed"));
    let callback = engine.callback();
    let token = callback.rsplit('/').next().expect("a token").to_owned();
    // A key of an operator's making is shown in one answer, used, and stands nowhere else.
    let wanted = json!({"client": "second", "scopes": ["calls:read", "agents:read"]});
    let answer = process.post("/v1/admin/keys", &wanted).await;
    let key = answer.1["key"].as_str().unwrap_or_else(|| panic!("a key: {answer:?}")).to_owned();
    let request = visitor.request("GET", "/v1/agents").bearer_auth(&key);
    assert_eq!(visitor.ask("GET /v1/agents", request).await, 200);
    let notices = told(&receiver, calls.len()).await;
    let own = [token, key, KEY.to_owned(), SECRET.to_owned()];
    let signatures = engine.signatures().into_iter().chain(receiver.signatures());
    let secrets: Vec<String> = signatures.chain(own).chain(made.iter().map(|(_, secret)| secret.clone())).collect();
    for route in ROUTES {
        visitor.visit(route.method.as_str(), route.path, &calls, &callback).await;
    }
    for (id, _) in &made {
        for (method, template) in [("GET", "/v1/webhook-endpoints/{id}"), ("POST", "/v1/webhook-endpoints/{id}/test")] {
            let request = visitor.request(method, &fill(template, |_| id.clone())).bearer_auth(KEY);
            visitor.ask(&format!("{method} {template}"), request).await;
        }
    }
    for notice in notices {
        // Its own signature stands in it, and nothing else of ours.
        for word in [PROVIDER, engine.address.as_str(), KEY, SECRET] {
            assert!(!notice.to_lowercase().contains(&word.to_lowercase()), "{word} in a notice\n{notice}");
        }
    }
    let metrics = process.api.text("/metrics").await.expect("the metrics");
    search_answers(&visitor.seen, &secrets, &engine.address);
    search_written("the metrics", &metrics, &secrets);
    for word in ["call", "error", "host", "message", "reason"] {
        assert_eq!(lines_with(&metrics, &format!("{PROVIDER}-{word}")), [""; 0], "the metrics name connections and nothing else");
    }
    assert_eq!(process.stop().await, Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    assert!(lines_with(&log, "request").len() > 300 && log.contains(&calls[0]), "there is a log, of everything");
    assert!(!lines_with(&log, PROVIDER).is_empty(), "operators are told what an engine said");
    search_written("the log", &log, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_provider_comes_out_and_nothing_of_a_client_is_written_down_in_json() {
    check("json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_provider_comes_out_and_nothing_of_a_client_is_written_down_in_text() {
    check("text").await;
}
