//! A database of each earlier release opens, keeps what was in it, and serves.

use callgate_adapters::store;
use callgate_adapters::testing::postgres;

use crate::process::Site;

const CONFIG: &str = "[connections.simulator]\nkind = \"simulator\"\nspeed = 50\nmax_per_second = 0\n\
                      [agents.akylai]\nconnection = \"simulator\"\n";

/// Serves, goes back by one migration more each time, and serves again, until nothing but the first one is left.
async fn check(site: &Site, url: &str) {
    site.configure(CONFIG);
    let mut ids: Vec<String> = Vec::new();
    for back in 0.. {
        let process = site.start().await;
        for id in &ids {
            let call = process.call(id).await;
            assert_eq!((&call["status"], &call["duration"]), (&"completed".into(), &8.into()), "{back} back: {call}");
            assert!(call["transcript"].as_str().is_some_and(|words| words.starts_with("agent: ")), "{back} back: {call}");
        }
        let id = process.place("+996700000000", "akylai").await;
        process.when(&id, |call| call["terminal"] == true).await;
        ids.push(id);
        assert_eq!(process.stop().await, Some(0));
        let left = store::take_back(url, back + 1).expect("the way back");
        if left <= 1 {
            break;
        }
    }
    assert!(ids.len() >= 2, "there are earlier releases");
    // From the very first.
    let process = site.start().await;
    assert_eq!(process.call(&ids[0]).await["status"], "completed");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_an_earlier_release_is_opened_with_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callgate.db");
    let url = format!("sqlite://{}", file.display());
    check(&Site::new(folder.path()).with("CALLGATE_DATABASE_URL", &url), &url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_of_an_earlier_release_is_opened_with_what_is_in_it() {
    let Some(url) = postgres::fresh_database() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    check(&Site::new(folder.path()).with("CALLGATE_DATABASE_URL", &url), &url).await;
}
