//! What is wrong with a gateway is found, and said with a way to mend it.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use callgate_adapters::store;
use callgate_domain::ports::Clock;
use serde_json::{Value, json};

use super::stub::Stub;
use super::{Program, Said};
use crate::harness::{Answer, OWN_SECRET, Server, Setup};

const OWN: &str = "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"BASE\"\nsecret = { env = \"OWN\" }\n\
                   [agents.akylai]\nconnection = \"own\"\nremote_id = \"assistant-7\"\n";

/// One where everything is well: a data folder as `serve` makes it, with a database of this release.
fn healthy() -> Program {
    let program = Program::new();
    let folder = program.folder().join("callgate-data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    store::migrate(&format!("sqlite://{}", folder.join("callgate.db").display())).unwrap();
    // Where none listens, whatever else runs on this machine.
    program.with("CALLGATE_LISTEN", "127.0.0.1:1")
}

/// Everything in its folder, to the byte.
fn files(program: &Program) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(program.folder().join("callgate-data")).unwrap().map(|file| file.unwrap().path());
    files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect()
}

/// A fault is found, with its way to mend it, and fails the command.
fn check(said: &Said, fault: &str, fix: &str) {
    let text = &said.check(3).stdout;
    let (_, rest) = text.split_once(fault).unwrap_or_else(|| panic!("{fault}: {text}"));
    let next = rest.lines().nth(1).unwrap_or_default();
    assert!(next.starts_with("    ") && next.contains(fix), "{fix}: {text}");
}

