//! Calls that somebody has to look at.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::Trial;
use crate::model::call::Looks;
use crate::model::moment::{earlier, later};
use crate::model::{Call, CallEvent, CallId};
use crate::testing::builders::{a_call, change, connection};

const HOLD: Duration = Duration::from_secs(30);

pub async fn a_call_taken_to_be_looked_at_is_given_to_nobody_else(trial: &Trial) {
    let now = trial.now();
    let (early, late) = (waiting(trial, "simulator", 2).await, waiting(trial, "simulator", 1).await);
    let known = [connection("simulator")];
    let take = async |limit, at| trial.calls.to_reconcile(&known, HOLD, limit, at).await.expect("calls");
    assert_eq!(ids(&take(1, now).await), [early.id]);
    assert_eq!(ids(&take(10, now).await), [late.id]);
    assert_eq!(take(10, later(now, HOLD - Duration::from_secs(1))).await, []);
    assert_eq!(take(10, later(now, HOLD)).await.len(), 2);
    assert_eq!(trial.read(&early).await.revision, early.revision);
}

pub async fn only_calls_of_known_connections_or_of_none_are_taken(trial: &Trial) {
    let (now, old) = (trial.now(), earlier(trial.now(), Duration::from_hours(1)));
    let ours = waiting(trial, "simulator", 1).await;
    waiting(trial, "foreign", 1).await;
    let without = a_call().at(old).queued();
    trial.hold(&without).await;
    let taken = trial.calls.to_reconcile(&[connection("simulator")], HOLD, 10, now).await.expect("calls");
    assert_eq!(ids(&taken), [without.id, ours.id]);
}

pub async fn concurrent_looks_share_no_call(trial: &Trial) {
    for _ in 0..20 {
        waiting(trial, "simulator", 1).await;
    }
    let (known, now) = ([connection("simulator")], trial.now());
    let taken = join_all((0..8).map(|_| trial.calls.to_reconcile(&known, HOLD, 5, now))).await;
    let taken: Vec<_> = taken.into_iter().flat_map(|taken| ids(&taken.expect("calls"))).collect();
    assert_eq!(taken.len(), taken.iter().collect::<HashSet<_>>().len());
}

pub async fn the_next_look_is_put_off_unless_the_call_has_changed(trial: &Trial) {
    let call = waiting(trial, "simulator", 1).await;
    let (looks, at) = (Looks { count: 4, absent: 2 }, later(trial.now(), HOLD));
    trial.calls.look_later(call.id, call.revision, looks, Some(at)).await.expect("a look");
    let put_off = Call { looks, look_at: Some(at), ..call.clone() };
    assert_eq!(trial.read(&call).await, put_off);

    let changed = change(&put_off, &CallEvent::CancelRequested, trial.now());
    trial.calls.save(changed.clone()).await.expect("a change");
    trial.calls.look_later(call.id, call.revision, Looks::default(), None).await.expect("a look too late");
    assert_eq!(trial.read(&call).await, changed.call);
    trial.calls.look_later(call.id, changed.call.revision, looks, None).await.expect("a look");
    assert_eq!(trial.read(&call).await.look_at, None);
}

pub async fn the_next_moment_is_the_earliest_of_all(trial: &Trial) {
    let next = async || trial.calls.next_moment().await.expect("an answer");
    assert_eq!(next().await, None);
    let call = a_call().at(trial.now()).unknown();
    trial.hold(&call).await;
    assert_eq!(next().await, call.look_at);
    let soon = a_call().at(later(trial.now(), Duration::from_secs(5))).queued();
    trial.hold(&soon).await;
    assert_eq!(next().await, Some(soon.due_at));
}

/// A call whose moment to be looked at came some seconds ago.
async fn waiting(trial: &Trial, over: &str, seconds_ago: u64) -> Call {
    let call = a_call().at(trial.now()).over(over).unknown();
    let call = Call { look_at: Some(earlier(trial.now(), Duration::from_secs(seconds_ago))), ..call };
    trial.hold(&call).await;
    call
}

fn ids(calls: &[Call]) -> Vec<CallId> {
    calls.iter().map(|call| call.id).collect()
}
