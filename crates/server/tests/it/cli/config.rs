//! `callgate config`: what it writes, finds and shows.

use super::Program;

/// The message that a file is answered with, by every command that reads it.
fn check(name: &str, toml: &str) {
    let program = Program::new();
    program.write("callgate.toml", toml);
    let said = program.run(&["config", "check"]);
    assert_eq!(said.stdout, "", "{name}");
    insta::with_settings!({ description => toml.to_owned() }, { insta::assert_snapshot!(name, said.whole()) });
    let served = program.run(&["serve"]);
    assert_eq!((served.code, &served.stderr), (said.code, &said.stderr), "{name}");
    assert!(!program.folder().join("callgate-data").exists(), "{name}: a refused start makes nothing");
}

#[test]
fn every_fault_is_told_with_its_line_and_what_to_do() {
    check("unknown_setting", "[calls]\nring_timeot = \"45s\"\n");
    check("no_toml", "[calls]\nkeep = \"90d\n");
    check(
        "a_secret_itself",
        "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = \"whsec_hush\"\n",
    );
    check(
        "a_secret_that_is_not_set",
        "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = { env = \"OWN_SECRET\" }\n",
    );
    check("an_unknown_kind", "[connections.acme]\nkind = \"acme\"\n");
    check("no_allowed_numbers", "[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = { env = \"LANG\" }\n");
    check("an_unknown_connection", "[agents.akylai]\nconnection = \"simulatr\"\n");
    check("not_supported_yet", "[agents.a]\nconnection = \"simulator\"\ncalling_hours = \"9-17\"\n");
    check("another_database", "[database]\nurl = \"mysql://h/d\"\n");
    check("all_at_once", "[server]\nlisten = \"8010\"\n[calls]\nmax_live = -1\nqueue_ttl = 15\n");
}

#[test]
fn init_writes_the_example_once_and_the_example_is_good() {
    let program = Program::new();
    let said = program.run(&["config", "init"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "callgate.toml\n"));
    assert_eq!(program.read("callgate.toml"), include_str!("../../../../../callgate.example.toml"));
    program.run(&["config", "check"]).check(0);
    program.write("callgate.toml", "# mine\n");
    let again = program.run(&["config", "init"]);
    insta::assert_snapshot!(again.whole());
    assert_eq!(program.read("callgate.toml"), "# mine\n");
    program.run(&["config", "init", "--config", "other.toml"]).check(0);
    assert_eq!(program.read("other.toml"), include_str!("../../../../../callgate.example.toml"));
}

#[test]
fn show_tells_each_value_where_it_came_from_and_no_secret() {
    let program = Program::new().with("CALLGATE_LISTEN", "127.0.0.1:9000").with("OWN_SECRET", "whsec_aHVzaA==");
    let program = program.with("CALLGATE__CALLS__MAX_DURATION", "15m");
    program.write(
        "callgate.toml",
        "[database]\nurl = \"postgres://user:hush@host/calls\"\n[calls]\nallow_numbers = [\"+1\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = { env = \"OWN_SECRET\" }\n[agents.akylai]\nconnection = \"own\"\n",
    );
    let said = program.run(&["config", "show"]);
    assert!(!said.stdout.contains("hush") && !said.stdout.contains("aHVzaA"), "{}", said.stdout);
    insta::assert_snapshot!(said.whole());
    let json = program.run(&["config", "show", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("one document");
    let listen = json["data"].as_array().unwrap().iter().find(|held| held["setting"] == "server.listen").unwrap();
    assert_eq!(*listen, serde_json::json!({"setting": "server.listen", "value": "127.0.0.1:9000", "from": "CALLGATE_LISTEN"}));
}

#[test]
fn a_file_is_found_by_flag_then_variable_then_folder() {
    let program = Program::new().with("CALLGATE_CONFIG", "variable.toml");
    let live = |name: &str, max: u32| program.write(name, &format!("[calls]\nmax_live = {max}\n"));
    live("callgate.toml", 1);
    live("variable.toml", 2);
    live("flag.toml", 3);
    let from = |program: &Program, arguments: &[&str]| {
        let said = program.run(&[&["config", "show"], arguments].concat());
        said.stdout
            .lines()
            .find(|line| line.starts_with("calls.max_live "))
            .unwrap()
            .split_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(from(&program, &["--config", "flag.toml"]), "3 flag.toml:2");
    assert_eq!(from(&program, &[]), "2 variable.toml:2");
    let program = program.with("CALLGATE_CONFIG", "");
    assert_eq!(from(&program, &[]), "1 callgate.toml:2");
    let missing = program.run(&["config", "check", "--config", "nowhere.toml"]);
    insta::assert_snapshot!(missing.whole());
}
