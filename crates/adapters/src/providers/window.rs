//! Looking for a call whose id we do not know, at a provider that finds none by our reference.
//!
//! Its calls to the same number around the same moment are listed, and each is asked for: whether it carries our reference
//! only the whole call tells. What is left over may be guessed from by the domain, and so only where everything was seen.

use callgate_domain::model::{AttemptId, Evidence, Phone, ProviderCallId};
use callgate_domain::ports::Found;

/// So many calls are asked for in one look-up.
const MAX_ASKED: usize = 10;

/// Whose a call is, by the reference it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// This attempt's.
    Ours,
    /// Surely not this attempt's.
    Anothers,
    /// It does not say.
    Unsaid,
}

impl Whose {
    /// By the reference that came back.
    pub fn of(reference: Option<AttemptId>, attempt: AttemptId) -> Self {
        match reference {
            Some(held) if held == attempt => Self::Ours,
            Some(_) => Self::Anothers,
            None => Self::Unsaid,
        }
    }
}

/// What a list shows of calls that could be ours, and what became of asking for each.
#[derive(Debug)]
pub struct Window<'a> {
    phone: &'a Phone,
    to_ask: Vec<ProviderCallId>,
    left: Vec<Evidence>,
    complete: bool,
}

impl<'a> Window<'a> {
    /// Nothing is seen yet.
    pub const fn to(phone: &'a Phone) -> Self {
        Self { phone, to_ask: Vec::new(), left: Vec::new(), complete: true }
    }

    /// Something could not be seen: what is not found may be there all the same.
    pub const fn misses_some(&mut self) {
        self.complete = false;
    }

    /// A listed call, those that began first before those that came later. One to another number is none of ours.
    pub fn lists(&mut self, id: Option<ProviderCallId>, to: Option<&str>) {
        if to.is_some_and(|to| !is_number(to, self.phone)) {
            return;
        }
        match id {
            Some(id) if self.to_ask.contains(&id) => {}
            Some(id) if self.to_ask.len() < MAX_ASKED => self.to_ask.push(id),
            Some(_) | None => self.complete = false,
        }
    }

    /// The calls to ask for.
    pub fn to_ask(&self) -> Vec<ProviderCallId> {
        self.to_ask.clone()
    }

    /// One of them, whole. The answer is there once it is surely ours.
    pub fn shows(&mut self, evidence: Evidence, whose: Whose, to: Option<&str>) -> Option<Found> {
        match (whose, to.map(|to| is_number(to, self.phone))) {
            (Whose::Ours, _) => return Some(Found::Evidence(Box::new(evidence))),
            (Whose::Anothers, _) | (Whose::Unsaid, Some(false)) => {}
            (Whose::Unsaid, Some(true)) => self.left.push(evidence),
            (Whose::Unsaid, None) => self.complete = false,
        }
        None
    }

    /// What there is where none was surely ours. Of calls that were not all seen none is picked.
    pub fn rest(self) -> Found {
        if self.left.is_empty() || !self.complete {
            return Found::Absent { complete: self.complete };
        }
        Found::Candidates(self.left)
    }
}

/// Whether this is the number, with its `+` or without.
fn is_number(told: &str, phone: &Phone) -> bool {
    let digits = told.chars().filter(char::is_ascii_digit);
    digits.eq(phone.e164().chars().filter(char::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::Source;

    use super::*;

    fn id(text: &str) -> Option<ProviderCallId> {
        ProviderCallId::new(text)
    }

    fn evidence() -> Evidence {
        Evidence::new(Source::LookUp)
    }

    #[test]
    fn only_calls_to_the_number_are_asked_for_and_each_once() {
        let phone = Phone::from_stored("+12025550199".to_owned());
        let mut window = Window::to(&phone);
        window.lists(id("a"), Some("12025550199"));
        window.lists(id("a"), Some("+12025550199"));
        window.lists(id("b"), Some("+12025550198"));
        window.lists(id("c"), None);
        assert_eq!(window.to_ask(), [id("a").unwrap(), id("c").unwrap()]);
        assert_eq!(window.rest(), Found::Absent { complete: true });
    }

    #[test]
    fn what_is_surely_ours_is_found_and_what_is_anothers_is_not_guessed_from() {
        let phone = Phone::from_stored("+12025550199".to_owned());
        let mut window = Window::to(&phone);
        assert_eq!(window.shows(evidence(), Whose::Anothers, Some("+12025550199")), None);
        assert_eq!(window.shows(evidence(), Whose::Unsaid, Some("+12025550199")), None);
        assert!(matches!(window.shows(evidence(), Whose::Ours, None), Some(Found::Evidence(_))));
        assert_eq!(window.rest(), Found::Candidates(vec![evidence()]));
    }

    #[test]
    fn nothing_is_guessed_and_nothing_is_absent_where_not_all_was_seen() {
        let phone = Phone::from_stored("+12025550199".to_owned());
        let unseen: [fn(&mut Window<'_>); 4] = [
            |window| window.misses_some(),
            |window| window.lists(None, None),
            |window| (0..=MAX_ASKED).for_each(|n| window.lists(id(&n.to_string()), None)),
            |window| drop(window.shows(evidence(), Whose::Unsaid, None)),
        ];
        for unseen in unseen {
            let mut window = Window::to(&phone);
            window.shows(evidence(), Whose::Unsaid, Some("+12025550199"));
            unseen(&mut window);
            assert!(window.to_ask().len() <= MAX_ASKED);
            assert_eq!(window.rest(), Found::Absent { complete: false });
        }
    }
}
