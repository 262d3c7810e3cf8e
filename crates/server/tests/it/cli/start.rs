//! What keeps `callgate serve` from starting: one clear line, what to do, and nothing damaged.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{Program, Running, Said};

/// A running server on a port of its own, once it is ready.
fn serving(program: &Program, port: u16) -> Running {
    let mut running = program.start(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    for _ in 0..400 {
        if is_ready(port).unwrap_or(false) {
            return running;
        }
        if running.is_over() {
            panic!("it ended: {:?}", running.said());
        }
        std::thread::park_timeout(Duration::from_millis(25));
    }
    panic!("it is not ready");
}

fn is_ready(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
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
    let pid = first.pid();
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
    serving(&program, port);
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
    let records = said.stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record a line"));
    let ready = records.into_iter().find(|record| record["message"] == "ready").expect("it says so");
    assert_eq!(ready["console"], format!("http://127.0.0.1:{port}/console"), "{ready}");
    assert!(ready["key_file"].as_str().is_some_and(|file| file.ends_with("callgate-data/key")), "{ready}");
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

#[test]
fn an_operators_address_that_is_taken_is_named_by_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its number").to_string();
    let program = Program::new().with("CALLGATE__SERVER__METRICS_LISTEN", &address);
    let said = refused(&program, &["--listen", "127.0.0.1:0"]);
    assert!(
        said.starts_with("exit 1\n") && said.contains(&format!("error: server.metrics_listen: {address} is already in use")),
        "{said}"
    );
    assert!(said.contains("or write another address there") && !said.contains("--listen"), "{said}");
}
