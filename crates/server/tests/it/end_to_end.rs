//! A call from the wish to its end, through the real store, the real workers and the simulator.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use callgate_domain::model::call::{Asked, What};
use callgate_domain::model::{Call, CallId, CallState, ClientId, EndedReason, KeyId, Phone, RetryPlan, Revision};
use callgate_domain::ports::Reader;
use callgate_domain::usecases::calls::PlaceCall;
use callgate_server::config::{Config, Environment, Given};
use callgate_server::gateway::Gateway;
use callgate_server::wiring::{Plan, wire};
use callgate_server::workers::Workers;
use jiff::Timestamp;

use crate::harness::METRICS;

async fn gateway(folder: &std::path::Path) -> Arc<Gateway> {
    install_crypto();
    let given = Given { data_dir: Some(folder.to_owned()), ..Given::default() };
    let mut config = Config::load(&given, &Environment::default()).expect("the defaults are valid");
    let simulator = config.connections.values_mut().next().expect("the simulator");
    simulator.values.insert("speed".to_owned(), 100.into());
    simulator.max_per_second = None;
    Arc::new(wire(Plan::of(config, true).expect("a plan"), METRICS.clone()).await.expect("a gateway"))
}

async fn place(gateway: &Gateway, phone: &str, retry: Option<RetryPlan>) -> CallId {
    let wish = PlaceCall {
        client: ClientId::new("default").expect("a name"),
        key: KeyId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        phone: Phone::parse(phone).expect("a phone"),
        agent: "akylai".to_owned(),
        asked: Asked::default(),
        max_duration: None,
        retry,
        idempotency_key: None,
    };
    gateway.calls.place(wish).await.expect("accepted").call_id
}

async fn ended(gateway: &Gateway, id: CallId) -> Call {
    let looked = async {
        loop {
            let call = gateway.calls.get(id, &Reader::All).await.expect("it is there");
            if call.state.is_terminal() {
                return call;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.expect("it ends")
}

async fn check(number: &str, state: CallState, reason: EndedReason, turns: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let gateway = gateway(folder.path()).await;
    let workers = Workers::start(&gateway);
    let id = place(&gateway, &format!("+1202555{number}"), None).await;
    let call = ended(&gateway, id).await;
    assert_eq!((call.state, call.ended_reason, call.attempts), (state, Some(reason), 1), "{number}");
    assert_eq!(call.result.transcript.map_or(0, |words| words.turns.len()), turns, "{number}");
    gateway.stopping.cancel();
    workers.stopped(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_of_the_simulator_ends_as_its_row_says() {
    check("0101", CallState::Completed, EndedReason::AgentHangup, 3).await;
    check("0102", CallState::NoAnswer, EndedReason::NoAnswer, 0).await;
    check("0103", CallState::Busy, EndedReason::Busy, 0).await;
    check("0104", CallState::NoAnswer, EndedReason::Declined, 0).await;
    check("0105", CallState::Completed, EndedReason::AgentHangup, 3).await;
    check("0106", CallState::Completed, EndedReason::AgentHangup, 3).await;
    check("0107", CallState::Completed, EndedReason::AgentHangup, 3).await;
    check("0108", CallState::Completed, EndedReason::AgentHangup, 3).await;
    check("0109", CallState::Completed, EndedReason::AgentHangup, 3).await;
}

/// How a call with a plan ends, and how often it was tried; the delay is one second.
async fn check_retried(number: &str, max: u16, state: CallState, reason: EndedReason, tries: u16) {
    let folder = tempfile::tempdir().expect("a folder");
    let gateway = gateway(folder.path()).await;
    let workers = Workers::start(&gateway);
    let delay = Duration::from_secs(1);
    let plan = RetryPlan { on: RetryPlan::ENDS.to_vec(), max, delays: vec![delay] };
    let id = place(&gateway, &format!("+1202555{number}"), Some(plan)).await;
    let call = ended(&gateway, id).await;
    assert_eq!((call.state, call.ended_reason, call.attempts), (state, Some(reason), tries), "{number}");
    let history = gateway.calls.history(id, &Reader::All, Revision(0), 200).await.expect("a history");
    let sent: Vec<_> = history.iter().filter(|entry| entry.what == What::Sent).map(|entry| entry.at).collect();
    assert_eq!(sent.len(), usize::from(tries), "{number}");
    for pair in sent.windows(2) {
        assert!(pair[1].duration_since(pair[0]).unsigned_abs() >= delay, "{number}: {pair:?}");
    }
    gateway.stopping.cancel();
    workers.stopped(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_a_plan_is_tried_again_as_often_as_it_says_and_only_after_what_it_names() {
    check_retried("0102", 1, CallState::NoAnswer, EndedReason::NoAnswer, 2).await;
    check_retried("0103", 2, CallState::Busy, EndedReason::Busy, 3).await;
    check_retried("0104", 1, CallState::NoAnswer, EndedReason::Declined, 1).await;
    check_retried("0101", 1, CallState::Completed, EndedReason::AgentHangup, 1).await;
}
