//! How fast a connection may be asked: never more in any second, whatever the clock does.

use std::time::Duration;

use callgate_domain::model::moment::later;
use callgate_domain::model::rate::{LONGEST_PAUSE, Rate};
use jiff::Timestamp;

use crate::made::at;

fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(at(0).as_millisecond() + millis).unwrap()
}

/// Takes whatever it may at each moment; how much that was.
fn check(per_second: u32, moments: &[i64], expected: &[u32]) {
    let mut rate = Rate::default();
    let taken: Vec<_> = moments
        .iter()
        .map(|at| {
            let left = rate.left(Some(per_second), ms(*at));
            rate.take(left, ms(*at));
            left
        })
        .collect();
    assert_eq!(taken, expected, "{moments:?}");
}

#[test]
fn what_was_taken_counts_until_a_whole_second_has_passed() {
    check(5, &[0, 1, 500, 999, 1_000, 1_019, 1_020, 1_021, 60_000], &[5, 0, 0, 0, 0, 0, 5, 0, 5]);
    check(1, &[19, 1_019, 1_020, 2_039, 2_040], &[1, 0, 1, 0, 1]);
}

#[test]
fn however_it_is_asked_no_second_has_more_than_the_rate_and_little_is_lost() {
    let (mut rate, mut taken) = (Rate::default(), Vec::new());
    for millis in (0..20_000).step_by(7) {
        let now = ms(millis);
        let wanted = rate.left(Some(40), now).min(u32::try_from(millis % 3).unwrap());
        rate.take(wanted, now);
        taken.extend(std::iter::repeat_n(millis, usize::try_from(wanted).unwrap()));
    }
    let busiest = taken.iter().map(|from| taken.iter().filter(|at| (*from..from + 1_000).contains(at)).count()).max();
    assert_eq!(busiest, Some(40));
    assert!(taken.len() > 20 * 39, "{}", taken.len());
    assert!(rate.taken.len() <= 52, "what is remembered is bounded");
}

#[test]
fn a_clock_that_is_set_back_holds_it_up_for_a_second_at_most() {
    check(5, &[3_600_000, 0, 1_000, 1_020], &[5, 0, 0, 5]);
    check(5, &[3_600_000, 3_600_500, 10], &[5, 0, 0]);
    let mut rate = Rate::default();
    rate.pause(later(ms(3_600_000), Duration::from_secs(30)));
    assert_eq!(rate.left(Some(5), ms(0)), 5, "no provider asks for a pause of an hour");
}

#[test]
fn a_pause_ends_by_itself_and_a_shorter_one_does_not_shorten_it() {
    for per_second in [None, Some(5)] {
        let mut rate = Rate::default();
        rate.pause(at(10));
        rate.pause(at(5));
        let left = [0, 9, 10, 11].map(|seconds| rate.left(per_second, at(seconds)) > 0);
        assert_eq!(left, [false, false, true, true]);
    }
    let mut rate = Rate::default();
    rate.pause(later(at(0), LONGEST_PAUSE));
    assert_eq!(rate.opens_in(None, at(0)), Some(LONGEST_PAUSE));
}

#[test]
fn it_tells_when_there_is_room_again() {
    let mut rate = Rate::default();
    assert_eq!(rate.opens_in(Some(2), ms(5)), None);
    rate.take(1, ms(5));
    assert_eq!(rate.opens_in(Some(2), ms(5)), None);
    rate.take(1, ms(100));
    assert_eq!(rate.opens_in(Some(2), ms(100)), Some(Duration::from_millis(920)));
    assert_eq!(rate.left(Some(2), ms(1_019)), 0);
    assert_eq!(rate.left(Some(2), ms(1_020)), 1);
    assert_eq!(rate.opens_in(None, ms(100)), None, "no limit");
}
