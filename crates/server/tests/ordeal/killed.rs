//! The program is killed at bad moments: every acknowledged call is there afterwards and ends, and nobody is rung twice.

use std::path::Path;

use serde_json::Value;

use crate::process::Process;

const SIMULATOR: &str = "[connections.simulator]\nkind = \"simulator\"\nspeed = 4\nmax_per_second = 0\n";
const DIALS: &str = "callgate_simulator_dials_total";

fn set_up(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("callgate.toml"), config).expect("a configuration");
    folder
}

/// Kills the program when the call is `until`, and lets another one end it.
async fn check(folder: &Path, phone: &str, until: impl Fn(&Value) -> bool) {
    let first = Process::start(folder, &[]).await;
    let id = first.place(phone, "akylai").await;
    first.when(&id, until).await;
    // It is marked before it is dialed: killed between the two, it would rightly never be.
    while first.metric(DIALS, "simulator").await == 0 {
        assert_eq!(first.call(&id).await["terminal"], false, "{phone}: it ended undialed");
    }
    let mut dials = first.metric(DIALS, "simulator").await;
    first.kill();
    let second = Process::start(folder, &[]).await;
    let ended = second.when(&id, |call| call["terminal"] == true).await;
    dials += second.metric(DIALS, "simulator").await;
    assert_eq!(
        (&ended["status"], &ended["attempts"], dials),
        (&Value::from("completed"), &Value::from(1), 1),
        "{phone}: {ended}"
    );
    assert_eq!(ended["turns"].as_array().map(Vec::len), Some(3), "{phone}: {ended}");
    assert_eq!(ended["duration"], 8, "{phone}");
    assert_eq!(second.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_create_timed_out_is_dialed_once_though_the_process_is_killed() {
    let folder = set_up(SIMULATOR);
    check(folder.path(), "+12025550105", |call| call["dialed_at"] != Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_result_outran_its_create_is_dialed_once_though_the_process_is_killed() {
    let folder = set_up(SIMULATOR);
    check(folder.path(), "+12025550107", |call| call["dialed_at"] != Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_goes_on_though_the_process_is_killed() {
    let folder = set_up(SIMULATOR);
    check(folder.path(), "+12025550101", |call| call["status"] == "in_progress").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_call_is_there_though_the_process_is_killed_at_once() {
    let folder = set_up(SIMULATOR);
    let first = Process::start(folder.path(), &[]).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(first.place("+12025550101", "altai").await);
    }
    first.kill();
    let second = Process::start(folder.path(), &[]).await;
    for id in ids {
        let ended = second.when(&id, |call| call["terminal"] == true).await;
        assert_eq!((&ended["status"], &ended["attempts"]), (&Value::from("completed"), &Value::from(1)), "{ended}");
    }
}
