//! What good settings mean.

use std::time::Duration;

use callgate_domain::model::{Agent, ConnectionId, Phone};
use serde_json::json;

use super::*;
use crate::config::DatabaseKind;

fn agent<'a>(config: &'a Config, key: &str) -> &'a Agent {
    config.agents.iter().find(|agent| agent.key.as_str() == key).unwrap()
}

fn connection(name: &str) -> ConnectionId {
    ConnectionId::new(name).unwrap()
}

#[test]
fn nothing_written_is_a_simulator_with_two_agents_on_loopback() {
    let config = without_a_file(Given::default(), &Environment::default()).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8010");
    assert_eq!((config.server.public_url, config.server.metrics_listen), (None, None));
    assert_eq!(config.data_dir, Path::new("./callgate-data"));
    assert_eq!(config.database.url.expose(), "sqlite://./callgate-data/callgate.db");
    assert_eq!((config.database.kind, config.database.pool), (DatabaseKind::Sqlite, 16));
    assert_eq!(config.calls.allow_numbers, None);
    assert_eq!(config.calls.max_live, None);
    assert_eq!(config.calls.ring_timeout, Duration::from_secs(45));
    assert_eq!(config.calls.max_duration, Duration::from_mins(60));
    assert_eq!(config.calls.queue_ttl, Duration::from_mins(15));
    assert_eq!(config.calls.settle_grace, Duration::from_mins(30));
    assert_eq!(config.limits.failed_auth_per_minute, 20);
    assert!(config.webhooks.allow_private.is_empty());
    let names: Vec<_> = config.agents.iter().map(|agent| (agent.key.as_str(), agent.name.as_str(), agent.test)).collect();
    assert_eq!(names, [("akylai", "AkylAI", true), ("altai", "Altai", true)]);
    let simulator = &config.connections[&connection("simulator")];
    assert_eq!((simulator.max_live, simulator.max_per_second), (Some(10), Some(5)));
}

#[test]
fn limits_are_off_until_they_are_set() {
    let none = good("");
    assert_eq!((none.limits.requests_per_second, none.calls.duplicate_guard), (0, false));
    assert_eq!((none.limits.calls_per_number_per_day, none.limits.spend_calls_per_day), (None, None));
    let set = good(
        "[calls]\nduplicate_guard = \"reject\"\n[limits]\nrequests_per_second = 50\ncalls_per_number_per_day = 3\nspend_calls_per_day = 1000",
    );
    assert_eq!((set.limits.requests_per_second, set.calls.duplicate_guard), (50, true));
    assert_eq!((set.limits.calls_per_number_per_day, set.limits.spend_calls_per_day), (Some(3), Some(1000)));
}

#[test]
fn where_the_file_defines_agents_only_those_exist() {
    let config = good("[agents.practice]\nconnection = \"simulator\"");
    assert_eq!(config.agents.len(), 1);
    let practice = agent(&config, "practice");
    assert_eq!((practice.name.as_str(), practice.public, practice.test), ("practice", true, true));
    assert_eq!(practice.routes[0].remote_id, "practice");
    assert_eq!(practice.max_duration, Duration::from_mins(60));
}

