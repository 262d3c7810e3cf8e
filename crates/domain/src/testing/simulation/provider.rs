//! The provider's port, over a network that loses things.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::engine::{Dial, End};
use super::faults::Fault;
use super::instance::routes;
use super::webhooks;
use super::world::World;
use crate::model::provider::{Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder, Placing, Retry};
use crate::model::{ConnectionId, EndedReason, Evidence, Route, Seen, Source};
use crate::ports::{
    AttemptRef, Authentic, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};

/// How long a request may take: the connection's `request_timeout`.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// So long a provider that forgets has us wait for the report of a talk.
const REPORTED_WITHIN: Duration = Duration::from_secs(20);

/// What a kind of provider can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Echoes our reference, and finds calls by it.
    Echoes,
    /// Knows its own ids only; lists calls by number and time.
    Lists,
    /// Knows its own ids only, and lists nothing.
    Mute,
    /// Echoes our reference, and keeps no record: a call that is over is no longer there. Words are reported by whoever
    /// talked, or never.
    Forgets,
    /// As the first, but does not sign its webhooks: they say that there is news, and what they say of it is not believed.
    /// A phone that rings cannot be stopped.
    Hints,
}

/// One connection as one of our processes has it.
pub struct SimProvider {
    /// The world.
    pub world: Arc<World>,
    /// Whose process this is.
    pub instance: usize,
    /// Which account.
    pub connection: ConnectionId,
    /// What it can do.
    pub manners: Manners,
}

impl SimProvider {
    async fn place_over_network(&self, order: &PlaceOrder) -> Placing {
        let (world, dice, weather) = (&self.world, &self.world.dice, &self.world.weather);
        if let Some(refused) = self.refusal() {
            world.judge.refused(order.attempt, &refused);
            world.sleep(dice.millis(1, 300)).await;
            return refused;
        }
        let wrong = !world.inner().is_calm && dice.chance(weather.request);
        let nth = if wrong { dice.between(1, 5) } else { 0 };
        world.sleep(dice.millis(1, 400)).await;
        let unknown = Placing::Unknown { reason: EndedReason::ProviderError };
        match nth {
            1 => {
                world.count(Fault::TimeoutWithoutDial);
                world.sleep(REQUEST_TIMEOUT).await;
                return self.timed_out(order, unknown);
            }
            2 => {
                world.count(Fault::ErrorWithoutDial);
                return self.lied(order, unknown, super::Mutant::RetryOnServerError);
            }
            _ => {}
        }
        world.judge.sees_dial(world, order);
        let dial = world.engine.dial(world, order.attempt, &self.connection, &order.phone);
        let (phone, id, over) = (order.phone.e164(), dial.id.as_str(), self.connection.as_str());
        world.note(format_args!("dial {phone} of {} as {id} over {over}: {:?}", order.attempt, dial.end));
        webhooks::will_tell(world, &dial, self.manners);
        if world.crashes(self.instance, Fault::CrashAfterRequest) {
            world.sleep(REQUEST_TIMEOUT).await;
        }
        match nth {
            3 => {
                world.count(Fault::TimeoutAfterDial);
                world.sleep(REQUEST_TIMEOUT).await;
                self.timed_out(order, unknown)
            }
            4 => {
                world.count(Fault::ErrorAfterDial);
                self.lied(order, unknown, super::Mutant::RetryOnServerError)
            }
            5 => {
                world.count(Fault::NoId);
                world.judge.said_nothing(order);
                unknown
            }
            _ => {
                let slow = world.strikes(Fault::WebhookFirst, weather.webhook);
                world.sleep(if slow { dice.millis(2_000, 9_000) } else { dice.millis(1, 300) }).await;
                Placing::Dialed(dial.id)
            }
        }
    }

    fn refusal(&self) -> Option<Placing> {
        let (world, refusal) = (&self.world, self.world.weather.refusal);
        let not_dialed = |reason, retry| Some(Placing::NotDialed { reason, retry });
        if world.weather.outage && self.connection.as_str() == "list" && world.strikes(Fault::ProviderDown, 1_000) {
            return not_dialed(EndedReason::ProviderError, Retry::Backoff);
        }
        if world.strikes(Fault::Refused, refusal / 2) {
            return not_dialed(EndedReason::ProviderError, Retry::Backoff);
        }
        if world.strikes(Fault::TooMany, refusal / 3) {
            return not_dialed(EndedReason::CarrierRejected, Retry::After(self.world.dice.millis(0, 20_000)));
        }
        world
            .strikes(Fault::RefusedForGood, refusal / 10)
            .then_some(Placing::NotDialed { reason: EndedReason::InvalidNumber, retry: Retry::Never })
    }

