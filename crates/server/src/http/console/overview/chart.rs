//! Calls by hour: bars of three parts, and the same numbers as a table. Only numbers are decided here; the template draws.

use std::time::Duration;

use callgate_domain::model::Status;
use callgate_domain::model::moment::later;
use callgate_domain::ports::Accepted;
use jiff::Timestamp;

use super::super::words;
use crate::figures::Day;

/// The drawing's size, and where its bars stand in it.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 30.0;
const TOP: f64 = 12.0;
const BASE: f64 = 128.0;
const BAR: f64 = 19.0;
/// Between the parts of a bar.
const GAP: f64 = 1.5;
const HOURS: u32 = 24;

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Parts of bars.
    pub bars: Vec<Bar>,
    /// Lines across, with their numbers.
    pub lines: Vec<Line>,
    /// Hours below.
    pub labels: Vec<Label>,
    /// The same as a table.
    pub rows: Vec<Row>,
    /// In one sentence.
    pub says: String,
}

/// A part of a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// A class of the stylesheet.
    pub class: &'static str,
    /// Where it stands.
    pub x: String,
    /// Its upper edge.
    pub y: String,
    /// How high it is.
    pub height: String,
}

/// A line across.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it lies.
    pub y: String,
    /// Where its number stands.
    pub text_y: String,
    /// Calls.
    pub calls: u32,
}

/// An hour below.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its middle.
    pub x: String,
    /// `09:00`, in UTC.
    pub shown: String,
    /// The same for machines.
    pub exact: String,
    /// Left out where there is little room.
    pub is_odd: bool,
}

/// An hour of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `09:00`, in UTC.
    pub shown: String,
    /// The same for machines.
    pub exact: String,
    /// Completed; no answer or busy; failed; any other status.
    pub counts: [u32; 4],
}

impl Chart {
    /// The chart of a day until now.
    pub fn of(day: &Day) -> Self {
        let hours: Vec<[u32; 4]> = day.hours.iter().map(grouped).collect();
        let drawn = |counts: &[u32; 4]| counts.iter().take(3).sum::<u32>();
        let top = rounded(hours.iter().map(drawn).max().unwrap_or_default());
        let moments: Vec<Timestamp> = (0..HOURS).map(|hour| later(day.began, Duration::from_hours(hour.into()))).collect();
        let mut bars = Vec::new();
        for (nth, counts) in hours.iter().enumerate() {
            bars.extend(bar(at(nth), counts, top));
        }
        let label = |nth: usize, at_hour: &Timestamp| Label {
            x: fixed(at(nth) + BAR / 2.0),
            shown: shown(*at_hour),
            exact: words::exact(*at_hour),
            is_odd: nth % 6 == 3,
        };
        let row = |(at, counts): (&Timestamp, &[u32; 4])| Row { shown: shown(*at), exact: words::exact(*at), counts: *counts };
        Self {
            bars,
            lines: [0, top / 2, top].into_iter().map(|calls| line(calls, top)).collect(),
            labels: moments.iter().enumerate().filter(|(nth, _)| nth % 3 == 0).map(|(nth, at)| label(nth, at)).collect(),
            rows: moments.iter().zip(&hours).map(row).collect(),
            says: says(&moments, &hours),
        }
    }
}

fn grouped(counts: &Accepted) -> [u32; 4] {
    let mut groups = [0_u32; 4];
    let [completed, unanswered, failed, other] = &mut groups;
    for ((_, status), count) in counts {
        let group = match status {
            Status::Completed => &mut *completed,
            Status::NoAnswer | Status::Busy => &mut *unanswered,
            Status::Failed | Status::Expired | Status::Blocked => &mut *failed,
            _ => &mut *other,
        };
        *group = group.saturating_add(*count);
    }
    groups
}

fn bar(x: f64, counts: &[u32; 4], top: u32) -> Vec<Bar> {
    let mut from = BASE;
    let mut parts = Vec::new();
    for (class, count) in ["a", "b", "c"].into_iter().zip(counts).filter(|(_, count)| **count > 0) {
        let height = (height(*count, top) - GAP).max(1.0);
        from -= height;
        parts.push(Bar { class, x: fixed(x), y: fixed(from), height: fixed(height) });
        from -= GAP;
    }
    parts
}

