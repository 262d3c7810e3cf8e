//! `callgate calls`: list, get, watch, cancel.

use super::Program;
use crate::harness::Server;

async fn ended(server: &Server, phone: &str, agent: &str) -> String {
    let id = server.create(&serde_json::json!({"phone": phone, "agent": agent, "reference": "order-7"})).await;
    server.ended(&id).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_what_is_in_it_or_what_to_do() {
    let server = Server::working().await;
    let program = Program::of(&server);
    insta::assert_snapshot!("empty", program.run(&["calls", "list"]).whole());
    ended(&server, "+12025550103", "altai").await;
    ended(&server, "+12025550101", "akylai").await;
    ended(&server, "+996700000102", "akylai").await;
    insta::assert_snapshot!("full", program.run(&["calls", "list"]).whole());
    insta::assert_snapshot!("filtered", program.run(&["calls", "list", "--status", "completed", "--since", "1h"]).whole());
    insta::assert_snapshot!("no_match", program.run(&["calls", "list", "--status", "failed"]).whole());
    let plain = program.with("LANG", "C").run(&["calls", "list"]);
    assert!(plain.stdout.is_ascii(), "{}", plain.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another() {
    let server = Server::working().await;
    for phone in ["+12025550103", "+12025550102", "+12025550101"] {
        ended(&server, phone, "altai").await;
    }
    let program = Program::of(&server);
    let first = program.run(&["calls", "list", "--limit", "2", "--agent", "altai"]);
    let more = first.check(0).stderr.trim().strip_prefix("More: callgate ").expect("how to go on").to_owned();
    let second = program.run(&more.split(' ').collect::<Vec<_>>());
    let statuses =
        |text: &str| text.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(statuses(&first.stdout), ["completed", "no_answer"]);
    assert_eq!(statuses(&second.check(0).stdout), ["busy"], "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_body_of_the_api() {
    let server = Server::working().await;
    let id = ended(&server, "+12025550101", "akylai").await;
    let program = Program::of(&server);
    for (arguments, path) in [
        (["calls", "list", "--json", "--limit", "5"].as_slice(), "/v1/calls?limit=5".to_owned()),
        (&["calls", "get", &id, "--json"], format!("/v1/calls/{id}")),
    ] {
        let body = server.get(&path).send().await.unwrap().text().await.unwrap();
        assert_eq!(program.run(arguments).check(0).stdout.trim_end(), body, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_shows_its_state_times_and_words() {
    let server = Server::working().await;
    let id = ended(&server, "+12025550101", "akylai").await;
    let program = Program::of(&server);
    insta::assert_snapshot!("whole", program.run(&["calls", "get", &id]).whole());
    insta::assert_snapshot!("words", program.run(&["calls", "get", &id, "--transcript"]).whole());
    let silent = ended(&server, "+12025550103", "akylai").await;
    insta::assert_snapshot!("no_words", program.run(&["calls", "get", &silent, "--transcript"]).whole());
    insta::assert_snapshot!("missing", program.run(&["calls", "get", "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"]).whole());
    program.run(&["calls", "watch", "nonsense"]).check(5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_over_can_still_be_watched() {
    let server = Server::working().await;
    let id = ended(&server, "+12025550104", "akylai").await;
    let said = Program::of(&server).run(&["calls", "watch", &id]);
    insta::assert_snapshot!(said.whole().replace(&server.url, "http://SERVER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_canceled_or_it_is_said_why_not() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let id = server.create(&serde_json::json!({"phone": "+12025550101", "agent": "akylai"})).await;
    assert_eq!(program.run(&["calls", "cancel", &id]).check(0).stdout, "canceled\n");
    assert_eq!(program.run(&["calls", "cancel", &id]).check(0).stdout, "canceled\n");
    program.run(&["calls", "watch", &id]).check(13);
    program.run(&["calls", "cancel", "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"]).check(5);
    let working = Server::working().await;
    let over = ended(&working, "+12025550101", "akylai").await;
    insta::assert_snapshot!(Program::of(&working).run(&["calls", "cancel", &over]).whole());
}
