//! Several processes on one Postgres: what one accepts another dials at once, and each does only what it knows.

use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_adapters::testing::postgres;
use callgate_domain::ports::Clock;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, Site};

const DIALS: &str = "callgate_simulator_dials_total";

fn simulator(name: &str, speed: u32) -> String {
    format!("[connections.{name}]\nkind = \"simulator\"\nspeed = {speed}\nmax_per_second = 0\n")
}

fn agent(key: &str, over: &str) -> String {
    format!("[agents.{key}]\nconnection = \"{over}\"\n")
}

/// A process with this configuration and a folder of its own, on a database that it may share.
async fn process(url: &str, arguments: &[&str], config: &str) -> (Process, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("callgate.toml"), config).expect("a configuration");
    (start(url, arguments, &folder).await, folder)
}

/// A process with what its folder holds.
async fn start(url: &str, arguments: &[&str], folder: &TempDir) -> Process {
    let mut site = Site::new(folder.path()).with("CALLGATE_DATABASE_URL", url);
    site.further = arguments.iter().map(|word| (*word).to_owned()).collect();
    site.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_accepts_another_dials_at_once_and_the_first_sees_it_move() {
    let Some(url) = postgres::fresh_database() else { return };
    let config = simulator("simulator", 20) + &agent("akylai", "simulator");
    let (edge, _edge_folder) = process(&url, &["--workers=off"], &config).await;
    let (works, _works_folder) = process(&url, &["--http=off"], &config).await;
    let mut took = Vec::new();
    for _ in 0..9 {
        // By now the other looks once a second, and a reader of this one every two.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let asked = SystemClock::new();
        let id = edge.place("+996700000000", "akylai").await;
        let mut call = edge.call(&id).await;
        while call["status"] == "queued" {
            call = edge.changed(&id).await;
        }
        took.push(asked.monotonic());
        edge.when(&id, |call| call["terminal"] == true).await;
    }
    // Some of them: on a busy machine others are late, which says nothing; by looking alone, hardly any would be so soon.
    took.sort_unstable();
    assert!(took[2] < Duration::from_millis(400), "{took:?}");
    assert_eq!((works.metric(DIALS, "simulator").await, edge.metric(DIALS, "simulator").await), (9, 0));
    assert_eq!((works.stop().await, edge.stop().await), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_claims_and_looks_after_only_what_it_knows() {
    let Some(url) = postgres::fresh_database() else { return };
    let one_knows = simulator("one", 20) + &agent("akylai", "one");
    // A call over this one takes 2.5 s: long enough to be caught in the middle, and over long before another expires.
    let two_knows = simulator("two", 4) + &agent("altai", "two");
    let edge_knows = format!("[calls]\nqueue_ttl = \"10s\"\n{one_knows}{two_knows}");
    let (edge, _edge_folder) = process(&url, &["--workers=off"], &edge_knows).await;
    let (one, _one_folder) = process(&url, &[], &one_knows).await;
    let ended = |call: &Value| call["terminal"] == true;
    let of_one = edge.place("+996700000000", "akylai").await;
    let of_two = edge.place("+996700000001", "altai").await;
    assert_eq!(edge.when(&of_one, ended).await["status"], "completed");
    assert_eq!(edge.call(&of_two).await["status"], "queued", "it waits for the one that knows its agent");

    let (two, two_folder) = process(&url, &[], &two_knows).await;
    assert_eq!(edge.when(&of_two, ended).await["status"], "completed");
    let dials = async |process: &Process| [process.metric(DIALS, "one").await, process.metric(DIALS, "two").await];
    assert_eq!((dials(&one).await, dials(&two).await), ([1, 0], [0, 1]));

    // Its provider is asked about a live call by the one that knows it, and by nobody while that is away.
    let live = edge.place("+996700000000", "altai").await;
    edge.when(&live, |call| call["status"] == "ringing" || call["status"] == "in_progress").await;
    two.kill();
    let waits = edge.place("+996700000000", "altai").await;
    let waits = edge.when(&waits, ended).await;
    assert_eq!((&waits["status"], &waits["ended_reason"]), (&"expired".into(), &"queue_timeout".into()));
    assert_eq!(edge.call(&live).await["terminal"], false, "though it is long over");
    let two = start(&url, &[], &two_folder).await;
    let live = edge.when(&live, ended).await;
    assert_eq!((&live["status"], &live["attempts"]), (&"completed".into(), &1.into()));
    assert_eq!((dials(&one).await, dials(&two).await), ([1, 0], [0, 0]), "nobody was rung again");
}
