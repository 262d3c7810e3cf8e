//! A past: calls that are long over, for measurements of a gateway that has been at work for months.
//!
//! They are made by `Call::accept` and `Call::apply` alone, so each of them can really have happened, and the hashes of its
//! history are true. The n-th call is the same whenever it is asked for.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use callgate_domain::model::call::{Deadline, Entry, NewCall};
use callgate_domain::model::moment::later;
use callgate_domain::model::{
    AgentKey, Asked, AttemptId, Call, CallEvent, CallId, ClientId, ConnectionId, EndedBy, EndedReason, Evidence, InboxId, Phone,
    Placing, ProviderCallId, Retry, Seen, Source, Terms, Transition, WorkerId,
};
use callgate_domain::ports::{Authentic, Parcel, RawWebhook};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::store::seed::Bygone;

/// How far back it reaches: less than what a gateway forgets by itself, which is 90 days.
const REACH: Duration = Duration::from_hours(60 * 24);
/// The last call was over for good by then.
const QUIET: Duration = Duration::from_hours(2);
/// Webhooks are kept whole for so long, unless somebody sets it otherwise.
const RAW: Duration = Duration::from_hours(7 * 24);
const LEASE: Duration = Duration::from_secs(30);
/// Numbers that are called, some of them often.
const NUMBERS: u64 = 2_000_000;

/// So many calls, spread evenly over the days before a moment.
#[derive(Debug, Clone)]
pub struct Past {
    count: u64,
    until: Timestamp,
}

/// One call on its way through its past.
struct Story {
    call: Call,
    entries: Vec<Entry>,
    at: Timestamp,
    nth: u64,
}

impl Past {
    /// A past of so many calls that lies before `now`.
    #[must_use]
    pub fn before(now: Timestamp, count: u64) -> Self {
        let until = callgate_domain::model::moment::earlier(now, QUIET);
        Self { count, until: callgate_domain::model::moment::to_micros(until) }
    }

    /// How many calls there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The id of one of them, whichever number is given.
    #[must_use]
    pub fn id(&self, nth: u64) -> CallId {
        let nth = nth % self.count.max(1);
        CallId::new(self.moment(nth), chance(nth, 1))
    }

    fn moment(&self, nth: u64) -> Timestamp {
        let reach = u64::try_from(REACH.as_micros()).unwrap_or(u64::MAX);
        let back = u128::from(reach) * u128::from(self.count - nth) / u128::from(self.count.max(1));
        callgate_domain::model::moment::earlier(self.until, Duration::from_micros(u64::try_from(back).unwrap_or(reach)))
    }

    /// The n-th call, with all that is kept of it.
    ///
    /// # Errors
    /// Where the rules of a call no longer permit what is told here.
    pub fn call(&self, nth: u64) -> Result<Bygone> {
        let at = self.moment(nth);
        let number = mixed(nth ^ 0x9e37) % NUMBERS;
        let (call, entry) = Call::accept(
            NewCall {
                id: self.id(nth),
                client: ClientId::new("default")?,
                agent: AgentKey::new(if nth.is_multiple_of(5) { "altai" } else { "akylai" })?,
                phone: Phone::parse(&format!("+99670{number:07}"))?,
                asked: if nth.is_multiple_of(3) { asked(nth) } else { Asked::default() },
                terms: terms(),
            },
            at,
        );
        let mut story = Story { call, entries: vec![entry], at, nth };
        let webhook = story.run().with_context(|| format!("call {nth}"))?;
        let whole_from = callgate_domain::model::moment::earlier(self.until, RAW);
        let webhook = webhook.map(|parcel| {
            let is_whole = parcel.received_at > whole_from;
            (parcel, is_whole)
        });
        Ok(Bygone { call: story.call, entries: story.entries, webhook })
    }
}

impl Story {
    /// What became of it: of a hundred calls 70 are talked, 12 ring out, 6 are engaged, 4 are refused, 5 canceled and 3 expired.
    fn run(&mut self) -> Result<Option<Parcel>> {
        match mixed(self.nth) % 100 {
            0..3 => {
                self.then(15 * 60_000, |_| Ok(CallEvent::DeadlinePassed(Deadline::Queue)))?;
                return Ok(None);
            }
            3..8 => {
                self.then(4_000, |_| Ok(CallEvent::CancelRequested))?;
                return Ok(None);
            }
            8..12 => {
                self.sent()?;
                let placing = Placing::NotDialed { reason: EndedReason::InvalidNumber, retry: Retry::Never };
                self.then(180, |story| story.placed(placing))?;
                return Ok(None);
            }
            _ => {}
        }
        self.sent()?;
        let id = ProviderCallId::new(format!("pc_{:016x}", mixed(self.nth ^ 0x70c))).context("an id")?;
        self.then(220, |story| story.placed(Placing::Dialed(id)))?;
        let mut told = Evidence::new(Source::Webhook);
        told.words_final = true;
        match mixed(self.nth) % 100 {
            12..24 => self.ends(told.seen(Seen::NoAnswer), EndedReason::NoAnswer, EndedBy::Carrier, 45_000),
            24..30 => self.ends(told.seen(Seen::Busy), EndedReason::Busy, EndedBy::Carrier, 3_000),
            _ => {
                let answered_at = later(self.at, Duration::from_secs(9));
                let seen = Evidence { answered_at: Some(answered_at), ..Evidence::new(Source::Webhook).seen(Seen::Answered) };
                self.then(9_000, |story| story.evidence(seen))?;
                let seconds = 30 + u32::try_from(mixed(self.nth ^ 0xd0) % 240)?;
                told.duration_s = Some(seconds);
                told.transcript = Some(transcript(self.nth));
                told.summary = Some("The one called was told about the appointment and will come.".to_owned());
                told.extracted = Map::from_iter([("comes".to_owned(), Value::from(true))]);
                self.ends(told.seen(Seen::Completed), EndedReason::UserHangup, EndedBy::User, u64::from(seconds) * 1_000)
            }
        }
    }

