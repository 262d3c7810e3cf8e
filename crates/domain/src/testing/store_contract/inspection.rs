//! What operators look at.

use std::time::Duration;

use super::Trial;
use crate::model::call::Attempt;
use crate::model::{Call, InboxId, Seen};
use crate::ports::{AttemptRef, Looked, Progress, Replayed, StoreError};
use crate::testing::builders::{self, a_call, a_parcel, connection, unique};

/// Keeps a webhook that has come so far.
async fn left(trial: &Trial, key: &str, progress: Progress, about: Option<AttemptRef>) -> InboxId {
    let parcel = a_parcel(Some("simulator"), key, trial.now());
    trial.inbox.keep(parcel.clone()).await.expect("kept");
    trial.inbox.settle(parcel.id, progress, about, None).await.expect("settled");
    parcel.id
}

fn ids(looked: &[Looked]) -> Vec<InboxId> {
    looked.iter().map(|looked| looked.kept.parcel.id).collect()
}

pub async fn live_calls_are_counted_by_connection(trial: &Trial) {
    for call in [
        a_call().over("first").placed("theirs-1"),
        a_call().over("first").unknown(),
        a_call().over("second").claimed(),
        a_call().queued(),
    ] {
        trial.hold(&call).await;
    }
    let over = after(&a_call().over("first").placed("theirs-2"), Seen::Busy, trial);
    trial.hold(&over).await;
    let live = trial.inspection.live().await.expect("a count");
    assert_eq!(live.into_iter().collect::<Vec<_>>(), [(connection("first"), 2), (connection("second"), 1)]);
}

fn after(call: &Call, seen: Seen, trial: &Trial) -> Call {
    builders::after(call, &builders::evidence(call, seen), trial.now())
}

pub async fn an_operator_sees_a_calls_attempts_and_the_webhooks_about_them(trial: &Trial) {
    let (call, other) = (a_call().placed("theirs-1"), a_call().placed("theirs-2"));
    trial.hold(&call).await;
    trial.hold(&other).await;
    let attempt = call.attempt.clone().expect("it was placed");
    let about = |attempt: &Attempt| AttemptRef { attempt: Some(attempt.id), ..AttemptRef::default() };
    let first = left(trial, "first", Progress::Applied, Some(about(&attempt))).await;
    let second = left(trial, "second", Progress::Ignored, Some(about(&attempt))).await;
    left(trial, "third", Progress::Applied, other.attempt.as_ref().map(about)).await;
    assert_eq!(trial.inspection.attempts(call.id).await.expect("attempts"), std::slice::from_ref(&attempt));
    let mut seen = ids(&trial.inspection.webhooks_about(call.id, 10).await.expect("webhooks"));
    seen.sort_unstable();
    let mut expected = [first, second];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert_eq!(trial.inspection.webhooks_about(call.id, 1).await.expect("webhooks").len(), 1);
    let one = trial.inspection.webhook(first).await.expect("the webhook");
    assert_eq!((one.about.attempt, one.kept.progress, one.again_at), (Some(attempt.id), Progress::Applied, None));
}

pub async fn what_is_left_over_is_found_by_how_far_it_came(trial: &Trial) {
    let mut quarantined =
        vec![left(trial, "1", Progress::Quarantined, None).await, left(trial, "2", Progress::Quarantined, None).await];
    quarantined.sort_unstable();
    quarantined.reverse();
    let orphaned = left(trial, "3", Progress::Orphaned, None).await;
    left(trial, "4", Progress::Applied, None).await;
    let check = async |progress, before, limit, expected: &[InboxId]| {
        let found = trial.inspection.left_over(progress, before, limit).await.expect("webhooks");
        assert_eq!(ids(&found), expected, "{progress}");
    };
    check(Progress::Quarantined, None, 10, &quarantined).await;
    check(Progress::Quarantined, None, 1, quarantined.get(..1).unwrap_or_default()).await;
    check(Progress::Quarantined, quarantined.first().copied(), 10, quarantined.get(1..).unwrap_or_default()).await;
    check(Progress::Orphaned, None, 10, &[orphaned]).await;
    check(Progress::Parked, None, 10, &[]).await;
    check(Progress::Applied, None, 10, &[]).await;
}

pub async fn a_replayed_webhook_is_taken_again_with_all_its_tries(trial: &Trial) {
    let now = trial.now();
    let quarantined = left(trial, "1", Progress::Quarantined, None).await;
    let applied = left(trial, "2", Progress::Applied, None).await;
    assert_eq!(trial.inspection.replay(applied, now).await.expect("an answer"), Replayed::Not(Progress::Applied));
    assert_eq!(trial.inspection.replay(quarantined, now).await.expect("an answer"), Replayed::Waiting);
    let taken = trial.inbox.take(&[connection("simulator")], Duration::from_secs(30), 10, now).await.expect("webhooks");
    let seen: Vec<_> = taken.iter().map(|kept| (kept.parcel.id, kept.progress, kept.tries)).collect();
    assert_eq!(seen, [(quarantined, Progress::Waiting, 1)]);
    let missing = InboxId::new(now, unique());
    assert!(matches!(trial.inspection.replay(missing, now).await, Err(StoreError::NotFound)));
    assert!(matches!(trial.inspection.webhook(missing).await, Err(StoreError::NotFound)));
}
