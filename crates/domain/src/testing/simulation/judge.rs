//! The judge: sees every commit and every dial, and knows the truth from the engine. It shares no code with what it judges.
//!
//! The invariants are those of `RELIABILITY.md` section 8: I1 and I6 are checked at every dial, I4 at every commit, I2 and I3
//! at every acknowledgement and once more at the end, I5 at every notice and at the end.

mod closing;
mod routes;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::tally::Tally;
use super::world::World;
use crate::model::call::look::ABSENCES_FREE_ITS_PLACE;
use crate::model::call::{Entry, Looks, What};
use crate::model::moment::later;
use crate::model::provider::PlaceOrder;
use crate::model::{Asked, AttemptId, Call, CallId, CallState, ConnectionId, EndedReason, Fence, InboxId, Revision, Terms};
use crate::ports::{Change, Progress};

/// So often a webhook's own handling has to be cut off before it may be put aside.
const CUT_OFF: u32 = 3;
/// How far clocks are set, at most.
pub const SKEW: Duration = Duration::from_secs(300);

/// What the judge knows.
#[derive(Default)]
pub struct Judge {
    ledger: Mutex<Ledger>,
}

/// Everything that was committed and confirmed.
#[derive(Default, Clone)]
pub struct Ledger {
    calls: BTreeMap<CallId, Held>,
    attempts: BTreeMap<AttemptId, Marked>,
    dialed: BTreeSet<AttemptId>,
    acknowledged: BTreeSet<CallId>,
    canceled: BTreeMap<CallId, u64>,
    /// Open in a backup that was started: they never ring again.
    frozen: BTreeSet<CallId>,
    taken: BTreeMap<ConnectionId, Vec<u64>>,
    webhooks: BTreeMap<InboxId, (Progress, Vec<u8>)>,
    told: BTreeSet<String>,
    taken_first: BTreeMap<InboxId, u32>,
    heard: telling::Heard,
    routes: routes::Routes,
    violation: Option<Violation>,
}

/// A call as it was last committed, and what it was accepted with.
#[derive(Clone)]
struct Held {
    call: Call,
    asked: Asked,
    terms: Terms,
    promised_by: u64,
    /// What was on the call when it ended.
    settles_by: u64,
    ended_at: Option<u64>,
}

#[derive(Clone)]
struct Marked {
    call: CallId,
    fence: Fence,
    try_number: u16,
    connection: ConnectionId,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// How.
    pub how: String,
}

impl Judge {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A promise is broken; the first one counts.
    pub fn accuse(&self, promise: &'static str, how: fmt::Arguments<'_>) {
        let mut ledger = self.ledger();
        if ledger.violation.is_none() {
            ledger.violation = Some(Violation { promise, how: how.to_string() });
        }
    }

    /// What was found, if anything.
    #[must_use]
    pub fn verdict(&self) -> Option<Violation> {
        self.ledger().violation.clone()
    }

