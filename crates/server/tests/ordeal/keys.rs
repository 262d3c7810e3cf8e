//! A key that is revoked in one process stops in every other, within five seconds.

use std::time::Duration;

use callgate_adapters::testing::postgres;
use serde_json::json;
use tokio::time::Instant;

use crate::api::Api;
use crate::judge::tell;
use crate::process::{Process, Site};

/// What the gateway promises.
const WITHIN: Duration = Duration::from_secs(5);

async fn made(process: &Process) -> (String, String) {
    let (status, key) = process.post("/v1/admin/keys", &json!({})).await;
    assert_eq!(status, 201, "{key}");
    let text = |field: &str| key[field].as_str().expect("text").to_owned();
    (text("id"), text("key"))
}

/// The status of a list of calls, for this key.
async fn used(api: &Api) -> u16 {
    api.get("/v1/calls").await.expect("an answer").status
}

/// A change in one process, and how long the other still takes the key.
async fn check(one: &Process, other: &Site, what: &str) {
    let (id, key) = made(one).await;
    let there = Api::new(&other.url(), &key);
    assert_eq!(used(&there).await, 200, "a new key is good everywhere at once");
    let (status, changed) = one.post(&format!("/v1/admin/keys/{id}/{what}"), &json!({"grace_s": 0})).await;
    assert!(matches!(status, 200 | 201), "{changed}");
    let since = Instant::now();
    while used(&there).await == 200 {
        assert!(since.elapsed() < WITHIN, "{what}: still good after {:?}", since.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(used(&there).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_revoked_or_rotated_in_one_process_stops_in_the_other_within_five_seconds() {
    let Some(url) = postgres::fresh_database() else { return tell("Keys in several processes on Postgres are not tried") };
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let [one, other] = folders.each_ref().map(|folder| Site::new(folder.path()).with("CALLGATE_DATABASE_URL", &url));
    let (first, second) = (one.start().await, other.start().await);
    for what in ["revoke", "rotate"] {
        check(&first, &other, what).await;
    }
    for process in [first, second] {
        assert_eq!(process.stop().await, Some(0));
    }
}
