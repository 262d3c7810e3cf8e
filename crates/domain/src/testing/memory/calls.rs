//! `CallStore` in memory.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{Held, KeyUsed, Memory};
use crate::model::call::look::ABSENCES_FREE_ITS_PLACE;
use crate::model::call::{Attempt, Entry, Looks, Outcome, Refusals, What};
use crate::model::moment::{earlier, later, sooner};
use crate::model::pacing::{Live, Pick, Room};
use crate::model::quota::DAY;
use crate::model::{
    AttemptId, Call, CallEvent, CallId, CallState, ConnectionId, Notice, OnHold, Overrun, Phone, Quota, Revision, Transition,
    WorkerId,
};
use crate::ports::{
    AttemptRef, CallFilter, CallStore, Change, IdempotencyKey, Inserted, Listed, Match, Page, Reader, StoreError, Taken,
};

/// How long an idempotency key is kept: `RELIABILITY.md` section 6.
const KEY_KEPT: Duration = Duration::from_hours(7 * 24);

#[async_trait]
impl CallStore for Memory {
    async fn insert(
        &self,
        calls: Vec<(Call, Entry)>,
        key: Option<IdempotencyKey>,
        quota: &Quota,
    ) -> Result<Inserted, StoreError> {
        // A key is as old as the call it made.
        let now = calls.first().map_or(self.clock.now(), |(call, _)| call.created_at);
        let mut held = self.held();
        if let Some(key) = &key
            && let Some(before) = held.replay(key, now)?
        {
            return Ok(Inserted::Replayed(before));
        }
        if calls.iter().any(|(call, _)| held.calls.contains_key(&call.id)) {
            return Err(StoreError::Conflict);
        }
        if let Some(overrun) = held.overrun(&calls, key.is_some(), quota) {
            return Ok(Inserted::Refused(overrun));
        }
        if let Some(spending) = &quota.spending {
            held.spent.extend(calls.iter().map(|(call, _)| (spending.by, call.id)));
        }
        if let (Some(key), Some((first, _))) = (key, calls.first()) {
            let used = KeyUsed { fingerprint: key.fingerprint, call: first.id, at: now };
            held.idempotency.insert((key.client, key.operation, key.key), used);
        }
        for (call, entry) in calls {
            if let Some(notice) = Notice::of(None, &call, &entry) {
                held.keep_notice(notice);
            }
            held.history.insert(call.id, vec![entry]);
            held.calls.insert(call.id, call);
        }
        Ok(Inserted::New)
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        self.held().replay(key, self.clock.now())
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        self.held().calls.get(&id).filter(|call| of.sees(&call.client)).cloned().ok_or(StoreError::NotFound)
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        Ok(self.held().find(attempt))
    }

    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let held = self.held();
        let to_this = |one: &Attempt| held.calls.get(&one.call).is_some_and(|call| call.phone == *phone);
        let mut rivals = held.attempts.values().filter(|one| one.id != attempt && one.connection == *connection);
        Ok(rivals.any(|one| {
            let is_open = one.provider_call.is_none() && one.outcome != Outcome::NotDialed;
            is_open && one.sent_mark_at >= since && to_this(one)
        }))
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        let held = self.held();
        let older = |call: &&Call| page.before.is_none_or(|before| call.id < before);
        let wanted =
            held.calls.values().rev().filter(|call| of.sees(&call.client)).filter(older).filter(|call| passes(call, filter));
        Ok(wanted.take(usize::try_from(page.limit).unwrap_or(usize::MAX)).map(listed).collect())
    }

    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let held = self.held();
        let newer = held.calls.values().filter(|held| held.id > call && of.sees(&held.client) && passes(held, filter));
        let mut nearest: Vec<_> = newer.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(listed).collect();
        nearest.reverse();
        Ok(nearest)
    }

    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        let held = self.held();
        let wanted = held.calls.values().filter(|call| of.sees(&call.client) && passes(call, filter));
        let counted = wanted.take(usize::try_from(at_most).unwrap_or(usize::MAX)).count();
        Ok(u32::try_from(counted).unwrap_or(at_most))
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let held = self.held();
        let entries = held.history.get(&id).into_iter().flatten().filter(|entry| entry.revision > after);
        Ok(entries.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError> {
        let now = self.clock.now();
        let (mut held, mut room, mut taken) = (self.held(), room.clone(), Vec::new());
        let mut live = held.live();
        if live.holds.contains(&OnHold::Everything) {
            return Ok(Taken::default());
        }
        room.limit(&mut held.rates, now);
        for call in held.due(&room, &live, now) {
            if taken.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
                break;
            }
            let event = match room.pick(&call, &live, now) {
                Pick::Take(connection) => {
                    room.take(&connection, &mut live);
                    held.rates.entry(connection.clone()).or_default().take(1, now);
                    CallEvent::Claimed { owner: by, connection, until: later(now, lease) }
                }
                Pick::Expire(deadline) => CallEvent::DeadlinePassed(deadline),
                Pick::Refuse(reason) => CallEvent::Refused(reason),
                Pick::Leave => continue,
            };
            let moved = call.apply(&event, now).map_err(|forbidden| StoreError::Unavailable(forbidden.into()))?;
            if let Transition::Moved { call: next, entry, earlier } = moved {
                let change = Change::new(&call, *next, entry, earlier, None);
                taken.push(change.call.clone());
                held.save(change, now)?;
            }
        }
        Ok(Taken { calls: taken, opens_in: room.opens_in(&held.rates, now), is_full: room.is_full() })
    }

    async fn pause(&self, connection: &ConnectionId, wait: Duration) -> Result<(), StoreError> {
        self.held().rates.entry(connection.clone()).or_default().pause(later(self.clock.now(), wait));
        Ok(())
    }

    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let until = later(now, lease);
        let mut held = self.held();
        let ours = in_hand.iter().filter_map(|id| held.calls.get(id)).filter(|call| call.state == CallState::Claimed);
        let ours: Vec<_> = ours.map(|call| call.id).collect();
        for call in held.calls.values_mut().filter(|call| ours.contains(&call.id)) {
            if let Some(held) = call.lease.as_mut().filter(|held| held.owner == by && held.until > now) {
                held.until = until;
                call.look_at = Some(sooner(until, call.settles_by));
            }
        }
        Ok(())
    }

    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let mut ended = 0;
        for call in self.held().calls.values_mut() {
            if let Some(lease) = call.lease.as_mut().filter(|lease| lease.owner != by) {
                lease.until = now;
                call.look_at = Some(now);
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        self.held().save(change, self.clock.now())
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        let mut held = self.held();
        let ours = |call: &Call| {
            let over = call.settles_by.is_some_and(|settles_by| settles_by <= now);
            over || call.connection.as_ref().is_none_or(|id| known.contains(id))
        };
        let mut waiting: Vec<_> = held
            .calls
            .values()
            .filter(|call| ours(call))
            .filter_map(|call| call.look_at.filter(|look_at| *look_at <= now).map(|look_at| (look_at, call.id)))
            .collect();
        waiting.sort_unstable();
        waiting.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut taken = Vec::with_capacity(waiting.len());
        for (_, id) in waiting {
            if let Some(call) = held.calls.get_mut(&id) {
                call.look_at = Some(later(now, hold));
                taken.push(call.clone());
            }
        }
        Ok(taken)
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        if let Some(call) = self.held().calls.get_mut(&id).filter(|call| call.revision == from) {
            call.looks = looks;
            call.look_at = at;
        }
        Ok(())
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        let held = self.held();
        let due = |call: &Call| (call.state == CallState::Queued).then_some(call.due_at);
        Ok(held.calls.values().filter_map(|call| due(call).into_iter().chain(call.look_at).min()).min())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Held {
    /// Whether these calls, one after the other, go beyond what they have to keep to.
    fn overrun(&self, calls: &[(Call, Entry)], keyed: bool, quota: &Quota) -> Option<Overrun> {
        (0..).zip(calls).find_map(|(nth, (call, _))| {
            let first = calls.iter().take(nth).map(|(call, _)| call);
            let mut before: Vec<_> = self.calls.values().chain(first).filter(|before| before.phone == call.phone).collect();
            before.sort_by_key(|before| std::cmp::Reverse(before.id));
            let twin =
                quota.twin_within.filter(|_| !keyed).and_then(|within| before.iter().find(|one| one.is_twin_of(call, within)));
            let rings = before.iter().map(|before| (before.created_at, before.terms.most_rings()));
            twin.map(|twin| Overrun::Twin { call: twin.id, at: twin.created_at })
                .or_else(|| quota.number_overrun(call.terms.most_rings(), call.created_at, rings))
                .or_else(|| self.spending_overrun(call, nth, quota))
        })
    }

    fn spending_overrun(&self, call: &Call, beside: usize, quota: &Quota) -> Option<Overrun> {
        let spending = quota.spending.as_ref()?;
        let left = usize::try_from(spending.calls).unwrap_or(usize::MAX).saturating_sub(beside);
        let mine = self.spent.iter().rev().filter(|(by, _)| *by == spending.by).filter_map(|(_, call)| call.made_at());
        let mut newest = mine.filter(|at| *at > earlier(call.created_at, DAY));
        match left.checked_sub(1) {
            Some(nth) => newest.nth(nth).map(|last| spending.overrun(last)),
            None => Some(spending.overrun(call.created_at)),
        }
    }

    fn replay(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<CallId>, StoreError> {
        let named = (key.client.clone(), key.operation, key.key.clone());
        match self.idempotency.get(&named).filter(|used| used.at > earlier(now, KEY_KEPT)) {
            Some(used) if used.fingerprint != key.fingerprint => Err(StoreError::Duplicate),
            used => Ok(used.map(|used| used.call)),
        }
    }

    /// Ours matches first; one connection's reference never matches another's call.
    fn find(&self, about: &AttemptRef) -> Match {
        let named = |attempt: &&Attempt| about.connection.as_ref().is_none_or(|id| *id == attempt.connection);
        let matched = |attempt: &Attempt| match self.calls.get(&attempt.call) {
            Some(call) => Match::One(Box::new(call.clone()), attempt.clone()),
            None => Match::None,
        };
        if let Some(ours) = about.attempt.and_then(|id| self.attempts.get(&id)).filter(named) {
            return matched(ours);
        }
        let Some(theirs) = &about.provider_call else { return Match::None };
        let mut found: Vec<_> =
            self.attempts.values().filter(named).filter(|attempt| attempt.provider_call.as_ref() == Some(theirs)).collect();
        let several = found.iter().any(|one| found.first().is_some_and(|first| first.connection != one.connection));
        found.sort_by_key(|attempt| attempt.sent_mark_at);
        match found.pop() {
            _ if several => Match::Ambiguous,
            Some(newest) => matched(newest),
            None => Match::None,
        }
    }

    fn due(&self, room: &Room, live: &Live, now: Timestamp) -> Vec<Call> {
        let (all, refused) = room.free_agents(live);
        let is_free =
            |call: &&Call| all.contains(&&call.agent) || (refused.contains(&&call.agent) && call.refusals != Refusals::default());
        let due = self.calls.values().filter(|call| call.state == CallState::Queued && call.due_at <= now);
        let mut due: Vec<_> = due.filter(is_free).cloned().collect();
        due.sort_by_key(|call| (call.due_at, call.id));
        due
    }

    fn live(&self) -> Live {
        // A copy that was not taken in yet holds everything.
        let stamp = self.stamped_at.map(|_| OnHold::Everything);
        let mut live = Live { holds: self.holds.keys().cloned().chain(stamp).collect(), ..Live::default() };
        let frees = |call: &Call| call.state == CallState::Unknown && call.looks.absent >= ABSENCES_FREE_ITS_PLACE;
        for call in self.calls.values().filter(|call| call.state.is_live() && !frees(call)) {
            if let Some(connection) = &call.connection {
                *live.by_connection.entry(connection.clone()).or_default() += 1;
            }
        }
        live
    }

    pub(super) fn save(&mut self, change: Change, now: Timestamp) -> Result<(), StoreError> {
        let id = change.call.id;
        let held = self.calls.get(&id).filter(|held| held.revision == change.from).ok_or(StoreError::Conflict)?;
        if let Some(claim) = change.claim {
            let marks = change.call.state == CallState::Sending;
            let alive = !marks || held.lease.is_some_and(|lease| lease.until > now);
            if held.fence != claim || !alive {
                return Err(StoreError::Conflict);
            }
        }
        let changed: Vec<_> = change.earlier.into_iter().chain(change.call.attempt.clone()).collect();
        let history = self.history.entry(id).or_default();
        let is_new = history.last().is_none_or(|last| last.revision < change.entry.revision);
        if !is_new || !self.permits(id, &changed) {
            return Err(StoreError::Conflict);
        }
        self.taken_in.insert((id, change.entry.revision), now);
        let erases = change.entry.what == What::Erased;
        self.history.entry(id).or_default().push(change.entry);
        self.attempts.extend(changed.into_iter().map(|attempt| (attempt.id, attempt)));
        self.calls.insert(id, storable(change.call));
        if let Some(notice) = change.notice {
            self.keep_notice(notice);
        }
        if erases {
            self.forget_webhooks_of(id);
        }
        Ok(())
    }

    /// The two unique indexes of `RELIABILITY.md`: at most one attempt of a call that is not proven over, and one in a try
    /// that may have dialed.
    fn permits(&self, call: CallId, changed: &[Attempt]) -> bool {
        let is_changed = |id: AttemptId| changed.iter().any(|one| one.id == id);
        let kept = self.attempts.values().filter(|one| one.call == call && !is_changed(one.id));
        let all: Vec<_> = kept.chain(changed).collect();
        let not_over = all.iter().filter(|one| !one.outcome.permits_another()).count();
        let mut dialed: Vec<_> = all.iter().filter(|one| one.outcome != Outcome::NotDialed).map(|one| one.try_number).collect();
        dialed.sort_unstable();
        not_over <= 1 && dialed.is_sorted_by(|one, next| one < next)
    }
}

/// What a provider says may hold what Postgres cannot: a NUL becomes the sign for an unreadable character.
fn storable(mut call: Call) -> Call {
    let result = &mut call.result;
    for text in result.summary.iter_mut().chain(&mut result.recording) {
        clean(text);
    }
    if let Some(words) = result.transcript.as_mut() {
        clean(&mut words.text);
        words.turns.iter_mut().for_each(|turn| clean(&mut turn.text));
    }
    result.extracted = std::mem::take(&mut result.extracted).into_iter().map(cleaned).collect();
    call
}

fn cleaned((mut name, value): (String, Value)) -> (String, Value) {
    clean(&mut name);
    let value = match value {
        Value::String(mut text) => {
            clean(&mut text);
            Value::String(text)
        }
        Value::Array(values) => values.into_iter().map(|value| cleaned((String::new(), value)).1).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(cleaned).collect()),
        other => other,
    };
    (name, value)
}

fn clean(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}

fn passes(call: &Call, filter: &CallFilter) -> bool {
    let status = filter.statuses.is_empty() || filter.statuses.contains(&call.status());
    status
        && filter.agent.as_ref().is_none_or(|agent| *agent == call.agent)
        && filter.phone.as_ref().is_none_or(|phone| *phone == call.phone)
        && filter.reference.as_ref().is_none_or(|reference| Some(reference) == call.asked.reference.as_ref())
        && filter.created_after.is_none_or(|after| call.created_at > after)
        && filter.created_before.is_none_or(|before| call.created_at < before)
}

/// Without transcript, turns and variables.
fn listed(call: &Call) -> Listed {
    let mut call = call.clone();
    call.asked.variables.clear();
    call.result.transcript = None;
    Listed(call)
}
