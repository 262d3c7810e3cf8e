//! How the provider tells: webhooks that are lost, late, doubled and out of order, sent again until they are taken.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Dial, End};
use super::faults::Fault;
use super::provider::{Manners, write};
use super::world::{Owner, World};
use crate::model::{ConnectionId, Source};
use crate::ports::{AttemptRef, Authentic, RawWebhook};

/// How long the provider waits for a 2xx.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it sends one webhook.
const TRIES: u32 = 6;

/// One webhook, as it will be sent.
struct Letter {
    connection: ConnectionId,
    body: Vec<u8>,
    /// Sent to the result webhook instead of the provider's own route.
    is_report: bool,
    /// The provider's id of the dial whose words it brings.
    words_of: Option<String>,
}

/// What the provider will tell of a dial, from now on.
pub fn will_tell(world: &Arc<World>, dial: &Dial, manners: Manners) {
    let is_report = world.dice.below(4) == 0;
    let (attempt, times) = (dial.attempt, [dial.rings_at, dial.answers_at, dial.over_at, dial.told_at]);
    for time in times {
        if world.strikes(Fault::WebhookLost, world.weather.webhook / 2) {
            continue;
        }
        let late = if world.strikes(Fault::WebhookLate, world.weather.webhook) {
            world.dice.millis(1_000, 60_000)
        } else {
            world.dice.millis(1, 50)
        };
        let shared = Arc::clone(world);
        world.spawn(Owner::Outside, async move {
            shared.sleep(Duration::from_micros(time.saturating_sub(shared.now()))).await;
            let Some(dial) = shared.engine.find(|dial| dial.attempt == attempt).pop().filter(|dial| dial.end != End::Never)
            else {
                return;
            };
            let letter = letter(&shared, &dial, manners, is_report);
            shared.sleep(late).await;
            deliver(&shared, &letter).await;
            if shared.strikes(Fault::WebhookTwice, shared.weather.webhook) {
                shared.sleep(shared.dice.millis(1, 20_000)).await;
                deliver(&shared, &letter).await;
            }
        });
    }
}

fn letter(world: &World, dial: &Dial, manners: Manners, is_report: bool) -> Letter {
    let evidence = dial.evidence(world, world.now(), Source::Webhook);
    let attempt = (manners == Manners::Echoes).then_some(dial.attempt);
    let about = AttemptRef { attempt, provider_call: Some(dial.id.clone()), connection: None };
    let words_of = evidence.transcript.is_some().then(|| dial.id.as_str().to_owned());
    Letter { connection: dial.connection.clone(), body: write(&about, &evidence), is_report, words_of }
}

/// Somebody writes about a call that nobody has.
pub fn of_nobody(world: &Arc<World>, connection: ConnectionId) {
    world.count(Fault::WebhookOfNobody);
    let body = format!(r#"{{"id":"nobody-{}","seen":"completed"}}"#, world.dice.below(1_000)).into_bytes();
    send(world, Letter { connection, body, is_report: world.dice.chance(500), words_of: None });
}

/// A webhook that kills whoever reads it.
pub fn poison(world: &Arc<World>, connection: ConnectionId) {
    world.count(Fault::Poison);
    let body = format!("poison {}", world.dice.below(1_000_000)).into_bytes();
    send(world, Letter { connection, body, is_report: false, words_of: None });
}

fn send(world: &Arc<World>, letter: Letter) {
    let shared = Arc::clone(world);
    world.spawn(Owner::Outside, async move { deliver(&shared, &letter).await });
}

async fn deliver(world: &Arc<World>, letter: &Letter) {
    for nth in 0..TRIES {
        let instance = world.any_instance();
        let raw = RawWebhook { url: None, headers: Vec::new(), body: letter.body.clone() };
        let (connection, is_report) = (letter.connection.clone(), letter.is_report);
        let taken = world
            .ask(instance, PATIENCE, move |running| async move {
                if !is_report {
                    return running.intake.arrive(&connection, &raw).await.is_ok();
                }
                let Ok(kept) = running.intake.keep_report(Authentic::verified(raw)).await else { return false };
                // Its answer is 202 when this fails: it is kept.
                let _progress = running.intake.handle(kept).await;
                true
            })
            .await;
        if taken == Some(true) {
            world.judge.webhook_taken(world, &letter.body, letter.words_of.as_deref());
            return;
        }
        world.sleep(Duration::from_secs(5 << nth)).await;
    }
    world.note(format_args!("a webhook is given up by its sender"));
}
