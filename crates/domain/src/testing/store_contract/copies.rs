//! A copy that is started in the place of its store: it rings nobody a second time.

use std::time::Duration;

use futures_util::future::join_all;

use super::Trial;
use super::claims::{claim, crowd, ids, room};
use super::holds::put;
use crate::model::call::What;
use crate::model::moment::{earlier, later};
use crate::model::{Asked, Call, CallState, Hold, OnHold, RetryPlan, Revision, Seen};
use crate::ports::TakingIn;
use crate::testing::builders::{a_call, after, evidence, worker};

pub async fn in_a_stamped_copy_nothing_is_claimed(trial: &Trial) {
    crowd(trial, "akylai", 3).await;
    trial.copies.stamp(trial.now()).await.expect("a stamp");
    let room = room(&[("akylai", "simulator")], None);
    assert!(claim(trial, worker(), &room, 10).await.is_empty());
    assert_eq!(trial.holds.list().await.expect("a list"), [], "the stamp is none that an operator has put");
    trial.holds.lift(&OnHold::Everything).await.expect("an answer");
    assert!(claim(trial, worker(), &room, 10).await.is_empty(), "and none that one can lift");
}

pub async fn a_store_that_is_no_copy_is_left_as_it_is(trial: &Trial) {
    crowd(trial, "akylai", 2).await;
    assert_eq!(trial.copies.stamped_at().await.expect("an answer"), None);
    assert_eq!(trial.copies.take_in(&restored(trial), 10).await.expect("an answer"), TakingIn::NoCopy);
    assert_eq!(trial.holds.list().await.expect("a list"), []);
    assert_eq!(claim(trial, worker(), &room(&[("akylai", "simulator")], None), 10).await.len(), 2);
}

pub async fn every_open_call_of_a_copy_is_marked_and_nothing_that_is_over(trial: &Trial) {
    let now = trial.now();
    let at = earlier(now, Duration::from_secs(9));
    let plan = RetryPlan { on: vec![CallState::NoAnswer], max: 1, delays: vec![Duration::from_mins(5)] };
    let window = Asked { not_before: Some(later(now, Duration::from_hours(1))), ..Asked::default() };
    let rang = a_call().at(at).retry(plan).placed("theirs-1");
    let open = [
        a_call().at(at).asked(window).queued(),
        a_call().at(at).queued(),
        a_call().at(at).claimed(),
        a_call().at(at).sending(),
        a_call().at(at).unknown(),
        a_call().at(at).placed("theirs-2"),
        after(&rang, &evidence(&rang, Seen::NoAnswer), at),
    ];
    let spoke = a_call().at(at).placed("theirs-3");
    let over = after(&spoke, &evidence(&spoke, Seen::Completed), at);
    for call in open.iter().chain([&over]) {
        trial.hold(call).await;
    }
    trial.copies.stamp(earlier(now, Duration::from_secs(5))).await.expect("a stamp");
    trial.copies.stamp(now).await.expect("another");
    assert_eq!(trial.copies.stamped_at().await.expect("an answer"), Some(earlier(now, Duration::from_secs(5))));

    let marked = take_in(trial, 3).await;
    assert_eq!(marked.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1], "in bounded steps");
    let marked: Vec<_> = marked.into_iter().flatten().collect();
    for before in &open {
        let call = trial.read(before).await;
        let told = marked.iter().find(|(_, told)| told.id == call.id).expect("it is told");
        assert_eq!(told, &(before.state, call.clone()));
        assert!(call.restored_at.is_some() && call.state.rank() >= CallState::Unknown.rank(), "{}", before.state);
        let history = trial.calls.history(call.id, Revision(0), 10).await.expect("its history");
        assert_eq!(history.last().map(|last| last.what), Some(What::Restored), "{}", before.state);
    }
    assert_eq!(trial.read(&over).await, over);
    assert_eq!(trial.copies.stamped_at().await.expect("an answer"), None);
    let holds = trial.holds.list().await.expect("a list");
    assert_eq!(holds.iter().map(|hold| &hold.what).collect::<Vec<_>>(), [&OnHold::Everything]);
    // What is out is looked at at once; what nobody can be asked about is not.
    let looked: Vec<_> = trial.calls.to_reconcile(&[], Duration::ZERO, 10, trial.now()).await.expect("a look");
    assert!(looked.is_empty(), "their connection is not known here: {:?}", ids(&looked));
    let known = [crate::testing::builders::connection("simulator")];
    let looked = trial.calls.to_reconcile(&known, Duration::ZERO, 10, trial.now()).await.expect("a look");
    assert_eq!(looked.iter().filter(|call| call.restored_at.is_some()).count(), 3);
}

pub async fn a_copy_taken_in_claims_what_came_after_it_once_it_is_resumed(trial: &Trial) {
    crowd(trial, "akylai", 3).await;
    put(trial, OnHold::Everything).await;
    trial.copies.stamp(trial.now()).await.expect("a stamp");
    assert_eq!(take_in(trial, 10).await.concat().len(), 3);
    let holds = trial.holds.list().await.expect("a list");
    assert_eq!(holds.iter().map(|hold| hold.reason.as_str()).collect::<Vec<_>>(), ["restored"], "the newer reason counts");
    let new = a_call().at(trial.now()).queued();
    trial.hold(&new).await;
    let room = room(&[("akylai", "simulator")], Some(1));
    assert!(claim(trial, worker(), &room, 10).await.is_empty());
    assert!(trial.holds.lift(&OnHold::Everything).await.expect("an answer"));
    assert_eq!(ids(&claim(trial, worker(), &room, 10).await), [new.id], "what may have rung unseen takes up no place");
}

pub async fn several_who_take_a_copy_in_mark_each_call_once(trial: &Trial) {
    crowd(trial, "akylai", 40).await;
    trial.copies.stamp(trial.now()).await.expect("a stamp");
    let all = join_all((0..4).map(|_| take_in(trial, 7))).await;
    let mut marked: Vec<_> = all.into_iter().flatten().flatten().map(|(_, call)| call.id).collect();
    assert_eq!(marked.len(), 40);
    marked.sort_unstable();
    marked.dedup();
    assert_eq!(marked.len(), 40);
    assert_eq!(trial.copies.stamped_at().await.expect("an answer"), None);
}

/// Takes the copy in, and returns what each step marked.
async fn take_in(trial: &Trial, limit: u32) -> Vec<Vec<(CallState, Call)>> {
    let (hold, mut steps) = (restored(trial), Vec::new());
    loop {
        match trial.copies.take_in(&hold, limit).await.expect("a step") {
            TakingIn::Marked(calls) => steps.push(calls),
            TakingIn::Done | TakingIn::NoCopy => return steps,
        }
    }
}

fn restored(trial: &Trial) -> Hold {
    Hold { what: OnHold::Everything, reason: "restored".to_owned(), created_at: trial.now() }
}
