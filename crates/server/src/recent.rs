//! What was met of late: the same change of a call comes by more than one way, and is told once.

use std::collections::{HashMap, VecDeque};

use callgate_domain::model::{CallId, Revision};

/// The newest revision of each call met, of so many calls. What was met longest ago is forgotten first, and then met anew.
pub struct Recent {
    newest: HashMap<CallId, Revision>,
    order: VecDeque<CallId>,
    most: usize,
}

impl Recent {
    /// Nothing met yet.
    pub fn of(most: usize) -> Self {
        Self { newest: HashMap::new(), order: VecDeque::new(), most }
    }

    /// Whether any revision of this call was met.
    pub fn knows_any(&self, call: CallId) -> bool {
        self.newest.contains_key(&call)
    }

    /// Whether this revision, or a newer one, was met.
    pub fn knows(&self, call: CallId, revision: Revision) -> bool {
        self.newest.get(&call).is_some_and(|newest| *newest >= revision)
    }

    /// Meets a revision; says whether it is new.
    pub fn meet(&mut self, call: CallId, revision: Revision) -> bool {
        if self.knows(call, revision) {
            return false;
        }
        if self.newest.insert(call, revision).is_none() {
            self.order.push_back(call);
            if self.order.len() > self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.newest.remove(&oldest);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_revision_is_new_once_and_an_older_one_never() {
        let mut recent = Recent::of(2);
        let [one, two, three] = [1, 2, 3].map(|own| CallId::new(Timestamp::UNIX_EPOCH, [own; 10]));
        assert!(recent.meet(one, Revision(2)));
        assert!(!recent.meet(one, Revision(2)) && !recent.meet(one, Revision(1)));
        assert!(recent.meet(one, Revision(3)) && recent.meet(two, Revision(1)));
        assert!(recent.meet(three, Revision(1)), "the first one is forgotten for it");
        assert!(recent.knows(two, Revision(1)) && !recent.knows(one, Revision(3)) && !recent.knows_any(one));
        assert_eq!((recent.newest.len(), recent.order.len()), (2, 2));
    }
}
