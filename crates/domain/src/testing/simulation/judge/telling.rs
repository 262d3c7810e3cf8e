//! What receivers hear: I5 of `RELIABILITY.md` section 8. Of every call that is over each client's endpoint hears, whatever
//! happened on the way, and what it hears again it hears under the same id.

use std::collections::{BTreeMap, BTreeSet};

use super::Judge;
use crate::model::{CallId, EndpointId, EndpointUrl, NoticeId, NoticeType};
use crate::ports::Message;
use crate::testing::simulation::world::World;
use crate::testing::simulation::{Mutant, receivers};

/// What was heard where.
#[derive(Default, Clone)]
pub struct Heard {
    /// Whoever wants to be told.
    pub endpoints: BTreeSet<EndpointId>,
    /// The ends that each receiver took.
    ends: BTreeSet<(u64, CallId)>,
    /// Under which id the end of a call is told.
    ids: BTreeMap<CallId, NoticeId>,
}

impl Heard {
    /// Calls that are open again in a backup are told anew once they end.
    pub fn forgets(&mut self, is_open: impl Fn(CallId) -> bool) {
        self.ends.retain(|(_, call)| !is_open(*call));
        self.ids.retain(|call, _| !is_open(*call));
    }
}

impl Judge {
    /// An endpoint is there.
    pub fn listens(&self, id: EndpointId) {
        self.ledger().heard.endpoints.insert(id);
    }

    /// A receiver took a notice.
    pub fn hears(&self, world: &World, at: &EndpointUrl, message: &Message) {
        let Some((kind, call, is_over)) = receivers::read(&message.body) else {
            return self.accuse("I5: a notice can be read", format_args!("{}", message.id));
        };
        let Some(nth) = receivers::number(at, world.weather.receivers) else {
            return self.accuse("I5: a notice goes where its client said", format_args!("{}", message.id));
        };
        world.note(format_args!("receiver {nth} hears {} {kind} of {call}", message.id));
        let mut ledger = self.ledger();
        let is_true = is_over && ledger.calls.get(&call).is_some_and(|held| held.call.state.is_terminal());
        let before = if kind == NoticeType::CallCompleted {
            ledger.heard.ends.insert((nth, call));
            *ledger.heard.ids.entry(call).or_insert(message.id)
        } else {
            message.id
        };
        drop(ledger);
        // A mistake that makes phones ring has to be found by what rings.
        if world.mutant.is_some_and(Mutant::rings) {
            return;
        }
        if !is_true {
            self.accuse("I5: nobody is told of an end that is none", format_args!("{call}"));
        }
        if before != message.id {
            self.accuse("I5: an end is told under one id", format_args!("{call}: {before} and {}", message.id));
        }
    }

    /// An end that somebody was not told of.
    #[must_use]
    pub fn untold(&self, world: &World) -> Option<(u64, CallId)> {
        let ledger = self.ledger();
        let over = ledger.calls.values().filter(|held| held.call.state.is_terminal()).map(|held| held.call.id);
        let all = over.flat_map(|call| (0..world.weather.receivers).map(move |nth| (nth, call)));
        all.into_iter().find(|end| !ledger.heard.ends.contains(end))
    }
}
