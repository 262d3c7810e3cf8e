//! A call under random events, true and false: what holds after each.

use std::collections::BTreeMap;
use std::time::Duration;

use callgate_domain::model::call::{Attempt, Entry, Outcome, What};
use callgate_domain::model::{
    Asked, AttemptId, Call, CallEvent, CallState, Deadline, EndedBy, EndedReason, Evidence, Placing, Retry, Seen, Source, Terms,
    Transition,
};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::machine::permitted;
use crate::made::{accepted, at, attempt, cases, connection, terms, theirs, with_retry, worker};

/// What happens next. `which` counts attempts back from the newest.
#[derive(Debug, Clone)]
pub enum Move {
    Wait(u32),
    Event(CallEvent),
    Claim(bool),
    Mark,
    Reply { which: usize, placing: Placing, other_route: bool },
    Learn { which: usize, evidence: Box<Evidence> },
}

/// A call, and everything that a store would hold of it.
pub struct World {
    pub call: Call,
    pub entries: Vec<Entry>,
    pub attempts: BTreeMap<AttemptId, Attempt>,
    order: Vec<AttemptId>,
    now: Timestamp,
    /// Whether a try may have rung that no attempt tells of.
    unseen: bool,
}

impl World {
    pub fn begin(asked: Asked, terms: Terms) -> Self {
        let (call, entry) = accepted(asked, terms);
        Self { call, entries: vec![entry], attempts: BTreeMap::new(), order: Vec::new(), now: at(0), unseen: false }
    }

    /// Makes the move and checks what must hold; a mistake of ours changes nothing.
    pub fn goes(&mut self, made: &Move) {
        if let Move::Wait(seconds) = made {
            self.now += Duration::from_secs(u64::from(*seconds));
            return;
        }
        let Some(event) = self.event(made) else { return };
        let Ok(Transition::Moved { call, entry, earlier }) = self.call.apply(&event, self.now) else { return };
        let before = std::mem::replace(&mut self.call, *call);
        self.unseen |= entry.what == What::Restored && before.state.rank() < CallState::Sending.rank();
        let adopted = self.call.attempt.as_ref().filter(|_| before.may_have_rung_unseen());
        if adopted.is_some_and(|one| self.attempts.get(&one.id).is_some_and(|one| one.outcome == Outcome::NotDialed)) {
            self.unseen = false;
        }
        for changed in earlier.iter().chain(&self.call.attempt) {
            if self.attempts.insert(changed.id, changed.clone()).is_none() {
                self.order.push(changed.id);
            }
        }
        self.entries.push(entry);
        self.check(&before);
    }

    fn event(&self, made: &Move) -> Option<CallEvent> {
        let nth = |which: &usize| self.order.iter().rev().nth(*which % 3).and_then(|id| self.attempts.get(id)).cloned();
        Some(match made {
            Move::Wait(_) => return None,
            Move::Event(event) => event.clone(),
            Move::Claim(one) => {
                let connection = connection(if *one { "one" } else { "two" });
                CallEvent::Claimed { owner: worker(1), connection, until: self.now + Duration::from_secs(30) }
            }
            Move::Mark => {
                let attempt = attempt(self.order.len() as u128 + 10);
                CallEvent::SendMarked { attempt, until: self.now + Duration::from_secs(35) }
            }
            Move::Reply { which, placing, other_route } => {
                CallEvent::Placed { attempt: nth(which)?.id, placing: placing.clone(), other_route: *other_route }
            }
            Move::Learn { which, evidence } => CallEvent::Evidence { attempt: nth(which)?, evidence: evidence.clone() },
        })
    }

    fn check(&self, before: &Call) {
        let what = self.entries.last().map(|entry| entry.what).unwrap();
        goes_over_permitted_edges(before, &self.call, what);
        first_end_stays(before, &self.call);
        settles_in_time(before, &self.call);
        restored_is_never_sent(before, &self.call, what);
        self.at_most_one_rings(before, what);
        assert_eq!((self.call.revision.0, self.call.history_head), (before.revision.0 + 1, self.entries.last().unwrap().hash));
        assert_eq!(self.entries.last().unwrap().status, self.call.status());
        let holds = matches!(self.call.state, CallState::Claimed | CallState::Sending);
        assert_eq!(self.call.lease.is_some(), holds, "a lease where a worker has it in hand, and nowhere else");
    }