#[test]
fn notices_may_go_to_the_networks_that_are_listed() {
    let config = good("[webhooks]\nallow_private = [\"10.0.0.0/8\", \"::1\"]");
    let listed: Vec<_> = config.webhooks.allow_private.iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn an_agent_on_a_connection_that_dials_is_no_test() {
    let toml = format!(
        "{DIALER}\n[agents.akylai]\nconnection = \"dialer\"\nremote_id = \"assistant-7\"\nfrom = \"+1 202 555 0199\"\nvariables = {{ n = 2, yes = true }}\n"
    );
    let config = load(&toml, &with_secret()).unwrap();
    let akylai = agent(&config, "akylai");
    assert!(!akylai.test);
    assert_eq!(akylai.routes[0].remote_id, "assistant-7");
    assert_eq!(akylai.routes[0].from, Some(Phone::parse("+12025550199").unwrap()));
    assert_eq!(serde_json::Value::Object(akylai.variables.clone()), json!({"n": 2, "yes": true}));
    let dialer = &config.connections[&connection("dialer")];
    assert_eq!(dialer.base_url.as_deref(), Some("https://dialer.example.com"));
    assert_eq!(dialer.secrets["secret"][0].expose(), "whsec_c2VjcmV0");
    assert_eq!(config.calls.allow_numbers, Some(vec!["+1".to_owned()]));
}

#[test]
fn routes_keep_their_order_and_their_agents_key_is_the_remote_id_of_those_without() {
    let toml = format!(
        "{DIALER}\n[connections.other]\nkind = \"http\"\nbase_url = \"https://other.example.com\"\nsecret = {{ env = \"DIALER_SECRET\" }}\n\
         [agents.altai]\nroutes = [{{ connection = \"dialer\", remote_id = \"a\" }}, {{ connection = \"other\" }}]\n"
    );
    let config = load(&toml, &with_secret()).unwrap();
    let altai = agent(&config, "altai");
    let routes: Vec<_> = altai.routes.iter().map(|route| (route.connection.as_str(), route.remote_id.as_str())).collect();
    assert_eq!(routes, [("dialer", "a"), ("other", "altai")]);
    assert!(!altai.test);
}

#[test]
fn zero_is_no_limit() {
    let config = good("[calls]\nmax_live = 0\n[connections.simulator]\nmax_live = 0\nmax_per_second = 0");
    let simulator = &config.connections[&connection("simulator")];
    assert_eq!((config.calls.max_live, simulator.max_live, simulator.max_per_second), (None, None, None));
}

#[test]
fn the_lowest_limit_on_a_conversation_is_the_agents_own() {
    let config = good(
        "[calls]\nmax_duration = \"15m\"\n[connections.simulator]\nmax_duration = \"10m\"\n[agents.a]\nconnection = \"simulator\"\n[agents.b]\nconnection = \"simulator\"\nmax_duration = \"5m\"",
    );
    assert_eq!(agent(&config, "a").max_duration, Duration::from_mins(10));
    assert_eq!(agent(&config, "b").max_duration, Duration::from_mins(5));
}

#[test]
fn an_outside_address_loses_its_last_slash() {
    let config = good("[server]\npublic_url = \"https://calls.example.com/\"");
    assert_eq!(config.server.public_url.as_deref(), Some("https://calls.example.com"));
    let config = good("[server]\npublic_url = \"https://example.com/calls/\"\nlisten = \"localhost:0\"");
    assert_eq!(config.server.public_url.as_deref(), Some("https://example.com/calls"));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
}

#[test]
fn the_settings_of_a_kind_are_handed_on_as_they_are() {
    let config = good("[connections.simulator]\nspeed = 100\nseed = 7\nscript = \"scenarios.toml\"");
    let simulator = &config.connections[&connection("simulator")];
    let values = serde_json::to_value(&simulator.values).unwrap();
    assert_eq!(values, json!({"speed": 100, "seed": 7, "script": "scenarios.toml"}));
}

/// A line without a space after its # is a setting.
fn settings_of(example: &str) -> String {
    let lines = example.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') || setting.starts_with("    {") => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every variable that a secret is read from.
fn with_secrets_of(settings: &str) -> Environment {
    let named = settings.split("{ env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    named.fold(with_secret(), |environment, name| match environment.get(name) {
        Some(_) => environment,
        None => environment.with(name, "a secret that is only one here"),
    })
}

/// What every connection has is shown at the first.
fn is_common(setting: &str) -> bool {
    const COMMON: [&str; 6] = ["base_url", "max_live", "max_per_second", "request_timeout", "poll_interval", "max_duration"];
    let of_others = setting.starts_with("connections.") && !setting.starts_with("connections.simulator.");
    of_others && COMMON.iter().any(|name| setting.ends_with(&format!(".{name}")))
}

#[test]
fn the_example_with_its_comments_taken_away_is_good_and_shows_every_setting() {
    let example = include_str!("../../../../../callgate.example.toml");
    good(example);
    let settings = settings_of(example);
    let written = Written::new(&settings);
    let environment = with_secrets_of(&settings);
    written.load(&environment).unwrap_or_else(|faults| panic!("{faults}"));
    let given = Given { config: Some(written.path("callgate.toml")), ..Given::default() };
    let missing: Vec<_> = Config::read(&given, &environment)
        .sources
        .into_iter()
        .filter(|source| source.from == "default" && !source.setting.starts_with("agents.") && source.setting != "data_dir")
        .filter(|source| !is_common(&source.setting))
        .collect();
    assert_eq!(missing, [], "not in the example");
}

#[test]
fn the_example_shows_the_defaults() {
    let settings = settings_of(include_str!("../../../../../callgate.example.toml"));
    let (example, default) = (load(&settings, &with_secrets_of(&settings)).unwrap(), good(""));
    assert_eq!(example.server.listen, default.server.listen);
    assert_eq!(format!("{:?}", example.limits), format!("{:?}", default.limits));
    assert_eq!(example.database.pool, default.database.pool);
    let but_numbers = |config: &Config| format!("{:?}", super::super::Calls { allow_numbers: None, ..config.calls.clone() });
    assert_eq!(but_numbers(&example), but_numbers(&default));
}

#[test]
fn the_scenarios_in_the_example_are_toml() {
    let example = include_str!("../../../../../callgate.example.toml");
    let lines = example.lines().filter_map(|line| line.strip_prefix("#     "));
    let script: toml::Table = lines.collect::<Vec<_>>().join("\n").parse().unwrap();
    assert_eq!(script["scenario"][0]["ends"].as_str(), Some("0150"));
}
