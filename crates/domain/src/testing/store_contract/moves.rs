//! What has changed since a moment: nothing that changed is missed, whatever the order.

use std::time::Duration;

use futures_util::future::join_all;

use super::Trial;
use crate::model::moment::{earlier, later};
use crate::model::{Call, CallEvent, CallId, CallState, Quota, Revision};
use crate::ports::{Mark, Reader};
use crate::testing::builders::{LEASE, a_call, change, client, connection, unique, worker};

/// More changes than any store looks at in one go.
const MANY: u64 = 700;

pub async fn every_call_that_changed_is_met_at_its_newest_revision(trial: &Trial) {
    let start = start(trial).await;
    let (one, other) = (held(trial, "ours").await, held(trial, "ours").await);
    let one = moved(trial, moved(trial, one).await).await;
    let other = moved(trial, other).await;
    assert_eq!(walk(trial, start, &Reader::All).await, [(one.id, Revision(3)), (other.id, Revision(2))]);
}

pub async fn a_new_call_is_met_too_and_only_until_it_changes(trial: &Trial) {
    let start = start(trial).await;
    let call = held(trial, "ours").await;
    assert_eq!(walk(trial, start, &Reader::All).await, [(call.id, Revision(1))]);
    let call = moved(trial, call).await;
    assert_eq!(walk(trial, start, &Reader::All).await, [(call.id, Revision(2))]);
}

pub async fn a_client_meets_its_own_calls_and_an_operator_all(trial: &Trial) {
    let start = start(trial).await;
    let (ours, theirs) = (held(trial, "ours").await, held(trial, "theirs").await);
    let theirs = moved(trial, theirs).await;
    let of = |name| Reader::Client(client(name));
    assert_eq!(walk(trial, start, &of("ours")).await, [(ours.id, Revision(1))]);
    assert_eq!(walk(trial, start, &of("theirs")).await, [(theirs.id, Revision(2))]);
    assert_eq!(walk(trial, start, &of("nobody")).await, []);
    assert_eq!(walk(trial, start, &Reader::All).await.len(), 2);
}

pub async fn whoever_reads_on_behind_a_stretch_misses_and_repeats_nothing(trial: &Trial) {
    let start = start(trial).await;
    let first = moved(trial, held(trial, "ours").await).await;
    let read = trial.moves.since(start, &Reader::All).await.expect("a stretch");
    assert!(read.is_last && read.moved.iter().any(|mark| mark.call == first.id), "{read:?}");
    assert_eq!(walk(trial, read.until, &Reader::All).await, []);
    let second = moved(trial, first).await;
    assert_eq!(walk(trial, read.until, &Reader::All).await, [(second.id, Revision(3))]);
}

pub async fn long_orders_come_in_stretches_and_each_call_once(trial: &Trial) {
    let start = start(trial).await;
    let new = (0..MANY).map(|nth| a_call().at(later(trial.now(), Duration::from_millis(nth / 3))).accepted());
    let new: Vec<_> = new.collect();
    trial.calls.insert(new.clone(), None, &Quota::default()).await.expect("new calls");
    let changes = new.iter().skip(100).map(|(call, _)| moved(trial, call.clone()));
    join_all(changes).await;
    let mut met = walk(trial, start, &Reader::All).await;
    met.sort_unstable();
    let revision = |nth: usize| if nth < 100 { Revision(1) } else { Revision(2) };
    let mut expected: Vec<_> = new.iter().enumerate().map(|(nth, (call, _))| (call.id, revision(nth))).collect();
    expected.sort_unstable();
    assert_eq!(met, expected);
}

pub async fn a_mark_is_found_by_its_change_and_only_by_who_may_see_it(trial: &Trial) {
    let start = start(trial).await;
    let call = moved(trial, held(trial, "ours").await).await;
    let ours = Reader::Client(client("ours"));
    let newest = trial.moves.since(start, &ours).await.expect("a stretch").moved.pop().expect("a change");
    assert_eq!(trial.moves.mark(call.id, Revision(2), &ours).await.expect("an answer"), Some(newest));
    let first = trial.moves.mark(call.id, Revision(1), &Reader::All).await.expect("an answer").expect("a mark");
    assert_eq!((Some(first.at), first.revision), (call.id.made_at(), Revision(1)));
    let nobody = Reader::Client(client("theirs"));
    for (id, revision, of) in [
        (call.id, 2, &nobody),
        (call.id, 1, &nobody),
        (call.id, 3, &ours),
        (call.id, 0, &ours),
        (CallId::new(trial.now(), unique()), 1, &Reader::All),
    ] {
        assert_eq!(trial.moves.mark(id, Revision(revision), of).await.expect("an answer"), None, "{id} {revision}");
    }
}

pub async fn calls_are_read_whole_in_the_order_they_are_named(trial: &Trial) {
    let (one, other, theirs) = (held(trial, "ours").await, held(trial, "ours").await, held(trial, "theirs").await);
    let missing = CallId::new(trial.now(), unique());
    let named = [other.id, missing, theirs.id, one.id];
    let read = trial.moves.whole(&named, &Reader::Client(client("ours"))).await.expect("calls");
    assert_eq!(read, [other.clone(), one.clone()]);
    assert_eq!(trial.moves.whole(&named, &Reader::All).await.expect("calls"), [other, theirs, one]);
    assert_eq!(trial.moves.whole(&[], &Reader::All).await.expect("nothing"), []);
}

async fn start(trial: &Trial) -> Mark {
    let now = trial.moves.now().await.expect("a clock");
    Mark::before(earlier(now.min(trial.now()), Duration::from_secs(1)))
}

async fn held(trial: &Trial, client: &str) -> Call {
    let call = a_call().by(client).at(trial.now()).queued();
    trial.hold(&call).await;
    call
}

/// The call with one more revision.
async fn moved(trial: &Trial, call: Call) -> Call {
    let event = match call.state {
        CallState::Claimed => CallEvent::Released,
        _ => CallEvent::Claimed { owner: worker(), connection: connection("simulator"), until: later(trial.now(), LEASE) },
    };
    let change = change(&call, &event, trial.now());
    trial.calls.save(change.clone()).await.expect("a change");
    change.call
}

/// Everything from a mark to the end, in bounded stretches.
async fn walk(trial: &Trial, mut after: Mark, of: &Reader) -> Vec<(CallId, Revision)> {
    let mut met: Vec<Mark> = Vec::new();
    for stretches in 0.. {
        assert!(stretches < 100, "there is no end");
        let stretch = trial.moves.since(after, of).await.expect("a stretch");
        assert!(stretch.moved.iter().all(|mark| *mark > after && *mark <= stretch.until), "{stretch:?}");
        met.extend(&stretch.moved);
        if stretch.is_last {
            break;
        }
        assert!(stretch.until > after, "no way forward");
        after = stretch.until;
    }
    assert!(met.is_sorted());
    met.into_iter().map(|mark| (mark.call, mark.revision)).collect()
}