    /// P1, and the two unique indexes that keep it in the database.
    fn at_most_one_rings(&self, before: &Call, what: What) {
        let not_over: Vec<_> = self.attempts.values().filter(|attempt| !attempt.outcome.permits_another()).collect();
        assert!(not_over.len() <= 1, "two attempts that are not proven over: {not_over:?}");
        let mut dialed_in: Vec<_> = self.attempts.values().filter(|one| one.outcome != Outcome::NotDialed).collect();
        let may_have_rung = dialed_in.len() + usize::from(self.unseen);
        assert_eq!(usize::from(self.call.attempts), may_have_rung, "tries that may have rung");
        dialed_in.sort_by_key(|one| one.try_number);
        assert!(dialed_in.windows(2).all(|pair| pair[0].try_number != pair[1].try_number), "two that may have rung in one try");
        if what == What::Sent {
            assert!(before.cancel_requested_at.is_none(), "rings after the client asked for the end");
            assert!(!before.result.opt_out, "rings after an opt-out");
            let proven = self.attempts.values().filter(|one| Some(one.id) != self.call.attempt.as_ref().map(|newest| newest.id));
            for one in proven {
                assert!(one.outcome.permits_another(), "{one:?}");
            }
        }
        if self.call.may_have_rung_unseen() {
            assert!(self.call.restored_at.is_some() && self.call.connection.is_none());
        } else if self.call.state.is_out() {
            assert_eq!(self.call.attempt.as_ref().map(|newest| newest.outcome), Some(Outcome::Open));
        } else if let Some(newest) = &self.call.attempt {
            assert_ne!(newest.outcome, Outcome::Open, "{}", self.call.state);
        }
    }
}

fn goes_over_permitted_edges(before: &Call, now: &Call, what: What) {
    let (from, to) = (before.state, now.state);
    assert!(from == to || permitted(from, to), "{from} to {to}");
    if to.rank() < from.rank() {
        let named = matches!(
            (from, to, what),
            (CallState::Claimed, CallState::Queued, What::Released)
                | (CallState::Sending, CallState::Queued, What::NotDialed)
                | (_, CallState::Scheduled, What::TryAgain)
        );
        assert!(named, "{from} falls back to {to} by {what}");
    }
}

/// What was open in a copy waits for nothing that could be sent, and never does again.
fn restored_is_never_sent(before: &Call, now: &Call, what: What) {
    assert_eq!(now.restored_at.is_some(), before.restored_at.is_some() || what == What::Restored);
    if now.restored_at.is_some() {
        assert!(now.state.rank() >= CallState::Unknown.rank(), "restored and {}", now.state);
        assert_ne!(what, What::Sent);
        let proven = now.state.is_terminal() && now.is_retryable();
        assert!(!proven || (now.terms.retry.is_none() && now.attempt.is_some()), "it may have rung since the copy was made");
    }
}

fn first_end_stays(before: &Call, now: &Call) {
    if now.state.is_terminal() {
        assert!(now.ended_at.is_some() && now.ended_reason.is_some() && now.ended_by.is_some() && now.settles_by.is_none());
    } else {
        assert_eq!(now.duration_s(), None);
    }
    if !before.state.is_terminal() {
        return;
    }
    assert_eq!((now.state, now.ended_at, now.is_open()), (before.state, before.ended_at, false));
    assert!(before.answered_at.is_none() || before.answered_at == now.answered_at);
    assert!(before.duration_s().is_none() || before.duration_s() == now.duration_s());
    assert!(before.resolved.is_none() || before.resolved == now.resolved);
    assert!(before.ended_reason == Some(EndedReason::Unknown) || before.ended_reason == now.ended_reason);
    assert!(before.ended_by == Some(EndedBy::Unknown) || before.ended_by == now.ended_by);
    let words = |call: &Call| call.result.transcript.clone().filter(|words| words.is_final);
    assert!(words(before).is_none() || words(before) == words(now));
    assert!(before.result.transcript.is_none() || now.result.transcript.is_some());
}