    /// A call as it was last committed.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<Call> {
        self.ledger().calls.get(&id).map(|held| held.call.clone())
    }

    /// What is true now, for a backup made now.
    #[must_use]
    pub fn remembers(&self) -> Ledger {
        self.ledger().clone()
    }

    /// A backup is started in the place of the database: what was committed and confirmed after it is lost with that. What
    /// rang has rung.
    pub fn forgets(&self, backup: Ledger) {
        let mut ledger = self.ledger();
        let open = backup.calls.values().filter(|held| !held.call.state.is_terminal()).map(|held| held.call.id);
        ledger.frozen.extend(open);
        let is_open = |call| backup.calls.get(&call).is_none_or(|held| !held.call.state.is_terminal());
        ledger.heard.forgets(is_open);
        ledger.calls = backup.calls;
        ledger.acknowledged = backup.acknowledged;
        ledger.canceled = backup.canceled;
        ledger.webhooks = backup.webhooks;
        ledger.told = backup.told;
    }

    /// A call was marked as one that is only looked up.
    pub fn restored(&self, world: &World, call: &Call) {
        self.moved(world, call, What::Restored);
    }

    /// Whether everything that was begun is over.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let ledger = self.ledger();
        let over = ledger.calls.values().all(|held| held.call.state.is_terminal());
        over && ledger.webhooks.values().all(|(progress, _)| *progress != Progress::Waiting)
    }

    /// What there was.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let ledger = self.ledger();
        let many = |n: usize| u64::try_from(n).unwrap_or(0);
        let calls = |wanted: &dyn Fn(&Call) -> bool| many(ledger.calls.values().filter(|held| wanted(&held.call)).count());
        Tally {
            seeds: 1,
            calls: many(ledger.calls.len()),
            acknowledged: many(ledger.acknowledged.len()),
            dials: many(ledger.dialed.len()),
            further_tries: ledger.calls.values().map(|held| u64::from(held.call.try_number.saturating_sub(1))).sum(),
            canceled: calls(&|call| call.cancel_requested_at.is_some()),
            unknown: calls(&|call| call.ended_reason == Some(EndedReason::OutcomeUnknown)),
            webhooks: many(ledger.webhooks.len()),
            unfound_mute: calls(&|call| ledger.is_unfound(call, "mute")),
            unfound_forgotten: calls(&|call| ledger.is_unfound(call, "room")),
            reported: calls(&|call| routes::is_over(call, "room") && call.result.transcript.is_some()),
            over_refused: ledger.routes.over_after(EndedReason::ProviderError),
            over_busy: ledger.routes.over_after(EndedReason::CarrierRejected),
            over_barred: ledger.routes.over_after(EndedReason::InvalidNumber),
            over_left_alone: ledger.routes.over_left_alone,
            stayed: ledger.routes.stayed,
        }
    }

    /// New calls were committed.
    pub fn inserted(&self, world: &World, calls: &[(Call, Entry)]) {
        let mut ledger = self.ledger();
        for (call, _) in calls {
            world.note(format_args!("call {} is {}", call.id, call.state));
            let promised_by = call.settles_by.map_or(0, |by| world.micros(by));
            let (asked, terms) = (call.asked.clone(), call.terms.clone());
            ledger
                .calls
                .insert(call.id, Held { call: call.clone(), asked, terms, promised_by, settles_by: promised_by, ended_at: None });
        }
    }

    /// A client has its 2xx.
    pub fn acknowledged(&self, world: &World, id: CallId) {
        world.note(format_args!("call {id} is acknowledged"));
        let is_stored = {
            let mut ledger = self.ledger();
            ledger.acknowledged.insert(id);
            ledger.calls.contains_key(&id)
        };
        if !is_stored {
            self.accuse("I2: every acknowledged call exists", format_args!("{id} is not stored"));
        }
    }

    /// A client knows that its call is ended, or will be.
    pub fn cancel_acknowledged(&self, world: &World, id: CallId) {
        world.note(format_args!("the end of call {id} is acknowledged"));
        self.ledger().canceled.insert(id, world.now());
    }

    /// A call was claimed, or ended by the claim.
    pub fn claimed(&self, world: &World, call: &Call) {
        self.moved(world, call, if call.state == CallState::Claimed { What::Claimed } else { What::Ended });
        self.check_rate(world, call);
        let Some(max) = world.weather.max_live.filter(|_| call.state == CallState::Claimed) else { return };
        let live = {
            let ledger = self.ledger();
            let frees = |call: &Call| call.state == CallState::Unknown && call.looks.absent >= ABSENCES_FREE_ITS_PLACE;
            let here = |held: &&Held| held.call.state.is_live() && held.call.connection == call.connection && !frees(&held.call);
            ledger.calls.values().filter(here).count()
        };
        // Evidence may bring a call back whose place was given away; a claim never passes the limit.
        let adopted = self.ledger().calls.values().any(|held| held.call.is_contradicted() || held.call.looks.absent > 0);
        if u32::try_from(live).unwrap_or(u32::MAX) > max && !adopted {
            self.accuse("max_live is exact", format_args!("{live} calls are live, {max} may be"));
        }
    }

    /// In no second more calls are taken on a connection than its rate says, by all processes together.
    fn check_rate(&self, world: &World, call: &Call) {
        let (Some(rate), Some(connection), CallState::Claimed) = (world.weather.max_per_second, &call.connection, call.state)
        else {
            return;
        };
        let now = world.now();
        let mut ledger = self.ledger();
        let taken = ledger.taken.entry(connection.clone()).or_default();
        taken.retain(|at| now.saturating_sub(*at) < 1_000_000);
        taken.push(now);
        let many = taken.len();
        drop(ledger);
        if u32::try_from(many).unwrap_or(u32::MAX) > rate {
            self.accuse("max_per_second is exact", format_args!("{many} calls in a second, {rate} may be"));
        }
    }

    /// Somebody looked for a call.
    pub fn looked(&self, id: CallId, from: Revision, looks: Looks) {
        if let Some(held) = self.ledger().calls.get_mut(&id).filter(|held| held.call.revision == from) {
            held.call.looks = looks;
        }
    }

    /// A change was committed.
    pub fn saved(&self, world: &World, change: &Change) {
        self.moved(world, &change.call, change.entry.what);
    }

    fn moved(&self, world: &World, now: &Call, what: What) {
        world.note(format_args!("call {} is {} by {what}, fence {}", now.id, now.state, now.fence.0));
        let mut ledger = self.ledger();
        let Some(held) = ledger.calls.get_mut(&now.id) else {
            drop(ledger);
            return self.accuse("I2: every acknowledged call exists", format_args!("{} changes and was never stored", now.id));
        };
        let before = std::mem::replace(&mut held.call, now.clone());
        let canceled = ledger.canceled.contains_key(&now.id);
        let is_mark = now.state == CallState::Sending && before.state != CallState::Sending;
        if let Some(held) = ledger.calls.get_mut(&now.id).filter(|held| held.call.state.is_terminal() && held.ended_at.is_none())
        {
            held.ended_at = Some(world.now());
            held.settles_by = before.settles_by.map_or(0, |by| world.micros(by));
        }
        if let (Some(attempt), true) = (&now.attempt, is_mark) {
            let (try_number, connection) = (attempt.try_number, attempt.connection.clone());
            ledger.attempts.insert(attempt.id, Marked { call: now.id, fence: attempt.fence, try_number, connection });
        }
        drop(ledger);
        let looks_at_edges = world.mutant.is_none_or(|mutant| !mutant.rings());
        if looks_at_edges && !permitted(before.state, now.state, what) {
            self.accuse("I4: states move along their edges", format_args!("{} to {} by {what}", before.state, now.state));
        }
        if now.fence < before.fence || now.revision != before.revision.next() {
            self.accuse(
                "I6: who has lost its claim writes nothing",
                format_args!("fence {} after {}", now.fence.0, before.fence.0),
            );
        }
        if is_mark && canceled {
            self.accuse("a canceled call does not ring", format_args!("{}", now.id));
        }
    }

    /// A request is about to leave.
    pub fn sees_order(&self, world: &World, order: &PlaceOrder) {
        self.check_route(world, order);
        let skew = if world.weather.clock == 0 { Duration::ZERO } else { SKEW };
        let now = world.moment(world.now());
        let is_late = {
            let ledger = self.ledger();
            let held = ledger.attempts.get(&order.attempt).and_then(|marked| ledger.calls.get(&marked.call));
            held.and_then(|held| held.asked.expires_at).is_some_and(|expires_at| later(expires_at, skew) <= now)
        };
        if is_late {
            self.accuse("I1: a call never rings after its window", format_args!("{}", order.attempt));
        }
    }

    /// A phone is about to ring.
    pub fn sees_dial(&self, world: &World, order: &PlaceOrder) {
        let mut ledger = self.ledger();
        let is_first = ledger.dialed.insert(order.attempt);
        let Some(marked) = ledger.attempts.get(&order.attempt) else {
            drop(ledger);
            return self.accuse("I6: no send without a committed mark", format_args!("{}", order.attempt));
        };
        let (call, fence) = (marked.call, marked.fence);
        let Some(held) = ledger.calls.get(&call) else { return };
        let newest = held.call.attempt.as_ref().map(|attempt| (attempt.id, attempt.fence));
        let is_frozen = ledger.frozen.contains(&call);
        let plan = held.terms.retry.clone();
        let siblings: Vec<_> =
            ledger.attempts.iter().filter(|(id, one)| one.call == call && **id != order.attempt).map(|(id, _)| *id).collect();
        drop(ledger);
        if is_frozen {
            self.accuse("I1: a restored backup rings nobody", format_args!("{call}"));
        }
        if !is_first {
            self.accuse("I1: one attempt rings once", format_args!("{}", order.attempt));
        }
        if newest != Some((order.attempt, fence)) {
            self.accuse("I6: no send with a stale fence", format_args!("{} of call {call}", order.attempt));
        }
        let now = world.now();
        let before = world.engine.find(|dial| siblings.contains(&dial.attempt));
        for (nth, dial) in before.iter().enumerate() {
            let over = dial.permits_another(now);
            let planned = plan.as_ref().is_some_and(|plan| over.is_some_and(|over| plan.on.contains(&over)));
            let delay = plan.as_ref().and_then(|plan| plan.delay_after(u16::try_from(nth).unwrap_or(0).saturating_add(1)));
            let waited = Duration::from_micros(now.saturating_sub(dial.over_at));
            let early = world.weather.clock == 0 && delay.is_none_or(|delay| waited < delay);
            if !planned || early || delay.is_none() {
                let how =
                    format_args!("call {call}, whose {} ended {:?}, {waited:?} ago, plan {plan:?}", dial.id.as_str(), dial.end);
                return self.accuse("I1: a further try only after proof", how);
            }
        }
    }

    /// A webhook was kept.
    pub fn kept(&self, world: &World, id: InboxId, body: Vec<u8>) {
        world.note(format_args!("webhook {id} is kept"));
        self.ledger().webhooks.insert(id, (Progress::Waiting, body));
    }

    /// A webhook is the one that a process is about to handle.
    pub fn taken_first(&self, id: InboxId) {
        let mut ledger = self.ledger();
        let times = ledger.taken_first.entry(id).or_default();
        *times = times.saturating_add(1);
    }

    /// A webhook has come further.
    pub fn settled(&self, world: &World, id: InboxId, progress: Progress) {
        world.note(format_args!("webhook {id} is {progress}"));
        let mut ledger = self.ledger();
        let Some((held, body)) = ledger.webhooks.get_mut(&id) else { return };
        *held = progress;
        if progress != Progress::Quarantined || body.starts_with(b"poison") {
            return;
        }
        // One whose own handling was cut off again and again cannot be told from poison: an operator looks at it.
        let body = String::from_utf8_lossy(body).into_owned();
        ledger.told.retain(|id| !body.contains(&format!("\"{id}\"")));
        let cut_off = ledger.taken_first.get(&id).copied().unwrap_or(0);
        drop(ledger);
        if cut_off < CUT_OFF {
            self.accuse("I3: a webhook is not put aside for what another did", format_args!("{id}"));
        }
    }

    /// A provider has its 2xx.
    pub fn webhook_taken(&self, world: &World, body: &[u8], words_of: Option<&str>) {
        world.note(format_args!("a webhook is acknowledged"));
        let mut ledger = self.ledger();
        ledger.told.extend(words_of.map(str::to_owned));
        let is_kept = ledger.webhooks.values().any(|(_, kept)| kept == body);
        drop(ledger);
        if !is_kept {
            self.accuse("I3: every acknowledged webhook is kept", format_args!("{}", String::from_utf8_lossy(body)));
        }
    }
}

/// The edges of `RELIABILITY.md` section 2, written down once more.
fn permitted(from: CallState, to: CallState, what: What) -> bool {
    use CallState::{Claimed, Placed, Queued, Ringing, Scheduled, Sending, Unknown};
    match (from, to) {
        _ if from == to => true,
        _ if from.is_terminal() => false,
        (Claimed, Queued) => what == What::Released,
        (Sending, Queued) => what == What::NotDialed,
        (Sending | Unknown | Placed | Ringing, Scheduled) => what == What::TryAgain,
        _ => to.rank() > from.rank(),
    }
}
