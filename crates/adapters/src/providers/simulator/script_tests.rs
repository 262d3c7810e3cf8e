//! An operator's script: what it can say, and how its faults read.

use callgate_domain::model::Phone;

use super::super::script::Script;
use super::*;

const GOOD: &str = r#"
[[scenario]]
ends = "0201"
status = "no_answer"
ring_s = 30

[[scenario]]
ends = "01"
ended_reason = "user_hangup"
ring_s = 0.5
turns = [
  { role = "agent", text = "Hello", seconds = 1.5 },
  { role = "user", text = "Goodbye" },
]

[[scenario]]
ends = "0102"
status = "voicemail"
"#;

fn fault(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.toml");
    std::fs::write(&path, text).unwrap();
    let fault = read(path.to_str().unwrap()).unwrap_err();
    fault.replace(path.to_str().unwrap(), "script.toml")
}

fn check(text: &str, expected: &str) {
    assert_eq!(fault(text), expected, "{text}");
}

#[test]
fn a_script_is_read_and_goes_before_the_numbers_we_have() {
    let script = Script::new(parse(GOOD).unwrap());
    let scenario = |phone| script.for_number(&Phone::parse(phone).unwrap());
    let rings = scenario("+12025550201");
    assert_eq!((rings.status, rings.rings), ("no_answer", Duration::from_secs(30)));
    let own = scenario("+12025550101");
    assert_eq!((own.status, own.ended_reason), ("completed", Some(EndedReason::UserHangup)));
    assert_eq!((own.turns.len(), own.talk()), (2, Duration::from_millis(4_500)));
    let machine = scenario("+12025550102");
    assert_eq!((machine.seen, machine.ended_reason), (Seen::Completed, Some(EndedReason::Voicemail)));
    assert_eq!(scenario("+12025550103").status, "busy");
    assert_eq!(scenario("+12025550109").delivery, Delivery::UnknownWord);
    assert_eq!(scenario("+12025550999").turns, usual_talk());
}

#[test]
fn the_longest_end_that_fits_is_taken() {
    let text = "[[scenario]]\nends = \"1\"\nstatus = \"busy\"\n[[scenario]]\nends = \"01\"\nstatus = \"failed\"\n";
    let script = Script::new(parse(text).unwrap());
    assert_eq!(script.for_number(&Phone::parse("+12025550101").unwrap()).status, "failed");
    assert_eq!(script.for_number(&Phone::parse("+12025550111").unwrap()).status, "busy");
}

#[test]
fn a_fault_names_file_line_and_what_to_do() {
    check("[[scenario]]\nends = 7\n", "script.toml:2: invalid type: integer `7`, expected a string");
    check("[[scenario]]\nends = \"07a\"\n", "script.toml:2: ends must be 1 to 15 digits, as ends = \"0201\"");
    check(
        "[[scenario]]\nends = \"07\"\nstatus = \"no_anser\"\n",
        "script.toml:3: status is 'no_anser'; did you mean 'no_answer'?",
    );
    check(
        "[[scenario]]\nends = \"07\"\nstatus = \"xyzzy\"\n",
        "script.toml:3: status is 'xyzzy'; take one of: completed, voicemail, no_answer, busy, canceled, failed",
    );
    check("[[scenario]]\nends = \"07\"\n\nring_s = -1\n", "script.toml:4: ring_s must be 0 to 600 seconds");
    check("[[scenario]]\nends = \"07\"\nring_s = nan\n", "script.toml:3: ring_s must be 0 to 600 seconds");
    check(
        "[[scenario]]\nends = \"07\"\n[[scenario]]\nends = \"07\"\n",
        "script.toml:4: a scenario for numbers that end in 07 is there already",
    );
    check(
        "[[scenario]]\nends = \"07\"\nstatus = \"busy\"\nturns = [{ role = \"agent\", text = \"Hi\" }]\n",
        "script.toml:4: nobody speaks in a call that ends busy; remove turns",
    );
    check(
        "[[scenario]]\nends = \"07\"\nturns = [\n  { role = \"robot\", text = \"Hi\" },\n]\n",
        "script.toml:4: role is 'robot'; take one of: agent, user",
    );
    assert!(fault("[[scenario]]\nends = \"07\"\nrings = 1\n").starts_with("script.toml:3: unknown field `rings`"));
    assert!(fault("[[scenario]\n").starts_with("script.toml:1: "));
    assert!(fault("").contains("missing field `scenario`"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    assert!(read("no/such/script.toml").unwrap_err().starts_with("no/such/script.toml cannot be read: "));
}
