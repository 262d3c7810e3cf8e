//! Lengths of time as settings and flags write them: `20s`, `5m`, `24h`, `90d`.

use std::time::Duration;

/// The units, largest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
/// A hundred years: more is a slip of the finger.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// A text that is no length of time. Its words follow the text in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no length of time such as 20s, 5m, 24h or 90d")]
pub struct InvalidDuration;

/// A whole number and one unit.
///
/// # Errors
/// [`InvalidDuration`] for anything else, and for more than a hundred years.
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let (number, seconds) = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or(InvalidDuration)?;
    let number: u64 = number.parse().ok().ok_or(InvalidDuration)?;
    let length = number.checked_mul(seconds).map(Duration::from_secs);
    length.filter(|length| *length <= LONGEST).ok_or(InvalidDuration)
}

/// The same, the other way: in the largest unit that fits without a rest.
#[must_use]
pub fn write(length: Duration) -> String {
    let whole = length.as_secs();
    let fits = UNITS.iter().find(|(_, seconds)| whole > 0 && whole.is_multiple_of(*seconds));
    fits.map_or_else(|| format!("{whole}s"), |(unit, seconds)| format!("{}{unit}", whole / seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: Option<u64>) {
        assert_eq!(parse(text).ok(), seconds.map(Duration::from_secs), "{text}");
    }

    #[test]
    fn a_number_and_a_unit_is_a_length() {
        check("0s", Some(0));
        check("20s", Some(20));
        check("5m", Some(300));
        check("24h", Some(86_400));
        check("90d", Some(7_776_000));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "s", "20", "-1s", "+1s", "1.5h", "1h30m", "20 s", "20S", "99999999999999999999s", "99999999d"] {
            check(text, None);
        }
    }

    #[test]
    fn a_length_is_written_as_it_is_read() {
        for text in ["0s", "45s", "5m", "36h", "90d"] {
            assert_eq!(write(parse(text).unwrap()), text);
        }
    }
}
