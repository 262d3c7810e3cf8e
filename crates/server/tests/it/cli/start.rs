//! What keeps `callgate serve` from starting: one clear line, what to do, and nothing damaged.

use std::time::Duration;

use super::{Program, Running, Said};

/// A running server on a port of its own, once it is ready.
fn serving(program: &Program, port: u16) -> Running {
    let mut running = program.start(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    for _ in 0..400 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() && program.folder().join("callgate-data/key").exists() {
            return running;
        }
        assert!(running.child.try_wait().expect("its state").is_none(), "{:?}", running.said());
        std::thread::park_timeout(Duration::from_millis(25));
    }
    panic!("it is not ready");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port()
}

fn refused(program: &Program, arguments: &[&str]) -> String {
    let said: Said = program.run(&[&["serve"], arguments].concat());
    assert_eq!(said.stdout, "");
    said.whole()
}

#[test]
fn a_second_process_is_told_who_has_the_address_or_the_folder() {
    let program = Program::new();
    let port = free_port();
    let first = serving(&program, port);
    let pid = first.child.id().to_string();
    let said =
        |text: String| text.replace(&pid, "PID").replace(&format!("{}", port + 1), "PORT+1").replace(&port.to_string(), "PORT");
    insta::assert_snapshot!("address_taken", said(refused(&program, &["--listen", &format!("127.0.0.1:{port}")])));
    insta::assert_snapshot!("folder_taken", said(refused(&program, &["--listen", "127.0.0.1:0"])));
    let elsewhere = Program::new();
    insta::assert_snapshot!(
        "address_taken_by_a_stranger",
        said(refused(&elsewhere, &["--listen", &format!("127.0.0.1:{port}")]))
    );
    first.signal("TERM");
    first.said().check(0);
    serving(&program, port).signal("TERM");
}

#[test]
fn the_first_key_is_made_on_loopback_only_and_kept() {
    let program = Program::new();
    insta::assert_snapshot!("no_key_on_an_open_address", refused(&program, &["--listen", "0.0.0.0:0"]));
    let port = free_port();
    let running = serving(&program, port);
    let key = program.read("callgate-data/key");
    assert!(key.starts_with("cg_") && key.trim().len() == 46, "{key}");
    running.signal("INT");
    let said = running.said();
    assert!(!said.stderr.contains(key.trim()), "without a terminal no key is printed");
    let first: serde_json::Value = serde_json::from_str(said.stderr.lines().next().unwrap_or_default()).expect("a record first");
    assert_eq!(first["message"], "ready");
    said.check(0);
    let again = serving(&program, port);
    assert_eq!(program.read("callgate-data/key"), key);
    again.signal("TERM");
    again.said().check(0);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let short = Program::new().with("CALLGATE_KEY", "short");
    insta::assert_snapshot!("short_key", refused(&short, &["--listen", "127.0.0.1:0"]));
    let both = Program::new().with("CALLGATE_KEY", &"k".repeat(40)).with("CALLGATE_KEY_FILE", "key");
    insta::assert_snapshot!("two_keys", refused(&both, &["--listen", "127.0.0.1:0"]));
    let missing = Program::new().with("CALLGATE_KEY_FILE", "nowhere");
    insta::assert_snapshot!("no_key_file", refused(&missing, &["--listen", "127.0.0.1:0"]));
}

#[test]
fn what_cannot_be_used_is_named() {
    let program = Program::new();
    program.write("callgate-data", "a file");
    insta::assert_snapshot!("no_folder", refused(&program, &["--listen", "127.0.0.1:0"]));
    let program = Program::new();
    let off = refused(&program, &["--workers", "off", "--http", "off"]);
    insta::assert_snapshot!("nothing_to_do", off);
    insta::assert_snapshot!("another_scheme", refused(&program, &["--database-url", "mysql://h/d"]));
    insta::assert_snapshot!("no_address", refused(&program, &["--listen", "here"]));
    let word = Program::new().with("CALLGATE_LOG_FORMAT", "xml");
    insta::assert_snapshot!("no_log_format", refused(&word, &["--listen", "127.0.0.1:0"]));
    let nowhere = refused(&program, &["--listen", "127.0.0.1:0", "--database-url", "postgres://u:hush@127.0.0.1:1/d"]);
    assert!(nowhere.starts_with("exit 1\n--- stdout\n--- stderr\nerror: ") && !nowhere.contains("hush"), "{nowhere}");
}
