//! Which routes a call takes: another one is asked only after an answer that proves that nobody was rung, and then it is; or
//! while the process leaves the one before alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Ledger};
use crate::model::pacing::Room;
use crate::model::provider::{PlaceOrder, Placing};
use crate::model::{AttemptId, Call, CallState, EndedReason};
use crate::testing::simulation::instance::routes;
use crate::testing::simulation::world::World;

/// So many requests one try of a call may make.
const REQUESTS: usize = 3;

/// What the provider was asked, and what it said.
#[derive(Default, Clone)]
pub struct Routes {
    /// Requests that left, and why those were refused that were.
    asked: BTreeMap<AttemptId, Option<EndedReason>>,
    /// Requests over another route, by the refusal before.
    over: BTreeMap<EndedReason, u64>,
    /// See the tally.
    pub over_left_alone: u64,
    /// See the tally.
    pub stayed: u64,
}

impl Routes {
    /// Requests over another route after such a refusal.
    pub fn over_after(&self, reason: EndedReason) -> u64 {
        self.over.get(&reason).copied().unwrap_or(0)
    }
}

/// Whether a call's newest attempt went over this connection.
pub fn is_over(call: &Call, connection: &str) -> bool {
    call.attempt.as_ref().is_some_and(|attempt| attempt.connection.as_str() == connection)
}

impl Ledger {
    /// Whether it rang over this connection, and nobody ever told.
    pub fn is_unfound(&self, call: &Call, connection: &str) -> bool {
        let never_told = call.attempt.as_ref().is_some_and(|one| one.provider_call.is_none() && self.dialed.contains(&one.id));
        never_told && is_over(call, connection) && call.ended_reason == Some(EndedReason::OutcomeUnknown)
    }
}

impl Judge {
    /// The provider says, and means, that it rings nobody.
    pub fn refused(&self, attempt: AttemptId, answer: &Placing) {
        if let Placing::NotDialed { reason, .. } = answer {
            self.ledger().routes.asked.insert(attempt, Some(*reason));
        }
    }

    /// A request has no answer, or one that proves nothing.
    pub fn said_nothing(&self, order: &PlaceOrder) {
        let mut ledger = self.ledger();
        ledger.routes.stayed = ledger.routes.stayed.saturating_add(u64::from(routes(&order.agent).len() > 1));
    }

    /// A call was taken: each route before its own had refused it, or is left alone by who took it.
    pub fn check_first_route(&self, call: &Call, room: &Room) {
        let Some(taken) = call.connection.as_ref().filter(|_| call.state == CallState::Claimed) else { return };
        let before = routes(&call.agent).iter().copied().take_while(|id| *id != taken.as_str());
        let passed_over: Vec<_> = before.filter(|id| !call.refusals.closed.iter().any(|closed| closed.as_str() == *id)).collect();
        let is_left_alone = |id: &str| room.connections.iter().any(|(held, space)| held.as_str() == id && space.left_alone);
        if let Some(asked_first) = passed_over.iter().find(|id| !is_left_alone(id)) {
            self.accuse("routes are taken in order", format_args!("{} over {taken} before {asked_first}", call.id));
        }
        let mut ledger = self.ledger();
        ledger.routes.over_left_alone = ledger.routes.over_left_alone.saturating_add(u64::from(!passed_over.is_empty()));
    }

    /// A request is about to leave. What was asked before it in this try was refused; what never left needs no answer.
    pub(super) fn check_route(&self, world: &World, order: &PlaceOrder) {
        let mut ledger = self.ledger();
        ledger.routes.asked.insert(order.attempt, None);
        let Some(marked) = ledger.attempts.get(&order.attempt) else { return };
        let same_try = |call, try_number| call == marked.call && try_number == marked.try_number;
        let others: Vec<_> = ledger
            .attempts
            .iter()
            .filter(|(id, one)| {
                **id != order.attempt && same_try(one.call, one.try_number) && one.connection != marked.connection
            })
            .filter_map(|(id, _)| Some((*id, *ledger.routes.asked.get(id)?)))
            .collect();
        let (call, unproven) = (marked.call, others.iter().find(|(_, refused)| refused.is_none()).map(|(id, _)| *id));
        if let Some((_, Some(reason))) = others.last() {
            let times = ledger.routes.over.entry(*reason).or_default();
            *times = times.saturating_add(1);
        }
        drop(ledger);
        // A mistake that makes phones ring has to be found by what rings.
        let looks = world.mutant.is_none_or(|mutant| !mutant.rings());
        if let Some(before) = unproven.filter(|_| looks) {
            self.accuse("I1: another route only after proof", format_args!("call {call}: {} after {before}", order.attempt));
        }
    }

    /// A call that ended because it was refused had asked everywhere, or as often as it may.
    pub(super) fn check_other_route(&self, call: &Call) {
        let Some(newest) = call.attempt.as_ref().filter(|_| call.state == CallState::Failed && !call.result.opt_out) else {
            return;
        };
        let ledger = self.ledger();
        let refused = ledger.routes.asked.get(&newest.id).copied().flatten();
        if refused.is_none() || refused != call.ended_reason || ledger.frozen.contains(&call.id) {
            return;
        }
        let tried: Vec<_> =
            ledger.attempts.values().filter(|one| one.call == call.id && one.try_number == newest.try_number).collect();
        let asked: BTreeSet<_> = tried.iter().map(|one| one.connection.as_str()).collect();
        let open = routes(&call.agent).iter().copied().find(|route| !asked.contains(route));
        let may_ask = tried.len() < REQUESTS;
        drop(ledger);
        if let Some(open) = open.filter(|_| may_ask) {
            self.accuse("a refused call goes on over its next route", format_args!("{} never asked {open}", call.id));
        }
    }
}
