//! The simulator beyond the contract: what reaches the inbox, when, and what asking finds, on paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use callgate_adapters::providers::kind;
use callgate_domain::model::{EndedReason, Evidence, Placing, ProviderCallId, Seen};
use callgate_domain::ports::{Found, ProviderError};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;

use super::bench::{ports, settings};
use super::stage::{a_minute_passes, sent_at, stage};

const TALK: [Option<Seen>; 4] = [Some(Seen::Ringing), Some(Seen::Answered), Some(Seen::Answered), Some(Seen::Answered)];

fn check_whole(end: &Evidence) {
    assert_eq!((end.seen, end.duration_s, end.turns.len()), (Some(Seen::Completed), Some(8), 3));
    assert!(end.words_final);
    assert_eq!(end.turns[1].text, "Fine, thank you.");
}

#[tokio::test(start_paused = true)]
async fn a_practice_call_is_told_as_it_goes() {
    let stage = stage("0101", &[]);
    stage.dialed().await;
    a_minute_passes().await;
    let told: Vec<Evidence> = stage.told().into_iter().flatten().collect();
    assert_eq!(stage.seen(), [&TALK[..], &[Some(Seen::Completed)]].concat());
    assert_eq!(told.iter().map(|one| one.turns.len()).collect::<Vec<_>>(), [0, 1, 2, 3, 3]);
    assert!(told[..4].iter().all(|one| !one.words_final && one.duration_s.is_none()));
    check_whole(&told[4]);
    let arrived: Vec<i64> =
        stage.inbox.kept.lock().unwrap().iter().map(|parcel| parcel.received_at.as_second() - sent_at().as_second()).collect();
    assert_eq!(arrived, [1, 3, 6, 8, 11]);
    assert_eq!(*stage.inbox.hints.lock().unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn each_number_ends_as_the_table_says() {
    for (ends, seen, reason) in [
        ("0102", Seen::NoAnswer, None),
        ("0103", Seen::Busy, None),
        ("0104", Seen::NoAnswer, Some(EndedReason::Declined)),
        ("0199", Seen::Completed, Some(EndedReason::AgentHangup)),
    ] {
        let stage = stage(ends, &[]);
        let id = stage.dialed().await;
        a_minute_passes().await;
        let end = stage.told().pop().flatten().unwrap();
        assert_eq!((end.seen, end.ended_reason), (Some(seen), reason), "{ends}");
        let asked = stage.found(Some(id)).await;
        assert_eq!((asked.seen, asked.ended_reason, asked.turns), (Some(seen), reason, end.turns), "{ends}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_unknown_and_the_call_is_found_by_our_reference() {
    let stage = stage("0105", &[]);
    assert_eq!(stage.provider.place(&stage.order).await, Placing::Unknown { reason: EndedReason::ProviderTimeout });
    a_minute_passes().await;
    assert!(stage.told().is_empty());
    let found = stage.found(None).await;
    check_whole(&found);
    check_whole(&stage.found(found.provider_call.clone()).await);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_comes_twice_is_the_same_one() {
    let stage = stage("0106", &[]);
    stage.dialed().await;
    a_minute_passes().await;
    assert_eq!(stage.told().len(), 5);
    assert_eq!((*stage.inbox.repeats.lock().unwrap(), *stage.inbox.hints.lock().unwrap()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn an_early_result_is_kept_before_the_request_is_answered() {
    let stage = stage("0107", &[]);
    let id = stage.dialed().await;
    check_whole(&stage.told()[0].clone().unwrap());
    check_whole(&stage.found(Some(id)).await);
    a_minute_passes().await;
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_never_comes_is_found_by_asking() {
    let stage = stage("0108", &[]);
    let id = stage.dialed().await;
    assert_eq!(stage.found(Some(id.clone())).await.seen, Some(Seen::Accepted));
    tokio::time::sleep(Duration::from_secs(7)).await;
    let talking = stage.found(Some(id.clone())).await;
    assert_eq!((talking.seen, talking.turns.len(), talking.words_final), (Some(Seen::Answered), 2, false));
    a_minute_passes().await;
    check_whole(&stage.found(Some(id)).await);
    assert!(stage.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_status_nobody_knows_says_nothing_and_asking_settles_it() {
    let stage = stage("0109", &[]);
    let id = stage.dialed().await;
    a_minute_passes().await;
    assert_eq!(stage.seen(), [&TALK[..], &[None]].concat());
    check_whole(&stage.found(Some(id)).await);
}

#[tokio::test(start_paused = true)]
async fn its_speed_shortens_pauses_and_not_the_duration() {
    let stage = stage("0101", &[("speed", json!(100))]);
    let id = stage.dialed().await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    check_whole(&stage.told().pop().flatten().unwrap());
    check_whole(&stage.found(Some(id)).await);
}

#[tokio::test(start_paused = true)]
async fn another_process_with_other_settings_answers_the_same() {
    let one = stage("0102", &[("speed", json!(10)), ("seed", json!(7))]);
    let id = one.dialed().await;
    a_minute_passes().await;
    let other = stage("0101", &[]);
    tokio::time::sleep(Duration::from_millis(400)).await;
    let found = other.found(Some(id.clone())).await;
    assert_eq!((found.seen, &found.ended_at), (Some(Seen::NoAnswer), &one.found(Some(id)).await.ended_at));
}

#[tokio::test(start_paused = true)]
async fn an_id_it_did_not_make_is_absent() {
    let stage = stage("0101", &[]);
    let asked = stage.provider.look_up(&stage.asking(ProviderCallId::new("eng-1"))).await;
    assert!(matches!(asked, Ok(Found::Absent { complete: true })));
}

#[tokio::test(start_paused = true)]
async fn ended_before_the_answer_it_is_canceled_at_once() {
    let stage = stage("0101", &[]);
    let id = stage.dialed().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stage.provider.cancel(&stage.asking(Some(id))).await.unwrap();
    assert_eq!(stage.seen(), [Some(Seen::Ringing), Some(Seen::Canceled)]);
    a_minute_passes().await;
    assert_eq!(stage.seen().len(), 2, "nothing is told of it any more");
}

#[tokio::test(start_paused = true)]
async fn ended_after_the_answer_it_is_completed_with_what_was_said() {
    let stage = stage("0101", &[]);
    let id = stage.dialed().await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    stage.provider.cancel(&stage.asking(Some(id.clone()))).await.unwrap();
    let end = stage.told().pop().flatten().unwrap();
    assert_eq!((end.seen, end.ended_reason), (Some(Seen::Completed), Some(EndedReason::CanceledByClient)));
    assert_eq!((end.duration_s, end.turns.len(), end.words_final), (Some(4), 2, true));
    a_minute_passes().await;
    assert!(matches!(stage.provider.cancel(&stage.asking(Some(id))).await, Err(ProviderError::Gone)));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_is_handed_in_again_while_the_inbox_is_away() {
    let stage = stage("0103", &[]);
    *stage.inbox.unavailable.lock().unwrap() = 3;
    stage.dialed().await;
    a_minute_passes().await;
    assert_eq!(stage.seen(), [Some(Seen::Busy)]);
}

#[test]
fn faults_of_its_settings_name_the_setting() {
    let kind = kind("simulator").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    for (name, value, fault) in [
        ("speed", json!(0), "must be 0.001 to 10000"),
        ("speed", json!(-1), "must be 0.001 to 10000"),
        ("speed", json!(10_001), "must be 0.001 to 10000"),
        ("speed", json!("fast"), "must be 0.001 to 10000"),
        ("seed", json!(-1), "must be a whole number"),
        ("seed", json!(1.5), "must be a whole number"),
        ("script", json!(7), "must be the path of a file"),
        ("script", json!("no/such.toml"), "no/such.toml cannot be read"),
        ("sped", json!(1), "did you mean 'speed'?"),
    ] {
        let settings = settings(kind, "", &[(name, value)], &[]);
        let Err(found) = kind.open(&settings, ports(&Arc::default(), sent_at())) else { panic!("{name} is refused") };
        assert_eq!(found.field, format!("connections.own.{name}"));
        assert!(found.fault.contains(fault), "{found}");
    }
}

/// Counts, and lets one see it.
#[derive(Default)]
struct Counting {
    key: std::sync::Mutex<Option<Key>>,
    count: Arc<AtomicU64>,
}

impl Recorder for Counting {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        *self.key.lock().unwrap() = Some(key.clone());
        Counter::from_arc(Arc::clone(&self.count))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn every_request_to_place_a_call_is_counted_and_none_is_shown_as_zero() {
    let recorder = Counting::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let answered = stage("0101", &[]);
            let key = recorder.key.lock().unwrap().clone().unwrap();
            assert_eq!(key.name(), "callgate_simulator_dials_total");
            assert_eq!(key.labels().map(|label| (label.key(), label.value())).collect::<Vec<_>>(), [("connection", "own")]);
            assert_eq!(recorder.count.load(Ordering::Relaxed), 0);
            answered.dialed().await;
            let lost = stage("0105", &[]);
            lost.provider.place(&lost.order).await;
            assert_eq!(recorder.count.load(Ordering::Relaxed), 2);
        });
    });
}
