//! The inbox: kept once, taken whole, given to one at a time.

use std::time::Duration;

use futures_util::future::join_all;

use super::Trial;
use crate::model::InboxId;
use crate::model::moment::{earlier, later};
use crate::ports::{AttemptRef, Kept, KeptWebhook, Parcel, Progress, StoreError};
use crate::testing::builders::{a_parcel, connection, provider_call, unique};

const HOLD: Duration = Duration::from_secs(30);

pub async fn a_webhook_is_kept_once_per_connection(trial: &Trial) {
    let now = trial.now();
    let first = a_parcel(Some("simulator"), "event-1", now);
    assert!(matches!(keep(trial, &first).await, Kept::New));
    match keep(trial, &a_parcel(Some("simulator"), "event-1", now)).await {
        Kept::Seen(kept) => check(&kept, &first, Progress::Waiting, 0),
        Kept::New => assert_eq!("new", "seen"),
    }
    assert!(matches!(keep(trial, &a_parcel(Some("second"), "event-1", now)).await, Kept::New));
    assert!(matches!(keep(trial, &a_parcel(None, "event-1", now)).await, Kept::New));
    assert!(matches!(keep(trial, &a_parcel(None, "event-1", now)).await, Kept::Seen(_)));
}

pub async fn of_many_concurrent_repetitions_one_is_kept(trial: &Trial) {
    let parcels: Vec<_> = (0..30).map(|_| a_parcel(Some("simulator"), "event-1", trial.now())).collect();
    let kept = join_all(parcels.iter().map(|parcel| keep(trial, parcel))).await;
    assert_eq!(kept.iter().filter(|kept| matches!(kept, Kept::New)).count(), 1);
}

pub async fn a_kept_webhook_is_taken_whole_and_once(trial: &Trial) {
    let ago = |s| earlier(trial.now(), Duration::from_secs(s));
    let (first, second) = (a_parcel(Some("simulator"), "1", ago(2)), a_parcel(Some("simulator"), "2", ago(1)));
    let future = a_parcel(Some("simulator"), "3", later(trial.now(), Duration::from_hours(1)));
    for parcel in [&future, &second, &first] {
        keep(trial, parcel).await;
    }
    for (after_s, tries) in [(0, 1), (40, 2)] {
        let taken = take(trial, after_s).await;
        assert_eq!(taken.len(), 2);
        for (kept, parcel) in taken.iter().zip([&first, &second]) {
            check(kept, parcel, Progress::Waiting, tries);
        }
        // Held, it is given to nobody else.
        assert_eq!(take(trial, after_s + 1).await.len(), 0);
    }
}

pub async fn only_webhooks_of_known_connections_and_reports_are_taken(trial: &Trial) {
    let now = trial.now();
    let report = a_parcel(None, "1", now);
    keep(trial, &a_parcel(Some("foreign"), "2", now)).await;
    keep(trial, &report).await;
    // A result is left to the request that brought it for a while.
    assert_eq!(trial.inbox.take(&[], HOLD, 10, now).await.expect("webhooks").len(), 0);
    let taken = trial.inbox.take(&[], HOLD, 10, report.due_at()).await.expect("webhooks");
    assert_eq!(taken.iter().map(|kept| kept.parcel.id).collect::<Vec<_>>(), [report.id]);
}

pub async fn a_settled_webhook_is_not_taken_again(trial: &Trial) {
    let parcel = a_parcel(Some("simulator"), "1", trial.now());
    keep(trial, &parcel).await;
    trial.inbox.settle(parcel.id, Progress::Applied, None, None).await.expect("settled");
    assert_eq!(take(trial, 3_600).await.len(), 0);
    match keep(trial, &a_parcel(Some("simulator"), "1", trial.now())).await {
        Kept::Seen(kept) => check(&kept, &parcel, Progress::Applied, 0),
        Kept::New => assert_eq!("new", "seen"),
    }
    let strange = InboxId::new(trial.now(), unique());
    let missing = trial.inbox.settle(strange, Progress::Applied, None, None).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
}

