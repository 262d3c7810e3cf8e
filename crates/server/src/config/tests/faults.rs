//! What is said of settings that cannot be meant: each with its line, and one thing to do.

use super::*;

fn check(toml: &str, expected: &str) {
    let faults = load(toml, &with_secret()).err().unwrap_or_else(|| panic!("accepted: {toml}"));
    assert_eq!(faults.to_string(), expected, "{toml}");
}

#[test]
fn an_unknown_setting_is_told_the_nearest_known_one() {
    check(
        "[calls]\nring_timeot = \"45s\"",
        "callgate.toml:2: there is no setting calls.ring_timeot\n  Did you mean calls.ring_timeout?",
    );
    check("[sever]\nlisten = \"127.0.0.1:1\"", "callgate.toml:1: there is no setting sever\n  Did you mean server?");
    check(
        "[connections.simulator]\nspeeed = 2",
        "callgate.toml:2: there is no setting connections.simulator.speeed\n  Did you mean connections.simulator.speed?",
    );
    check(
        "[agents.practice]\nconnection = \"simulator\"\nlanguage = [\"ky\"]",
        "callgate.toml:3: there is no setting agents.practice.language\n  Did you mean agents.practice.languages?",
    );
    check(
        "[limits]\ncolour = 1",
        "callgate.toml:2: there is no setting limits.colour\n  Known here: calls_per_number_per_day, failed_auth_per_minute, requests_per_second, spend_calls_per_day",
    );
}

#[test]
fn a_value_of_another_type_is_told_what_it_must_be() {
    check(
        "[calls]\nring_timeout = 45",
        "callgate.toml:2: calls.ring_timeout must be a length of time in quotes, such as \"20s\", \"5m\", \"24h\" or \"90d\"",
    );
    check(
        "[calls]\nring_timeout = \"45 s\"",
        "callgate.toml:2: calls.ring_timeout = \"45 s\" is no length of time such as 20s, 5m, 24h or 90d",
    );
    check("[calls]\nring_timeout = \"0s\"", "callgate.toml:2: calls.ring_timeout must be 1s to 10m");
    check("[calls]\nmax_live = -1", "callgate.toml:2: calls.max_live must be a whole number, 0 or more");
    check("[calls]\nmax_live = \"7\"", "callgate.toml:2: calls.max_live must be a whole number, 0 or more");
    check("[database]\npool = 0", "callgate.toml:2: database.pool must be a whole number from 1 to 1000");
    check("[agents.a]\nconnection = \"simulator\"\npublic = \"yes\"", "callgate.toml:3: agents.a.public must be true or false");
    check("calls = 1", "callgate.toml:1: calls must be a section, not a number");
    check(
        "[server]\nlisten = \"8010\"",
        "callgate.toml:2: server.listen = \"8010\" is no address and port such as 127.0.0.1:8010",
    );
    check(
        "[server]\npublic_url = \"calls.example.com\"",
        "callgate.toml:2: server.public_url = \"calls.example.com\" is no URL (relative URL without a base); write https://calls.example.com",
    );
    check(
        "[server]\npublic_url = \"ftp://example.com\"",
        "callgate.toml:2: server.public_url = \"ftp://example.com\" must begin with https:// or http://",
    );
    check(
        "[server]\ntrusted_proxies = [\"10.0.0.0/40\"]",
        "callgate.toml:2: server.trusted_proxies holds \"10.0.0.0/40\", which is no range of addresses such as \"10.0.0.0/8\"",
    );
    check(
        "[calls]\nallow_numbers = [\"1202\"]",
        "callgate.toml:2: calls.allow_numbers holds \"1202\", which does not begin with +",
    );
    check("[calls]\nallow_numbers = \"+1\"", "callgate.toml:2: calls.allow_numbers must be a list of strings, such as [\"…\"]");
    check(
        "[database]\nurl = \"mysql://h/d\"",
        "callgate.toml:2: database.url is neither sqlite:// nor postgres://\n  Write sqlite://callgate-data/callgate.db, or postgres://user:password@host/database",
    );
}

#[test]
fn what_is_no_toml_is_told_its_line() {
    let faults = load("[calls]\nkeep = \"90d", &Environment::default()).unwrap_err().to_string();
    assert!(faults.starts_with("callgate.toml:2: is not TOML: "), "{faults}");
    let faults = load("[calls]\nkeep = \"90d\"\nkeep = \"90d\"", &Environment::default()).unwrap_err().to_string();
    assert!(faults.starts_with("callgate.toml:3: is not TOML: "), "{faults}");
}

