//! The clock: calls end, and signatures count, by the time of day.

use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use jiff::Timestamp;

use super::Finding;

const CHECK: &str = "clock";
/// Further apart is a fault: webhooks are verified within minutes.
pub const MOST_APART: Duration = Duration::from_secs(30);

/// Compares ours with another's.
pub fn against(whose: &str, theirs: Timestamp, ours: Timestamp, found: &mut Vec<Finding>) {
    is_apart(whose, elapsed(ours.min(theirs), ours.max(theirs)), found);
}

/// Says how far ours is from another's.
pub fn is_apart(whose: &str, apart: Duration, found: &mut Vec<Finding>) {
    let seconds = apart.as_secs();
    found.push(if apart > MOST_APART {
        let fix = "Set this machine's clock by a time server (timedatectl set-ntp true)";
        Finding::fault(CHECK, format!("{seconds} s off, as the {whose} has it"), fix)
    } else {
        Finding::good(CHECK, format!("within {} s of the {whose}'s", seconds.saturating_add(1)))
    });
}