fn settles_in_time(before: &Call, now: &Call) {
    if now.state.is_terminal() {
        assert_eq!((now.settles_by, now.own_moment()), (None, None));
        return;
    }
    let settles_by = now.settles_by.expect("an open call has it");
    if let Some(before) = before.settles_by {
        assert!(settles_by <= before, "moved later: {before} to {settles_by}");
    }
    let own = now.own_moment().expect("an open call has it");
    let bound = now.lease.map_or(settles_by, |lease| settles_by.max(lease.until));
    assert!(own <= bound, "{own} is after {bound}");
    let deadline = CallEvent::DeadlinePassed(Deadline::Settle);
    match now.apply(&deadline, settles_by) {
        Ok(Transition::Moved { call, .. }) => assert!(call.state.is_terminal()),
        other => panic!("at settles_by it ends: {other:?}"),
    }
    let early = settles_by - Duration::from_micros(1);
    assert!(matches!(now.apply(&deadline, early), Ok(Transition::Ignored(_))));
}

trait IsOpen {
    fn is_open(&self) -> bool;
}

impl IsOpen for Call {
    fn is_open(&self) -> bool {
        !self.state.is_terminal()
    }
}

pub fn any_evidence() -> impl Strategy<Value = Evidence> {
    let reasons = [EndedReason::Declined, EndedReason::UserHangup, EndedReason::Unknown, EndedReason::CarrierRejected];
    let words = ["agent: Hello", "agent: Hello\nuser: Hi", "agent: Good day"];
    let who = [EndedBy::User, EndedBy::Provider, EndedBy::Unknown];
    (
        (select(vec![Source::Webhook, Source::LookUp]), proptest::option::weighted(0.85, select(Seen::ALL))),
        (rarely(select(reasons.to_vec())), rarely(select(who.to_vec()))),
        (rarely(-5i64..200), rarely(0i64..400), rarely(select(words.to_vec())), any::<bool>()),
        (rarely(0u32..200), proptest::bool::weighted(0.05), rarely(0u8..2), rarely(Just("a summary"))),
    )
        .prop_map(
            |(
                (source, seen),
                (ended_reason, ended_by),
                (answered, ended, words, words_final),
                (duration_s, opt_out, id, summary),
            )| {
                Evidence {
                    seen,
                    ended_reason,
                    ended_by,
                    answered_at: answered.map(at),
                    ended_at: ended.map(at),
                    transcript: words.map(str::to_owned),
                    words_final,
                    duration_s,
                    opt_out,
                    provider_call: id.map(|n| theirs(&format!("theirs-{n}"))),
                    summary: summary.map(str::to_owned),
                    ..Evidence::new(source)
                }
            },
        )
}

fn rarely<S: Strategy>(what: S) -> impl Strategy<Value = Option<S::Value>>
where
    S::Value: Clone,
{
    proptest::option::weighted(0.25, what)
}

fn any_placing() -> impl Strategy<Value = Placing> {
    let reason = EndedReason::ProviderError;
    let not_dialed = |retry| Just(Placing::NotDialed { reason, retry });
    prop_oneof![
        3 => (0u8..2).prop_map(|n| Placing::Dialed(theirs(&format!("theirs-{n}")))),
        2 => Just(Placing::default()),
        1 => not_dialed(Retry::Never),
        3 => not_dialed(Retry::Backoff),
        2 => (0u64..1_000).prop_map(move |s| Placing::NotDialed { reason, retry: Retry::After(Duration::from_secs(s)) }),
    ]
}