fn line(calls: u32, top: u32) -> Line {
    let y = BASE - height(calls, top);
    Line { y: fixed(y), text_y: fixed(y + 4.0), calls }
}

fn height(count: u32, top: u32) -> f64 {
    (BASE - TOP) * f64::from(count) / f64::from(top.max(1))
}

fn at(hour: usize) -> f64 {
    let slot = (WIDTH - LEFT) / f64::from(HOURS);
    LEFT + slot * f64::from(u32::try_from(hour).unwrap_or(HOURS)) + (slot - BAR) / 2.0
}

/// The next round number that has a half: 2, 4, 10, 20, 40, 100 and so on.
fn rounded(most: u32) -> u32 {
    let mut ten = 1_u32;
    loop {
        if let Some(fits) = [2_u32, 4, 10].into_iter().map(|step| step.saturating_mul(ten)).find(|step| *step >= most) {
            return fits;
        }
        ten = ten.saturating_mul(10);
    }
}

fn says(moments: &[Timestamp], hours: &[[u32; 4]]) -> String {
    let busiest = moments.iter().zip(hours).map(|(at, counts)| (counts.iter().sum::<u32>(), *at)).max_by_key(|(count, at)| {
        // Of equals the first.
        (*count, std::cmp::Reverse(*at))
    });
    let failed: u32 = hours.iter().map(|[_, _, failed, _]| failed).sum();
    match busiest {
        Some((1.., at)) if failed > 0 => format!("Calls by hour today: most at {}; {failed} failed in all", shown(at)),
        Some((1.., at)) => format!("Calls by hour today: most at {}; none failed", shown(at)),
        _ => "Calls by hour today: none yet".to_owned(),
    }
}

fn shown(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

fn fixed(number: f64) -> String {
    format!("{number:.1}")
}

#[cfg(test)]
mod tests {
    use callgate_domain::ports::{Deliveries, Middles};
    use callgate_domain::testing::builders::agent;

    use super::*;

    fn day(hours: Vec<Accepted>) -> Day {
        let (middles, deliveries) = (Middles::default(), Deliveries::default());
        Day { began: Timestamp::UNIX_EPOCH, hours, yesterday: 0, middles, deliveries }
    }

    #[test]
    fn a_bar_stands_on_the_base_and_its_parts_on_one_another() {
        let of = |key: &str, status| (agent(key), status);
        let counts = Accepted::from([
            (of("akylai", Status::Completed), 1),
            (of("altai", Status::Completed), 3),
            (of("akylai", Status::Busy), 1),
            (of("akylai", Status::NoAnswer), 1),
            (of("altai", Status::Expired), 1),
        ]);
        let other = Accepted::from([(of("altai", Status::Canceled), 90), (of("altai", Status::Queued), 1)]);
        let chart = Chart::of(&day(vec![counts, other]));
        let seen: Vec<_> = chart.bars.iter().map(|bar| (bar.class, bar.y.as_str(), bar.height.as_str())).collect();
        assert_eq!(seen, [("a", "83.1", "44.9"), ("b", "59.9", "21.7"), ("c", "48.3", "10.1")]);
        assert_eq!(chart.rows.iter().map(|row| row.counts).collect::<Vec<_>>(), [[4, 2, 1, 0], [0, 0, 0, 91]]);
        assert_eq!(
            chart.lines.iter().map(|line| (line.calls, line.y.as_str())).collect::<Vec<_>>(),
            [(0, "128.0"), (5, "70.0"), (10, "12.0")]
        );
        assert_eq!(chart.says, "Calls by hour today: most at 01:00; 1 failed in all");
    }

    #[test]
    fn a_day_without_calls_has_its_hours_all_the_same() {
        let chart = Chart::of(&day(vec![Accepted::new()]));
        assert_eq!((chart.bars.len(), chart.says.as_str()), (0, "Calls by hour today: none yet"));
        let labels: Vec<_> = chart.labels.iter().map(|label| label.shown.as_str()).collect();
        assert_eq!(labels, ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
    }

    #[test]
    fn the_scale_is_round_and_high_enough() {
        let seen = [0, 1, 3, 5, 11, 25, 41, 4_001].map(rounded);
        assert_eq!(seen, [2, 2, 4, 10, 20, 40, 100, 10_000]);
        assert!(rounded(u32::MAX) > 0);
    }
}
