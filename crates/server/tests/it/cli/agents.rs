//! `callgate agents`.

use std::net::TcpListener;

use super::Program;
use super::stub::Stub;
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

#[test]
fn providers_are_asked_once_and_for_as_long_as_was_said() {
    let broken = Stub::start(|_, _| Some("HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()));
    assert_ne!(Program::at(&broken.url).run(&["agents", "check"]).code, Some(0));
    assert_eq!(broken.lines(), ["POST /v1/admin/agents/check"]);
    // Whoever connects here waits in its queue for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = Program::at(&format!("http://{}", silent.local_addr().unwrap())).run(&["agents", "check", "--timeout", "1s"]);
    let text = &said.check(8).stderr;
    assert!(text.contains("not all providers answered within 1s") && text.contains("callgate connections check ID"), "{text}");
    silent.set_nonblocking(true).unwrap();
    assert!(silent.accept().is_ok() && silent.accept().is_err(), "it was asked once");
}