#[test]
fn a_limit_that_is_none_is_refused() {
    check("[calls]\nduplicate_guard = \"on\"", "callgate.toml:2: calls.duplicate_guard must be \"off\" or \"reject\"");
    check("[calls]\nduplicate_guard = true", "callgate.toml:2: calls.duplicate_guard must be \"off\" or \"reject\"");
    check(
        "[limits]\nrequests_per_second = -1",
        "callgate.toml:2: limits.requests_per_second must be a whole number from 0 to 1000000",
    );
    check(
        "[limits]\nspend_calls_per_day = \"5\"",
        "callgate.toml:2: limits.spend_calls_per_day must be a whole number, 0 or more",
    );
    check(
        "[limits]\ncalls_per_number_per_day = 0.5",
        "callgate.toml:2: limits.calls_per_number_per_day must be a whole number, 0 or more",
    );
}

#[test]
fn what_this_release_does_not_act_on_is_refused_and_never_ignored() {
    check(
        "[webhooks]\nallow_private = [\"10.0.0.0/8\", \"receiver\"]",
        "callgate.toml:2: webhooks.allow_private holds \"receiver\", which is no range of addresses such as \"10.0.0.0/8\"",
    );
    check(
        "[agents.a]\nconnection = \"simulator\"\nvoicemail = \"ignore\"",
        "callgate.toml:3: agents.a.voicemail must be \"hangup\" or \"leave\"",
    );
    check(
        "[agents.a]\nconnection = \"simulator\"\n[agents.a.calling_hours]\nfrom = \"09:00\"",
        "callgate.toml:3: agents.a.calling_hours = { from = \"09:00\" } is not supported yet\n  Leave it out",
    );
}

#[test]
fn a_connection_says_what_it_lacks() {
    check(
        "[connections.acme]\nkind = \"acme\"",
        "callgate.toml:2: connections.acme.kind = \"acme\" is no kind of connection that this release has\n  It has: bland, bolna, elevenlabs, http, livekit, retell, simulator, twilio, vapi",
    );
    check(
        "[connections.own]\nkind = \"htp\"",
        "callgate.toml:2: connections.own.kind = \"htp\" is no kind of connection that this release has\n  Did you mean \"http\"? It has: bland, bolna, elevenlabs, http, livekit, retell, simulator, twilio, vapi",
    );
    check(
        "[connections.own]\nmax_live = 3",
        "callgate.toml:1: connections.own.kind is missing\n  Add it: kind = \"http\". This release has: bland, bolna, elevenlabs, http, livekit, retell, simulator, twilio, vapi",
    );
    check(
        "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"",
        "callgate.toml:3: connections.own.base_url is missing\n  Add where its requests go: base_url = \"https://…\"\ncallgate.toml:3: connections.own.secret is missing; kind \"http\" needs it\n  Add it: secret = { env = \"OWN_SECRET\" }",
    );
    check(
        "[connections.simulator]\nkind = \"http\"",
        "callgate.toml:2: connections.simulator always is the simulator, which never dials\n  Give this one another name, such as [connections.my-http]",
    );
    check(
        "[connections.\"My Dialer\"]\nkind = \"http\"",
        "callgate.toml:1: connections.My Dialer: 'My Dialer' is not a name: 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit",
    );
    check(
        "[connections.simulator]\nbase_url = \"https://example.com\"",
        "callgate.toml:2: there is no setting connections.simulator.base_url\n  Known here: kind, max_duration, max_live, max_per_second, poll_interval, request_timeout, script, seed, speed",
    );
}

#[test]
fn a_file_with_a_connection_that_dials_must_say_which_numbers_may_be_called() {
    let toml = DIALER.replace("allow_numbers = [\"+1\"]", "");
    check(
        &toml,
        "callgate.toml:4: connections.dialer dials real phones and calls.allow_numbers is missing\n  Say which numbers may be called, under [calls]: allow_numbers = [\"+1\", \"+996\"], or [\"+\"] for anywhere",
    );
}

