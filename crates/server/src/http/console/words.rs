//! How the console says things to people: states, ends, times and lengths. The words are the API's, as sentences.

use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{DeliveryResult, EndedReason, Phone, Status};
use jiff::Timestamp;

use crate::phone;

/// A state with its word and sign; colour comes with both and never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pill {
    /// `live`, `wait`, `bad` or nothing: a class of the stylesheet.
    pub tone: &'static str,
    /// The path of its sign in a box of 12; none where it pulses.
    pub sign: Option<&'static str>,
    /// In sentence case.
    pub word: &'static str,
}

const DONE: &str = "m2 6.5 2.8 2.8L10 3.5";
const CROSS: &str = "m2.5 2.5 7 7M9.5 2.5l-7 7";
const BARRED: &str = "M6 1.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8zM3 9l6-6";
const AGAIN: &str = "M10 6a4 4 0 1 1-1.3-3M10 1.5V4H7.5";
const CLOCK: &str = "M6 1.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8zM6 3.6V6l1.6 1.2";

/// How a state is shown.
#[must_use]
pub const fn pill(status: Status) -> Pill {
    let (tone, sign, word) = match status {
        Status::Scheduled => ("wait", Some(CLOCK), "Scheduled"),
        Status::Queued => ("wait", Some(CLOCK), "Queued"),
        Status::Dialing => ("live", None, "Dialing"),
        Status::Ringing => ("live", None, "Ringing"),
        Status::InProgress => ("live", None, "In progress"),
        Status::Processing => ("live", None, "Processing"),
        Status::Completed => ("", Some(DONE), "Completed"),
        Status::NoAnswer => ("wait", Some(BARRED), "No answer"),
        Status::Busy => ("wait", Some(BARRED), "Busy"),
        Status::Failed => ("bad", Some(CROSS), "Failed"),
        Status::Canceled => ("", Some(CROSS), "Canceled"),
        Status::Expired => ("bad", Some(CLOCK), "Expired"),
        Status::Blocked => ("bad", Some(BARRED), "Blocked"),
    };
    Pill { tone, sign, word }
}

/// How a delivery is shown.
#[must_use]
pub const fn delivery(result: DeliveryResult, tries: u16) -> Pill {
    let (tone, sign, word) = match (result, tries) {
        (DeliveryResult::Pending, 0) => ("wait", CLOCK, "Waiting"),
        (DeliveryResult::Pending, _) => ("wait", AGAIN, "Retrying"),
        (DeliveryResult::Delivered, _) => ("", DONE, "Delivered"),
        (DeliveryResult::Failed, _) => ("bad", CROSS, "Gave up"),
    };
    Pill { tone, sign: Some(sign), word }
}

/// An endpoint where notices come through.
pub const RECEIVING: Pill = Pill { tone: "", sign: Some(DONE), word: "Receiving" };
/// One where nothing comes through.
pub const FAILING: Pill = Pill { tone: "bad", sign: Some(CROSS), word: "Failing" };
/// One that is sent nothing.
pub const DISABLED: Pill = Pill { tone: "wait", sign: Some(BARRED), word: "Disabled" };

/// How a call ended, in one sentence without its full stop.
#[must_use]
pub const fn ended(reason: EndedReason) -> &'static str {
    match reason {
        EndedReason::UserHangup => "The user hung up",
        EndedReason::AgentHangup => "The agent hung up",
        EndedReason::MaxDuration => "It reached its longest duration",
        EndedReason::Silence => "Nobody spoke for too long",
        EndedReason::Voicemail => "A voicemail answered",
        EndedReason::Declined => "The user declined",
        EndedReason::NoAnswer => "Nobody answered",
        EndedReason::Busy => "The line was busy",
        EndedReason::Unreachable => "The number could not be reached",
        EndedReason::InvalidNumber => "There is no such number",
        EndedReason::CarrierRejected => "The carrier refused the call",
        EndedReason::CanceledByClient => "The client canceled it",
        EndedReason::QueueTimeout => "It waited too long to be dialed",
        EndedReason::ScheduleExpired => "Its window was over before it was dialed",
        EndedReason::Suppressed => "The number is not to be called",
        EndedReason::LimitReached => "A limit was reached",
        EndedReason::OutsideCallingHours => "It was outside calling hours",
        EndedReason::DestinationNotAllowed => "The number is not on the list of those that may be called",
        EndedReason::ProviderError => "The provider could not place it",
        EndedReason::ProviderTimeout => "The provider never told how it ended",
        EndedReason::AgentError => "The agent failed",
        EndedReason::GatewayError => "The gateway failed",
        EndedReason::OutcomeUnknown => "Whether it rang is not known",
        EndedReason::Unknown => "How it ended is not known",
    }
}

