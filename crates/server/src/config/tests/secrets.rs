//! Secrets are named, never written.

use super::*;

const BEFORE: &str = "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = ";

fn check(secret: &str, environment: &Environment, expected: &str) {
    let faults = load(&format!("{BEFORE}{secret}"), environment).err().unwrap_or_else(|| panic!("accepted: {secret}"));
    assert_eq!(faults.to_string(), expected, "{secret}");
}

fn secrets(config: &Config) -> Vec<&str> {
    let own = config.connections.values().find(|connection| connection.kind.as_str() == "http").unwrap();
    own.secrets["secret"].iter().map(callgate_domain::model::Secret::expose).collect()
}

#[test]
fn a_plain_string_is_refused_and_not_repeated() {
    check(
        "\"whsec_hush\"",
        &Environment::default(),
        "callgate.toml:6: connections.own.secret holds the secret itself\n  Put it in the environment and write: secret = { env = \"OWN_SECRET\" }",
    );
    check(
        "[{ env = \"A\" }, \"whsec_hush\"]",
        &Environment::from([("A", "one")]),
        "callgate.toml:6: connections.own.secret holds the secret itself\n  Put it in the environment and write: secret = { env = \"OWN_SECRET\" }",
    );
}

#[test]
fn one_that_is_not_there_is_named() {
    check(
        "{ env = \"OWN_SECRET\" }",
        &Environment::default(),
        "callgate.toml:6: connections.own.secret: OWN_SECRET is not set\n  Set OWN_SECRET in the environment of the program",
    );
    check(
        "{ file = \"/nowhere/secret\" }",
        &Environment::default(),
        "callgate.toml:6: connections.own.secret: /nowhere/secret cannot be read: No such file or directory (os error 2)\n  Name a file that this user can read",
    );
}

#[test]
fn another_shape_is_shown_the_right_one() {
    for shape in ["{ env = \"A\", file = \"b\" }", "{ variable = \"A\" }", "{}", "{ env = 1 }"] {
        check(
            shape,
            &Environment::default(),
            "callgate.toml:6: connections.own.secret: must be { env = \"NAME\" } or { file = \"path\" }\n  Write: secret = { env = \"OWN_SECRET\" }",
        );
    }
    check(
        "[]",
        &Environment::default(),
        "callgate.toml:6: connections.own.secret must be 1 to 3 secrets\n  Name one, or up to 3 while it is rotated: secret = { env = \"OWN_SECRET\" }",
    );
    check(
        "7",
        &Environment::default(),
        "callgate.toml:6: connections.own.secret must name a secret, not hold a number\n  Write: secret = { env = \"OWN_SECRET\" }",
    );
}

#[test]
fn up_to_three_are_kept_in_their_order() {
    let environment = Environment::from([("A", "one"), ("B", "two"), ("C", "three")]);
    let list = "[{ env = \"A\" }, { env = \"B\" }, { env = \"C\" }]";
    assert_eq!(secrets(&load(&format!("{BEFORE}{list}"), &environment).unwrap()), ["one", "two", "three"]);
}

#[test]
fn one_in_a_file_of_its_owner_alone_is_read_without_the_lines_end() {
    let written = Written::new(BEFORE);
    let path = written.path("secret");
    std::fs::write(&path, "whsec_hush\n").unwrap();
    std::fs::write(written.path("callgate.toml"), format!("{BEFORE}{{ file = \"{}\" }}", path.display())).unwrap();
    set_mode(&path, 0o600);
    assert_eq!(secrets(&written.load(&Environment::default()).unwrap()), ["whsec_hush"]);
    set_mode(&path, 0o400);
    assert_eq!(secrets(&written.load(&Environment::default()).unwrap()), ["whsec_hush"]);
    set_mode(&path, 0o644);
    assert_eq!(
        written.load(&Environment::default()).unwrap_err().to_string(),
        "callgate.toml:6: connections.own.secret: secret can be read by others (mode 0644)\n  Keep it to its owner: chmod 600 secret"
    );
    set_mode(&path, 0o600);
    std::fs::write(&path, "\n").unwrap();
    assert_eq!(
        written.load(&Environment::default()).unwrap_err().to_string(),
        "callgate.toml:6: connections.own.secret: secret is empty\n  Write the secret into it"
    );
}

#[test]
fn a_databases_address_may_be_kept_as_a_secret() {
    let toml = "[database]\nurl = { env = \"DATABASE_URL\" }";
    let config = load(toml, &Environment::from([("DATABASE_URL", "postgres://u:p@h/d")])).unwrap();
    assert_eq!(config.database.url.expose(), "postgres://u:p@h/d");
    assert!(!format!("{config:?}").contains("u:p"));
    let faults = load(toml, &Environment::default()).unwrap_err().to_string();
    assert_eq!(
        faults,
        "callgate.toml:2: database.url: DATABASE_URL is not set\n  Set DATABASE_URL in the environment of the program"
    );
}

#[test]
fn a_secret_in_a_variable_meant_for_a_plain_value_is_told_where_it_belongs() {
    let environment = with_secret().with("CALLGATE__CONNECTIONS__DIALER__SECRET", "hush");
    assert_eq!(
        load(DIALER, &environment).unwrap_err().to_string(),
        "CALLGATE__CONNECTIONS__DIALER__SECRET: connections.dialer.secret holds the secret itself\n  Give it a name of its own, unset CALLGATE__CONNECTIONS__DIALER__SECRET, and write in the file: secret = { env = \"DIALER_SECRET\" }"
    );
}
