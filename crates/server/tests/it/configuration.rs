//! What must hold for any configuration file whatsoever: run by the fuzzer (`just fuzz`), and here over what it found.

use std::path::PathBuf;
use std::time::Duration;

use callgate_server::config::{Config, Environment, Given, Reading, Source};

/// The variables that a file may name; no other secret is in reach.
const VARIABLES: [(&str, &str); 1] = [("OWN_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];

/// A configuration file.
///
/// # Panics
/// Where a fault has no place or no words, a secret is shown, or something that everybody relies on does not hold.
pub fn configuration(bytes: &[u8]) {
    // Files that a file names are not the fuzzer's to open.
    if bytes.windows(4).any(|window| matches!(window, b"file" | b"scri")) {
        return;
    }
    let Reading { result, sources } = read(bytes);
    let config = match result {
        Ok(config) => config,
        Err(faults) => {
            assert!(!faults.0.is_empty());
            return assert!(faults.0.iter().all(|fault| !fault.place.is_empty() && !fault.what.is_empty()), "{faults:?}");
        }
    };
    for (_, secret) in VARIABLES {
        assert!(!format!("{config:?}").contains(secret));
        assert!(sources.iter().all(|source| !source.value.contains(secret)), "{sources:?}");
    }
    assert!(sources.iter().all(|Source { setting, value, from }| ![setting, value, from].iter().any(|part| part.is_empty())));
    let Config { server, database, calls, connections, agents, .. } = config;
    assert!(connections.keys().any(|id| id.as_str() == "simulator"), "it is always there");
    let can_dial = connections.values().any(|connection| connection.kind.as_str() != "simulator");
    assert!(!can_dial || calls.allow_numbers.is_some(), "who can dial says where to");
    let prefixes = calls.allow_numbers.unwrap_or_default();
    assert!(prefixes.iter().all(|prefix| prefix.starts_with('+')), "{prefixes:?}");
    assert!(server.public_url.is_none_or(|url| url.starts_with("http") && !url.ends_with('/')));
    assert!(database.pool > 0);
    let day = Duration::from_hours(24);
    for agent in agents {
        assert!(!agent.routes.is_empty() && agent.routes.iter().all(|route| connections.contains_key(&route.connection)));
        assert!((Duration::from_secs(10)..=day).contains(&agent.max_duration), "{:?}", agent.max_duration);
    }
    for connection in connections.values() {
        assert!(connection.request_timeout.is_none_or(|timeout| !timeout.is_zero() && timeout <= day));
    }
}

fn read(bytes: &[u8]) -> Reading {
    let file = place();
    // Where nothing can be written, nothing can be found out.
    drop(std::fs::write(&file, bytes));
    Config::read(&Given { config: Some(file), ..Given::default() }, &Environment::from(VARIABLES))
}

fn place() -> PathBuf {
    let here = format!("callgate-target-{}-{:?}.toml", std::process::id(), std::thread::current().id());
    std::env::temp_dir().join(here.replace(['(', ')'], ""))
}
