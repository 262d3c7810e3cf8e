//! The providers' own libraries accept and refuse the same webhooks as our signatures do.
//!
//! The libraries are Python's, installed from its registry into a folder of the build. Where that cannot be, one line says
//! so, which fails where `CALLGATE_REQUIRE_VERIFIERS=1`. Vapi, Bland and Bolna publish no verifier.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callgate_domain::model::moment::later;
use callgate_domain::ports::RawWebhook;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::contract::provider;
use super::engine::nobody;
use super::fixtures;

const KINDS: [&str; 4] = ["elevenlabs", "livekit", "retell", "twilio"];
/// Newer ones may verify otherwise: then this test is where it is noticed.
const LIBRARIES: [&str; 4] = ["elevenlabs==2.78.0", "retell-sdk==6.2.13", "twilio==9.13.0", "livekit-api==1.2.2"];

/// A webhook at a moment, and what was done to it.
struct Case {
    kind: &'static str,
    what: String,
    webhook: RawWebhook,
    at: Timestamp,
}

fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verifiers");
    let program = folder.join("bin/python");
    let runs =
        |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|done| done.success());
    let has = || runs(Command::new(&program).args(["-c", "import elevenlabs, retell, twilio, livekit.api"]));
    let ready = has()
        || (runs(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && runs(Command::new(&program).args(["-m", "pip", "install", "--quiet"]).args(LIBRARIES))
            && has());
    ready.then_some(program)
}

/// A fixture as it is, changed, without its signature, and a day later.
fn cases(kind: &'static str) -> Vec<Case> {
    let dated = fixtures::settings(kind).dated;
    let made = fixtures::webhooks(kind).into_iter().flat_map(|recorded| {
        let case = |what: &str, webhook: RawWebhook, at| Case { kind, what: format!("{} {what}", recorded.name), webhook, at };
        let mut changed = recorded.webhook.clone();
        changed.body.push(b'0');
        let bare = RawWebhook { headers: Vec::new(), ..recorded.webhook.clone() };
        let aged =
            dated.then(|| case("a day old", recorded.webhook.clone(), later(recorded.at, std::time::Duration::from_hours(24))));
        [
            case("as it is", recorded.webhook.clone(), recorded.at),
            case("changed", changed, recorded.at),
            case("bare", bare, recorded.at),
        ]
        .into_iter()
        .chain(aged)
    });
    made.collect()
}

fn asked(case: &Case) -> Value {
    let settings = fixtures::settings(case.kind);
    let secrets = settings.secrets.iter().map(|(name, all)| (name.clone(), json!(all)));
    let headers: serde_json::Map<String, Value> =
        case.webhook.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "kind": case.kind,
        "at": case.at.as_second(),
        "url": case.webhook.url,
        "headers": headers,
        "body": String::from_utf8_lossy(&case.webhook.body),
        "secrets": secrets.collect::<serde_json::Map<_, _>>(),
    })
}

#[tokio::test]
async fn the_providers_own_libraries_accept_and_refuse_the_same_webhooks() {
    let Some(python) = python() else {
        assert!(std::env::var("CALLGATE_REQUIRE_VERIFIERS").is_err(), "the providers' libraries could not be installed");
        eprintln!("the providers' libraries could not be installed: signatures are not compared with them");
        return;
    };
    let all: Vec<Case> = KINDS.into_iter().flat_map(cases).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verifiers/verify.py");
    let mut running =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    let input = Value::from_iter(all.iter().map(asked)).to_string();
    running.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    let output = running.wait_with_output().expect("its answer");
    let theirs: Vec<bool> = serde_json::from_slice(&output.stdout).expect("a list");
    assert_eq!(theirs.len(), all.len());
    let mut accepted = 0;
    for (case, theirs) in all.iter().zip(theirs) {
        let kind = callgate_adapters::providers::kind(case.kind).expect("a kind");
        let ours = provider(kind, &nobody().await).verify(&case.webhook, case.at).is_ok();
        assert_eq!(ours, theirs, "{}", case.what);
        accepted += usize::from(ours);
    }
    assert!(accepted >= 4 * KINDS.len(), "{accepted} accepted");
}
