//! `callgate webhooks`: endpoints, deliveries, samples.

use serde_json::Value;

use super::stub::Stub;
use super::{Program, Said};
use crate::harness::Server;

const MISSING: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

fn receiver() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()))
}

fn broken() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 500 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()))
}

fn gone() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()))
}

/// What stands behind a name in an answer for people.
fn field(said: &Said, name: &str) -> String {
    let line = said.stdout.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {said:?}"));
    line.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_added_shown_rotated_switched_and_removed() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let nothing = program.run(&["webhooks", "endpoints"]);
    assert_eq!((nothing.check(0).stdout.as_str(), nothing.stderr.starts_with("No webhook endpoints yet. Add one: callgate webhooks add ")), ("", true));
    let url = "https://93.184.216.34/hooks";
    let said = program.run(&["webhooks", "add", url, "--event", "call.completed", "--description", "Billing"]);
    let (id, secret) = (field(said.check(0), "endpoint "), field(&said, "secret "));
    assert_eq!((field(&said, "url ").as_str(), field(&said, "events ").as_str()), (url, "call.completed"));
    assert!(secret.starts_with("whsec_") && said.stderr.starts_with("Keep the secret: it is not shown again."), "{said:?}");
    let listed = program.run(&["webhooks", "endpoints"]);
    let lines: Vec<&str> = listed.check(0).stdout.lines().collect();
    assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["enabled", "call.completed", &id, url]);
    let rotated = program.run(&["webhooks", "rotate", &id]);
    assert_ne!(field(rotated.check(0), "secret "), secret);
    assert!(rotated.stderr.contains("The one before signs as well until "), "{rotated:?}");
    for (verb, answer, state) in [("disable", "disabled\n", "disabled"), ("enable", "enabled\n", "enabled")] {
        assert_eq!(program.run(&["webhooks", verb, &id]).check(0).stdout, answer);
        assert!(program.run(&["webhooks", "endpoints"]).stdout.contains(state), "{verb}");
    }
    assert_eq!(program.run(&["webhooks", "remove", &id]).check(0).stdout, "removed\n");
    program.run(&["webhooks", "remove", &id]).check(5);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_body_of_the_api() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let json = |arguments: &[&str]| -> Value { serde_json::from_str(&program.run(arguments).check(0).stdout).expect("JSON") };
    let added = json(&["webhooks", "add", "https://93.184.216.34/", "--json"]);
    let id = added["id"].as_str().expect("an id");
    assert!(added["secret"].is_string());
    for (arguments, path) in [
        (["webhooks", "endpoints", "--json"], "/v1/webhook-endpoints"),
        (["webhooks", "list", "--json"], "/v1/webhook-deliveries"),
    ] {
        assert_eq!(json(&arguments), server.read(path).await, "{path}");
    }
    assert_eq!(json(&["webhooks", "disable", id, "--json"])["id"], id);
    assert!(json(&["webhooks", "rotate", id, "--json"])["secret"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_says_what_became_of_it() {
    let server = Server::working().await;
    let program = Program::of(&server);
    let said = program.run(&["webhooks", "test"]);
    assert!(said.check(5).stderr.contains("there is no webhook endpoint"), "{said:?}");
    let receiver = receiver();
    let good = field(program.run(&["webhooks", "add", &receiver.url]).check(0), "endpoint ");
    assert_eq!(program.run(&["webhooks", "test"]).check(0).stdout, "delivered: the receiver answered 204\n");
    assert!(receiver.asked()[0].body.contains("webhook.test"));
    let broken = broken();
    let bad = field(program.run(&["webhooks", "add", &broken.url]).check(0), "endpoint ");
    let said = program.run(&["webhooks", "test", &bad]);
    assert!(said.check(1).stderr.contains("the receiver answered 500, and only 2xx counts"), "{said:?}");
    assert!(program.run(&["webhooks", "test"]).check(2).stderr.contains("more than one"));
    program.run(&["webhooks", "test", &good, "--json"]).check(0);
    program.run(&["webhooks", "test", MISSING]).check(5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_found_and_sent_again() {
    let server = Server::working().await;
    let program = Program::of(&server);
    assert!(program.run(&["webhooks", "list"]).check(0).stderr.starts_with("Nothing was sent yet."));
    let (receiver, gone) = (receiver(), gone());
    let good = field(program.run(&["webhooks", "add", &receiver.url]).check(0), "endpoint ");
    let bad = field(program.run(&["webhooks", "add", &gone.url]).check(0), "endpoint ");
    program.run(&["webhooks", "test", &good]).check(0);
    program.run(&["webhooks", "test", &bad]).check(1);
    let failed = program.run(&["webhooks", "list", "--failed"]);
    let rows: Vec<&str> = failed.check(0).stdout.lines().skip(1).collect();
    assert!(rows.len() == 1 && rows[0].starts_with("failed"), "{failed:?}");
    assert!(rows[0].contains("webhook.test") && rows[0].contains("410"), "{failed:?}");
    let all = program.run(&["webhooks", "list", "--limit", "1"]);
    assert!(all.check(0).stderr.contains("More: callgate webhooks list --limit 1 --cursor "), "{all:?}");
    // 410 has disabled it: what goes there waits until it is enabled.
    let left = program.run(&["webhooks", "resend", "--all-failed"]);
    assert!(left.check(0).stderr.contains("1 go to endpoints that are disabled"), "{left:?}");
    program.run(&["webhooks", "enable", &bad]).check(0);
    let sent = program.run(&["webhooks", "resend", "--all-failed"]);
    assert_eq!(sent.check(0).stdout.lines().count(), 1, "{sent:?}");
    let delivered = server.read(&format!("/v1/webhook-deliveries?endpoint={good}")).await["data"][0]["id"].clone();
    let id = delivered.as_str().expect("an id");
    assert_eq!(program.run(&["webhooks", "resend", id]).check(0).stdout, format!("{id}\n"));
    assert_eq!(program.run(&["webhooks", "recover", &good, "--since", "24h"]).check(0).stdout, "0 on their way\n");
    program.run(&["webhooks", "resend", MISSING]).check(5);
    program.run(&["webhooks", "resend", "nonsense"]).check(5);
    program.run(&["webhooks", "resend"]).check(2);
    program.run(&["webhooks", "recover", MISSING, "--since", "1h"]).check(5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let said = program.run(&["webhooks", "add", "https://10.0.0.1/hooks"]);
    assert!(said.check(6).stderr.contains("names 10.0.0.1, which is not a public address"), "{said:?}");
    let said = program.run(&["webhooks", "add", "https://93.184.216.34/", "--event", "call.started"]);
    assert!(said.check(2).stderr.contains("call.completed"), "{said:?}");
    program.run(&["webhooks", "rotate", "nonsense"]).check(5);
    program.with("CALLGATE_KEY", "cg_wrong").run(&["webhooks", "endpoints"]).check(4);
}
