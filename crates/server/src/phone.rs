//! Phone numbers as people read them: in groups, and with their middle hidden in lists.

/// Country codes of two digits; one that begins with none of these and not with 1 or 7 has three (ITU-T E.164).
const TWO_DIGITS: [&str; 43] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53",
    "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94",
    "95",
];
/// The digits that are shown of a number in a list.
const TAIL: usize = 4;

/// `+1 202 555 0142`.
pub fn grouped(e164: &str) -> String {
    let Some((country, rest)) = parts(e164) else { return e164.to_owned() };
    let (head, tail) = rest.split_at_checked(rest.len().saturating_sub(TAIL)).unwrap_or((rest, ""));
    let head: Vec<String> = head.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    [vec![format!("+{country}")], head, vec![tail.to_owned()]].concat().join(" ")
}

/// `+1 202 ••• 0142`, with `hidden` for what is between.
pub fn masked(e164: &str, hidden: &str) -> String {
    let Some((country, rest)) = parts(e164) else { return hidden.to_owned() };
    // A short number would be known by what is left of it.
    let tail = if rest.len() < 2 * TAIL { 2 } else { TAIL };
    let (head, tail) = rest.split_at_checked(rest.len().saturating_sub(tail)).unwrap_or(("", rest));
    let area = if head.len() > 3 { head.get(..3).map(|area| format!(" {area}")).unwrap_or_default() } else { String::new() };
    format!("+{country}{area} {hidden} {tail}")
}

/// Country code and the rest of a number in E.164.
fn parts(e164: &str) -> Option<(&str, &str)> {
    let digits = e164.strip_prefix('+').filter(|digits| digits.len() > TAIL && digits.bytes().all(|b| b.is_ascii_digit()))?;
    let is_one = digits.starts_with(['1', '7']);
    let is_two = digits.get(..2).is_some_and(|two| TWO_DIGITS.contains(&two) || two == "98");
    digits.split_at_checked(if is_one {
        1
    } else if is_two {
        2
    } else {
        3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(e164: &str, expected: &str, expected_masked: &str) {
        assert_eq!((grouped(e164).as_str(), masked(e164, "•••").as_str()), (expected, expected_masked));
    }

    #[test]
    fn numbers_are_grouped_by_country_and_their_middle_can_be_hidden() {
        check("+12025550142", "+1 202 555 0142", "+1 202 ••• 0142");
        check("+996700000000", "+996 700 00 0000", "+996 700 ••• 0000");
        check("+447911123456", "+44 791 112 3456", "+44 791 ••• 3456");
        check("+79161234567", "+7 916 123 4567", "+7 916 ••• 4567");
    }

    #[test]
    fn a_short_number_shows_less_of_itself() {
        check("+2905123", "+290 5123", "+290 ••• 23");
        check("+4930123456", "+49 301 2 3456", "+49 301 ••• 3456");
        check("something", "something", "•••");
    }
}
