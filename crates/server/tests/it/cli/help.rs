//! What is said to somebody who asks, or who typed something else.

use super::Program;

/// Every command there is, as the help of the one above it lists it.
fn commands(program: &Program, above: &[String]) -> Vec<Vec<String>> {
    let said = program.run(&above.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>());
    let listed = said.stdout.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default());
    // What a command does may take several lines; only the first begins in the third column.
    let named = listed.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let first = |line: &&str| {
        listed.unwrap_or_default().contains(&format!("\n  {line} "))
            || listed.unwrap_or_default().starts_with(&format!("  {line} "))
    };
    let names: Vec<_> = named.filter(|name| *name != "help").filter(first).collect();
    let below = names.into_iter().flat_map(|name| {
        let command: Vec<_> = above.iter().cloned().chain([name.to_owned()]).collect();
        let inner = commands(program, &command);
        std::iter::once(command).chain(inner)
    });
    below.collect()
}

#[test]
fn alone_it_prints_ten_lines() {
    let said = Program::new().run(&[]);
    assert_eq!(said.stdout.lines().count(), 10);
    insta::assert_snapshot!(said.whole());
}

#[test]
fn every_help_begins_with_an_example_and_fits_eighty_columns() {
    let program = Program::new();
    let all = commands(&program, &[]);
    // As the table of commands has it, and what came later.
    for known in [
        "serve",
        "call",
        "calls export",
        "agents check",
        "webhooks add",
        "connections rotate-url",
        "listen",
        "keys rotate",
        "console",
        "config reload",
        "doctor",
        "db backup",
        "openapi",
        "pause",
        "resume",
        "dev place",
        "mcp",
        "completions",
    ] {
        assert!(all.iter().any(|command| command.join(" ") == known), "{known}: {all:?}");
    }
    for command in &all {
        let said = program.run(&command.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>());
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{command:?}");
        let mut lines = said.stdout.lines();
        assert!(lines.next().is_some_and(|first| first.starts_with("Example")), "{command:?}: {}", said.stdout);
        assert!(lines.next().is_some_and(|second| second.contains("callgate ")), "{command:?}: {}", said.stdout);
        for line in said.stdout.lines() {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn a_noun_alone_prints_its_help_as_a_mistake() {
    for noun in ["calls", "agents", "webhooks", "config", "db"] {
        let said = Program::new().run(&[noun]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{noun}");
        assert!(said.stderr.contains(&format!("Usage: callgate {noun}")), "{}", said.stderr);
    }
}

#[test]
fn a_mistyped_command_or_flag_is_offered_the_nearest() {
    let check = |arguments: &[&str], meant: &str| {
        let said = Program::new().run(arguments);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.stderr.starts_with("error: ") && said.stderr.contains(meant), "{arguments:?}: {}", said.stderr);
    };
    check(&["sreve"], "serve");
    check(&["calls", "lst"], "'list'");
    check(&["call", "+12025550101", "--agnet", "akylai"], "'--agent'");
    check(&["calls", "list", "--status", "complete"], "completed");
    check(&["calls", "list", "--since", "yesterday"], "is no length of time such as 20s, 5m, 24h or 90d");
    check(&["calls", "list", "--limit", "201"], "1..=200");
    check(&["call", "+12025550101", "--watch", "--wait"], "cannot be used with");
    check(&["call", "+12025550101", "--idempotency-key", "two words"], "1 to 255 visible ASCII characters");
    check(&["agents", "list", "--url", "example.com"], "--url example.com is no address of a server");
}

#[test]
fn the_version_is_one_line() {
    let said = Program::new().run(&["--version"]);
    assert_eq!((said.code, said.stdout), (Some(0), format!("callgate {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_shell_is_told_every_command() {
    for (shell, word) in [("bash", "complete"), ("zsh", "#compdef callgate"), ("fish", "complete -c callgate")] {
        let said = Program::new().run(&["completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(said.stdout.contains(word) && said.stdout.contains("rotate-url"), "{shell}: {}", said.stdout);
    }
}

#[test]
fn the_description_needs_no_server() {
    let served: serde_json::Value = serde_json::from_str(include_str!("../../../../../docs/openapi.json")).unwrap();
    let said = |arguments: &[&str]| {
        let said = Program::new().run(arguments);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        said.stdout
    };
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said(&["openapi"])).unwrap(), served);
    assert_eq!(yaml_serde::from_str::<serde_json::Value>(&said(&["openapi", "--yaml"])).unwrap(), served);
}
