//! SIGTERM under load, at random: the program ends by itself, in time, and loses nothing.
//!
//! `CALLGATE_STOPS` says how often, `CALLGATE_SEED` repeats the choices.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::testing::chance::SeededChance;
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, Engine, Manners, SECRET, Told};
use crate::judge::{judge, setting};
use crate::load::Wishes;
use crate::process::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_told_to_stop_under_load_ends_in_time_and_loses_nothing() {
    let (stops, seed) = (setting("CALLGATE_STOPS", 3), setting("CALLGATE_SEED", u64::from(std::process::id())));
    let dice = SeededChance::of(seed);
    let answer = Answer::After(Duration::from_millis(300));
    let engine = Engine::start(move |_| Manners { answer, told: Told::ByWebhook, ..Manners::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("CALLGATE_LOG", "warn");
    site.configure(&engine.config(&site.url(), "30s", "1s"));
    let wishes = Arc::new(Wishes::some_taken_back());
    for _ in 0..stops {
        let process = site.start().await;
        let stop = CancellationToken::new();
        let load = {
            let (wishes, api, stop) = (Arc::clone(&wishes), process.api.clone(), stop.clone());
            tokio::spawn(async move { wishes.keep_coming(&api, Duration::from_millis(20), usize::MAX, &stop).await })
        };
        tokio::time::sleep(Duration::from_millis(200 + dice.next() % 1_300)).await;
        // Within 30 seconds, says `stop`.
        assert_eq!(process.stop().await, Some(0), "{}", site.log());
        stop.cancel();
        load.await.expect("the clients end");
    }
    let last = site.start().await;
    wishes.send_again(&last.api).await;
    let verdict = judge(&last.api, &wishes, &engine.book, Duration::from_secs(90)).await;
    assert_eq!(last.stop().await, Some(0));
    verdict.hold(&format!("SIGTERM {stops} times, seed {seed}"));
    // Nothing died in the middle of anything, so every call that was not taken back was dialed and ended well.
    verdict.all_ended(&["completed", "canceled"]);
}
