//! The clients: they ask for calls, ask again where no answer came, and cancel.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;

use super::faults::Fault;
use super::instance::AGENTS;
use super::world::{Owner, World};
use crate::model::{Asked, CallId, CallState, KeyId, Phone, RetryPlan};
use crate::ports::Reader;
use crate::testing::builders;
use crate::usecases::calls::{Canceled, PlaceCall, PlaceError};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a client asks for one call.
const TRIES: u32 = 8;

static PHONES: LazyLock<Vec<Phone>> =
    LazyLock::new(|| (10..20).map(|nth| builders::phone(&format!("+9967001234{nth}"))).collect());

/// Lets clients ask for as many calls as the weather says.
pub fn come(world: &Arc<World>) {
    for nth in 0..world.weather.calls {
        let shared = Arc::clone(world);
        let at = world.dice.millis(0, u64::try_from(world.weather.calm_at.as_millis()).unwrap_or(0) / 2);
        world.spawn(Owner::Outside, async move {
            shared.sleep(at).await;
            let wish = wish(&shared, nth);
            if let Some(id) = ask_for(&shared, &wish).await
                && shared.dice.chance(200)
            {
                shared.sleep(shared.dice.millis(0, 60_000)).await;
                cancel(&shared, id).await;
            }
        });
    }
}

fn wish(world: &World, nth: u64) -> PlaceCall {
    let (dice, now) = (&world.dice, world.now());
    let phone = if world.weather.rivals { 0 } else { dice.below(8) };
    let agent = dice.pick(&AGENTS).map_or("akylai", |(key, _)| key);
    let moment = |low, high| {
        let wait = u64::try_from(dice.millis(low, high).as_micros()).unwrap_or(0);
        world.moment(now.saturating_add(wait))
    };
    let keyed = dice.chance(800);
    let reference = if keyed { format!("key-{nth}") } else { format!("no-key-{nth}") };
    PlaceCall {
        client: builders::client("default"),
        key: KeyId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        phone: PHONES.get(usize::try_from(phone).unwrap_or(0)).cloned().unwrap_or_else(|| builders::phone("+996700123410")),
        agent: if world.weather.rivals || world.weather.outage { "altai" } else { agent }.to_owned(),
        asked: Asked {
            reference: Some(reference.clone()),
            not_before: dice.chance(150).then(|| moment(1_000, 60_000)),
            expires_at: dice.chance(300).then(|| moment(20_000, 150_000)),
            ..Asked::default()
        },
        max_duration: dice.chance(300).then(|| dice.millis(5_000, 60_000)),
        retry: dice.chance(500).then(|| plan(world)),
        idempotency_key: keyed.then_some(reference),
    }
}

fn plan(world: &World) -> RetryPlan {
    let on: &[CallState] = match world.dice.below(3) {
        0 => &[CallState::NoAnswer],
        1 => &[CallState::Busy],
        _ => &[CallState::NoAnswer, CallState::Busy],
    };
    let max = u16::try_from(world.dice.between(1, 3)).unwrap_or(1);
    let delays = (0..world.dice.between(1, u64::from(max))).map(|_| world.dice.millis(1_000, 40_000)).collect();
    RetryPlan { on: on.to_vec(), max, delays }
}

async fn ask_for(world: &Arc<World>, wish: &PlaceCall) -> Option<CallId> {
    for _ in 0..TRIES {
        let wished = wish.clone();
        let answer =
            world.ask(world.any_instance(), PATIENCE, move |running| async move { running.calls.place(wished).await }).await;
        match answer {
            Some(Ok(_)) if world.strikes(Fault::ReplyLost, world.weather.reply) => {}
            Some(Ok(placed)) => {
                world.judge.acknowledged(world, placed.call_id);
                return Some(placed.call_id);
            }
            Some(Err(PlaceError::KeyReused)) => {
                world.judge.accuse("a repetition is taken for another wish", format_args!("{:?}", wish.idempotency_key));
                return None;
            }
            // Not known to this process, or too late by now.
            Some(Err(
                PlaceError::Objections(_)
                | PlaceError::DestinationNotAllowed
                | PlaceError::PossibleDuplicate { .. }
                | PlaceError::NumberLimit { .. }
                | PlaceError::SpendLimit { .. },
            )) => {}
            Some(Err(PlaceError::InProgress | PlaceError::Store(_))) | None => {}
        }
        world.sleep(world.dice.millis(500, 20_000)).await;
    }
    None
}

async fn cancel(world: &Arc<World>, id: CallId) {
    for _ in 0..TRIES {
        let answer = world
            .ask(world.any_instance(), PATIENCE, move |running| async move { running.calls.cancel(id, &Reader::All).await })
            .await;
        if let Some(Ok(Canceled::Done(_) | Canceled::AskedFor(_))) = answer {
            world.judge.cancel_acknowledged(world, id);
            return;
        }
        if answer.is_some_and(|answer| answer.is_ok()) {
            return;
        }
        world.sleep(world.dice.millis(500, 20_000)).await;
    }
}
