//! Which layer is stronger, and how a variable is typed.

use super::*;

fn listen(toml: &str, given: Option<&str>, environment: &Environment) -> String {
    let written = Written::new(toml);
    let given = Given { config: Some(written.path("callgate.toml")), listen: given.map(str::to_owned), ..Given::default() };
    Config::load(&given, environment).unwrap().server.listen.to_string()
}

#[test]
fn flag_over_name_over_section_over_file_over_default() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"";
    let section = ("CALLGATE__SERVER__LISTEN", "127.0.0.1:2");
    let name = ("CALLGATE_LISTEN", "127.0.0.1:3");
    assert_eq!(listen("", None, &Environment::default()), "127.0.0.1:8010");
    assert_eq!(listen(file, None, &Environment::default()), "127.0.0.1:1");
    assert_eq!(listen(file, None, &Environment::from([section])), "127.0.0.1:2");
    assert_eq!(listen(file, None, &Environment::from([section, name])), "127.0.0.1:3");
    assert_eq!(listen(file, Some("127.0.0.1:4"), &Environment::from([section, name])), "127.0.0.1:4");
}

#[test]
fn an_empty_name_counts_as_not_set() {
    assert_eq!(listen("", None, &Environment::from([("CALLGATE_LISTEN", "")])), "127.0.0.1:8010");
}

#[test]
fn variables_are_typed_by_what_they_set() {
    let environment = Environment::from([
        ("CALLGATE__CALLS__MAX_LIVE", "7"),
        ("CALLGATE__CALLS__MAX_DURATION", "15m"),
        ("CALLGATE__CONNECTIONS__SIMULATOR__SPEED", "100"),
        ("CALLGATE__AGENTS__ALTAI__PUBLIC", "false"),
        ("CALLGATE__LIMITS__REQUESTS_PER_SECOND", "0"),
    ]);
    let config = load("", &environment).unwrap();
    assert_eq!(config.calls.max_live, Some(7));
    assert_eq!(config.agents[1].max_duration.as_secs(), 900);
    assert!(!config.agents[1].public);
    let simulator = config.connections.values().next().unwrap();
    assert_eq!(simulator.values["speed"], serde_json::json!(100));
}

#[test]
fn the_data_folder_moves_the_database_unless_that_has_an_address() {
    let moved = Given { data_dir: Some(PathBuf::from("/data")), ..Given::default() };
    let environment = Environment::from([("CALLGATE_DATA_DIR", "/elsewhere")]);
    let config = without_a_file(Given::default(), &environment).unwrap();
    assert_eq!(config.database.url.expose(), "sqlite:///elsewhere/callgate.db");
    let config = without_a_file(moved.clone(), &environment).unwrap();
    assert_eq!(config.database.url.expose(), "sqlite:///data/callgate.db");
    let postgres = Environment::from([("CALLGATE_DATABASE_URL", "postgres://u:p@h/d")]);
    let config = without_a_file(moved, &postgres).unwrap();
    assert_eq!((config.database.url.expose(), config.database.word()), ("postgres://u:p@h/d", "postgres"));
}

#[test]
fn every_value_tells_where_it_came_from_and_no_secret_is_shown() {
    let toml = format!("[database]\nurl = \"postgres://u:hush@h/d?password=hush&sslmode=require\"\n{DIALER}");
    let written = Written::new(&toml);
    let given = Given { config: Some(written.path("callgate.toml")), ..Given::default() };
    let environment = Environment::from([("CALLGATE_LISTEN", "127.0.0.1:9"), ("DIALER_SECRET", "hush")]);
    let sources = Config::read(&given, &environment).sources;
    let shown = |setting: &str| {
        let source = sources.iter().find(|source| source.setting == setting).unwrap();
        let file = source.from.rsplit('/').next().unwrap().to_owned();
        (source.value.as_str(), file)
    };
    assert_eq!(shown("server.listen"), ("127.0.0.1:9", "CALLGATE_LISTEN".to_owned()));
    assert_eq!(shown("calls.ring_timeout"), ("45s", "default".to_owned()));
    assert_eq!(shown("calls.allow_numbers"), ("[\"+1\"]", "callgate.toml:5".to_owned()));
    assert_eq!(shown("connections.dialer.secret"), ("{ env = \"DIALER_SECRET\" }", "callgate.toml:9".to_owned()));
    assert_eq!(shown("database.url").0, "postgres://u:hidden@h/d?password=hidden&sslmode=require");
    assert!(sources.iter().all(|source| !source.value.contains("hush")), "{sources:?}");
}
