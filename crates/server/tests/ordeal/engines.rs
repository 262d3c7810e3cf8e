//! Engines that misbehave: whatever they do to the request that dials, they get one, and the call ends.

use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_domain::ports::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::engine::{Answer, Engine, Manners, SECRET, Told};
use crate::process::Site;

const PHONE: &str = "+996700000001";

/// Places one call over an engine of these manners, and returns it once it is over, with when it had to be.
async fn check(manners: Manners, grace: &str) -> (Value, Timestamp) {
    let engine = Engine::start(move |_| manners).await;
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET);
    let timeout = if manners.answer == Answer::Never { "2s" } else { "10s" };
    site.configure(&engine.config_within(&site.url(), grace, "1s", timeout));
    let process = site.start().await;
    let id = process.place(PHONE, "akylai").await;
    let sent = process.when(&id, |call| call["dialed_at"] != Value::Null && call["settles_by"] != Value::Null).await;
    let ended = process.when(&id, |call| call["terminal"] == true).await;
    assert_eq!(process.stop().await, Some(0));
    let dials = engine.book.dials_by_phone();
    assert_eq!(dials.get(PHONE), Some(&1), "{manners:?}: {ended}");
    assert_eq!(ended["attempts"], 1, "{manners:?}: {ended}");
    (ended, sent["settles_by"].as_str().and_then(|at| at.parse().ok()).expect("a time"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_hung_up_on_or_fails_is_looked_up_and_never_sent_again() {
    for answer in [Answer::HangsUp, Answer::Fails] {
        let (ended, _) = check(Manners { answer, talk: Duration::from_secs(1), ..Manners::default() }, "30s").await;
        assert_eq!((&ended["status"], &ended["duration"]), (&json!("completed"), &json!(7)), "{answer:?}: {ended}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_never_says_anything_leaves_a_call_that_ends_in_time_as_unknown() {
    let (ended, by) = check(Manners { answer: Answer::Never, looks_up: false, ..Manners::default() }, "1s").await;
    assert_eq!((&ended["status"], &ended["ended_reason"]), (&json!("failed"), &json!("outcome_unknown")), "{ended}");
    assert_eq!(ended["retryable"], false);
    let ended_at: Timestamp = ended["ended_at"].as_str().and_then(|at| at.parse().ok()).expect("a time");
    let late = ended_at.duration_since(by).as_secs_f64();
    assert!((0.0..5.0).contains(&late), "it had to end at {by} and ended at {ended_at}");
}

/// The engine's result is confirmed, the program is killed at once, and the next one has it.
async fn check_confirmed(told: Told) {
    let engine = Engine::start(move |_| Manners { told, looks_up: false, talk: Duration::ZERO, ..Manners::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET);
    site.configure(&engine.config(&site.url(), "30s", "60s"));
    engine.book.tell(site.api());
    let first = site.start().await;
    let id = first.place(PHONE, "akylai").await;
    let (clock, mut confirmed) = (SystemClock::new(), None);
    while confirmed.is_none() {
        confirmed = engine.book.all().into_iter().find(|dialed| dialed.confirmed);
        assert!(clock.monotonic() < Duration::from_secs(20), "no result was confirmed");
        tokio::task::yield_now().await;
    }
    first.kill();
    let second = site.start().await;
    let summary = Value::from(confirmed.expect("it is there").summary());
    let call = second.when(&id, |call| call["summary"] == summary).await;
    assert_eq!((&call["status"], &call["attempts"]), (&json!("completed"), &json!(1)), "{told:?}: {call}");
    assert_eq!(engine.book.dials_by_phone().get(PHONE), Some(&1));
    assert_eq!(second.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_confirmed_is_in_its_call_though_the_process_is_killed_at_once() {
    for _ in 0..3 {
        check_confirmed(Told::ByResult).await;
        check_confirmed(Told::ByWebhook).await;
    }
}
