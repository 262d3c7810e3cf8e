//! The simulator: a provider like any other, without a socket, that never dials.
//!
//! What happens in its calls is told by `story.rs`, from the call's reference alone, so that a look-up answers after a
//! restart and in another process. Here is the traffic: a task per call signs its webhooks and hands them to the inbox
//! that a real provider's reach. Such a task may die with the process; then asking finds out, as with a real one.

mod narrator;
mod reference;
mod script;
mod script_file;
mod signature;
mod story;
mod translate;
mod wire;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::provider::{Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{EndedReason, Placing, Route, Source};
use callgate_domain::ports::{
    Authentic, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use serde_json::Value;

use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting, hmac};
use narrator::{LAST, Narrator};
use reference::Reference;
use script::{Delivery, Script};
use story::Story;

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "simulator",
    is_test: true,
    request_timeout: Duration::from_secs(20),
    base_url: BaseUrl::None,
    settings: &[optional("script"), optional("seed"), optional("speed")],
    build,
};

const DIALS: &str = "callgate_simulator_dials_total";
/// How many times faster than life its pauses may be.
const SPEEDS: RangeInclusive<f64> = 0.001..=10_000.0;
/// How long a request to place a call goes unanswered, before it counts as timed out.
const LOST: Duration = Duration::from_millis(500);

const fn optional(name: &'static str) -> Setting {
    Setting { name, needed: false, secret: false }
}

struct Simulator {
    script: Script,
    seed: Option<u64>,
    speed: f64,
    narrator: Arc<Narrator>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let value = |name: &str| settings.values.get(name);
    let own = match value("script") {
        None => Vec::new(),
        Some(Value::String(path)) => script_file::read(path).map_err(|fault| settings.fault("script", fault))?,
        Some(_) => return Err(settings.fault("script", "must be the path of a file, in quotes")),
    };
    let seed = match value("seed") {
        None => None,
        Some(seed) => Some(seed.as_u64().ok_or_else(|| settings.fault("seed", "must be a whole number, not negative"))?),
    };
    let speed = match value("speed") {
        None => 1.0,
        Some(speed) => {
            let usable = speed.as_f64().filter(|speed| SPEEDS.contains(speed));
            let fault = || settings.fault("speed", format!("must be {} to {}; 1 is real time", SPEEDS.start(), SPEEDS.end()));
            usable.ok_or_else(fault)?
        }
    };
    let key = signature::key(&*ports.chance).map_err(|fault| settings.fault("kind", fault))?;
    let narrator = Arc::new(Narrator::new(settings.id.clone(), key, ports));
    narrator.count_dials(0);
    Ok(Arc::new(Simulator { script: Script::new(own), seed, speed, narrator, unknown: UnknownWords::default() }))
}

impl Simulator {
    /// The story of a call: by its reference where that is known, else by what an order says.
    fn story(&self, order: &LookUpOrder) -> Option<Story> {
        let (reference, scenario) = match &order.provider_call {
            Some(id) => {
                let reference: Reference = id.as_str().parse().ok()?;
                let scenario = self.script.named(&reference.ends);
                (reference, scenario)
            }
            None => {
                let scenario = self.script.for_number(&order.phone);
                let ends = scenario.ends.clone();
                (Reference { attempt: order.attempt, ends, speed: self.speed, seed: self.seed }, scenario)
            }
        };
        let sent_at = reference.attempt.made_at().unwrap_or(order.sent_at);
        Some(Story { reference, scenario, sent_at })
    }

    fn new_story(&self, order: &PlaceOrder) -> Story {
        let scenario = self.script.for_number(&order.phone);
        let ends = scenario.ends.clone();
        let reference = Reference { attempt: order.attempt, ends, speed: self.speed, seed: self.seed };
        let sent_at = order.attempt.made_at().unwrap_or_else(|| self.narrator.now());
        Story { reference, scenario, sent_at }
    }
}

#[async_trait]
impl VoiceProvider for Simulator {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(1));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: true, by_window: false, poll }
    }

    fn check_route(&self, _route: &Route) -> Result<(), InvalidSettings> {
        Ok(())
    }

    async fn probe(&self, _route: &Route) -> Result<Health, ProviderError> {
        Ok(Health { ready: true, detail: "simulated; never dials".to_owned() })
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        self.narrator.count_dials(1);
        let story = self.new_story(order);
        let Some(id) = story.reference.id() else { return Placing::default() };
        match story.scenario.delivery {
            Delivery::LostAnswer => {
                tokio::time::sleep(LOST.div_f64(self.speed)).await;
                return Placing::Unknown { reason: EndedReason::ProviderTimeout };
            }
            Delivery::BeforeTheAnswer => self.narrator.tell_or_log(&story.end(), LAST).await,
            Delivery::Never => {}
            Delivery::AsItGoes | Delivery::Twice | Delivery::UnknownWord => self.narrator.begin(story),
        }
        Placing::Dialed(id)
    }

    /// Hands in the end at once, as a webhook. A look-up still tells of the call as if nothing had been asked, since
    /// nothing is remembered; but who asked for the end has it by then.
    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let story = self.story(order).ok_or(ProviderError::Gone)?;
        let end = story.canceled(self.narrator.now()).ok_or(ProviderError::Gone)?;
        self.narrator.hush(story.reference.attempt);
        self.narrator.tell(&end, "cancel").await.map_err(|error| ProviderError::Failed(error.into()))
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let Some(story) = self.story(order) else { return Ok(Found::Absent { complete: true }) };
        let call = story.at(self.narrator.now());
        let evidence = translate::evidence(&call, Source::LookUp);
        Ok(evidence.map_or(Found::Absent { complete: true }, |evidence| Found::Evidence(Box::new(evidence))))
    }

    fn verify(&self, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
        self.narrator.verify(webhook, now)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let Ok(call) = serde_json::from_slice::<wire::Call>(&webhook.webhook().body) else { return Reading::Nothing };
        let reading = translate::reading(&call, self.narrator.connection());
        if reading == Reading::Nothing
            && let Some(word) = self.unknown.news(&call.status)
        {
            tracing::warn!(connection = %self.narrator.connection(), status = word, "unknown status, ignored: look-ups will settle the call");
        }
        reading
    }

    fn event_id(&self, webhook: &Authentic) -> Option<String> {
        webhook.webhook().header(hmac::ID).next().map(str::to_owned)
    }
}
