//! Mistakes made on purpose: what a careless gateway would do. A simulation that does not find each of them has no teeth.
//!
//! They live here, at the ports that every change and every request goes through, so that the code they stand for stays
//! free of them.

use std::sync::Arc;
use std::time::Duration;

use super::store::{SimStore, wait};
use super::world::{Owner, World};
use crate::model::call::{By, Entry, Outcome, What};
use crate::model::moment::later;
use crate::model::words::words;
use crate::model::{Call, CallState, EndedReason, Quota, Sent};
use crate::ports::{Change, Errand, IdempotencyKey, Inserted, StoreError};
use crate::testing::builders::a_try;

impl Mutant {
    /// Whether it has to be found by what rings, and not already by the edge that its call goes over or
    /// the request that leaves.
    #[must_use]
    pub const fn rings(self) -> bool {
        !matches!(
            self,
            Self::LateEventOverwrites
                | Self::NoFenceCheck
                | Self::ReplyBeforeCommit
                | Self::NoticeApart
                | Self::RecordedBeforeSent
                | Self::FailOverOnTimeout
        )
    }
}

words! {
    /// A mistake.
    pub enum Mutant {
        /// A request without an answer is sent again.
        RetryOnTimeout = "retry on timeout",
        /// A request without an answer is sent over the next route.
        FailOverOnTimeout = "fail over on timeout",
        /// A request answered with 5xx is sent again.
        RetryOnServerError = "retry on server error",
        /// A call whose worker died after the send mark is queued again.
        RequeueSending = "requeue expired sending",
        /// A call that a look-up does not find is dialed again.
        RedialWhenNotFound = "redial when not found",
        /// A call that nobody could find by its deadline is dialed again.
        RedialAfterSettle = "redial after settle",
        /// A worker that has lost its claim writes all the same.
        NoFenceCheck = "no fence check",
        /// A late event changes how a call ended.
        LateEventOverwrites = "late event overwrites",
        /// A create is answered before it is durable.
        ReplyBeforeCommit = "reply before commit",
        /// A client's plan goes on after the one called refused.
        RetryAfterDeclined = "retry after declined",
        /// A client's plan goes on though nobody knows what became of the try before.
        RetryWithoutProof = "retry without proof",
        /// A client's plan goes on after its window.
        RetryPastWindow = "retry past the window",
        /// A notice is written apart from the change it tells of, and sometimes never is.
        NoticeApart = "notice apart from its commit",
        /// A notice is on record as delivered before it is sent.
        RecordedBeforeSent = "recorded before sent",
    }
}

/// The change as the careless gateway would make it.
pub fn changed(world: &World, store: &SimStore, before: Option<&Call>, change: Change) -> Change {
    let (Some(mutant), Some(before)) = (world.mutant, before) else { return change };
    let now = &change.call;
    let reason = now.ended_reason;
    let ends = now.state.is_terminal() && !before.state.is_terminal();
    let has_tries = now.terms.retry.as_ref().is_some_and(|plan| plan.delay_after(now.try_number).is_some());
    match mutant {
        Mutant::RequeueSending if lost_its_worker(before, &change) => requeued(before, change),
        Mutant::RedialAfterSettle if ends && reason == Some(EndedReason::OutcomeUnknown) => requeued(before, change),
        Mutant::NoticeApart if change.notice.is_some() && world.dice.chance(100) => Change { notice: None, ..change },
        Mutant::NoFenceCheck if change.claim.is_some() => blind(store, change),
        Mutant::LateEventOverwrites if change.entry.what == What::Contradicted && before.state.is_terminal() => {
            let state = if before.state == CallState::Failed { CallState::Completed } else { CallState::Failed };
            Change { call: Call { state, ..change.call }, ..change }
        }
        Mutant::RetryAfterDeclined if ends && has_tries && reason == Some(EndedReason::Declined) => tried_again(before, change),
        Mutant::RetryPastWindow if ends && has_tries && is_planned(now) && now.asked.expires_at.is_some() => {
            tried_again(before, change)
        }
        Mutant::RetryWithoutProof if has_tries && before.state == CallState::Sending && now.state == CallState::Unknown => {
            tried_again(before, change)
        }
        _ => change,
    }
}