/// `1:04`, `1:02:09`.
#[must_use]
pub fn length(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `now`, `40 s ago`, `4 min ago`, `3 h ago`, `2 d ago`.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = elapsed(at, now).as_secs();
    match seconds {
        0..5 => "now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `in 40 s`, `in 12 min`, `in 3 h`.
#[must_use]
pub fn until(at: Timestamp, now: Timestamp) -> String {
    let seconds = elapsed(now, at).as_secs();
    match seconds {
        0..60 => format!("in {seconds} s"),
        60..3_600 => format!("in {} min", seconds / 60),
        3_600..86_400 => format!("in {} h", seconds / 3_600),
        _ => format!("in {} d", seconds / 86_400),
    }
}

/// `84 ms`, `4.8 s`, `2 min`.
#[must_use]
pub fn took(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds:.1} s"),
        whole => format!("{} min", whole / 60),
    }
}

/// A time for machines, in a `datetime`.
#[must_use]
pub fn exact(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A number with its middle hidden, or whole; what was erased is said to be.
#[must_use]
pub fn number(of: &Phone, whole: bool) -> String {
    match (of.is_erased(), whole) {
        (true, _) => "erased".to_owned(),
        (false, true) => phone::grouped(of.e164()),
        (false, false) => phone::masked(of.e164(), "•••"),
    }
}

/// `82%`, `99.2%`; never rounded up to all or down to none.
#[must_use]
pub fn share(of: u32, all: u32) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    let percent = f64::from(of) * 100.0 / f64::from(all);
    let tenths = (percent * 10.0).round() / 10.0;
    match () {
        () if of == all => "100%".to_owned(),
        () if of > 0 && tenths < 0.1 => "0.1%".to_owned(),
        () if tenths >= 100.0 => "99.9%".to_owned(),
        () if (tenths - tenths.round()).abs() < f64::EPSILON => format!("{tenths:.0}%"),
        () => format!("{tenths:.1}%"),
    }
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::moment::later;

    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let at = Timestamp::UNIX_EPOCH;
        let check = |seconds, expected_ago: &str, expected_until: &str| {
            let then = later(at, Duration::from_secs(seconds));
            assert_eq!((ago(at, then).as_str(), until(then, at).as_str()), (expected_ago, expected_until));
        };
        check(0, "now", "in 0 s");
        check(59, "59 s ago", "in 59 s");
        check(240, "4 min ago", "in 4 min");
        check(7_300, "2 h ago", "in 2 h");
        check(200_000, "2 d ago", "in 2 d");
        // Clocks differ: nothing is in the future.
        assert_eq!(ago(later(at, Duration::from_secs(9)), at), "now");
    }

    #[test]
    fn lengths_have_hours_only_where_there_are_some() {
        assert_eq!([length(0), length(64), length(3_729)], ["0:00", "1:04", "1:02:09"]);
        assert_eq!([took(Duration::from_millis(204)), took(Duration::from_secs(125))], ["204 ms", "2 min"]);
    }

    #[test]
    fn every_state_and_every_end_has_words_of_its_own() {
        let mut words: Vec<_> = Status::ALL.iter().map(|status| pill(*status).word).collect();
        words.extend(EndedReason::ALL.iter().map(|reason| ended(*reason)));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all_or_down_to_none() {
        for (of, all, expected) in [
            (0, 0, "-"),
            (0, 7, "0%"),
            (82, 100, "82%"),
            (2, 3, "66.7%"),
            (7, 7, "100%"),
            (99_999, 100_000, "99.9%"),
            (1, 100_000, "0.1%"),
        ] {
            assert_eq!(share(of, all), expected, "{of} of {all}");
        }
    }
}
