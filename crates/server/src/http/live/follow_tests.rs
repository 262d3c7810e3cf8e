//! What cannot be shown is skipped, and what cannot be read ends a stream; neither is looked at without a pause.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use callgate_domain::model::Secret;
use callgate_domain::ports::Scope;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;

use super::*;
use crate::config::{Config, Environment, Given};
use crate::http::{Options, ROUTES};
use crate::wiring::{Plan, wire};

const KEY: &str = "cg_a_first_key_that_is_long_enough_for_anybody";
/// How soon each thing here wants to be looked at again.
const SOON: Duration = Duration::from_millis(20);

/// A gateway without workers, and somebody with a key.
async fn somebody(folder: &TempDir) -> (Data<Http>, Caller) {
    callgate_adapters::providers::install_crypto();
    let database_url = Some(format!("sqlite://{}", folder.path().join("callgate.db").display()));
    let given = Given { database_url, data_dir: Some(folder.path().to_owned()), ..Given::default() };
    let plan = Plan::of(Config::load(&given, &Environment::default()).unwrap(), false).unwrap();
    let gateway = Arc::new(wire(plan, PrometheusBuilder::new().build_recorder().handle()).await.unwrap());
    gateway.keys.set_first(&Secret::new(KEY).unwrap()).await.unwrap();
    let http = Data::from(Http::new(&gateway, Options::default(), ROUTES));
    let caller = http.auth.admit_typed(KEY, IpAddr::V4(Ipv4Addr::LOCALHOST), Scope::Admin, &Arc::from("req_1")).await.caller;
    (http, caller.unwrap_or_else(|_| panic!("the key is good")))
}

/// What a look shows: something, nothing because it could not be rendered, or why it could not be read.
enum Look {
    Shows(&'static str),
    Unrendered,
    Fails(StoreError),
}

/// Each look in its turn; nothing after that.
struct Script {
    looks: VecDeque<Look>,
    looked: u32,
}

impl Followed for Script {
    async fn news(&mut self, _: &Http) -> Result<News, StoreError> {
        self.looked += 1;
        let event = match self.looks.pop_front() {
            Some(Look::Shows(text)) => Some(Bytes::from_static(text.as_bytes())),
            Some(Look::Unrendered) | None => None,
            Some(Look::Fails(error)) => return Err(error),
        };
        Ok(News { event, is_last: false, look_in: SOON })
    }

    fn is_moved_by(&self, _: CallId, _: Revision) -> bool {
        false
    }
}

async fn open(folder: &TempDir, looks: impl IntoIterator<Item = Look>) -> Open<Script> {
    let (http, caller) = somebody(folder).await;
    let (moves, now) = (http.gateway.hub.moves(), Instant::now());
    let slot = http.streams.open(For::Console).unwrap_or_else(|_| panic!("there is room"));
    let followed = Script { looks: looks.into_iter().collect(), looked: 0 };
    Open { http, caller, moves, followed, look: now, heartbeat: now + HEARTBEAT, is_over: false, _slot: slot }
}

#[tokio::test]
async fn what_cannot_be_rendered_is_skipped_and_tried_again_with_the_next_look() {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut open = open(&folder, [Look::Unrendered, Look::Unrendered, Look::Shows("later")]).await;
    let shown = open.next().await.and_then(Result::ok);
    assert_eq!(shown.as_deref(), Some(b"later".as_slice()));
    assert_eq!(open.followed.looked, 3, "no look beside those");
    assert!(began.elapsed() >= 2 * SOON, "between two looks it waits");
}

#[tokio::test]
async fn what_cannot_be_read_for_good_ends_the_stream_and_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = open(&folder, [Look::Shows("first"), Look::Fails(StoreError::NotFound), Look::Shows("never")]).await;
    assert!(matches!(open.next().await, Some(Ok(_))));
    assert!(matches!(open.next().await, Some(Err(StoreError::NotFound))));
    assert!(open.next().await.is_none() && open.next().await.is_none());
    assert_eq!(open.followed.looked, 2);
}

#[tokio::test]
async fn a_stream_of_what_can_never_be_rendered_ends_with_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = open(&folder, []).await;
    let stopping = open.http.gateway.stopping.clone();
    let stop = async {
        tokio::task::yield_now().await;
        stopping.cancel();
    };
    let (ended, ()) = tokio::join!(open.next(), stop);
    assert!(ended.is_none());
}