#[test]
fn where_everything_is_well_it_says_so() {
    let said = healthy().run(&["doctor"]);
    let text = &said.check(0).stdout;
    for well in ["✓ configuration", "✓ data folder", "✓ database", "● gateway", "● endpoints", "✓ connections"] {
        assert!(text.contains(well), "{well}: {text}");
    }
    let quiet = healthy().run(&["doctor", "--offline", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (Some(0), "", ""));
    let json: Value = serde_json::from_str(&healthy().run(&["doctor", "--offline", "--json"]).check(0).stdout).unwrap();
    assert_eq!((&json["ok"], &json["data"][1]["check"]), (&json!(true), &json!("data folder")));
    // Before the first start nothing is there, and nothing is wrong.
    let fresh = Program::new();
    assert!(fresh.run(&["doctor", "--offline"]).check(0).stdout.contains("serve makes it"));
    assert!(!fresh.folder().join("callgate-data").exists(), "it makes nothing");
}

#[test]
fn looking_leaves_everything_as_it_was() {
    let program = healthy();
    let before = files(&program);
    program.run(&["doctor"]).check(0);
    assert!(files(&program) == before, "{:?}", files(&program).keys());
    // As a start that was killed at once leaves it.
    program.write("callgate-data/callgate.db", "");
    check(&program.run(&["doctor", "--offline"]), "callgate.db lacks", "db migrate");
    assert_eq!(program.read("callgate-data/callgate.db"), "");
}

#[test]
fn what_a_gateway_that_is_not_ready_says_is_cut_and_cannot_steer_a_terminal() {
    let odd = Stub::start(|_, asked| {
        assert!(asked.line.starts_with("GET /readyz"), "no redirect is followed: {asked:?}");
        let body = format!("gone \u{1b}[2J{}", "x".repeat(100_000));
        Some(format!(
            "HTTP/1.1 302 No\r\nlocation: /elsewhere\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    });
    let said = healthy().with("CALLGATE_LISTEN", odd.url.trim_start_matches("http://")).run(&["doctor", "--offline"]);
    check(&said, ": gone  [2Jxxx", "Look at its log");
    assert!(said.stdout.len() < 4_000 && !said.stdout.contains('\u{1b}'), "{said:?}");
}

#[test]
fn what_a_gateway_that_runs_well_will_meet_at_its_next_start_is_only_noted_offline() {
    let well = Stub::start(|_, _| Some("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]".to_owned()));
    let at = well.url.trim_start_matches("http://");
    let program = healthy().with("CALLGATE_LISTEN", at);
    let newer = format!("sqlite://{}", program.folder().join("newer.db").display());
    store::make_newer(&newer, "29990101000000").unwrap();
    std::fs::set_permissions(program.folder().join("callgate-data"), Permissions::from_mode(0o755)).unwrap();
    let arguments = ["doctor", "--offline", "--database-url", &newer];
    let said = program.run(&arguments);
    let text = &said.check(0).stdout;
    for noted in ["● data folder", "● database", "✓ gateway", "chmod 0700 callgate-data", "29990101000000"] {
        assert!(text.contains(noted), "{noted}: {text}");
    }
    assert!(!text.contains('✕'), "{text}");
    // Not even the configuration can be read: it is asked where the container says.
    program.write("callgate.toml", "[calls\n");
    assert!(program.run(&arguments).check(0).stdout.contains("● configuration"), "noted");
    // Who asks for everything is told everything, and where it is not ready nothing is let pass.
    check(&program.run(&["doctor"]), "callgate.toml:1", "");
    check(&program.with("CALLGATE_LISTEN", "127.0.0.1:1").run(&arguments), "callgate.toml:1", "");
}

#[test]
fn a_folder_that_others_can_read_is_found() {
    let program = healthy();
    let folder = program.folder().join("callgate-data");
    program.write("callgate-data/key", "cg_something");
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(folder.join("key"), Permissions::from_mode(0o644)).unwrap();
    let said = program.run(&["doctor", "--offline"]);
    check(&said, "others can look into callgate-data (mode 0755)", "chmod 0700 callgate-data");
    check(&said, "others can read callgate-data/key (mode 0644)", "chmod 0600 callgate-data/key");
    let quiet = program.run(&["doctor", "--offline", "--quiet"]).check(3).stdout.clone();
    assert!(quiet.starts_with("✕ data folder") && !quiet.contains('✓'), "{quiet}");
}

#[test]
fn a_database_that_cannot_be_reached_is_found() {
    let program = healthy();
    let said = program.run(&["doctor", "--offline", "--database-url", "postgres://u:secret@127.0.0.1:1/callgate"]);
    check(&said, "postgres://u:hidden@127.0.0.1:1/callgate: the database cannot be reached: ", "Check that it runs");
    assert!(!said.stdout.contains("secret"), "{said:?}");
    program.write("callgate-data/callgate.db", "this is no database, and was never one");
    check(&program.run(&["doctor", "--offline"]), "file is not a database", "Check that it runs");
}

#[test]
fn a_database_of_an_earlier_release_is_found_and_left_as_it_is() {
    let program = healthy();
    let url = format!("sqlite://{}", program.folder().join("old.db").display());
    store::migrate(&url).unwrap();
    assert_eq!(store::take_back(&url, 2).unwrap(), 1);
    for _ in 0..2 {
        let said = program.run(&["doctor", "--offline", "--database-url", &url]);
        check(&said, "old.db lacks 2 migrations: 20261128", "db migrate");
    }
    program.run(&["db", "migrate", "--database-url", &url]).check(0);
    program.run(&["doctor", "--offline", "--database-url", &url]).check(0);
}

#[test]
fn a_connection_without_its_credentials_is_found() {
    let program = healthy();
    program.write("callgate.toml", &OWN.replace("BASE", "https://engine.example"));
    check(&program.run(&["doctor", "--offline"]), "OWN is not set", "");
}

#[test]
fn a_clock_that_is_off_and_a_key_that_is_wrong_are_found_at_the_provider() {
    let ago = Stub::start(|_, _| {
        let date = callgate_adapters::clock::SystemClock::new().now() - jiff::SignedDuration::from_mins(10);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
        Some(format!("HTTP/1.1 401 No\r\ndate: {date}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
    });
    let program = healthy().with("OWN", OWN_SECRET);
    program.write("callgate.toml", &OWN.replace("BASE", &ago.url));
    let said = program.run(&["doctor"]);
    check(&said, "s off, as the provider has it", "timedatectl set-ntp true");
    check(&said, "akylai over own: ", "agents check");
    let offline = program.run(&["doctor", "--offline"]);
    assert!(offline.check(0).stdout.contains("not looked at: --offline"), "{offline:?}");
    assert_eq!(ago.asked().len(), 1, "offline nobody is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_where_nothing_comes_through_is_found_while_the_gateway_runs() {
    let server = Server::with(Setup { workers: true, ..Setup::default() }).await;
    let broken = Stub::start(|_, _| Some("HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()));
    let added = Answer::of(server.post("/v1/webhook-endpoints", &json!({"url": broken.url}))).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let call = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    server.ended(&call).await;
    let tried = async {
        while server.read("/v1/webhook-deliveries").await["data"][0]["tries"].as_u64().unwrap_or_default() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), tried).await.expect("a first try");
    let url = std::fs::read_dir(server.folder()).unwrap().filter_map(|file| file.unwrap().path().to_str().map(str::to_owned));
    let file = url.into_iter().find(|path| path.ends_with(".db")).expect("the database");
    let listen = server.url.trim_start_matches("http://").to_owned();
    let said = tokio::task::spawn_blocking(move || {
        let program = healthy().with("CALLGATE_LISTEN", &listen);
        let run = |more: &[&str]| program.run(&[&["doctor", "--database-url", &format!("sqlite://{file}")], more].concat());
        run(&["--offline"]).check(0);
        run(&[])
    });
    let said = said.await.unwrap();
    check(&said, &format!("nothing has come through to {}", broken.url), "webhooks list --failed");
    assert!(said.stdout.contains("✓ gateway"), "{}", said.stdout);
}