    /// What a careless adapter makes of an answer that says nothing.
    fn lied(&self, order: &PlaceOrder, honest: Placing, mutant: super::Mutant) -> Placing {
        self.world.judge.said_nothing(order);
        if self.world.mutant == Some(mutant) {
            return Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Backoff };
        }
        honest
    }

    /// The same of no answer in time; and what one makes of it that has another route to go on with.
    fn timed_out(&self, order: &PlaceOrder, honest: Placing) -> Placing {
        let routes = routes(&order.agent);
        let is_first = routes.len() > 1 && routes.first().is_some_and(|first| *first == self.connection.as_str());
        if self.world.mutant == Some(super::Mutant::FailOverOnTimeout) && is_first {
            return Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never };
        }
        self.lied(order, honest, super::Mutant::RetryOnTimeout)
    }

    fn seen(&self, dial: &Dial) -> Evidence {
        let evidence = dial.evidence(&self.world, self.world.now(), Source::LookUp);
        // Who keeps no record does not date the answer either.
        let answered_at = evidence.answered_at.filter(|_| self.manners != Manners::Forgets);
        Evidence { answered_at, ..evidence }
    }

    /// What a look-up of one call says. `is_known` is whether we know it to have been there.
    fn found(&self, dial: Option<Dial>, is_known: bool) -> Found {
        let forgets = self.manners == Manners::Forgets;
        match dial {
            Some(dial) if forgets && dial.is_over(self.world.now()) => {
                if !is_known {
                    return Found::Absent { complete: true };
                }
                Found::Evidence(Box::new(gone(&dial, Source::LookUp)))
            }
            Some(dial) => Found::Evidence(Box::new(self.seen(&dial))),
            None => Found::Absent { complete: !(forgets && is_known) },
        }
    }
}

#[async_trait]
impl VoiceProvider for SimProvider {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace { ringing: Duration::from_secs(4), talking: Duration::from_secs(15) };
        let by_reference = self.manners.echoes();
        let cancel = if self.manners == Manners::Hints { Cancel::BeforeItRings } else { Cancel::Always };
        Capabilities { cancel, by_id: true, by_reference, by_window: self.manners == Manners::Lists, poll }
    }

    fn check_route(&self, _route: &Route) -> Result<(), InvalidSettings> {
        Ok(())
    }

    async fn probe(&self, _route: &Route) -> Result<Health, ProviderError> {
        Ok(Health { ready: true, detail: String::new() })
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let world = &self.world;
        world.judge.sees_order(world, order);
        if world.crashes(self.instance, Fault::CrashBeforeRequest) {
            world.sleep(REQUEST_TIMEOUT).await;
        }
        world.may_pause(self.instance);
        let placing = self.place_over_network(order).await;
        world.note(format_args!("answer about {}: {placing:?}", order.attempt));
        placing
    }

    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        self.world.sleep(self.world.dice.millis(1, 300)).await;
        let Some(id) = &order.provider_call else { return Err(ProviderError::Gone) };
        if self.world.strikes(Fault::LookUpFails, self.world.weather.look_up / 2) {
            return Err(ProviderError::Busy { retry_after: None });
        }
        let now = self.world.now();
        let rings = |dial: &Dial| dial.id == *id && now >= dial.rings_at;
        let too_late = self.manners == Manners::Hints && !self.world.engine.find(rings).is_empty();
        let ended = !too_late && self.world.engine.hang_up(id, now);
        self.world.note(format_args!("hang up {}: {ended}", id.as_str()));
        if ended { Ok(()) } else { Err(ProviderError::Gone) }
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let (world, weather) = (&self.world, &self.world.weather);
        world.sleep(world.dice.millis(1, 500)).await;
        if world.strikes(Fault::LookUpFails, weather.look_up / 2) {
            return Err(ProviderError::Busy { retry_after: None });
        }
        let now = world.now();
        let ours = |dial: &Dial| dial.visible_at <= now && dial.connection == self.connection;
        if let Some(id) = &order.provider_call {
            let found = world.engine.find(|dial| ours(dial) && dial.id == *id).pop();
            return Ok(self.found(found, true));
        }
        if world.strikes(Fault::LookUpIncomplete, weather.look_up / 3) {
            return Ok(Found::Absent { complete: false });
        }
        match self.manners {
            Manners::Echoes | Manners::Forgets | Manners::Hints => {
                Ok(self.found(world.engine.find(|dial| ours(dial) && dial.attempt == order.attempt).pop(), false))
            }
            Manners::Lists => {
                let since = world.micros(order.sent_at).saturating_sub(60_000_000);
                let found = world.engine.find(|dial| ours(dial) && dial.phone == order.phone && dial.at >= since);
                Ok(Found::Candidates(found.iter().map(|dial| self.seen(dial)).collect()))
            }
            Manners::Mute => Err(ProviderError::Unsupported),
        }
    }

    fn verify(&self, webhook: &RawWebhook, _now: Timestamp) -> Result<Authentic, WebhookError> {
        Ok(Authentic::verified(webhook.clone()))
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let reading = read(webhook);
        if reading == Reading::Nothing && webhook.webhook().body.starts_with(b"poison") {
            // Whoever reads it dies of it.
            self.world.kill(self.instance);
        }
        match reading {
            Reading::Says { about, .. } if self.manners == Manners::Hints => Reading::Ask(about),
            reading => reading,
        }
    }

    fn event_id(&self, _webhook: &Authentic) -> Option<String> {
        None
    }
}

