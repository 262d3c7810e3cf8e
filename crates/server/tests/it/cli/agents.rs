//! `callgate agents`.

use super::Program;
use crate::harness::{KEY, Server};

#[tokio::test(flavor = "multi_thread")]
async fn the_public_agents_are_listed() {
    let server = Server::start().await;
    let program = Program::of(&server);
    insta::assert_snapshot!(program.run(&["agents", "list"]).whole());
    let json = program.run(&["agents", "list", "--json"]);
    assert_eq!(json.check(0).stdout.trim_end(), server.get("/v1/agents").send().await.unwrap().text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_in_variables_then_in_the_data_folder() {
    let server = Server::start().await;
    let program = Program::new().with("CALLGATE_URL", &server.url);
    let refused = program.run(&["agents", "list"]);
    insta::assert_snapshot!("no_key", refused.whole());
    std::fs::create_dir(program.folder().join("callgate-data")).unwrap();
    program.write("callgate-data/key", &format!("{KEY}\n"));
    program.run(&["agents", "list"]).check(0);
    program.write("given", KEY);
    program.write("callgate-data/key", "cg_another_that_nobody_knows_and_nobody_should");
    program.run(&["agents", "list"]).check(4);
    let program = program.with("CALLGATE_KEY_FILE", "given");
    program.run(&["agents", "list"]).check(0);
    program.with("CALLGATE_KEY", KEY).run(&["agents", "list"]).check(4);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let said = Program::at("http://127.0.0.1:1").run(&["agents", "list"]);
    insta::assert_snapshot!(said.whole());
    let why = Program::at("http://127.0.0.1:1").run(&["agents", "list", "-v"]);
    assert!(why.check(7).stderr.contains("  because "), "{}", why.stderr);
}
