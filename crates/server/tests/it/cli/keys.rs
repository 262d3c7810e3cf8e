//! `callgate keys`.

use callgate_domain::ports::Scope;
use serde_json::Value;

use super::Program;
use crate::harness::{Answer, Server, key_of};

/// The status that a key is answered with.
async fn used(server: &Server, key: &str) -> u16 {
    Answer::of(server.bare(reqwest::Method::GET, "/v1/calls").bearer_auth(key)).await.status
}

/// The id of the newest key.
fn newest(program: &Program) -> String {
    let list = program.run(&["keys", "list", "--json"]);
    let body: Value = serde_json::from_str(&list.check(0).stdout).expect("JSON");
    body["data"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_alone_on_stdout_and_works() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let said = program.run(&["keys", "create", "--client", "shop", "--scope", "calls:read", "--expires", "90d"]);
    let key = said.check(0).stdout.trim_end().to_owned();
    assert!(key.len() == 46 && key.starts_with("cg_") && said.stdout == format!("{key}\n"), "{said:?}");
    assert_eq!(used(&server, &key).await, 200);
    assert!(!said.stderr.contains(&key) && said.stderr.contains("client shop: calls:read. It is shown this once."), "{said:?}");
    assert!(said.stderr.contains("It works until "), "{said:?}");
    assert_eq!(program.run(&["keys", "create", "--quiet"]).check(0).stderr, "");

    let old = newest(&program);
    let said = program.run(&["keys", "rotate", &old, "--grace", "1h"]);
    let new = said.check(0).stdout.trim_end().to_owned();
    assert_eq!((new.len(), used(&server, &new).await), (46, 200), "{said:?}");
    assert!(said.stderr.contains(&format!("takes the place of {old}, which works until ")), "{said:?}");

    assert_eq!(program.run(&["keys", "revoke", &newest(&program)]).check(0).stdout, "revoked\n");
    assert_eq!(used(&server, &new).await, 401);
    let list = program.run(&["keys", "list"]);
    assert!(!list.check(0).stdout.contains(&key) && list.stdout.contains(&key[..7]), "{list:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_body_of_the_api_and_hides_its_key_in_the_exchange() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let said = program.run(&["keys", "create", "--json", "-vv"]);
    let body: Value = serde_json::from_str(&said.check(0).stdout).expect("JSON");
    let key = body["key"].as_str().expect("a key");
    assert!(!said.stderr.contains(key), "{said:?}");
    let id = body["id"].as_str().expect("an id");
    let rotated = program.run(&["keys", "rotate", id, "--json"]);
    let rotated: Value = serde_json::from_str(&rotated.check(0).stdout).expect("JSON");
    assert_eq!(rotated["replaces"]["id"], body["id"]);
    let revoked: Value = serde_json::from_str(&program.run(&["keys", "revoke", id, "--json"]).check(0).stdout).expect("JSON");
    assert!(revoked["revoked_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_says_why_with_its_exit_code() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let first = newest(&program);
    let steps: [&[&str]; 8] = [
        &["keys", "list"],
        &["keys", "revoke", "FIRST"],
        &["keys", "rotate", "FIRST"],
        &["keys", "revoke", "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"],
        &["keys", "revoke", "cg_the_key_itself"],
        &["keys", "create", "--scope", "calls:reed"],
        &["keys", "create", "--expires", "soon"],
        &["keys", "create", "--expires", "2020-01-01T00:00:00Z"],
    ];
    let said = steps.iter().map(|step| {
        let filled: Vec<&str> = step.iter().map(|word| if *word == "FIRST" { first.as_str() } else { word }).collect();
        format!("$ callgate {}\n{}", step.join(" "), program.run(&filled).whole())
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
    let other = Program::of(&server).with("CALLGATE_KEY", &key_of("default", &[Scope::CallsRead]));
    other.run(&["keys", "create"]).check(4);
}
