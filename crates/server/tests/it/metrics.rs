//! `/metrics` waits for no count.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::ports::{Accepted, Backlog, Deliveries, Figures, Middles, Pulse, StoreError};
use callgate_server::figures::Remembered;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::harness::{Answer, Server, Setup};

/// Counts that may end.
static MAY_END: Semaphore = Semaphore::const_new(0);
/// A number that no other test has.
const OVERDUE: u64 = 4_711;

/// A database in which counting takes until somebody lets it end.
struct Slow;

#[async_trait]
impl Figures for Slow {
    async fn pulse(&self, _: Timestamp, _: u32, _: u32) -> Result<Pulse, StoreError> {
        Ok(Pulse::default())
    }

    async fn backlog(&self, _: Timestamp) -> Result<Backlog, StoreError> {
        MAY_END.acquire().await.expect("it is never closed").forget();
        Ok(Backlog { overdue: OVERDUE, ..Backlog::default() })
    }

    async fn accepted(&self, _: &[(Timestamp, Timestamp)]) -> Result<Vec<Accepted>, StoreError> {
        Ok(Vec::new())
    }

    async fn middles(&self, _: Timestamp, _: Timestamp) -> Result<Middles, StoreError> {
        Ok(Middles::default())
    }

    async fn deliveries(&self, _: Timestamp, _: Timestamp) -> Result<Deliveries, StoreError> {
        Ok(Deliveries::default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_takes_long_is_shown_when_it_ends_and_holds_up_no_reader() {
    let change = |gateway: &mut callgate_server::gateway::Gateway| {
        gateway.figures = Remembered::new(Arc::new(Slow), Arc::clone(&gateway.moves), Arc::clone(&gateway.clock));
    };
    let server = Server::with(Setup { change, ..Setup::default() }).await;
    let gateway = Arc::clone(&server.gateway);
    let counting = tokio::spawn(async move { gateway.figures.keep_counting(&gateway.stopping).await });
    let overdue = format!("callgate_calls_overdue {OVERDUE}");
    let meanwhile = Answer::of(server.get("/metrics")).await;
    assert!(meanwhile.text.contains("callgate_backlog_age_seconds "), "{}", meanwhile.text);
    assert!(!meanwhile.text.contains(&overdue), "nothing is counted yet");
    MAY_END.add_permits(1);
    let shown = async { while !Answer::of(server.get("/metrics")).await.text.contains(&overdue) {} };
    tokio::time::timeout(Duration::from_secs(20), shown).await.expect("what was counted");
    // The next count is never let go: it ends with the gateway.
    server.gateway.stopping.cancel();
    tokio::time::timeout(Duration::from_secs(20), counting).await.expect("an end").expect("no panic");
}
