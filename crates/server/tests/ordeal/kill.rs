//! Kill -9 under load, again and again over one database: at random moments, and at each of twelve named points.
//!
//! `CALLGATE_KILL_CYCLES_SQLITE` and `CALLGATE_KILL_CYCLES_POSTGRES` set how often, `CALLGATE_SEED` repeats the choices.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::testing::{postgres, sqlite};
use callgate_domain::testing::chance::SeededChance;
use callgate_server::wiring::crash::Point;
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, Engine, Manners, SECRET, Told};
use crate::judge::{judge, setting, tell};
use crate::load::Wishes;
use crate::process::Site;

/// A cycle whose point is not passed ends so long after its start.
const LONGEST_CYCLE: Duration = Duration::from_millis(2_500);

struct Ordeal {
    cycles: u64,
    database_url: Option<String>,
    /// Whether results come in every way there is, or only in the way that no process holds.
    every_way: bool,
    /// How long a result is awaited past a call's longest end.
    grace: &'static str,
    /// How long the last calls may take to end.
    drain: Duration,
}

/// Mostly quick, sometimes slow: as engines are. Decided by the number, so that a seed repeats it.
fn manners(phone: &str, every_way: bool) -> Manners {
    let number: u64 = phone.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let dice = SeededChance::of(number);
    let one_of = |n: u64| dice.next() % n;
    let answer = Answer::After(Duration::from_millis(if one_of(4) == 0 { 400 } else { one_of(30) }));
    // Some results are there before the answer to the request that brought them about.
    let talk = Duration::from_millis(one_of(900));
    let told = match one_of(3) {
        0 if every_way => Told::WhenAsked,
        1 if every_way => Told::ByWebhook,
        _ => Told::ByResult,
    };
    Manners { answer, talk, told, looks_up: true }
}

async fn check(of: &str, ordeal: Ordeal) {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = setting("CALLGATE_SEED", u64::from(std::process::id()));
    let dice = SeededChance::of(seed);
    let every_way = ordeal.every_way;
    let engine = Engine::start(move |phone| manners(phone, every_way)).await;
    let mut site = Site::new(folder.path()).with("DIALER_SECRET", SECRET).with("CALLGATE_LOG", "warn");
    if let Some(url) = &ordeal.database_url {
        site = site.with("CALLGATE_DATABASE_URL", url);
    }
    site.configure(&engine.config(&site.url(), ordeal.grace, if every_way { "1s" } else { "60s" }));
    engine.book.tell(site.api());
    let wishes = Arc::new(Wishes::some_taken_back());
    let mut at_points = 0;
    for cycle in 0..ordeal.cycles {
        let (point, _) = Point::ALL[usize::try_from((cycle / 2 + seed) % 12).expect("one of twelve")];
        let at_point = (cycle % 2 == 0).then(|| format!("{point}:{}", 1 + dice.next() % 8));
        let bound = if at_point.is_some() { LONGEST_CYCLE } else { Duration::from_millis(100 + dice.next() % 900) };
        let variable = at_point.as_deref().map(|point| ("CALLGATE_CRASH_AT", point));
        at_points += u64::from(cut_off(&site, variable.as_slice(), &wishes, bound).await);
    }
    let last = site.start().await;
    wishes.send_again(&last.api).await;
    let verdict = judge(&last.api, &wishes, &engine.book, ordeal.drain).await;
    assert_eq!(last.stop().await, Some(0));
    let cycles = ordeal.cycles;
    verdict.hold(&format!("kill -9 on {of}, {cycles} cycles, {at_points} at a named point, seed {seed}"));
    if ordeal.database_url.is_none() {
        is_whole(&folder.path().join("callgate-data/callgate.db"));
    }
}

/// One cycle: the program starts, works, and is killed after `bound` unless it dies before. Says whether it did.
async fn cut_off(site: &Site, variable: &[(&str, &str)], wishes: &Arc<Wishes>, bound: Duration) -> bool {
    let Some(mut process) = site.try_start(variable).await else { return true };
    let stop = CancellationToken::new();
    let load = {
        let (wishes, api, stop) = (Arc::clone(wishes), process.api.clone(), stop.clone());
        tokio::spawn(async move {
            wishes.send_again(&api).await;
            wishes.keep_coming(&api, Duration::from_millis(25), usize::MAX, &stop).await;
        })
    };
    let died = process.ended(bound).await.is_some();
    process.kill();
    stop.cancel();
    load.await.expect("the clients end");
    died
}

fn is_whole(database: &Path) {
    let found = sqlite::integrity(database);
    assert_eq!(found, ["ok"], "PRAGMA integrity_check");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_on_sqlite_however_often_the_process_is_killed() {
    let cycles = setting("CALLGATE_KILL_CYCLES_SQLITE", 10);
    let ordeal = Ordeal { cycles, database_url: None, every_way: true, grace: "5s", drain: Duration::from_secs(120) };
    check("SQLite", ordeal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_on_postgres_however_often_the_process_is_killed() {
    let cycles = setting("CALLGATE_KILL_CYCLES_POSTGRES", 3);
    let Some(url) = postgres::fresh_database() else { return tell("kill -9 on Postgres is not run") };
    // What a process held that is gone is waited for: half a minute for its leases, up to two for what it looked after. So
    // results are awaited for longer than that. In a short run nothing but leases is held.
    let every_way = cycles > 10;
    let (grace, drain) = if every_way { ("200s", 400) } else { ("30s", 90) };
    let ordeal = Ordeal { cycles, database_url: Some(url), every_way, grace, drain: Duration::from_secs(drain) };
    check("Postgres", ordeal).await;
}
