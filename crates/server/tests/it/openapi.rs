//! The public document: complete, kept in `docs/openapi.json`, and without a word about who carries the calls.

use std::path::Path;

use callgate_server::http::{ROUTES, openapi};
use serde_json::Value;

use crate::clean_face::named;
use crate::harness::{Answer, Server};

/// Routes that clients need no description of.
const HIDDEN: [&str; 53] = [
    "POST /v1/webhooks/in/{connection}/{token}",
    "POST /v1/admin/keys",
    "GET /v1/admin/keys",
    "POST /v1/admin/keys/{key_id}/rotate",
    "POST /v1/admin/keys/{key_id}/revoke",
    "GET /v1/admin/connections",
    "POST /v1/admin/connections/{connection}/check",
    "POST /v1/admin/connections/{connection}/rotate-url",
    "POST /v1/admin/agents/check",
    "POST /v1/admin/reload",
    "POST /v1/admin/pause",
    "POST /v1/admin/resume",
    "POST /v1/admin/console-links",
    "POST /v1/admin/backup",
    "GET /v1/admin/calls/{call_id}",
    "GET /v1/admin/inbox",
    "GET /v1/admin/inbox/{webhook_id}",
    "POST /v1/admin/inbox/{webhook_id}/replay",
    "POST /v1/admin/erase",
    "GET /v1/admin/overview",
    "GET /v1/admin/audit",
    "GET /metrics",
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
    "POST /console/sign-out",
    "GET /console",
    "GET /console/live",
    "POST /console/agents/{key}/calls",
    "GET /console/calls/{call_id}",
    "GET /console/calls/{call_id}/live",
    "GET /console/calls/{call_id}/json",
    "GET /console/calls/{call_id}/transcript",
    "POST /console/calls/{call_id}/cancel",
    "POST /console/calls/{call_id}/again",
    "POST /console/calls/{call_id}/deliveries/{delivery_id}/resend",
    "GET /console/calls",
    "POST /console/calls",
    "GET /console/agents",
    "POST /console/agents/check",
    "GET /console/webhooks",
    "GET /console/webhooks/deliveries/{id}",
    "POST /console/webhooks/{id}/test",
    "POST /console/webhooks/deliveries/{id}/resend",
    "POST /console/webhooks/resend",
];

fn document() -> Value {
    serde_json::from_str(&openapi::text()).expect("JSON")
}

#[test]
fn every_route_is_in_the_document_or_on_the_short_list() {
    let document = document();
    let described: Vec<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("an item").keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let all: Vec<String> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    for route in &all {
        assert!(described.contains(route) != HIDDEN.contains(&route.as_str()), "{route}");
    }
    assert_eq!(described.len() + HIDDEN.len(), all.len());
}

#[test]
fn every_operation_has_its_name_its_key_and_its_problems() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = Vec::new();
    for route in ROUTES.iter().filter(|route| !HIDDEN.contains(&format!("{} {}", route.method, route.path).as_str())) {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        names.push(operation["operationId"].as_str().expect("a name").to_owned());
        let keyed = operation["security"] == serde_json::json!([{"bearer": []}]);
        assert_eq!(keyed, route.gate.scope().is_some(), "{}", route.path);
        let responses = operation["responses"].as_object().expect("responses");
        for wanted in if keyed { vec!["400", "401", "403", "429", "500", "503"] } else { vec!["500"] } {
            assert!(responses.contains_key(wanted), "{} {wanted}", route.path);
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let name = response["$ref"].as_str().and_then(|target| target.rsplit('/').next());
            let whole = name.map_or(response, |name| &document["components"]["responses"][name]);
            let content = whole["content"].as_object().unwrap_or_else(|| panic!("{} {status}", route.path));
            assert!(content.contains_key("application/problem+json") || route.path == "/readyz", "{} {status}", route.path);
        }
    }
    assert_eq!(
        names,
        [
            "createCall",
            "listCalls",
            "getCall",
            "cancelCall",
            "streamCall",
            "streamCalls",
            "getTimeline",
            "getRecording",
            "eraseContent",
            "listAgents",
            "getAgent",
            "reportResult",
            "addWebhookEndpoint",
            "listWebhookEndpoints",
            "getWebhookEndpoint",
            "changeWebhookEndpoint",
            "removeWebhookEndpoint",
            "rotateWebhookSecret",
            "testWebhookEndpoint",
            "recoverWebhookEndpoint",
            "listWebhookDeliveries",
            "resendWebhookDelivery",
            "getHealth",
            "getReadiness"
        ]
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    for target in text.split("\"$ref\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let pointer = target.strip_prefix('#').expect("inside the document");
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[test]
fn every_link_leads_to_an_operation_that_takes_what_it_brings() {
    let document = document();
    let items = || document["paths"].as_object().expect("paths").values();
    let operations = || items().flat_map(|item| item.as_object().expect("an item").values());
    let mut count = 0;
    for operation in operations() {
        let responses = operation["responses"].as_object().expect("responses").values();
        for link in responses.filter_map(|response| response["links"].as_object()).flat_map(|links| links.values()) {
            let target = operations().find(|other| other["operationId"] == link["operationId"]);
            let target = target.unwrap_or_else(|| panic!("{link}"));
            let takes = |name: &String| {
                let all = target["parameters"].as_array().expect("parameters");
                all.iter().any(|parameter| parameter["name"] == **name && parameter["in"] == "path")
            };
            assert!(link["parameters"].as_object().expect("parameters").keys().all(takes), "{link}");
            count += 1;
        }
    }
    assert_eq!(count, 12);
}

#[test]
fn nobody_who_carries_calls_is_named_in_it() {
    assert_eq!(named(&openapi::text()), None);
}

#[test]
fn docs_openapi_json_is_this_document() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let document = openapi::text();
    if std::env::var_os("CALLGATE_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(&kept, &document).expect("written");
    }
    let held = std::fs::read_to_string(&kept).unwrap_or_default();
    assert!(
        held == document,
        "docs/openapi.json is not what the server serves. Write it anew: CALLGATE_BLESS=1 cargo test -p callgate openapi"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_to_everybody() {
    let server = Server::start().await;
    let answer = Answer::of(server.bare(reqwest::Method::GET, "/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.text, openapi::text());
}
