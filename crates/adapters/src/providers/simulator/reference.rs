//! The simulator's id of a call, which says all that its story depends on: so a look-up answers after a restart, in
//! another process, and after the settings have changed.

use std::fmt;
use std::str::FromStr;

use callgate_domain::model::{AttemptId, ProviderCallId};

const PREFIX: &str = "sim";
const NONE: &str = "x";

/// `sim_<attempt>_<digits of the scenario>_<speed>_<seed>`, `x` for what there is none of.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Ours. Its moment is when the call was sent.
    pub attempt: AttemptId,
    /// The digits that chose the scenario, not the caller's number; empty for the usual one.
    pub ends: String,
    /// How many times faster than life.
    pub speed: f64,
    /// Varies the pauses.
    pub seed: Option<u64>,
}

impl Reference {
    /// As a provider's id.
    pub fn id(&self) -> Option<ProviderCallId> {
        ProviderCallId::new(self.to_string())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = if self.ends.is_empty() { NONE } else { &self.ends };
        write!(f, "{PREFIX}_{}_{ends}_{}_", self.attempt.as_uuid().simple(), self.speed)?;
        match self.seed {
            Some(seed) => write!(f, "{seed}"),
            None => f.write_str(NONE),
        }
    }
}

/// Not an id that the simulator made.
#[derive(Debug)]
pub struct NotOurs;

impl FromStr for Reference {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let mut parts = text.split('_');
        let mut part = || parts.next().ok_or(NotOurs);
        if part()? != PREFIX {
            return Err(NotOurs);
        }
        let attempt = part()?.parse().map_err(|_no_uuid| NotOurs)?;
        let ends = part()?;
        let ends = if ends == NONE { String::new() } else { ends.to_owned() };
        let speed: f64 = part()?.parse().map_err(|_no_number| NotOurs)?;
        let seed = match part()? {
            NONE => None,
            seed => Some(seed.parse().map_err(|_no_number| NotOurs)?),
        };
        let usable = super::SPEEDS.contains(&speed) && parts.next().is_none();
        if usable { Ok(Self { attempt, ends, speed, seed }) } else { Err(NotOurs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_was_made_of() {
        let attempt = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d".parse().unwrap();
        for (ends, speed, seed) in [("", 1.0, None), ("0109", 100.0, Some(7)), ("1", 0.1, Some(u64::MAX))] {
            let reference = Reference { attempt, ends: ends.to_owned(), speed, seed };
            let id = reference.id().unwrap();
            assert_eq!(id.as_str().parse::<Reference>().unwrap(), reference, "{id:?}");
        }
    }

    #[test]
    fn other_ids_are_not_ours() {
        let attempt = "019ab0c27f3e7a519d2c3f0d6a1b2c3d";
        for id in [
            String::new(),
            "sim".to_owned(),
            format!("sim_{attempt}"),
            format!("eng_{attempt}_x_1_x"),
            format!("sim_{attempt}_x_0_x"),
            format!("sim_{attempt}_x_NaN_x"),
            format!("sim_{attempt}_x_inf_x"),
            format!("sim_{attempt}_x_1_-1"),
            format!("sim_{attempt}_x_1_x_x"),
        ] {
            assert!(id.parse::<Reference>().is_err(), "{id}");
        }
    }
}
