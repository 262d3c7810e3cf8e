//! What clients are told while the program is killed again and again, and beside endpoints that never answer: nothing is
//! lost, and nobody waits for another.
//!
//! `CALLGATE_DELIVERY_CYCLES_SQLITE` and `CALLGATE_DELIVERY_CYCLES_POSTGRES` set how often, `CALLGATE_SEED` repeats the
//! choices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::testing::postgres;
use callgate_domain::model::moment::elapsed;
use callgate_domain::testing::chance::SeededChance;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::judge::{setting, tell};
use crate::load::Wishes;
use crate::process::Site;
use crate::receiver::Receiver;

const CONFIG: &str = "[limits]\nfailed_auth_per_minute = 0\n[webhooks]\nallow_private = [\"127.0.0.0/8\"]\n\
    [connections.simulator]\nkind = \"simulator\"\nspeed = 200\nmax_live = 0\nmax_per_second = 0\npoll_interval = \"1s\"\n\
    [agents.akylai]\nconnection = \"simulator\"\n";
/// Calls that are told in each part of a comparison.
const CALLS: usize = 60;
/// So much a busy machine may add: far less than an endpoint that never answers is waited for.
const SLACK: Duration = Duration::from_secs(2);

/// An endpoint at this address; its secret.
async fn listen(api: &Api, url: &str) -> String {
    let answer = api.post("/v1/webhook-endpoints", &json!({ "url": url }), None).await.expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["secret"].as_str().expect("a secret").to_owned()
}

/// Waits until every confirmed call is over and its end was heard; what was not by then.
async fn unheard(api: &Api, wishes: &Wishes, receiver: &Receiver, bound: Duration) -> Vec<String> {
    let until = tokio::time::Instant::now() + bound;
    loop {
        let heard = receiver.ear.heard();
        let confirmed: Vec<_> = wishes.all().into_iter().filter_map(|wish| wish.call_id).collect();
        let missing: Vec<_> = confirmed.into_iter().filter(|id| !heard.contains_key(id)).collect();
        if missing.is_empty() || tokio::time::Instant::now() >= until {
            let mut told = Vec::new();
            for id in missing.iter().take(5) {
                let deliveries = api.get(&format!("/v1/webhook-deliveries?call_id={id}")).await.map(|answer| answer.body);
                told.push(format!("{id}: {:?}", deliveries.ok()));
            }
            return told;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn check(of: &str, cycles: u64, database_url: Option<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = setting("CALLGATE_SEED", u64::from(std::process::id()));
    let dice = SeededChance::of(seed);
    let receiver = Receiver::start().await;
    let mut site = Site::new(folder.path()).with("CALLGATE_LOG", "warn");
    if let Some(url) = &database_url {
        site = site.with("CALLGATE_DATABASE_URL", url);
    }
    site.configure(CONFIG);
    let first = site.start().await;
    receiver.ear.knows(&listen(&first.api, &format!("{}/up", receiver.url)).await);
    listen(&first.api, &format!("{}/hangs", receiver.url)).await;
    first.kill();
    let wishes = Arc::new(Wishes::default());
    for _ in 0..cycles {
        let mut process = site.start().await;
        let stop = CancellationToken::new();
        let load = {
            let (wishes, api, stop) = (Arc::clone(&wishes), process.api.clone(), stop.clone());
            tokio::spawn(async move {
                wishes.send_again(&api).await;
                wishes.keep_coming(&api, Duration::from_millis(20), usize::MAX, &stop).await;
            })
        };
        let died = process.ended(Duration::from_millis(300 + dice.next() % 1_200)).await;
        assert!(died.is_none(), "it ended by itself: {}", site.log());
        process.kill();
        stop.cancel();
        load.await.expect("the clients end");
    }
    let last = site.start().await;
    wishes.send_again(&last.api).await;
    let missing = unheard(&last.api, &wishes, &receiver, Duration::from_secs(180)).await;
    let heard = receiver.ear.heard();
    let again = heard.values().filter(|heard| heard.times > 1).count();
    let (calls, faults) = (wishes.confirmed(), receiver.ear.faults());
    tell(&format!(
        "kill -9 during deliveries on {of}, {cycles} cycles, seed {seed}: {calls} calls, {} heard, {again} of them again, lost {}",
        heard.len(),
        missing.len()
    ));
    assert!(missing.is_empty(), "not told: {missing:#?}\n{}", site.log());
    assert!(faults.is_empty(), "{faults:#?}");
    for (id, heard) in heard.iter().take(20) {
        let call = last.call(id).await;
        assert_eq!((&heard.call["status"], &heard.call["phone"]), (&call["status"], &call["phone"]), "{id}");
    }
    assert_eq!(last.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_notice_is_lost_on_sqlite_however_often_the_process_is_killed() {
    check("SQLite", setting("CALLGATE_DELIVERY_CYCLES_SQLITE", 6), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_notice_is_lost_on_postgres_however_often_the_process_is_killed() {
    let Some(url) = postgres::fresh_database() else { return tell("kill -9 during deliveries on Postgres is not run") };
    check("Postgres", setting("CALLGATE_DELIVERY_CYCLES_POSTGRES", 2), Some(url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_never_answer_cost_another_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::start().await;
    let site = Site::new(folder.path()).with("CALLGATE_LOG", "warn");
    site.configure(CONFIG);
    let process = site.start().await;
    receiver.ear.knows(&listen(&process.api, &format!("{}/up", receiver.url)).await);
    let (wishes, mut known) = (Arc::new(Wishes::default()), BTreeSet::new());
    let alone = lag(&process.api, &wishes, &receiver, &mut known).await;
    for _ in 0..3 {
        listen(&process.api, &format!("{}/hangs", receiver.url)).await;
    }
    let beside = lag(&process.api, &wishes, &receiver, &mut known).await;
    tell(&format!("from a call's end to its notice: {alone:?} alone, {beside:?} beside three endpoints that never answer"));
    assert!(beside < alone * 3 + SLACK, "{beside:?} beside, {alone:?} alone");
    assert!((1..=15).contains(&receiver.ear.most_hanging()), "{} at once", receiver.ear.most_hanging());
    assert_eq!(receiver.ear.faults(), [""; 0]);
    process.kill();
}

/// Further calls, each of which is told; how long that took in the middle.
async fn lag(api: &Api, wishes: &Arc<Wishes>, receiver: &Receiver, known: &mut BTreeSet<String>) -> Duration {
    let most = wishes.all().len() + CALLS;
    wishes.keep_coming(api, Duration::from_millis(50), most, &CancellationToken::new()).await;
    wishes.send_again(api).await;
    let missing = unheard(api, wishes, receiver, Duration::from_secs(90)).await;
    assert!(missing.is_empty(), "not told: {missing:#?}");
    let new = receiver.ear.heard().into_iter().filter(|(id, _)| known.insert(id.clone()));
    let mut lags: Vec<_> = new.map(|(_, heard)| elapsed(heard.made_at, heard.at)).collect();
    lags.sort_unstable();
    lags[lags.len() / 2]
}
