//! The clients' own servers: they are down, slow or busy, take a notice and are not heard, or say that nobody is there. Once
//! all is calm their owners set them right and ask for what they missed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::faults::Fault;
use super::judge::SKEW;
use super::store::wait;
use super::world::World;
use crate::model::moment::earlier;
use crate::model::{
    CallId, DeliveryResult, Endpoint, EndpointChange, EndpointId, EndpointUrl, NotSent, Notice, NoticeType, Sent,
};
use crate::ports::outbox::SEND_TIMEOUT;
use crate::ports::{DeliveryFilter, DeliveryPage, Message, NoticeSender, Reader, Reply, Target, UrlFault};
use crate::testing::builders;
use crate::usecases::deliver::Render;

/// Deliveries that are looked at in one go.
const PAGE: u32 = 200;

/// The way of one process to the receivers.
pub struct SimSender {
    /// The world.
    pub world: Arc<World>,
    /// Whose process this is.
    pub instance: usize,
}

/// What a notice says: what it tells, and of which call.
#[must_use]
pub fn render() -> Render {
    Arc::new(|notice: &Notice, call| {
        let (call, state) = call.map(|call| (call.id.to_string(), call.state.as_str())).unwrap_or_default();
        format!("{} {call} {state}", notice.kind).into_bytes()
    })
}

/// The address of the receiver with this number, and back.
fn url(nth: u64) -> EndpointUrl {
    EndpointUrl::new(format!("https://receiver-{nth}.example/"))
        .unwrap_or_else(|| builders::an_endpoint("default", jiff::Timestamp::UNIX_EPOCH).url)
}

/// Each receiver of the weather's has its endpoint from the beginning.
pub fn listen(world: &World) {
    let Some(stores) = world.stores() else { return };
    for nth in 0..world.weather.receivers {
        let at = world.moment(world.now());
        let own = [u8::try_from(nth).unwrap_or(0); 10];
        let endpoint = Endpoint { id: EndpointId::new(at, own), url: url(nth), ..builders::an_endpoint("default", at) };
        world.judge.listens(endpoint.id);
        // It is there from the first step, whatever the weather.
        let _added = wait(stores.outbox.add(endpoint, 25));
    }
}

/// Their owners see that something is missing: what is disabled is enabled, what was missed is asked for, and what would
/// wait for hours is sent now.
pub fn ask_for_the_rest(world: &World) {
    let Some(stores) = world.stores() else { return };
    let now = world.moment(world.now());
    // A notice has its moment from a clock that may have been set back.
    let since = earlier(world.moment(0), SKEW);
    for endpoint in wait(stores.outbox.endpoints(&Reader::All, None, PAGE)).unwrap_or_default() {
        if endpoint.disabled_at.is_some() {
            let on = EndpointChange::Edit { url: None, events: None, description: None, disabled: Some(false) };
            let _enabled = wait(stores.outbox.change(endpoint.id, &Reader::All, on, now));
        }
        let recovered = wait(stores.outbox.recover(&endpoint, since, None, PAGE, now));
        if recovered.is_ok_and(|recovered| recovered.count > 0) {
            world.count(Fault::Recovered);
        }
    }
    let pending = DeliveryFilter { result: Some(DeliveryResult::Pending), ..DeliveryFilter::default() };
    for delivery in
        wait(stores.outbox.deliveries(&Reader::All, &pending, DeliveryPage { before: None, limit: PAGE })).unwrap_or_default()
    {
        if delivery.next_at.is_some_and(|at| at > now) {
            let _due = wait(stores.outbox.resend(delivery.id, &Reader::All, now));
        }
    }
}

#[async_trait]
impl NoticeSender for SimSender {
    async fn check(&self, _url: &EndpointUrl) -> Result<(), UrlFault> {
        Ok(())
    }

    async fn send(&self, to: &Target, message: &Message) -> Reply {
        let world = &self.world;
        if world.crashes(self.instance, Fault::CrashBeforeSend) {
            world.sleep(Duration::from_secs(1)).await;
        }
        world.may_pause(self.instance);
        world.sleep(world.dice.millis(1, 50)).await;
        let is_calm = world.inner().is_calm;
        let weather = &world.weather;
        if !is_calm && to.url == url(1) {
            world.count(Fault::ReceiverDown);
            let refused = world.dice.chance(500);
            world.sleep(if refused { Duration::from_millis(5) } else { SEND_TIMEOUT }).await;
            return Sent::Not(if refused { NotSent::NoConnection } else { NotSent::TimedOut }).into();
        }
        if !is_calm && to.url == url(2) && world.dice.chance(300) {
            world.count(Fault::ReceiverGone);
            return Sent::Answered { status: 410, retry_after: None }.into();
        }
        if world.strikes(Fault::ReceiverBusy, weather.receiver) {
            let wait = world.dice.chance(500).then(|| world.dice.millis(1_000, 60_000));
            return Sent::Answered { status: 503, retry_after: wait }.into();
        }
        if world.strikes(Fault::ReceiverSlow, weather.receiver) {
            world.sleep(world.dice.millis(1_000, 14_000)).await;
        }
        self.world.judge.hears(world, &to.url, message);
        if world.crashes(self.instance, Fault::CrashAfterSend) {
            world.sleep(Duration::from_secs(1)).await;
        }
        if world.strikes(Fault::ReceiverUnheard, weather.receiver) {
            world.sleep(SEND_TIMEOUT).await;
            return Sent::Not(NotSent::TimedOut).into();
        }
        Sent::Answered { status: 204, retry_after: None }.into()
    }
}

/// What a body says.
pub fn read(body: &[u8]) -> Option<(NoticeType, CallId, bool)> {
    let text = std::str::from_utf8(body).ok()?;
    let mut words = text.split(' ');
    let (kind, call) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let state: crate::model::CallState = words.next()?.parse().ok()?;
    Some((kind, call, state.is_terminal()))
}

/// The number of the receiver at an address.
#[must_use]
pub fn number(at: &EndpointUrl, receivers: u64) -> Option<u64> {
    (0..receivers).find(|nth| url(*nth) == *at)
}
