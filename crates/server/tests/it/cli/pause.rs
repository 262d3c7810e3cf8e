//! `callgate pause` and `callgate resume`.

use super::Program;
use crate::harness::{Server, key_of};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_is_said_and_how_to_go_on() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let steps: [&[&str]; 6] = [
        &["pause", "--connection", "own"],
        &["pause"],
        &["pause", "--agent", "akilai"],
        &["resume", "--quiet"],
        &["resume", "--connection", "own"],
        &["resume"],
    ];
    let said: Vec<_> = steps.iter().map(|step| format!("$ callgate {}\n{}", step.join(" "), program.run(step).whole())).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_body_of_the_api_and_a_key_that_may_not_is_told() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let said = program.run(&["pause", "--json", "--agent", "altai"]);
    let body: serde_json::Value = serde_json::from_str(&said.check(0).stdout).expect("JSON");
    assert_eq!((&body["data"][0]["agent"], &body["data"][0]["connection"]), (&"altai".into(), &serde_json::Value::Null));
    assert_eq!(program.run(&["resume", "--agent", "altai", "--json"]).check(0).stdout, "{\"data\":[]}\n");

    program.run(&["pause", "--agent", "altai", "--connection", "own"]).check(2);
    program.run(&["pause", "--connection", "nobody"]).check(5);
    let other = Program::of(&server).with("CALLGATE_KEY", &key_of("default", &[callgate_domain::ports::Scope::CallsWrite]));
    other.run(&["pause"]).check(4);
}
