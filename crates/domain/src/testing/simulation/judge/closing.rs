//! What the judge looks at when everything is over, or should be: what is stored, whether it ended in time, and whether it
//! is true.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Judge, SKEW};
use crate::model::call::{Attempt, Outcome};
use crate::model::{AttemptId, Call, CallState, EndedReason};
use crate::ports::{Progress, Reader};
use crate::testing::simulation::Stores;
use crate::testing::simulation::engine::{Dial, End};
use crate::testing::simulation::store::wait;
use crate::testing::simulation::world::World;
use crate::usecases::reconcile::HOLD;

/// How much later than promised a call may be over: a reconciler died holding it, and clocks that were set.
const SLACK: Duration = Duration::from_mins(5);
/// The same for a call that nobody could tell of, by the deadline that stands on it, where one process died holding it.
const GIVEN_UP_WITHIN: Duration = Duration::from_mins(3);

impl Judge {
    /// Everything is over, or should be: what is stored, and whether it is true.
    pub fn closes(&self, world: &Arc<World>) {
        let Some(stores) = world.stores() else { return };
        let (calls, webhooks): (Vec<_>, Vec<_>) = {
            let ledger = self.ledger();
            let calls: Vec<_> =
                ledger.calls.values().map(|held| (held.call.clone(), held.promised_by, held.settles_by, held.ended_at)).collect();
            (calls, ledger.webhooks.iter().map(|(id, (progress, _))| (*id, *progress)).collect())
        };
        for (call, promised_by, settles_by, ended_at) in &calls {
            self.check_stored(&stores, call);
            self.check_end(world, call, *promised_by, *ended_at);
            self.check_unfound(world, call, *settles_by, *ended_at);
            self.check_other_route(call);
            self.check_truth(world, call);
        }
        let mut by_key = BTreeMap::new();
        for (call, ..) in &calls {
            let reference = call.asked.reference.as_deref().unwrap_or_default();
            if let Some(other) = by_key.insert(reference, call.id).filter(|_| reference.starts_with("key-")) {
                self.accuse("one key makes one call", format_args!("{reference}: {other} and {}", call.id));
            }
        }
        if let Some((nth, call)) = self.untold(world) {
            self.accuse("I5: every end is told to everybody who listens", format_args!("{call}, receiver {nth}"));
        }
        for (id, progress) in webhooks.iter().filter(|(_, progress)| *progress == Progress::Waiting) {
            self.accuse("I3: every acknowledged webhook is understood", format_args!("{id} is {progress}"));
        }
    }

    fn check_stored(&self, stores: &Stores, call: &Call) {
        match wait(stores.calls.get(call.id, &Reader::All)) {
            Ok(stored) if stored.revision == call.revision && stored.state == call.state => {}
            Ok(stored) => {
                let how = format_args!("{} was {} and is {}", call.id, call.state, stored.state);
                self.accuse("what is committed stays", how);
            }
            Err(error) => self.accuse("I2: every acknowledged call exists", format_args!("{}: {error}", call.id)),
        }
    }

    fn check_end(&self, world: &World, call: &Call, promised_by: u64, ended_at: Option<u64>) {
        let skew = if world.weather.clock == 0 { Duration::ZERO } else { SKEW };
        let slack = u64::try_from((SLACK + skew).as_micros()).unwrap_or(0);
        let bound = promised_by.max(world.inner().well_at).saturating_add(slack);
        if ended_at.is_none_or(|ended_at| ended_at > bound) {
            let how = format_args!("{} is {}, ended at {ended_at:?}, promised by {promised_by}", call.id, call.state);
            self.accuse("I2: every call is over by its deadline", how);
        }
    }

    /// A call that may have rung and that nobody told of is not known to have ended in any way: it is given up when its own
    /// deadline comes, not before, and soon after.
    fn check_unfound(&self, world: &World, call: &Call, settles_by: u64, ended_at: Option<u64>) {
        let never_told = |attempt: &Attempt| attempt.provider_call.is_none() && attempt.outcome != Outcome::NotDialed;
        if !call.attempt.as_ref().is_some_and(never_told) {
            return;
        }
        if call.state != CallState::Failed || call.ended_reason != Some(EndedReason::OutcomeUnknown) || call.is_retryable() {
            let how = format_args!("{} is {} ({:?})", call.id, call.state, call.ended_reason);
            return self.accuse("what nobody could tell ends failed/outcome_unknown", how);
        }
        let skew = if world.weather.clock == 0 { Duration::ZERO } else { SKEW };
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(0);
        let earliest = settles_by.saturating_sub(micros(skew));
        // Who held it may have died with a clock that was set, after the deadline; and so may whoever took it up next.
        let inner = world.inner();
        let holds = HOLD.saturating_mul(inner.killed_in_calm);
        let latest = settles_by.max(inner.well_at).saturating_add(micros(GIVEN_UP_WITHIN + holds + skew));
        drop(inner);
        if !ended_at.is_some_and(|ended_at| (earliest..=latest).contains(&ended_at)) {
            let how = format_args!("{} was given up at {ended_at:?}, its deadline was {settles_by}", call.id);
            self.accuse("what nobody could tell is given up at its deadline", how);
        }
    }

