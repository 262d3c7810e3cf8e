//! What there was in one seed, or in many: the figures that a run prints.

use std::fmt;

/// Counts what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Seeds.
    pub seeds: u64,
    /// Calls that were stored.
    pub calls: u64,
    /// Calls that a client had its 2xx for.
    pub acknowledged: u64,
    /// Calls whose end a client asked for.
    pub canceled: u64,
    /// Webhooks that were kept.
    pub webhooks: u64,
    /// Phones that rang.
    pub dials: u64,
    /// Tries beyond the first of a call.
    pub further_tries: u64,
    /// Calls that had to end `failed/outcome_unknown`.
    pub unknown: u64,
    /// Of these, calls that rang over a provider that lists nothing, and of which nobody ever told.
    pub unfound_mute: u64,
    /// The same over one that keeps no record.
    pub unfound_forgotten: u64,
    /// Calls of one that keeps no record whose words were reported.
    pub reported: u64,
    /// Requests over another route after the one before refused for now.
    pub over_refused: u64,
    /// The same after it asked to wait.
    pub over_busy: u64,
    /// The same after it refused for good.
    pub over_barred: u64,
    /// Calls taken over another route while the one before was left alone.
    pub over_left_alone: u64,
    /// Answers that prove nothing, to calls with another route: it is not taken.
    pub stayed: u64,
}

impl Tally {
    fn counts(&mut self) -> [(&'static str, &mut u64); 16] {
        [
            ("seeds", &mut self.seeds),
            ("calls", &mut self.calls),
            ("acknowledged", &mut self.acknowledged),
            ("canceled", &mut self.canceled),
            ("webhooks", &mut self.webhooks),
            ("dials", &mut self.dials),
            ("further tries", &mut self.further_tries),
            ("unknown", &mut self.unknown),
            ("unfound by a mute provider", &mut self.unfound_mute),
            ("unfound by one that forgets", &mut self.unfound_forgotten),
            ("reported to one that forgets", &mut self.reported),
            ("over another route after a refusal", &mut self.over_refused),
            ("after a wish to wait", &mut self.over_busy),
            ("after a refusal for good", &mut self.over_barred),
            ("past a route left alone", &mut self.over_left_alone),
            ("kept to their route", &mut self.stayed),
        ]
    }

    /// These as well.
    pub fn merge(&mut self, other: &Self) {
        let mut other = *other;
        for ((_, count), (_, more)) in self.counts().into_iter().zip(other.counts()) {
            *count = count.saturating_add(*more);
        }
    }

    /// Each count with its name.
    pub fn all(mut self) -> [(&'static str, u64); 16] {
        self.counts().map(|(name, count)| (name, *count))
    }

    /// Sets the count of this name; false when there is none.
    pub fn set(&mut self, name: &str, to: u64) -> bool {
        let count = self.counts().into_iter().find(|(known, _)| *known == name);
        count.map(|(_, count)| *count = to).is_some()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.all().iter().map(|(name, count)| format!("{count} {name}")).collect();
        write!(f, "{}, lost 0, doubled 0", words.join(", "))
    }
}
