//! What looking keys up costs: wrong ones must not take up the database, which good ones need.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::KeyId;
use callgate_domain::ports::{ApiKey, AuditEntry, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, StoreError};
use callgate_server::http::Options;
use jiff::Timestamp;
use reqwest::Method;
use tokio::time::Instant;

use crate::harness::{Answer, Server, Setup};

/// How a database that has much to do answers.
const SLOW: Duration = Duration::from_millis(50);

/// Looks up slowly, and counts.
struct Slow<const NTH: usize>(Arc<dyn KeyStore>);

static UNDER_WAY: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static MOST: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static ALL: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

#[async_trait]
impl<const NTH: usize> KeyStore for Slow<NTH> {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        ALL[NTH].fetch_add(1, Ordering::SeqCst);
        let under_way = UNDER_WAY[NTH].fetch_add(1, Ordering::SeqCst) + 1;
        MOST[NTH].fetch_max(under_way, Ordering::SeqCst);
        tokio::time::sleep(SLOW).await;
        UNDER_WAY[NTH].fetch_sub(1, Ordering::SeqCst);
        self.0.find(sha256, now).await
    }

    async fn get(&self, id: KeyId) -> Result<ListedKey, StoreError> {
        self.0.get(id).await
    }

    async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError> {
        self.0.list(before, limit).await
    }

    async fn create(&self, new: NewKey, audit: AuditEntry) -> Result<(), StoreError> {
        self.0.create(new, audit).await
    }

    async fn change(&self, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, StoreError> {
        self.0.change(id, change, now, audit).await
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        self.0.has_first().await
    }

    async fn set_first(&self, id: KeyId, sha256: [u8; 32], now: Timestamp, audit: AuditEntry) -> Result<(), StoreError> {
        self.0.set_first(id, sha256, now, audit).await
    }
}

async fn server<const NTH: usize>(failed_auth_per_minute: u32) -> Server {
    let options = Options { failed_auth_per_minute, ..Options::default() };
    let change = |gateway: &mut callgate_server::gateway::Gateway| {
        gateway.key_store = Arc::new(Slow::<NTH>(Arc::clone(&gateway.key_store)));
    };
    Server::with(Setup { options, change, ..Setup::default() }).await
}

async fn wrong(server: &Server, key: String) -> u16 {
    Answer::of(server.bare(Method::GET, "/v1/agents").bearer_auth(key)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_looked_up_once_in_a_while_whether_it_is_good_or_wrong() {
    let server = server::<0>(0).await;
    let begun = Instant::now();
    for _ in 0..30 {
        assert_eq!(wrong(&server, "cg_wrong".to_owned()).await, 401);
        assert_eq!(Answer::of(server.get("/v1/agents")).await.status, 200);
    }
    // Both are believed for four seconds.
    let most = 2 * (1 + usize::try_from(begun.elapsed().as_secs() / 4).expect("a few"));
    assert!(ALL[0].load(Ordering::SeqCst) <= most, "{} look-ups in {:?}", ALL[0].load(Ordering::SeqCst), begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_of_a_throttled_address_have_a_narrow_lane_and_a_good_key_goes_past_them() {
    let server = Arc::new(server::<1>(1).await);
    assert_eq!(Answer::of(server.get("/v1/agents")).await.status, 200);
    assert_eq!(wrong(&server, "cg_first".to_owned()).await, 401);
    MOST[1].store(0, Ordering::SeqCst);
    let flood: Vec<_> = (0..60)
        .map(|nth| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { wrong(&server, format!("cg_made_up_{nth}")).await })
        })
        .collect();
    let begun = Instant::now();
    let mut answered = 0;
    while flood.iter().any(|one| !one.is_finished()) {
        assert_eq!(Answer::of(server.get("/v1/agents")).await.status, 200);
        answered += 1;
    }
    let took = begun.elapsed();
    assert!(answered > 5, "{answered} in {took:?}");
    for one in flood {
        assert_eq!(one.await.expect("an answer"), 429);
    }
    // The good key is looked up anew after four seconds, beside the lane.
    assert!(MOST[1].load(Ordering::SeqCst) <= 3, "{} look-ups at once", MOST[1].load(Ordering::SeqCst));
}
