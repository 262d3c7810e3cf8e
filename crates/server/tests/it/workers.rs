//! The loops behind the API: one that panics is begun again, and one that stands still is seen in `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use callgate_domain::ports::Clock;
use callgate_server::gateway::Gateway;
use callgate_server::workers::pulse::Loop;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup};

async fn readiness(server: &Server) -> (u16, Value) {
    let answer = Answer::of(server.bare(Method::GET, "/readyz")).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_does_not_look_for_work_is_named_where_this_process_has_loops() {
    let change = |gateway: &mut Gateway| gateway.facts.workers = true;
    let server = Server::with(Setup { change, ..Setup::default() }).await;
    for of in Loop::ALL.into_iter().filter(|of| *of != Loop::Dispatch) {
        server.gateway.looked(of);
    }
    let still = json!([{ "check": "workers", "detail": "dispatch stands still: no call is placed" }]);
    assert_eq!(readiness(&server).await, (503, still));
    server.gateway.looked(Loop::Dispatch);
    assert_eq!(readiness(&server).await, (200, json!([])));

    assert_eq!(readiness(&Server::start().await).await, (200, json!([])), "without loops none is missed");
}

/// Panics where it is asked for the first times, as a mistake in a claim would.
struct Faulty(Arc<dyn Clock>);

static ASKED: AtomicU32 = AtomicU32::new(0);

impl Clock for Faulty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        assert!(ASKED.fetch_add(1, Ordering::SeqCst) >= 2, "a mistake");
        self.0.monotonic()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_panics_is_begun_again() {
    let change = |gateway: &mut Gateway| gateway.dispatch.clock = Arc::new(Faulty(Arc::clone(&gateway.clock)));
    let server = Server::with(Setup { workers: true, change, ..Setup::default() }).await;
    let ready = async {
        while readiness(&server).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ready).await.expect("it looks for work again");
    assert!(ASKED.load(Ordering::SeqCst) > 2, "it was ready before it had looked");
    let id = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let call = Answer::of(server.get(&format!("/v1/calls/{id}?wait=20"))).await.json();
    assert!(call["revision"].as_u64() > Some(1), "it is claimed: {call}");
}
