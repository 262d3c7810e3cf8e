//! A backup is made while calls wait and talk, everything goes on, and then the gateway is started from the backup: it
//! rings nobody a second time.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use callgate_adapters::testing::postgres;
use serde_json::{Value, json};

use crate::process::Process;

/// Calls that settle within seconds, so that a test can see them end.
const CONFIG: &str = "[calls]\nring_timeout = \"1s\"\nmax_duration = \"10s\"\nsettle_grace = \"1s\"\n\
    [connections.simulator]\nkind = \"simulator\"\nspeed = 4\nmax_per_second = 0\n";
const DIALS: &str = "callgate_simulator_dials_total";

fn set_up() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("callgate.toml"), CONFIG).expect("a configuration");
    folder
}

/// A folder in which the next start finds the backup as its database.
fn from_backup(backup: &Path, before: &Path) -> tempfile::TempDir {
    let folder = set_up();
    let data = folder.path().join("callgate-data");
    std::fs::create_dir(&data).expect("a data folder");
    std::fs::copy(backup, data.join("callgate.db")).expect("the database");
    std::fs::copy(before.join("callgate-data/key"), data.join("key")).expect("the key");
    folder
}

async fn over(process: &Process, id: &str) -> Value {
    process.when(id, |call| call["terminal"] == true).await
}

/// What nobody can know: it may have rung, and the client decides.
fn check_unknown(call: &Value) {
    let seen = ["status", "ended_reason", "attempts", "retryable"].map(|field| call[field].clone());
    assert_eq!(seen, [json!("failed"), json!("outcome_unknown"), json!(1), json!(false)], "{call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_started_from_a_backup_rings_nobody_a_second_time() {
    let folder = set_up();
    let first = Process::start(folder.path(), &[]).await;
    let talks = first.place("+12025550101", "akylai").await;
    first.when(&talks, |call| call["status"] == "in_progress").await;
    assert_eq!(first.post("/v1/admin/pause", &json!({})).await.0, 200);
    let mut wait = Vec::new();
    for _ in 0..3 {
        wait.push(first.place("+12025550102", "altai").await);
    }
    let later = json!({"phone": "+12025550101", "agent": "akylai", "schedule": {"not_before": "2199-01-01T00:00:00Z"}});
    let scheduled = first.post("/v1/calls", &later).await.1["call_id"].as_str().expect("an id").to_owned();
    let backup = folder.path().join("backup.db");
    let made = first.post("/v1/admin/backup", &json!({"file": backup})).await;
    assert_eq!((made.0, made.1["file"].as_str()), (201, backup.to_str()), "{}", made.1);
    assert_eq!(backup.metadata().expect("the backup").permissions().mode() & 0o777, 0o600);

    // What the backup does not know: all of them are dialed.
    assert_eq!(first.post("/v1/admin/resume", &json!({})).await, (200, json!({"data": []})));
    for id in wait.iter().chain([&talks]) {
        over(&first, id).await;
    }
    assert_eq!(first.metric(DIALS, "simulator").await, 4);
    first.kill();

    let restored = from_backup(&backup, folder.path());
    let second = Process::start(restored.path(), &[]).await;
    for id in wait.iter().chain([&scheduled]) {
        assert_eq!(second.call(id).await["status"], "dialing", "it may have been dialed");
    }
    let new = second.place("+12025550101", "akylai").await;
    assert_eq!(over(&second, &talks).await["status"], "completed", "what is out is looked up");
    // Killed once more: it is no copy any more, and what it holds back is still held.
    assert_eq!(second.metric(DIALS, "simulator").await, 0);
    second.kill();
    let third = Process::start(restored.path(), &[]).await;
    for id in wait.iter().chain([&scheduled]) {
        check_unknown(&over(&third, id).await);
        let timeline = third.get(&format!("/v1/calls/{id}/timeline")).await;
        let words: Vec<_> = timeline["data"].as_array().expect("a list").iter().map(|entry| &entry["what"]).collect();
        assert_eq!(words.iter().filter(|what| **what == "restored").count(), 1, "{words:?}");
        assert!(!words.iter().any(|what| *what == "sent"), "{words:?}");
    }
    assert_eq!((third.call(&new).await["status"].clone(), third.metric(DIALS, "simulator").await), (json!("queued"), 0));

    let held = third.post("/v1/admin/resume", &json!({"agent": "akylai"})).await.1;
    let reason = held["data"][0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("restored from a backup of 20"), "{reason}");
    third.post("/v1/admin/resume", &json!({})).await;
    assert_eq!(over(&third, &new).await["status"], "completed");
    assert_eq!(third.metric(DIALS, "simulator").await, 1, "only what came after the backup is dialed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_was_stamped_rings_nobody_a_second_time() {
    let Some(url) = postgres::fresh_database() else { return };
    let folder = set_up();
    let database = [("CALLGATE_DATABASE_URL", url.as_str())];
    let first = Process::start(folder.path(), &database).await;
    let refused = first.post("/v1/admin/backup", &json!({"file": "/tmp/callgate-backup-of-postgres.db"})).await;
    assert_eq!((refused.0, &refused.1["code"]), (422, &json!("not_supported_here")), "{}", refused.1);
    first.post("/v1/admin/pause", &json!({})).await;
    let waits = first.place("+12025550101", "akylai").await;
    first.post("/v1/admin/pause", &json!({"agent": "altai"})).await;
    first.kill();
    // As if it had been restored from a dump.
    callgate_adapters::store::stamp(&url, jiff::Timestamp::UNIX_EPOCH).expect("stamped");
    let (one, other) = tokio::join!(Process::start(folder.path(), &database), Process::start(folder.path(), &database));
    check_unknown(&over(&one, &waits).await);
    let listed = other.post("/v1/admin/resume", &json!({})).await.1;
    assert_eq!(listed["data"][0]["agent"], "altai", "{listed}");
    let new = other.place("+12025550101", "akylai").await;
    assert_eq!(over(&one, &new).await["status"], "completed");
    assert_eq!(one.metric(DIALS, "simulator").await + other.metric(DIALS, "simulator").await, 1);
}
