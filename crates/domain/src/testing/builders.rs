//! Calls in any state, in a line: `a_call().to("+4930123456").queued()`.
//!
//! They are made by `Call::accept` and `Call::apply` alone, so what a test starts from can really happen.
#![expect(clippy::expect_used, reason = "a test that is set up wrongly must say so at once")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::call::{Entry, NewCall};
use crate::model::moment::later;
use crate::model::{
    AgentKey, Answer, Asked, AttemptId, Call, CallEvent, CallId, ClientId, ConnectionId, Endpoint, EndpointId, EndpointSecret,
    EndpointUrl, Evidence, Exchange, InboxId, NoticeType, Phone, Placing, ProviderCallId, ProviderId, RetryPlan, Secret, Seen,
    Sent, Source, Terms, Transition, Verdict, WorkerId,
};
use crate::ports::{Authentic, Change, Errand, Parcel, RawWebhook, Tried};

/// How long a built call is leased.
pub const LEASE: Duration = Duration::from_secs(30);

/// A call as a client asks for it: to one number, with agent `akylai`, by client `default`, on 2026-01-01.
#[must_use]
pub fn a_call() -> CallBuilder {
    let at = Timestamp::from_second(1_767_225_600).expect("2026-01-01 is a moment");
    let new = NewCall {
        id: CallId::new(at, unique()),
        client: client("default"),
        agent: agent("akylai"),
        phone: phone("+996700000000"),
        asked: Asked::default(),
        terms: Terms {
            max_duration: Duration::from_mins(60),
            ring_timeout: Duration::from_secs(45),
            queue_ttl: Duration::from_mins(15),
            settle_grace: Duration::from_mins(30),
            retry: None,
            test: false,
        },
    };
    CallBuilder { new, at, connection: connection("simulator") }
}

/// A call that is being thought up.
#[derive(Debug, Clone)]
pub struct CallBuilder {
    new: NewCall,
    at: Timestamp,
    connection: ConnectionId,
}

impl CallBuilder {
    /// Accepted at this moment.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self.new.id = CallId::new(at, unique());
        self
    }

    /// To this number.
    #[must_use]
    pub fn to(mut self, number: &str) -> Self {
        self.new.phone = phone(number);
        self
    }

    /// By this client.
    #[must_use]
    pub fn by(mut self, name: &str) -> Self {
        self.new.client = client(name);
        self
    }

    /// With this agent.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        self.new.agent = agent(key);
        self
    }

    /// Over this connection, once it is claimed.
    #[must_use]
    pub fn over(mut self, id: &str) -> Self {
        self.connection = connection(id);
        self
    }

    /// With this reference of the client's.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        self.new.asked.reference = Some(reference.to_owned());
        self
    }

    /// With everything that a client may send along.
    #[must_use]
    pub fn asked(mut self, asked: Asked) -> Self {
        self.new.asked = asked;
        self
    }

    /// Under other terms.
    #[must_use]
    pub fn terms(mut self, change: impl FnOnce(&mut Terms)) -> Self {
        change(&mut self.new.terms);
        self
    }

    /// With further tries.
    #[must_use]
    pub fn retry(self, plan: RetryPlan) -> Self {
        self.terms(|terms| terms.retry = Some(plan))
    }

    /// As it is accepted, with the first line of its history.
    #[must_use]
    pub fn accepted(self) -> (Call, Entry) {
        Call::accept(self.new, self.at)
    }

    /// Waiting to be claimed.
    #[must_use]
    pub fn queued(self) -> Call {
        self.accepted().0
    }

    /// Claimed by somebody.
    #[must_use]
    pub fn claimed(self) -> Call {
        let (at, connection) = (self.at, self.connection.clone());
        let claim = CallEvent::Claimed { owner: worker(), connection, until: later(at, LEASE) };
        after(&self.queued(), &claim, at)
    }

    /// With the send mark.
    #[must_use]
    pub fn sending(self) -> Call {
        let at = self.at;
        after(&self.claimed(), &send_mark(at), at)
    }

    /// Handed over, and the provider has it under `id`.
    #[must_use]
    pub fn placed(self, id: &str) -> Call {
        let at = self.at;
        let sending = self.sending();
        after(&sending, &placed(&sending, Placing::Dialed(provider_call(id))), at)
    }

    /// Handed over, or not: nobody knows.
    #[must_use]
    pub fn unknown(self) -> Call {
        let at = self.at;
        let sending = self.sending();
        after(&sending, &placed(&sending, Placing::default()), at)
    }
}

/// A send mark of a new attempt.
#[must_use]
pub fn send_mark(at: Timestamp) -> CallEvent {
    CallEvent::SendMarked { attempt: AttemptId::new(at, unique()), until: later(at, LEASE) }
}