    /// What a client reads of a call agrees with what happened.
    fn check_truth(&self, world: &World, call: &Call) {
        let attempts: Vec<_> =
            self.ledger().attempts.iter().filter(|(_, marked)| marked.call == call.id).map(|(id, _)| *id).collect();
        let dials = world.engine.find(|dial| attempts.contains(&dial.attempt));
        let is_frozen = self.ledger().frozen.contains(&call.id);
        if !is_frozen && dials.len() > usize::from(call.attempts) {
            let how = format_args!("{} of {} are told, {} phones rang", call.attempts, call.id, dials.len());
            self.accuse("no dial is hidden", how);
        }
        if call.is_retryable() && dials.iter().any(|dial| !matches!(dial.end, End::NoAnswer | End::Busy)) {
            self.accuse("only what is proven not to have been answered is called retryable", format_args!("{}", call.id));
        }
        self.check_whose(world, call, &attempts);
        let newest = call.attempt.as_ref().and_then(|newest| dials.iter().find(|dial| dial.attempt == newest.id));
        let Some(dial) = newest else { return };
        let known = call.attempt.as_ref().and_then(|attempt| attempt.provider_call.as_ref()) == Some(&dial.id);
        if known && !agrees(call, dial) {
            let how = format_args!("{} is {} ({:?}), and {:?}", call.id, call.state, call.ended_reason, dial.end);
            self.accuse("an end is told as it was", how);
        }
        let seconds = dial.over_at.saturating_sub(dial.answers_at) / 1_000_000;
        let is_longer = call.result.duration_s.is_some_and(|told| u64::from(told) > seconds);
        if known && is_longer && world.weather.clock == 0 && dial.end == End::Talked {
            let how = format_args!("{}: {:?} s of {seconds} s", call.id, call.result.duration_s);
            self.accuse("a talk is not told to be longer than it was", how);
        }
        let told = self.ledger().told.contains(dial.id.as_str());
        let words = call.result.transcript.as_ref().map(|words| words.text.as_str());
        // One that ended otherwise, as far as was known then, keeps its end: that it was wrong is on record.
        let is_on_record = call.is_contradicted() && call.state != CallState::Completed;
        if known && told && !is_on_record && words != Some(dial.words().as_str()) {
            self.accuse("P2: what an acknowledged webhook brought is in its call", format_args!("{}", call.id));
        }
    }
}

impl Judge {
    /// No call has the id or the words of what another call dialed. What was dialed for a call that a backup does not know is
    /// nobody's: whoever takes it for its own could not know better.
    fn check_whose(&self, world: &World, call: &Call, attempts: &[AttemptId]) {
        let id = call.attempt.as_ref().and_then(|attempt| attempt.provider_call.clone());
        let words = call.result.transcript.as_ref().map(|words| words.text.clone());
        let taken = world.engine.find(|dial| {
            let is_another = !attempts.contains(&dial.attempt);
            is_another && (id.as_ref() == Some(&dial.id) || words.as_ref() == Some(&dial.words()))
        });
        let ledger = self.ledger();
        let whose = taken.iter().find_map(|dial| {
            let owner = ledger.attempts.get(&dial.attempt)?.call;
            (ledger.calls.contains_key(&owner) && !ledger.frozen.contains(&owner)).then_some((owner, dial.id.clone()))
        });
        drop(ledger);
        if let Some((owner, id)) = whose {
            self.accuse("no call has what another dialed", format_args!("{} has {} of {owner}", call.id, id.as_str()));
        }
    }
}

fn agrees(call: &Call, dial: &Dial) -> bool {
    // It waited for a further try, after this one was proven over.
    if call.attempts > 0 && matches!(call.state, CallState::Expired | CallState::Blocked | CallState::Canceled) {
        return matches!(dial.end, End::NoAnswer | End::Busy) || call.state == CallState::Canceled;
    }
    // Who keeps no record says only that a call is gone, and an end that was asked for is believed to have come.
    let is_gone = match call.state {
        CallState::NoAnswer => call.ended_reason == Some(EndedReason::Unknown),
        CallState::Canceled => call.cancel_requested_at.is_some(),
        _ => false,
    };
    if is_gone && super::routes::is_over(call, "room") {
        return true;
    }
    let gave_up = matches!(call.ended_reason, Some(EndedReason::OutcomeUnknown | EndedReason::ProviderTimeout));
    match (dial.end, call.state) {
        (End::Never, _) => true,
        (_, CallState::Failed) if gave_up => true,
        (End::NoAnswer | End::Declined, state) => state == CallState::NoAnswer,
        (End::Busy, state) => state == CallState::Busy,
        (End::Talked, state) => state == CallState::Completed,
        (End::Failed, state) => state == CallState::Failed,
        (End::Canceled, state) => state == CallState::Canceled,
    }
}