#[test]
fn an_agent_says_what_it_lacks() {
    check(
        "[agents.a]\nname = \"A\"",
        "callgate.toml:1: agents.a.connection is missing\n  Add it: connection = \"simulator\", or the name of one under [connections]",
    );
    check(
        "[agents.a]\nconnection = \"simulatr\"",
        "callgate.toml:2: agents.a names the connection \"simulatr\", and there is none\n  Did you mean \"simulator\"?",
    );
    check(
        "[agents.a]\nconnection = \"vapi\"",
        "callgate.toml:2: agents.a names the connection \"vapi\", and there is none\n  Define it as [connections.vapi], or use one of: simulator",
    );
    check(
        "[agents.a]\nconnection = \"simulator\"\nroutes = [{ connection = \"simulator\" }]",
        "callgate.toml:3: agents.a has both connection and routes\n  Leave one of them out: connection is the short way to write a single route",
    );
    check(
        "[agents.a]\nroutes = [{ connection = \"simulator\" }]\nremote_id = \"x\"",
        "callgate.toml:3: agents.a.remote_id stands beside routes\n  Write it inside them: routes = [{ connection = \"…\", remote_id = \"…\" }]",
    );
    check(
        &format!("{DIALER}[agents.a]\nroutes = [{{ connection = \"dialer\" }}, {{ connection = \"simulator\" }}]"),
        "callgate.toml:8: agents.a.routes mixes connections that dial with simulated ones\n  Keep those that dial, and give what is simulated an agent of its own",
    );
    let two = "[connections.two]\nkind = \"simulator\"\n";
    check(
        &format!("{two}[agents.a]\nroutes = [{0}, {0}, {1}, {1}]", "{ connection = \"simulator\" }", "{ connection = \"two\" }"),
        "callgate.toml:3: agents.a.routes holds 4; no more than 3 are tried\n  Leave the others out",
    );
    check(
        "[agents.a]\nconnection = \"simulator\"\nfrom = \"2025550199\"",
        "callgate.toml:3: agents.a.from = \"2025550199\" has no country code; write it as \"+12025550199\"",
    );
    check(
        "[calls]\nmax_duration = \"5m\"\n[agents.a]\nconnection = \"simulator\"\nmax_duration = \"10m\"",
        "callgate.toml:5: agents.a.max_duration is more than calls.max_duration, which is 5m\n  Write 5m or less, or raise calls.max_duration",
    );
    check(
        "[agents.A]\nconnection = \"simulator\"",
        "callgate.toml:1: agents.A: 'A' is not a name: 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit",
    );
}

#[test]
fn a_fault_of_one_connection_is_told_once_and_not_by_its_agents_too() {
    check(
        "[connections.own]\nkind = \"sip\"\n[agents.a]\nconnection = \"own\"",
        "callgate.toml:2: connections.own.kind = \"sip\" is no kind of connection that this release has\n  It has: bland, bolna, elevenlabs, http, livekit, retell, simulator, twilio, vapi",
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = load("[calls]\nmax_live = -1\nkeep = \"1s\"\n[server]\nlisten = \"x\"", &Environment::default()).unwrap_err();
    let places: Vec<_> = faults.0.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(places, ["callgate.toml:5", "callgate.toml:2", "callgate.toml:3"]);
}

#[test]
fn variables_and_flags_are_named_where_they_are_wrong() {
    let say = |given: Given, variables: &[(&str, &str)]| {
        let environment = variables.iter().fold(Environment::default(), |all, (name, value)| all.with(name, value));
        without_a_file(given, &environment).unwrap_err().to_string()
    };
    let none = Given::default;
    assert_eq!(
        say(none(), &[("CALLGATE_LISTEN", "here")]),
        "CALLGATE_LISTEN: server.listen = \"here\" is no address and port such as 127.0.0.1:8010"
    );
    assert_eq!(
        say(Given { listen: Some("here".to_owned()), ..none() }, &[]),
        "--listen: server.listen = \"here\" is no address and port such as 127.0.0.1:8010"
    );
    assert_eq!(
        say(none(), &[("CALLGATE__CALLS__MAX_LIV", "3")]),
        "CALLGATE__CALLS__MAX_LIV: there is no setting calls.max_liv\n  Did you mean calls.max_live?"
    );
    assert_eq!(
        say(none(), &[("CALLGATE__CALLS__ALLOW_NUMBERS", "+1")]),
        "CALLGATE__CALLS__ALLOW_NUMBERS: calls.allow_numbers is a list, which only the file can hold"
    );
    assert_eq!(
        say(none(), &[("CALLGATE__AGENTS__AKYLAI__PUBLIC", "yes")]),
        "CALLGATE__AGENTS__AKYLAI__PUBLIC: agents.akylai.public must be true or false"
    );
    assert_eq!(
        say(none(), &[("CALLGATE__", "1")]),
        "CALLGATE__: names no setting\n  Write it as CALLGATE__SECTION__KEY, for example CALLGATE__CALLS__MAX_DURATION=15m"
    );
}

#[test]
fn a_named_file_that_cannot_be_read_is_an_error() {
    let given = Given { config: Some(PathBuf::from("/nowhere/callgate.toml")), ..Given::default() };
    let faults = Config::load(&given, &Environment::default()).unwrap_err().to_string();
    assert_eq!(
        faults,
        "--config: /nowhere/callgate.toml cannot be read: No such file or directory (os error 2)\n  Name a file that can be read, or write one: callgate config init"
    );
    let environment = Environment::from([("CALLGATE_CONFIG", "/nowhere/callgate.toml")]);
    let faults = Config::load(&Given::default(), &environment).unwrap_err().to_string();
    assert!(faults.starts_with("CALLGATE_CONFIG: /nowhere/callgate.toml cannot be read"), "{faults}");
}
