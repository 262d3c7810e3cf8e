//! `callgate calls export`.

use serde_json::{Value, json};

use super::Program;
use super::stub::{Asked, Stub, json as answer};
use crate::harness::Server;

async fn placed(server: &Server, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for nth in 0..count {
        let wish = json!({"phone": "+12025550101", "agent": "akylai", "reference": format!("=order-{nth}")});
        ids.push(server.create(&wish).await);
    }
    // Newest first, as a list is.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_exactly_what_the_api_answers_and_no_call_is_left_out() {
    let server = Server::start().await;
    let ids = placed(&server, 130).await;
    let program = Program::of(&server);
    let said = program.run(&["calls", "export", "--format", "jsonl", "--since", "1h"]);
    let lines: Vec<_> = said.check(0).stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), ids.len());
    for (line, id) in lines.iter().zip(&ids) {
        let call: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(call["call_id"].as_str(), Some(id.as_str()));
    }
    for nth in [0, 99, 129] {
        let body = server.get(&format!("/v1/calls/{}", ids[nth])).send().await.unwrap().text().await.unwrap();
        assert_eq!(lines[nth], body.trim_end());
    }
    assert_eq!(said.stderr.trim(), "130 calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_a_row_for_each_call_and_no_formula_of_others() {
    let server = Server::working().await;
    let wish = json!({"phone": "+12025550101", "agent": "akylai", "reference": "=1+1", "metadata": {"a": "b, \"c\""}});
    let id = server.create(&wish).await;
    server.ended(&id).await;
    let call = server.call_when(&id, |call| call["transcript_status"] == "available").await;
    let said = Program::of(&server).run(&["calls", "export", "--format", "csv"]);
    let mut table = csv::Reader::from_reader(said.check(0).stdout.as_bytes());
    let names = table.headers().expect("names").clone();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    let cell = |name: &str| names.iter().position(|held| held == name).and_then(|nth| rows[0].get(nth)).expect("a cell");
    assert_eq!(rows.len(), 1);
    assert_eq!((cell("call_id"), cell("status"), cell("phone")), (id.as_str(), "completed", "+12025550101"));
    assert_eq!((cell("reference"), cell("metadata")), ("'=1+1", "{\"a\":\"b, \\\"c\\\"\"}"));
    assert_eq!(Some(cell("transcript")), call["transcript"].as_str());
    assert_eq!((cell("summary"), cell("variables")), (call["summary"].as_str().unwrap_or_default(), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_enough_ends_it_quietly() {
    let server = Server::start().await;
    placed(&server, 130).await;
    let program = Program::of(&server);
    let mut running = program.start(&["calls", "export"]);
    assert!(running.first_line().starts_with("{\"call_id\":"));
    running.stop_reading();
    let said = running.said();
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

/// Two pages of one call each; the second list fails the first four times.
fn breaks_off(nth: usize, asked: &Asked) -> Option<String> {
    let list = |id: &str, next: Value| json!({"data": [{"call_id": id}], "next_cursor": next});
    match asked.line.split_once("?").map_or(asked.line.as_str(), |(path, _)| path) {
        "GET /v1/calls" if !asked.line.contains("cursor=") => answer("200 OK", &list("a", json!("page2"))),
        "GET /v1/calls" if nth <= 4 => answer("503 Service Unavailable", &json!({"code": "unavailable"})),
        "GET /v1/calls" => answer("200 OK", &list("b", Value::Null)),
        path => answer("200 OK", &json!({"call_id": path.rsplit('/').next()})),
    }
}

#[test]
fn what_broke_off_goes_on_behind_the_last_whole_page() {
    let stub = Stub::start(breaks_off);
    let program = Program::at(&stub.url);
    let first = program.run(&["calls", "export", "--since", "30d"]);
    assert_eq!(first.stdout, "{\"call_id\":\"a\"}\n");
    assert_ne!(first.code, Some(0));
    let again = first.stderr.split("Go on from there: callgate ").nth(1).expect("how to go on").trim().to_owned();
    let second = program.run(&again.split(' ').collect::<Vec<_>>());
    assert_eq!(second.check(0).stdout, "{\"call_id\":\"b\"}\n");
    // It ends where the first one would have ended.
    let lists: Vec<_> = stub.lines().into_iter().filter(|line| line.contains("created_after=")).collect();
    let after = |line: &str| line.split("created_after=").nth(1).map(|rest| rest.split('&').next().map(str::to_owned));
    assert!(lists.len() == 6 && lists.iter().all(|line| after(line) == after(&lists[0])), "{lists:?}");
}
