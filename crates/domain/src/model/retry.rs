//! A client's plan for further tries under one `call_id`.

use std::time::Duration;

use super::call::CallState;

/// Which proven ends are followed by another try, how often, and after how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPlan {
    /// `NoAnswer`, `Busy` or both.
    pub on: Vec<CallState>,
    /// Further tries: 1 to 5.
    pub max: u16,
    /// The delay before each further try; the last one serves for all beyond the list.
    pub delays: Vec<Duration>,
}

impl RetryPlan {
    /// The ends that another try may follow, in the order in which plans hold them.
    pub const ENDS: [CallState; 2] = [CallState::NoAnswer, CallState::Busy];
    /// The most further tries.
    pub const MOST: u16 = 5;
    /// Where a client names no delay.
    pub const USUAL_DELAY: Duration = Duration::from_mins(15);
    /// The shortest delay.
    pub const SHORTEST_DELAY: Duration = Duration::from_secs(1);
    /// The longest delay.
    pub const LONGEST_DELAY: Duration = Duration::from_hours(7 * 24);

    /// The delay before the try after number `try_number` (the first is 1); `None` when no try is left.
    #[must_use]
    pub fn delay_after(&self, try_number: u16) -> Option<Duration> {
        if try_number > self.max {
            return None;
        }
        let nth = usize::from(try_number.saturating_sub(1));
        Some(self.delays.get(nth).or(self.delays.last()).copied().unwrap_or_default())
    }
}
