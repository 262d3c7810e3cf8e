//! Several processes over one Postgres, one of them stopped for longer than it may wait, one killed and replaced.
//!
//! `CALLGATE_SEVERAL_RUNS` says how often, `CALLGATE_SEVERAL_STOP` for how many seconds.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::testing::postgres;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, Book, Engine, Manners, SECRET, Told};
use crate::judge::{judge, setting, tell};
use crate::load::Wishes;
use crate::process::{Process, Site};

const CALLS: usize = 1_000;
const REQUEST_TIMEOUT: &str = "20s";
/// A process that is stopped for longer has lost what it marked and did not send: sending takes 5 s at most, the request 20,
/// and writing down what became of it 10.
const LONGEST_LEASE: Duration = Duration::from_secs(35);

fn site(url: &str) -> (TempDir, Site) {
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("CALLGATE_DATABASE_URL", url);
    (folder, site.with("CALLGATE_LOG", "warn"))
}

fn ask(load: &mut JoinSet<()>, wishes: &Arc<Wishes>, process: &Process) {
    let (wishes, api) = (Arc::clone(wishes), process.api.clone());
    load.spawn(async move {
        wishes.keep_coming(&api, Duration::from_millis(20), CALLS, &CancellationToken::new()).await;
    });
}

async fn confirmed(wishes: &Wishes, wanted: usize) {
    for _ in 0..6_000 {
        if wishes.confirmed() >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("only {} calls are confirmed", wishes.confirmed());
}

/// Kills a process at a moment at which it has marked nothing that it has not sent. Killed at any other, it would leave calls
/// that must never be dialed, as `kill.rs` shows; here dials have to equal calls. `held` is what the one that is stopped has.
async fn kill_with_nothing_unsent(process: Process, other: &Process, book: &Book, held: &[String]) {
    for _ in 0..30 {
        process.signal("STOP");
        if stays_unsent(other, book).await.iter().all(|phone| held.contains(phone)) {
            return process.kill();
        }
        process.signal("CONT");
        tokio::time::sleep(Duration::from_millis(130)).await;
    }
    panic!("it always has something marked and unsent");
}

/// What stays marked and unsent: what processes that run have marked is sent within this, what stopped ones have is not.
async fn stays_unsent(asked: &Process, book: &Book) -> Vec<String> {
    // A mark that the database had been given when its process was stopped is in it by then.
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut unsent = marked_unsent(asked, book).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        still_unsent(&mut unsent, asked, book).await;
    }
    unsent
}

async fn still_unsent(of: &mut Vec<String>, asked: &Process, book: &Book) {
    let unsent = marked_unsent(asked, book).await;
    of.retain(|phone| unsent.contains(phone));
}

/// The numbers of calls that are marked as sent and have not come to the engine.
async fn marked_unsent(asked: &Process, book: &Book) -> Vec<String> {
    let mut phones = Vec::new();
    let mut path = "/v1/calls?status=dialing&limit=100".to_owned();
    loop {
        let page = asked.get(&path).await;
        let calls = page["data"].as_array().expect("calls");
        phones.extend(calls.iter().filter_map(|call| call["phone"].as_str().map(str::to_owned)));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/calls?status=dialing&limit=100&cursor={cursor}"),
            None => break,
        }
    }
    let sent = book.dials_by_phone();
    phones.retain(|phone| !sent.contains_key(phone));
    phones
}

async fn check(url: &str, stopped_for: Duration) {
    let manners = Manners { answer: Answer::After(Duration::from_millis(60)), told: Told::ByResult, ..Manners::default() };
    let engine = Engine::start(move |_| manners).await;
    let sites = [site(url), site(url), site(url)];
    for (_, site) in &sites {
        // A busy machine must not make an outcome unknown: one that is may belong to a call that was never sent.
        site.configure(&engine.config_within(&site.url(), "30s", "60s", REQUEST_TIMEOUT));
    }
    let [(_, first), (_, second), (_, third)] = &sites;
    engine.book.tell(first.api());
    let (one, two, three) = (first.start().await, second.start().await, third.start().await);
    let (wishes, mut load) = (Arc::new(Wishes::default()), JoinSet::new());
    [&one, &two, &three].into_iter().for_each(|process| ask(&mut load, &wishes, process));

    confirmed(&wishes, CALLS / 5).await;
    two.signal("STOP");
    let goes_on_at = tokio::time::Instant::now() + stopped_for;
    let mut held = stays_unsent(&one, &engine.book).await;
    confirmed(&wishes, CALLS * 2 / 5).await;
    // What others were slow to send is sent by now.
    still_unsent(&mut held, &one, &engine.book).await;
    kill_with_nothing_unsent(three, &one, &engine.book, &held).await;
    let replaced = third.start().await;
    ask(&mut load, &wishes, &replaced);
    tokio::time::sleep_until(goes_on_at).await;
    two.signal("CONT");
    load.join_all().await;
    wishes.send_again(&one.api).await;

    let verdict = judge(&one.api, &wishes, &engine.book, Duration::from_secs(180)).await;
    for process in [one, two, replaced] {
        assert_eq!(process.stop().await, Some(0));
    }
    verdict.hold(&format!("three processes, one stopped for {} s, one killed", stopped_for.as_secs()));
    let left = if stopped_for > LONGEST_LEASE { held } else { Vec::new() };
    verdict.all_dialed(CALLS, &left);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_dial_each_call_once_though_one_is_stopped_and_one_killed() {
    for _ in 0..setting("CALLGATE_SEVERAL_RUNS", 1) {
        let Some(url) = postgres::fresh_database() else { return tell("Several processes on Postgres are not run") };
        check(&url, Duration::from_secs(setting("CALLGATE_SEVERAL_STOP", 8))).await;
    }
}
