//! Moments as clients write them: RFC 3339 and nothing beside it.

use callgate_domain::model::moment::to_micros;
use jiff::Timestamp;

/// A moment in whole microseconds; `None` for anything that is not `2026-01-31T09:30:00Z` or the like.
pub fn parse(text: &str) -> Option<Timestamp> {
    // The library reads more than RFC 3339: week dates, zones in brackets, no seconds.
    has_shape(text.as_bytes()).then(|| text.parse().ok().map(to_micros)).flatten()
}

fn has_shape(text: &[u8]) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    let shaped = date_time.iter().zip(b"dddd-dd-ddTdd:dd:dd").all(|(is, wanted)| match wanted {
        b'd' => is.is_ascii_digit(),
        b'T' => matches!(is, b'T' | b't'),
        exact => is == exact,
    });
    let rest = match rest.strip_prefix(b".") {
        Some(rest) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (1..=9) = digits else { return false };
            rest.get(digits..).unwrap_or_default()
        }
        None => rest,
    };
    let offset = match rest {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    shaped && offset
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn a_time_of_rfc_3339_is_read() {
        check("2026-01-31T09:30:00Z", Some("2026-01-31T09:30:00Z"));
        check("2026-01-31t09:30:00.5z", Some("2026-01-31T09:30:00.5Z"));
        check("2026-01-31T09:30:00+06:00", Some("2026-01-31T03:30:00Z"));
        check("2026-01-31T09:30:00.1234567-00:00", Some("2026-01-31T09:30:00.123456Z"));
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:30Z",
            "2026-01-31 09:30:00Z",
            "2026-01-31T09:30:00",
            "2026-01-31T09:30:00.Z",
            "2026-01-31T09:30:00+06",
            "2026-01-31T09:30:00Z[UTC]",
            "2026-02-30T09:30:00Z",
            "2026-01-31T25:30:00Z",
            "20260131T093000Z",
            "1769851800",
        ] {
            check(text, None);
        }
    }
}
