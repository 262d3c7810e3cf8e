//! `callgate connections`, `agents check`, `config reload` and `dev place`.

use super::Program;
use crate::harness::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_listed_checked_and_given_new_addresses() {
    let server = Server::with(Setup { public_url: Some("https://calls.example"), ..Setup::default() }).await;
    let program = Program::of(&server);
    let listed = program.run(&["connections", "list"]);
    let said = listed.check(0).stdout.clone();
    assert!(said.contains("own") && said.contains("simulator") && said.contains("unchecked"), "{said}");
    program.run(&["connections", "check", "simulator"]).check(0);
    let found = program.run(&["connections", "check", "own"]);
    assert!(found.check(3).stdout.contains("failed"), "{}", found.stdout);
    assert!(program.run(&["agents", "check"]).check(3).stdout.contains("simulator"));
    assert!(program.run(&["agents", "check", "akylai", "--timeout", "20s"]).check(0).stdout.contains(" ms"));
    assert!(program.run(&["agents", "check", "nobody"]).check(5).stderr.contains("nobody"));
    let rotated = program.run(&["connections", "rotate-url", "own"]);
    assert!(rotated.check(0).stdout.starts_with("https://calls.example/v1/webhooks/in/own/"), "{}", rotated.stdout);
    program.run(&["connections", "check", "no such/thing"]).check(2);
    program.run(&["connections", "check", "nobody"]).check(5);
}

#[test]
fn dev_place_prints_the_request_and_no_secret() {
    let config = "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://engine.example\"\n\
                  secret = { env = \"OWN\" }\n[agents.akylai]\nconnection = \"own\"\nremote_id = \"assistant-7\"\n";
    let program = Program::new().with("OWN", crate::harness::OWN_SECRET);
    program.write("callgate.toml", config);
    let said = program.run(&["dev", "place", "+12025550101", "--agent", "akylai"]);
    let text = said.check(0).stdout.clone();
    assert!(text.starts_with("POST https://engine.example/calls\n"), "{text}");
    assert!(text.contains("\"to\": \"+12025550101\"") && text.contains("webhook-signature: (hidden)"), "{text}");
    assert!(!text.contains(crate::harness::OWN_SECRET));
    assert_eq!(
        program.run(&["dev", "place", "--connection", "own", "--phone", "+12025550101"]).check(0).stdout.len(),
        text.len()
    );
    program.run(&["dev", "place", "--connection", "other", "--phone", "+12025550101"]).check(2);
    program.run(&["dev", "place", "--connection", "own"]).check(2);
    program.run(&["dev", "place", "+12025550101", "--agent", "nobody"]).check(2);
    program.run(&["dev", "place", "12", "--agent", "akylai"]).check(2);
    program.run(&["dev", "place", "+12025550101", "--agent", "akylai", "--connection", "other"]).check(2);
}
