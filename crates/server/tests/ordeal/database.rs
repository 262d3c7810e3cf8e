//! The database away, full or locked while calls come in: clients are told to come again, nobody is dialed meanwhile, and
//! all goes on by itself afterwards.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use callgate_adapters::testing::postgres::Cluster;
use callgate_adapters::testing::sqlite::HeldLock;
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, Engine, Manners, SECRET, Told};
use crate::judge::{judge, tell};
use crate::load::Wishes;
use crate::process::{Process, Site};

/// How soon calls are taken again once the database can be written.
const RECOVERY: Duration = Duration::from_secs(10);
/// What was marked just before may still be on its way, for longer where the machine is busy.
const ON_ITS_WAY: Duration = Duration::from_secs(2);
/// So long nobody may be dialed after that.
const LOOKED_AT: Duration = Duration::from_secs(2);

/// `without` makes the database unusable, returns what holds it so, and from when on that is certain.
async fn check<H>(of: &str, site: &Site, engine: &Engine, without: impl AsyncFnOnce(&Process, &Wishes) -> H) {
    site.configure(&engine.config(&site.url(), "30s", "60s"));
    engine.book.tell(site.api());
    let process = site.start().await;
    let (wishes, stop) = (Arc::new(Wishes::default()), CancellationToken::new());
    let load = {
        let (wishes, api, stop) = (Arc::clone(&wishes), process.api.clone(), stop.clone());
        tokio::spawn(async move { wishes.keep_coming(&api, Duration::from_millis(20), 5_000, &stop).await })
    };
    wait(|| wishes.confirmed() >= 40, Duration::from_secs(30), "calls before").await;
    let held = without(&process, &wishes).await;
    let from = engine.book.now() + ON_ITS_WAY;
    wait(|| wishes.refused.load(Ordering::Relaxed) >= 4, Duration::from_secs(30), "refusals").await;
    tokio::time::sleep(ON_ITS_WAY + LOOKED_AT).await;
    let to = engine.book.now();
    drop(held);
    let before = wishes.confirmed();
    wait(|| wishes.confirmed() >= before + 40 || load.is_finished(), RECOVERY, &format!("calls after: {}", site.log())).await;
    assert!(wishes.confirmed() >= before + 40, "a client was cut off: {}", site.log());
    stop.cancel();
    load.await.expect("the clients end");
    wishes.send_again(&process.api).await;
    let meanwhile = engine.book.all().iter().filter(|dialed| (from..to).contains(&dialed.at)).count();
    let verdict = judge(&process.api, &wishes, &engine.book, Duration::from_secs(90)).await;
    assert_eq!(process.stop().await, Some(0));
    let refused = wishes.refused.load(Ordering::Relaxed);
    verdict.hold(&format!("{of}: {refused} times refused, {meanwhile} dialed meanwhile"));
    assert_eq!(meanwhile, 0, "{of}: nobody is dialed without a send mark");
}

async fn wait(reached: impl Fn() -> bool, bound: Duration, what: &str) {
    let until = tokio::time::Instant::now() + bound;
    while !reached() {
        assert!(tokio::time::Instant::now() < until, "{what} did not come within {bound:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn engine() -> Engine {
    let answer = Answer::After(Duration::from_millis(20));
    Engine::start(move |_| Manners { answer, told: Told::ByResult, ..Manners::default() }).await
}

/// Starts its server again when it is dropped.
struct Stopped<'a>(&'a Cluster);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.start();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_by_themselves_when_postgres_was_away() {
    let Some(cluster) = Cluster::of_ones_own() else { return tell("Postgres going away is not run") };
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine().await);
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("CALLGATE_DATABASE_URL", &cluster.fresh_database());
    check("Postgres away", &site, &engine, async |_, _| {
        cluster.stop();
        Stopped(&cluster)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_by_themselves_when_sqlite_was_locked() {
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine().await);
    let site = Site::new(folder.path()).with("DIALER_SECRET", SECRET);
    check("SQLite locked", &site, &engine, async |_, _| HeldLock::on(&folder.path().join("callgate-data/callgate.db"))).await;
}

/// Lets the files of a process grow again when it is dropped.
struct Full(u32);

impl Drop for Full {
    fn drop(&mut self) {
        limit_files(self.0, "unlimited");
    }
}

/// The kernel refuses each write past this size, as a full disk does; no volume of its own is needed for that.
fn limit_files(process: u32, bytes: &str) {
    let limited = Command::new("prlimit").args(["--pid", &process.to_string(), &format!("--fsize={bytes}:")]).status();
    assert!(limited.is_ok_and(|status| status.success()), "prlimit, of util-linux, sets the limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_by_themselves_when_the_disk_was_full() {
    let (folder, engine) = (tempfile::tempdir().expect("a folder"), engine().await);
    let mut site = Site::new(folder.path()).with("DIALER_SECRET", SECRET);
    // Otherwise the signal that goes with the refusal would end the process.
    site.through = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"].map(str::to_owned).to_vec();
    check("disk full", &site, &engine, async |process, _| {
        limit_files(process.id(), "65536");
        Full(process.id())
    })
    .await;
}