/// Says that the call is stored, and stores it some time later.
pub fn insert_later(
    store: &SimStore,
    calls: Vec<(Call, Entry)>,
    key: Option<IdempotencyKey>,
    quota: &Quota,
) -> Result<Inserted, StoreError> {
    let (world, inner, quota) = (Arc::clone(&store.world), store.inner.clone(), quota.clone());
    store.world.spawn(Owner::Instance(store.instance), async move {
        world.sleep(world.dice.millis(0, 3_000)).await;
        if let Ok(Inserted::New) = wait(inner.calls.insert(calls.clone(), key, &quota)) {
            world.judge.inserted(&world, &calls);
        }
    });
    Ok(Inserted::New)
}

/// Says of what was taken that it has come through.
pub fn record_at_once(store: &SimStore, taken: &[Errand]) {
    for errand in taken {
        let (sent, at) = (Sent::Answered { status: 204, retry_after: None }, store.world.moment(store.world.now()));
        let tried = a_try(errand, sent, at);
        let _recorded = wait(store.inner.outbox.record(tried));
    }
}

/// Queues a call again that may have rung.
pub fn redial(store: &SimStore, call: &Call) -> Result<(), StoreError> {
    let mut next = call.clone();
    next.revision = call.revision.next();
    let entry = Entry::after(
        Some(call.history_head),
        call.id,
        next.revision,
        store.world.moment(store.world.now()),
        next.status(),
        What::NotDialed,
        By::Provider,
    );
    let change = requeued(call, Change::new(call, next, entry, None, None));
    wait(store.inner.calls.save(change.clone()))?;
    store.world.judge.saved(&store.world, &change);
    Ok(())
}

/// Its client wants another try after such an end, and the end is proven.
fn is_planned(call: &Call) -> bool {
    let proven = call.attempt.as_ref().is_some_and(|attempt| matches!(attempt.outcome, Outcome::NoAnswer | Outcome::Busy));
    let goes_on = proven && call.cancel_requested_at.is_none() && !call.result.opt_out;
    goes_on && call.terms.retry.as_ref().is_some_and(|plan| plan.on.contains(&call.state))
}

/// A lease ran out after the send mark: nobody's claim stands behind the change.
fn lost_its_worker(before: &Call, change: &Change) -> bool {
    before.state == CallState::Sending && change.call.state == CallState::Unknown && change.claim.is_none()
}

fn requeued(before: &Call, change: Change) -> Change {
    let mut call = back(change.call, CallState::Queued, Outcome::NotDialed);
    call.attempts = call.attempts.saturating_sub(1);
    call.due_at = change.entry.at;
    call.try_due_at = change.entry.at;
    call.look_at = Some(call.waits_until());
    recorded(before, Change { call, ..change }, What::NotDialed)
}

fn tried_again(before: &Call, change: Change) -> Change {
    let mut call = back(change.call, CallState::Scheduled, Outcome::NoAnswer);
    let delay = call.terms.retry.as_ref().and_then(|plan| plan.delay_after(call.try_number)).unwrap_or_default();
    call.try_number = call.try_number.saturating_add(1);
    call.due_at = later(change.entry.at, delay);
    call.try_due_at = call.due_at;
    call.look_at = Some(call.due_at);
    call.asked.expires_at = None;
    recorded(before, Change { call, ..change }, What::TryAgain)
}

fn back(mut call: Call, state: CallState, outcome: Outcome) -> Call {
    call.state = state;
    call.lease = None;
    call.connection = None;
    call.fence = call.fence.next();
    (call.ended_at, call.ended_reason, call.ended_by, call.answered_at) = (None, None, None, None);
    call.settles_by = Some(later(call.created_at, Duration::from_mins(60)));
    if let Some(attempt) = call.attempt.as_mut() {
        attempt.outcome = outcome;
    }
    call
}

fn recorded(before: &Call, mut change: Change, what: What) -> Change {
    let (call, at) = (&change.call, change.entry.at);
    change.entry = Entry::after(Some(before.history_head), call.id, call.revision, at, call.status(), what, By::Provider);
    change.call.history_head = change.entry.hash;
    change
}

/// Over whatever is there.
fn blind(store: &SimStore, mut change: Change) -> Change {
    let Some(stored) = store.world.judge.call(change.call.id).filter(|stored| stored.revision != change.from) else {
        change.claim = None;
        return change;
    };
    change.from = stored.revision;
    change.claim = None;
    change.call.revision = stored.revision.next();
    let what = change.entry.what;
    recorded(&stored, Change { entry: Entry { revision: change.call.revision, ..change.entry }, ..change }, what)
}