    fn sent(&mut self) -> Result<()> {
        let (at, connection) = (self.at, ConnectionId::new("engine")?);
        let owner = WorkerId::new(at, [7; 10]);
        self.then(8, |story| Ok(CallEvent::Claimed { owner, connection, until: later(story.at, LEASE) }))?;
        let attempt = AttemptId::new(at, chance(self.nth, 2));
        self.then(4, |story| Ok(CallEvent::SendMarked { attempt, until: later(story.at, LEASE) }))
    }

    fn placed(&self, placing: Placing) -> Result<CallEvent> {
        let attempt = self.call.attempt.as_ref().context("an attempt")?.id;
        Ok(CallEvent::Placed { attempt, placing, other_route: false })
    }

    fn evidence(&self, evidence: Evidence) -> Result<CallEvent> {
        let attempt = self.call.attempt.clone().context("an attempt")?;
        Ok(CallEvent::Evidence { attempt, evidence: Box::new(evidence) })
    }

    /// The result, and the webhook that brought it.
    fn ends(&mut self, told: Evidence, reason: EndedReason, by: EndedBy, after_ms: u64) -> Result<Option<Parcel>> {
        let over = later(self.at, Duration::from_millis(after_ms));
        let told = Evidence { ended_reason: Some(reason), ended_by: Some(by), ended_at: Some(over), ..told };
        let body = json!({ "event_type": "call.completed", "transcript": told.transcript, "duration": told.duration_s });
        self.then(after_ms + 300, |story| story.evidence(told))?;
        Ok(Some(Parcel {
            id: InboxId::new(self.at, chance(self.nth, 3)),
            connection: None,
            is_report: true,
            // As long as the digest that stands there otherwise.
            dedupe_key: (4..8).map(|part| format!("{:016x}", mixed(self.nth.wrapping_mul(8) + part))).collect(),
            webhook: Authentic::verified(RawWebhook {
                url: None,
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: body.to_string().into_bytes(),
            }),
            received_at: self.at,
            waits_for: None,
        }))
    }

    /// So much later this happened.
    fn then(&mut self, after_ms: u64, event: impl FnOnce(&Self) -> Result<CallEvent>) -> Result<()> {
        self.at = later(self.at, Duration::from_millis(after_ms));
        match self.call.apply(&event(self)?, self.at)? {
            Transition::Moved { call, entry, .. } => {
                self.call = *call;
                self.entries.push(entry);
                Ok(())
            }
            Transition::Ignored(stale) => bail!("nothing came of it: {stale:?}"),
        }
    }
}

fn terms() -> Terms {
    Terms {
        max_duration: Duration::from_mins(60),
        ring_timeout: Duration::from_secs(45),
        queue_ttl: Duration::from_mins(15),
        settle_grace: Duration::from_mins(30),
        retry: None,
        test: false,
    }
}

fn asked(nth: u64) -> Asked {
    let variables = Map::from_iter([("name".to_owned(), Value::from("Aibek")), ("day".to_owned(), Value::from("Monday"))]);
    let metadata = Map::from_iter([("row".to_owned(), Value::from(nth))]);
    Asked { reference: Some(format!("order-{nth}")), variables, metadata, ..Asked::default() }
}

/// A short talk: four to nine turns of each side.
fn transcript(nth: u64) -> String {
    let turns = usize::try_from(2 + mixed(nth ^ 0x7a) % 4).unwrap_or(2);
    "agent: Hello, this is about your appointment on Monday at ten.\nuser: Yes, I remember, I will be there.\n".repeat(turns)
}

/// The chance part of an id.
fn chance(nth: u64, what: u64) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = mixed(nth.wrapping_mul(16) + what).to_be_bytes();
    // Behind the time stands the number, so that ids of one millisecond sort as they were made.
    let [.., low, lowest] = nth.to_be_bytes();
    [0, 0, low & 0x3f, lowest, a ^ e, b ^ f, c ^ g, d ^ h, e, f]
}

/// Spreads a number over all 64 bits, each to one of its own: the last step of splitmix64.
fn mixed(nth: u64) -> u64 {
    let mut z = nth.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
