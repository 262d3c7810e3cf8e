//! `callgate call`: placed, followed, confirmed.

use super::Program;
use crate::harness::{Server, key_of};
use callgate_domain::ports::Scope;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_prints_its_id_and_nothing_more() {
    let server = Server::working().await;
    let said = Program::of(&server).run(&["call", "+1 202 555 0101", "--agent", "akylai"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let call = server.ended(said.stdout.trim_end()).await;
    assert_eq!((call["status"].as_str(), call["phone"].as_str()), (Some("completed"), Some("+12025550101")));
    let json = Program::of(&server).run(&["call", "+12025550101", "--agent", "akylai", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.check(0).stdout).expect("one document");
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_shows_states_and_turns_until_the_end() {
    let server = Server::working().await;
    let said = Program::of(&server).run(&["call", "+12025550101", "--agent", "akylai", "--watch"]);
    let times_hidden: String = said.whole().lines().filter(|line| !line.ends_with("ringing")).map(hide_time).collect();
    insta::assert_snapshot!(times_hidden.replace(&server.url, "http://SERVER"));
}

/// The simulator is in a hurry here, so the seconds are none.
fn hide_time(line: &str) -> String {
    match line.strip_prefix("  0:").and_then(|line| line.get(2..)) {
        Some(rest) => format!("  0:..{rest}\n"),
        None => format!("{line}\n"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_a_watched_call_is_one_object_a_line() {
    let server = Server::working().await;
    let said = Program::of(&server).run(&["call", "+12025550101", "--agent", "akylai", "--watch", "--json"]);
    let calls: Vec<serde_json::Value> =
        said.check(0).stdout.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let revisions: Vec<_> = calls.iter().map(|call| call["revision"].as_u64().expect("a revision")).collect();
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    let last = calls.last().expect("an end");
    let id = last["call_id"].as_str().expect("an id");
    assert_eq!(*last, server.read(&format!("/v1/calls/{id}")).await);
    assert_eq!(said.stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_with_the_exit_code_of_the_call() {
    let server = Server::working().await;
    for (phone, code) in [("+12025550101", 0), ("+12025550102", 10), ("+12025550103", 11), ("+12025550104", 10)] {
        let said = Program::of(&server).run(&["call", phone, "--agent", "altai", "--wait", "--json"]);
        let call: serde_json::Value = serde_json::from_str(&said.check(code).stdout).expect("one document");
        assert_eq!((&call["terminal"], &call["phone"]), (&true.into(), &phone.into()));
    }
    let said = Program::of(&server).run(&["call", "+12025550101", "--agent", "altai", "--wait"]);
    insta::assert_snapshot!(said.whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_and_nothing_is_placed() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let refused = |arguments: &[&str]| program.run(&[&["call"], arguments].concat()).whole();
    insta::assert_snapshot!("no_phone", refused(&["202-555-0142", "--agent", "akylai"]));
    insta::assert_snapshot!("mistyped_agent", refused(&["+12025550101", "--agent", "altay"]));
    insta::assert_snapshot!("which_agent", refused(&["+12025550101"]));
    insta::assert_snapshot!("real_and_nobody_to_ask", refused(&["+12025550101", "--agent", "real"]));
    insta::assert_snapshot!("not_allowed", refused(&["+14155550100", "--agent", "real", "--yes"]));
    assert_eq!(server.read("/v1/calls").await["data"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_phone_is_dialed_once_it_is_confirmed() {
    let server = Server::start().await;
    let said = Program::of(&server).run(&["call", "+12025550101", "--agent", "real", "--yes"]);
    let id = said.check(0).stdout.trim_end();
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["agent"], "real");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_see_the_agents_takes_none_for_simulated() {
    let server = Server::start().await;
    let program = Program::of(&server).with("CALLGATE_KEY", &key_of("default", &[Scope::CallsWrite]));
    program.run(&["call", "+12025550101", "--agent", "akylai"]).check(2);
    program.run(&["call", "+12025550101", "--agent", "akylai", "--yes"]).check(0);
    program.run(&["calls", "list"]).check(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_call() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let place = |agent: &str| program.run(&["call", "+12025550101", "--agent", agent, "--idempotency-key", "one"]);
    let (first, again) = (place("akylai"), place("akylai"));
    assert_eq!(first.check(0).stdout, again.check(0).stdout);
    place("altai").check(6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_the_watching_and_not_the_call() {
    let server = Server::start().await;
    let program = Program::of(&server);
    for (flag, quiet) in [("--watch", false), ("--wait", true)] {
        let quietly: &[&str] = if quiet { &["--quiet"] } else { &[] };
        let mut running = program.start(&[&["call", "+12025550101", "--agent", "akylai", flag], quietly].concat());
        let id = running.first_line();
        running.signal("INT");
        let said = running.said();
        said.check(130);
        assert_eq!(
            said.stderr.contains(&format!("the call goes on. Follow it again: callgate calls watch {id}")),
            !quiet,
            "{said:?}"
        );
        assert_eq!(server.read(&format!("/v1/calls/{id}")).await["status"], "queued");
    }
    let patient = program.run(&["call", "+12025550101", "--agent", "akylai", "--wait", "--timeout", "1s"]);
    insta::assert_snapshot!(patient.whole());
}