/// What a provider that keeps no record says of a call that is over: that it is no longer there.
#[must_use]
pub fn gone(dial: &Dial, source: Source) -> Evidence {
    let evidence = Evidence::new(source).seen(Seen::Gone);
    let result_within = Some(REPORTED_WITHIN);
    Evidence { provider_call: Some(dial.id.clone()), words_final: true, result_within, ..evidence }
}

/// How such a provider tells the end while it happens: how it went, and no words.
#[must_use]
pub fn left(world: &World, dial: &Dial) -> Evidence {
    let told = dial.evidence(world, world.now(), Source::Webhook);
    let was_talk = dial.end == End::Talked;
    let seen = match dial.end {
        End::Talked => Some(Seen::Completed),
        End::Canceled => Some(Seen::Gone),
        _ => told.seen,
    };
    Evidence {
        seen,
        ended_at: told.ended_at,
        ended_reason: told.ended_reason,
        opt_out: told.opt_out,
        measures_talk: was_talk,
        result_within: was_talk.then_some(REPORTED_WITHIN),
        ..gone(dial, Source::Webhook)
    }
}

impl Manners {
    /// Whether our reference comes back.
    #[must_use]
    pub const fn echoes(self) -> bool {
        matches!(self, Self::Echoes | Self::Forgets | Self::Hints)
    }
}

/// A webhook as bytes: who it is about, and what was seen.
#[must_use]
pub fn write(about: &AttemptRef, evidence: &Evidence) -> Vec<u8> {
    let moment = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    json!({
        "attempt": about.attempt.map(|id| id.to_string()),
        "id": about.provider_call.as_ref().map(|id| id.as_str()),
        "seen": evidence.seen.map(Seen::as_str),
        "reason": evidence.ended_reason.map(EndedReason::as_str),
        "answered_at": moment(evidence.answered_at),
        "ended_at": moment(evidence.ended_at),
        "words": evidence.transcript,
        "words_final": evidence.words_final,
        "duration": evidence.duration_s,
        "measures": evidence.measures_talk,
        "within": evidence.result_within.map(|wait| wait.as_secs()),
        "opt_out": evidence.opt_out,
    })
    .to_string()
    .into_bytes()
}

/// Reads what [`write`] wrote; also as the result webhook.
#[must_use]
pub fn read(webhook: &Authentic) -> Reading {
    let Ok(body) = serde_json::from_slice::<Value>(&webhook.webhook().body) else { return Reading::Nothing };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let moment = |name: &str| body.get(name).and_then(Value::as_i64).and_then(|at| Timestamp::from_microsecond(at).ok());
    let provider_call = text("id").and_then(crate::model::ProviderCallId::new);
    let mut evidence = Evidence::new(Source::Webhook);
    evidence.seen = text("seen").and_then(|word| word.parse().ok());
    evidence.provider_call.clone_from(&provider_call);
    evidence.ended_reason = text("reason").and_then(|word| word.parse().ok());
    evidence.answered_at = moment("answered_at");
    evidence.ended_at = moment("ended_at");
    evidence.transcript = text("words").map(str::to_owned);
    evidence.words_final = body.get("words_final").and_then(Value::as_bool).unwrap_or(false);
    evidence.measures_talk = body.get("measures").and_then(Value::as_bool).unwrap_or(false);
    evidence.result_within = body.get("within").and_then(Value::as_u64).map(Duration::from_secs);
    evidence.duration_s = body.get("duration").and_then(Value::as_u64).and_then(|seconds| u32::try_from(seconds).ok());
    evidence.opt_out = body.get("opt_out").and_then(Value::as_bool).unwrap_or(false);
    let attempt = text("attempt").and_then(|id| id.parse().ok());
    Reading::Says { about: AttemptRef { attempt, provider_call, connection: None }, evidence: Box::new(evidence) }
}