pub fn any_move() -> impl Strategy<Value = Move> {
    let which = || prop_oneof![4 => Just(0usize), 1 => Just(1usize), 1 => Just(2usize)];
    prop_oneof![
        3 => prop_oneof![6 => 0u32..40, 1 => 0u32..1_000, 1 => 0u32..10_000].prop_map(Move::Wait),
        2 => Just(Move::Event(CallEvent::Due)),
        4 => any::<bool>().prop_map(Move::Claim),
        4 => Just(Move::Mark),
        4 => (which(), any_placing(), any::<bool>()).prop_map(|(which, placing, other_route)| Move::Reply { which, placing, other_route }),
        8 => (which(), any_evidence()).prop_map(|(which, evidence)| Move::Learn { which, evidence: Box::new(evidence) }),
        1 => Just(Move::Event(CallEvent::Released)),
        1 => select(vec![
            CallEvent::CancelRequested,
            CallEvent::Refused(EndedReason::Suppressed),
            CallEvent::Refused(EndedReason::GatewayError),
        ])
        .prop_map(Move::Event),
        2 => select(Deadline::ALL).prop_map(|deadline| Move::Event(CallEvent::DeadlinePassed(deadline))),
    ]
}

pub fn any_world() -> impl Strategy<Value = (Asked, Terms)> {
    let window = (rarely(0i64..500), rarely(0i64..3_000));
    (window, proptest::bool::weighted(0.6)).prop_map(|((not_before, expires_at), retries)| {
        let asked = Asked { not_before: not_before.map(at), expires_at: expires_at.map(at), ..Asked::default() };
        (asked, if retries { with_retry() } else { terms() })
    })
}

/// Every entry's hash covers the entry and all before it.
fn verifies(call: &Call, entries: &[Entry]) -> bool {
    let mut head = None;
    for entry in entries {
        let expected = Entry::hash(head, call.id, entry.revision, entry.at, entry.status, entry.what, entry.by);
        if entry.hash != expected {
            return false;
        }
        head = Some(entry.hash);
    }
    head == Some(call.history_head)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_happens_nobody_rings_twice_and_every_call_can_end((asked, terms) in any_world(), moves in vec(any_move(), 1..60)) {
        let mut world = World::begin(asked, terms);
        for made in &moves {
            world.goes(made);
        }
        prop_assert!(verifies(&world.call, &world.entries));
    }

    #[test]
    fn a_restored_call_is_never_sent_again(
        (asked, terms) in any_world(), before in vec(any_move(), 0..25), after in vec(any_move(), 1..25)
    ) {
        let mut world = World::begin(asked, terms);
        for made in before.iter().chain([&Move::Event(CallEvent::Restored)]).chain(&after) {
            world.goes(made);
        }
        let was_open = world.entries.iter().any(|entry| entry.what == What::Restored);
        prop_assert_eq!(was_open, world.call.restored_at.is_some());
        prop_assert!(was_open || world.call.state.is_terminal());
        prop_assert!(verifies(&world.call, &world.entries));
    }

    #[test]
    fn an_edited_history_does_not_verify(moves in vec(any_move(), 10..40), which in any::<prop::sample::Index>(), field in 0..6) {
        let mut world = World::begin(Asked::default(), with_retry());
        for made in &moves {
            world.goes(made);
        }
        let mut entries = world.entries.clone();
        let entry = which.get(&entries).clone();
        let edited = which.index(entries.len());
        match field {
            0 => entries[edited].revision = entry.revision.next(),
            1 => entries[edited].at = entry.at + Duration::from_micros(1),
            2 => entries[edited].status = other(callgate_domain::model::Status::ALL, entry.status),
            3 => entries[edited].what = other(What::ALL, entry.what),
            4 => entries[edited].by = other(callgate_domain::model::call::By::ALL, entry.by),
            _ => drop(entries.remove(edited)),
        }
        prop_assert!(!verifies(&world.call, &entries));
    }
}

fn other<T: PartialEq + Copy>(all: &[T], than: T) -> T {
    *all.iter().find(|one| **one != than).unwrap()
}
