//! What is said to somebody who asks, or who typed something else.

use super::Program;

const COMMANDS: [&[&str]; 39] = [
    &["serve"],
    &["call"],
    &["calls"],
    &["calls", "list"],
    &["calls", "get"],
    &["calls", "watch"],
    &["calls", "cancel"],
    &["agents"],
    &["agents", "list"],
    &["keys"],
    &["keys", "create"],
    &["keys", "list"],
    &["keys", "rotate"],
    &["keys", "revoke"],
    &["listen"],
    &["webhooks"],
    &["webhooks", "add"],
    &["webhooks", "endpoints"],
    &["webhooks", "list"],
    &["webhooks", "resend"],
    &["webhooks", "test"],
    &["webhooks", "recover"],
    &["webhooks", "rotate"],
    &["webhooks", "enable"],
    &["webhooks", "disable"],
    &["webhooks", "remove"],
    &["help", "webhooks", "add"],
    &["pause"],
    &["resume"],
    &["config"],
    &["config", "init"],
    &["config", "check"],
    &["config", "show"],
    &["db"],
    &["db", "migrate"],
    &["db", "backup"],
    &["db", "stamp"],
    &["help", "call"],
    &["help", "calls", "list"],
];

#[test]
fn alone_it_prints_ten_lines() {
    let said = Program::new().run(&[]);
    assert_eq!(said.stdout.lines().count(), 10);
    insta::assert_snapshot!(said.whole());
}

#[test]
fn every_help_begins_with_an_example_and_fits_eighty_columns() {
    let program = Program::new();
    for command in COMMANDS {
        let said = if command[0] == "help" { program.run(command) } else { program.run(&[command, &["--help"]].concat()) };
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