pub async fn a_parked_webhook_is_taken_when_its_id_appears(trial: &Trial) {
    let now = trial.now();
    let park = async |over: Option<&str>, key: &str, id: &str| {
        let parcel = a_parcel(over, key, now);
        keep(trial, &parcel).await;
        let about = AttemptRef { attempt: None, provider_call: Some(provider_call(id)), connection: over.map(connection) };
        trial.inbox.settle(parcel.id, Progress::Parked, Some(about), Some(later(now, HOLD))).await.expect("parked");
        parcel.id
    };
    let native = park(Some("simulator"), "1", "theirs").await;
    let report = park(None, "2", "theirs").await;
    park(Some("second"), "3", "theirs").await;
    park(Some("simulator"), "4", "other").await;
    assert_eq!(take(trial, 0).await.len(), 0);
    let moved = trial.inbox.unpark(&connection("simulator"), &provider_call("theirs"), now).await.expect("unparked");
    assert_eq!(moved, 2);
    let taken: Vec<_> = take(trial, 0).await.iter().map(|kept| kept.parcel.id).collect();
    assert_eq!(taken, [native, report]);
}

pub async fn one_that_is_kept_parked_waits_for_the_sweep_or_for_its_id(trial: &Trial) {
    let about = AttemptRef { provider_call: Some(provider_call("theirs")), ..AttemptRef::default() };
    let [first, second] = ["1", "2"].map(|key| Parcel { waits_for: Some(about.clone()), ..a_parcel(None, key, trial.now()) });
    keep(trial, &first).await;
    assert_eq!(take(trial, 29).await.len(), 0);
    assert_eq!(take(trial, 30).await.iter().map(|kept| kept.progress).collect::<Vec<_>>(), [Progress::Parked]);
    keep(trial, &second).await;
    let unparked = trial.inbox.unpark(&connection("simulator"), &provider_call("theirs"), trial.now()).await;
    assert_eq!(unparked.expect("unparked"), 2);
    assert_eq!(take(trial, 0).await.len(), 2);
}

pub async fn tries_are_counted_until_it_is_parked(trial: &Trial) {
    let parcel = a_parcel(Some("simulator"), "1", trial.now());
    keep(trial, &parcel).await;
    let tries = async |after| take(trial, after).await.first().map(|kept| (kept.progress, kept.tries));
    assert_eq!(tries(0).await, Some((Progress::Waiting, 1)));
    trial.inbox.settle(parcel.id, Progress::Waiting, None, Some(later(trial.now(), HOLD))).await.expect("settled");
    assert_eq!(tries(60).await, Some((Progress::Waiting, 2)));
    trial.inbox.settle(parcel.id, Progress::Parked, None, Some(later(trial.now(), HOLD))).await.expect("parked");
    assert_eq!(tries(60).await, Some((Progress::Parked, 1)));
}

pub async fn one_that_did_not_come_through_twice_is_taken_alone(trial: &Trial) {
    let parcels: Vec<_> = (0..3).map(|nth| a_parcel(Some("simulator"), &nth.to_string(), trial.now())).collect();
    let again_at = |nth| Some(later(trial.now(), Duration::from_secs(nth)));
    for parcel in &parcels {
        keep(trial, parcel).await;
    }
    for (after, taken) in [(0, 3), (100, 3), (200, 1), (200, 1), (200, 1), (200, 0)] {
        assert_eq!(take(trial, after).await.len(), taken, "after {after} s");
    }
    // One that has come through, or is new, is taken with others again.
    for (nth, parcel) in parcels.iter().enumerate() {
        let progress = if nth == 2 { Progress::Waiting } else { Progress::Parked };
        trial.inbox.settle(parcel.id, progress, None, again_at(u64::try_from(nth).unwrap_or(0))).await.expect("settled");
    }
    assert_eq!(take(trial, 10).await.iter().map(|kept| kept.tries).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(take(trial, 10).await.iter().map(|kept| kept.tries).collect::<Vec<_>>(), [4]);
}

async fn keep(trial: &Trial, parcel: &Parcel) -> Kept {
    trial.inbox.keep(parcel.clone()).await.expect("an answer")
}

async fn take(trial: &Trial, after_s: u64) -> Vec<KeptWebhook> {
    let known = [connection("simulator"), connection("second")];
    let at = later(trial.now(), Duration::from_secs(after_s));
    trial.inbox.take(&known, HOLD, 10, at).await.expect("webhooks")
}

fn check(kept: &KeptWebhook, parcel: &Parcel, progress: Progress, tries: u16) {
    let shape = |parcel: &Parcel| {
        let webhook = parcel.webhook.webhook();
        let (url, headers, body) = (webhook.url.clone(), webhook.headers.clone(), webhook.body.clone());
        let (key, at) = (parcel.dedupe_key.clone(), parcel.received_at);
        (parcel.id, parcel.connection.clone(), parcel.is_report, key, at, url, headers, body)
    };
    assert_eq!(shape(&kept.parcel), shape(parcel));
    assert_eq!((kept.progress, kept.tries), (progress, tries));
}
