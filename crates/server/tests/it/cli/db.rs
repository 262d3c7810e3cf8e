//! `callgate db`.

use super::Program;
use crate::harness::Server;

#[test]
fn the_database_is_brought_up_to_date_once() {
    let program = Program::new();
    let first = program.run(&["db", "migrate"]);
    assert!(first.check(0).stdout.starts_with("applied "), "{first:?}");
    assert_eq!(program.run(&["db", "migrate"]).check(0).stdout, "up to date\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_lies_where_it_was_asked_for_and_is_never_overwritten() {
    let server = Server::start().await;
    let program = Program::of(&server);
    let said = program.run(&["db", "backup", "copy.db"]);
    assert_eq!(said.check(0).stdout, "copy.db\n");
    assert!(said.stderr.contains(" kB, on the gateway's machine. It holds secrets: keep it safe."), "{}", said.stderr);
    assert!(said.stderr.ends_with("rings nobody until: callgate resume\n"), "{}", said.stderr);
    assert!(program.folder().join("copy.db").is_file());
    insta::assert_snapshot!("again", program.run(&["db", "backup", "copy.db"]).whole());
    insta::assert_snapshot!("nowhere", program.run(&["db", "backup", "no/such/copy.db"]).whole());
    let json = program.run(&["db", "backup", "other.db", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.check(0).stdout).expect("one document");
    assert!(json["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{json}");
}

#[test]
fn a_restored_database_is_stamped_unless_it_is_in_use_or_not_there() {
    let program = Program::new();
    insta::assert_snapshot!("no_database", program.run(&["db", "stamp"]).whole());
    program.run(&["db", "migrate"]).check(0);
    insta::assert_snapshot!("stamped", program.run(&["db", "stamp"]).whole());
    let held = std::fs::File::options().write(true).open(program.folder().join("callgate-data/lock")).expect("the lock");
    held.try_lock().expect("nobody has it");
    let said = program.run(&["db", "stamp"]);
    assert!(said.check(1).stderr.contains("is in use by another callgate"), "{}", said.stderr);
}
