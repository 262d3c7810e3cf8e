//! How the provider tells: webhooks that are lost, late, doubled and out of order, sent again until they are taken.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Dial, End};
use super::faults::Fault;
use super::provider::{Manners, gone, left, write};
use super::world::{Owner, World};
use crate::model::{ConnectionId, Evidence, Seen, Source};
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
    let is_report = world.dice.below(4) == 0 && manners != Manners::Hints;
    let (attempt, times) = (dial.attempt, [dial.rings_at, dial.answers_at, dial.over_at, dial.told_at]);
    for (nth, time) in times.into_iter().enumerate() {
        let Some(moment) = Moment::of(nth, manners) else { continue };
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
            // An answer that comes too late may wake whoever has the place of the one that asked.
            while shared.now() < time {
                shared.sleep(Duration::from_micros(time.saturating_sub(shared.now()))).await;
            }
            let Some(dial) = shared.engine.find(|dial| dial.attempt == attempt).pop().filter(|dial| dial.end != End::Never)
            else {
                return;
            };
            let Some(letter) = letter(&shared, &dial, manners, moment, is_report) else { return };
            shared.note(format_args!("{} writes: {moment:?}", dial.id.as_str()));
            shared.sleep(late).await;
            deliver(&shared, &letter).await;
            if shared.strikes(Fault::WebhookTwice, shared.weather.webhook) {
                shared.sleep(shared.dice.millis(1, 20_000)).await;
                deliver(&shared, &letter).await;
            }
        });
    }
}

/// What a webhook is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// It goes on.
    Goes,
    /// It is over.
    Ends,
    /// The words are there.
    Told,
}

impl Moment {
    /// Who keeps no record does not tell of the answer.
    const fn of(nth: usize, manners: Manners) -> Option<Self> {
        match (nth, manners) {
            (1, Manners::Forgets) => None,
            (0 | 1, _) => Some(Self::Goes),
            (2, _) => Some(Self::Ends),
            _ => Some(Self::Told),
        }
    }
}

fn letter(world: &World, dial: &Dial, manners: Manners, moment: Moment, is_report: bool) -> Option<Letter> {
    let mut evidence = dial.evidence(world, world.now(), Source::Webhook);
    let mut is_report = is_report;
    match (manners, moment) {
        // Whoever talked reports the result, or never does; the room that is closed says nothing of either.
        (Manners::Forgets, Moment::Told) if dial.end == End::Talked => {
            is_report = true;
            if world.dice.chance(300) {
                return None;
            }
        }
        (Manners::Forgets, Moment::Told) => (evidence, is_report) = (gone(dial, Source::Webhook), false),
        (Manners::Forgets, Moment::Ends) => (evidence, is_report) = (left(world, dial), false),
        (Manners::Forgets, Moment::Goes) => is_report = false,
        // Anybody can write one of these: whoever believes it is found out.
        (Manners::Hints, _) => {
            evidence = Evidence::new(Source::Webhook).seen(Seen::Completed);
            evidence.transcript = Some(format!("forged at {}", world.now()));
        }
        _ => {}
    }
    let attempt = manners.echoes().then_some(dial.attempt);
    let about = AttemptRef { attempt, provider_call: Some(dial.id.clone()), connection: None };
    let words_of = (evidence.transcript.is_some() && manners != Manners::Hints).then(|| dial.id.as_str().to_owned());
    Some(Letter { connection: dial.connection.clone(), body: write(&about, &evidence), is_report, words_of })
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
                let authentic = Authentic::verified(raw);
                let reading = (running.intake.connections.read_report)(&authentic);
                let Ok(kept) = running.intake.keep_report(authentic, reading).await else { return false };
                // Its answer is 202 when this fails: it is kept.
                let _progress = running.intake.handle_report(kept).await;
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