/// What became of the newest attempt's request, with no other route left.
#[must_use]
pub fn placed(call: &Call, placing: Placing) -> CallEvent {
    let attempt = call.attempt.as_ref().expect("the call has an attempt").id;
    CallEvent::Placed { attempt, placing, other_route: false }
}

/// A webhook about the newest attempt that saw `seen`.
#[must_use]
pub fn evidence(call: &Call, seen: Seen) -> CallEvent {
    let attempt = call.attempt.clone().expect("the call has an attempt");
    CallEvent::Evidence { attempt, evidence: Box::new(Evidence::new(Source::Webhook).seen(seen)) }
}

/// The call after an event that changes it.
#[must_use]
pub fn after(call: &Call, event: &CallEvent, at: Timestamp) -> Call {
    change(call, event, at).call
}

/// What is saved after an event that changes a call; without a claim.
#[must_use]
pub fn change(call: &Call, event: &CallEvent, at: Timestamp) -> Change {
    let transition = call.apply(event, at).expect("the event is permitted");
    let moved = match transition {
        Transition::Moved { call, entry, earlier } => Ok((call, entry, earlier)),
        Transition::Ignored(stale) => Err(stale),
    };
    let (moved, entry, earlier) = moved.expect("the event changes the call");
    Change::new(call, *moved, entry, earlier, None)
}

/// A webhook that came in over a connection (none: the result webhook) at a moment.
#[must_use]
pub fn a_parcel(over: Option<&str>, dedupe_key: &str, at: Timestamp) -> Parcel {
    Parcel {
        id: InboxId::new(at, unique()),
        connection: over.map(connection),
        is_report: over.is_none(),
        dedupe_key: dedupe_key.to_owned(),
        webhook: Authentic::verified(RawWebhook {
            url: Some("https://calls.example/v1/webhooks/in/x/y".to_owned()),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: b"{\"status\":\"completed\"}".to_vec(),
        }),
        received_at: at,
        waits_for: None,
    }
}

/// An endpoint of a client that wants to be told everything.
#[must_use]
pub fn an_endpoint(name: &str, at: Timestamp) -> Endpoint {
    Endpoint {
        id: EndpointId::new(at, unique()),
        client: client(name),
        url: EndpointUrl::new("https://client.example/hooks").expect("it is an address"),
        events: NoticeType::CHOICES.to_vec(),
        description: Some("a test".to_owned()),
        secrets: vec![EndpointSecret { secret: Secret::signing(&[1; 32]), created_at: at, until: None }],
        created_at: at,
        disabled_at: None,
        failing_since: None,
    }
}

/// What a try came to at once: where it did not come through, the receiver repeats what it was sent.
#[must_use]
pub fn a_try(errand: &Errand, sent: Sent, at: Timestamp) -> Tried {
    let echo = || Answer { headers: vec![("server".to_owned(), "test".to_owned())], body: ECHO.to_owned(), is_cut: false };
    let refused = matches!(sent, Sent::Answered { .. }) && sent.verdict() != Verdict::Accepted;
    Tried {
        delivery: errand.delivery.tried(sent, 0.0, at),
        until: errand.until,
        verdict: sent.verdict(),
        at,
        exchange: Exchange { began_at: at, took: Duration::from_millis(84), answer: refused.then(echo) },
    }
}

/// What a receiver repeats in [`a_try`].
pub const ECHO: &str = "{\"transcript\":\"said \u{1F44B} \u{0}\"}";

/// An object of one entry.
#[must_use]
pub fn object(key: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), value.into())])
}

/// A new worker.
#[must_use]
pub fn worker() -> WorkerId {
    WorkerId::new(Timestamp::UNIX_EPOCH, unique())
}

/// A phone number.
#[must_use]
pub fn phone(number: &str) -> Phone {
    Phone::parse(number).expect("it is a number")
}

/// A client.
#[must_use]
pub fn client(name: &str) -> ClientId {
    ClientId::new(name).expect("it is a name")
}

/// An agent.
#[must_use]
pub fn agent(key: &str) -> AgentKey {
    AgentKey::new(key).expect("it is a name")
}

/// A connection.
#[must_use]
pub fn connection(id: &str) -> ConnectionId {
    ConnectionId::new(id).expect("it is a name")
}

/// A kind of provider.
#[must_use]
pub fn provider(name: &str) -> ProviderId {
    ProviderId::new(name).expect("it is a name")
}

/// A provider's id of a call.
#[must_use]
pub fn provider_call(id: &str) -> ProviderCallId {
    ProviderCallId::new(id).expect("it is an id")
}

/// The chance part of an id, never twice the same and always growing, so that ids of one moment sort as they were made.
#[must_use]
pub fn unique() -> [u8; 10] {
    static MADE: AtomicU64 = AtomicU64::new(0);
    // The first two bytes would share theirs with the version of a UUID.
    let [a, b, c, d, e, f, g, h] = MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    [0, 0, a, b, c, d, e, f, g, h]
}
