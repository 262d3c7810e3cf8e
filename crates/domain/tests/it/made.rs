//! What the tests are about: a call in every state, reached by events and no other way.

use std::time::Duration;

use callgate_domain::model::call::{Attempt, Entry, NewCall, Outcome};
use callgate_domain::model::{
    Asked, AttemptId, Call, CallEvent, CallId, CallState, ClientId, ConnectionId, EndedReason, Evidence, Fence, Phone, Placing,
    ProviderCallId, RetryPlan, Seen, Source, Terms, Transition, WorkerId,
};
use jiff::Timestamp;
use uuid::Uuid;

/// `seconds` after the moment at which everything here begins.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x019a_b0c2_7f3e_7a51_9d2c_0000_0000_0000 + n)
}

pub fn attempt(n: u128) -> AttemptId {
    AttemptId::from_uuid(id(n))
}

pub fn worker(n: u128) -> WorkerId {
    WorkerId::from_uuid(id(900 + n))
}

pub fn connection(name: &str) -> ConnectionId {
    ConnectionId::new(name).unwrap()
}

pub fn theirs(text: &str) -> ProviderCallId {
    ProviderCallId::new(text).unwrap()
}

pub fn terms() -> Terms {
    Terms {
        max_duration: Duration::from_mins(10),
        ring_timeout: Duration::from_secs(45),
        queue_ttl: Duration::from_mins(15),
        settle_grace: Duration::from_mins(30),
        retry: None,
        test: false,
    }
}

/// One further try a minute after no answer or busy, then another after five.
pub fn plan() -> RetryPlan {
    RetryPlan {
        on: vec![CallState::NoAnswer, CallState::Busy],
        max: 2,
        delays: vec![Duration::from_mins(1), Duration::from_mins(5)],
    }
}

pub fn with_retry() -> Terms {
    Terms { retry: Some(plan()), ..terms() }
}

pub fn accepted(asked: Asked, terms: Terms) -> (Call, Entry) {
    let new = NewCall {
        id: CallId::from_uuid(id(1)),
        client: ClientId::new("default").unwrap(),
        agent: "akylai".parse().unwrap(),
        phone: Phone::parse("+996700000000").unwrap(),
        asked,
        terms,
    };
    Call::accept(new, at(0))
}

pub fn queued() -> Call {
    accepted(Asked::default(), terms()).0
}

pub fn seen(seen: Seen) -> Evidence {
    Evidence::new(Source::Webhook).seen(seen)
}

/// What `event` makes of `call`; it must change it.
pub fn after(call: &Call, event: &CallEvent, at: Timestamp) -> Call {
    match call.apply(event, at) {
        Ok(Transition::Moved { call, .. }) => *call,
        other => panic!("{event:?} in {}: {other:?}", call.state),
    }
}

/// A few steps of a call's life in one line each.
pub trait Steps {
    fn claimed(&self, seconds: i64) -> Call;
    fn marked(&self, n: u128, seconds: i64) -> Call;
    fn placed(&self, placing: Placing, other_route: bool, seconds: i64) -> Call;
    fn dialed(&self, seconds: i64) -> Call;
    fn not_dialed(&self, seconds: i64) -> Call;
    fn learns(&self, evidence: Evidence, seconds: i64) -> Call;
    fn tries(&self, event: &CallEvent, seconds: i64) -> Transition;
    fn newest(&self) -> Attempt;
}

impl Steps for Call {
    fn claimed(&self, seconds: i64) -> Call {
        let event = CallEvent::Claimed { owner: worker(1), connection: connection("one"), until: at(seconds + 30) };
        after(self, &event, at(seconds))
    }

    fn marked(&self, n: u128, seconds: i64) -> Call {
        after(self, &CallEvent::SendMarked { attempt: attempt(n), until: at(seconds + 35) }, at(seconds))
    }

    fn placed(&self, placing: Placing, other_route: bool, seconds: i64) -> Call {
        let event = CallEvent::Placed { attempt: self.newest().id, placing, other_route };
        after(self, &event, at(seconds))
    }

    fn dialed(&self, seconds: i64) -> Call {
        self.placed(Placing::Dialed(theirs("theirs-1")), false, seconds)
    }

    fn not_dialed(&self, seconds: i64) -> Call {
        let refused = Placing::NotDialed { reason: EndedReason::ProviderError, retry: callgate_domain::model::Retry::Backoff };
        self.placed(refused, false, seconds)
    }

    fn learns(&self, evidence: Evidence, seconds: i64) -> Call {
        after(self, &about(self, evidence), at(seconds))
    }

    fn tries(&self, event: &CallEvent, seconds: i64) -> Transition {
        self.apply(event, at(seconds)).unwrap()
    }

    fn newest(&self) -> Attempt {
        self.attempt.clone().expect("an attempt")
    }
}

/// Evidence about the call's newest attempt.
pub fn about(call: &Call, evidence: Evidence) -> CallEvent {
    CallEvent::Evidence { attempt: call.newest(), evidence: Box::new(evidence) }
}

/// An attempt made before the newest one.
pub fn earlier_attempt(outcome: Outcome) -> Attempt {
    Attempt {
        id: attempt(7),
        call: CallId::from_uuid(id(1)),
        try_number: 1,
        connection: connection("one"),
        fence: Fence(1),
        sent_mark_at: at(1),
        outcome,
        provider_call: None,
        guessed_at: None,
        contradicted_at: None,
    }
}

/// A call in this state, reached in the plainest way; the last event was at `at(20)` or before.
pub fn in_state(state: CallState) -> Call {
    in_state_under(state, terms())
}

pub fn in_state_under(state: CallState, terms: Terms) -> Call {
    let queued = accepted(Asked::default(), terms.clone()).0;
    let out = || queued.claimed(1).marked(1, 2);
    match state {
        CallState::Scheduled => accepted(Asked { not_before: Some(at(100)), ..Asked::default() }, terms).0,
        CallState::Queued => queued,
        CallState::Claimed => queued.claimed(1),
        CallState::Sending => out(),
        CallState::Unknown => out().placed(Placing::default(), false, 3),
        CallState::Placed => out().dialed(3),
        CallState::Ringing => out().dialed(3).learns(seen(Seen::Ringing), 4),
        CallState::InProgress => out().dialed(3).learns(seen(Seen::Answered), 5),
        CallState::Processing => out().dialed(3).learns(seen(Seen::Over), 6),
        CallState::Completed => out().dialed(3).learns(seen(Seen::Completed), 7),
        CallState::NoAnswer => out().dialed(3).learns(seen(Seen::NoAnswer), 7),
        CallState::Busy => out().dialed(3).learns(seen(Seen::Busy), 7),
        CallState::Failed => out().dialed(3).learns(seen(Seen::Failed), 7),
        CallState::Canceled => out().dialed(3).learns(seen(Seen::Canceled), 7),
        CallState::Expired => {
            let deadline = CallEvent::DeadlinePassed(callgate_domain::model::Deadline::Queue);
            after(&queued, &deadline, at(900))
        }
        CallState::Blocked => after(&queued, &CallEvent::Refused(EndedReason::Suppressed), at(1)),
    }
}

/// How many cases a property is tried with: `PROPTEST_CASES`, or 2,000.
pub fn cases() -> proptest::test_runner::Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}
