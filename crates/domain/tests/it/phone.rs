//! What is a phone number, and what it becomes.

use callgate_domain::model::Phone;
use callgate_domain::model::phone::InvalidPhone;

fn check(text: &str, expected: Result<&str, InvalidPhone>) {
    let parsed = Phone::parse(text);
    assert_eq!(parsed.as_ref().map(Phone::e164).map_err(|error| *error), expected, "{text:?}");
}

#[test]
fn spaces_dashes_brackets_and_a_leading_00_are_dropped() {
    for text in [
        "+996700000000",
        "00996700000000",
        " +996 700 000 000 ",
        "+996-700-000-000",
        "+996 (700) 000-000",
        "(+996) 700000000",
        "+[996]700000000",
        "00 996 700 00 00 00",
        "0 0996700000000",
        "+996\u{a0}700\u{2009}000\u{202f}000",
        "+996\u{2010}700\u{2011}000\u{2012}000",
        "+996\u{2013}700\u{2014}000\u{2212}000",
        "\u{3000}+996700000000",
    ] {
        check(text, Ok("+996700000000"));
    }
}

#[test]
fn a_number_that_is_possible_is_accepted_though_nobody_has_it() {
    check("+12025550123", Ok("+12025550123"));
    check("+996000000000", Ok("+996000000000"));
    check("+15555555555", Ok("+15555555555"));
    check("+77000000000", Ok("+77000000000"));
    check("+390612345678", Ok("+390612345678"));
    check("+80012345678", Ok("+80012345678"));
}

#[test]
fn no_number_has_more_than_15_digits_whatever_its_country_allows() {
    check("+49123456789012", Ok("+49123456789012"));
    check("+491234567890123", Ok("+491234567890123"));
    check("+4912345678901234", Err(InvalidPhone::TooLong));
    check("+49123456789012345", Err(InvalidPhone::TooLong));
    check("+493456", Ok("+493456"));
}

#[test]
fn a_trunk_zero_behind_the_country_code_is_not_dialed() {
    check("+44 (0)20 7946 0958", Ok("+442079460958"));
    check("+49 (0)30 123456", Ok("+4930123456"));
    // With one more it would be another number each time it is read.
    check("+44 (0)0 27946 0007", Err(InvalidPhone::TooLong));
    check("+4400279460007", Err(InvalidPhone::TooLong));
}

#[test]
fn no_country_is_ever_guessed() {
    for text in ["0700000000", "996700000000", "700000000", "8 700 000 00 00", "1", "0"] {
        check(text, Err(InvalidPhone::NoCountryCode));
    }
}

#[test]
fn what_is_no_number_is_refused_in_the_words_of_its_fault() {
    for text in ["", "   ", "\u{a0}", "\t", "\n"] {
        check(text, Err(InvalidPhone::Empty));
    }
    for text in [
        "+996700000000x",
        "+1-800-FLOWERS",
        "tel:+996700000000",
        "+996700000000;ext=12",
        "+996700000000 ext 1",
        "\u{ff0b}996700000000",
        "+\u{ff19}96700000000",
        "+\u{669}\u{669}\u{666}700000000",
        "+996.700.000.000",
        "+996/700000000",
        "++996700000000",
        "+996+700000000",
        "996700000000+",
        "+996700000000\0",
        "+996\t700000000",
        "+996700000000\n",
        "+996700000000#",
        "*+996700000000",
        "\u{200e}+996700000000",
        "\u{feff}+996700000000",
        "null",
    ] {
        check(text, Err(InvalidPhone::Characters));
    }
    for text in ["+0996700000000", "+00996700000000", "000996700000000", "+999700000000", "+21012345678", "00 0"] {
        check(text, Err(InvalidPhone::UnknownCountryCode));
    }
    for text in ["+", "00", "( )+", "+996", "+9967", "+99670000000", "+1202555012", "+1 202"] {
        check(text, Err(InvalidPhone::TooShort));
    }
    for text in ["+99670000000000", "+120255501234", "+99670000000000000000000000", &format!("+{}", "9".repeat(10_000))] {
        check(text, Err(InvalidPhone::TooLong));
    }
}

#[test]
fn what_was_parsed_is_parsed_again_as_itself() {
    for text in ["+996700000000", "+44 (0)20 7946 0958", "0012025550123", "+390612345678", "+541123456789"] {
        let phone = Phone::parse(text).expect("possible");
        assert_eq!(Phone::parse(phone.e164()).as_ref(), Ok(&phone), "{text}");
        assert_eq!(Phone::from_stored(phone.e164().to_owned()), phone);
    }
}

#[test]
fn it_prints_its_last_two_digits_and_no_more() {
    let phone = Phone::parse("+996700123456").expect("possible");
    assert_eq!(format!("{phone:?}"), "Phone(..56)");
    assert_eq!((phone.tail(), phone.last(4), phone.last(99)), ("56", "3456", "996700123456"));
    assert_eq!(Phone::from_stored(String::new()).tail(), "");
}

proptest::proptest! {
    #![proptest_config(crate::made::cases())]

    #[test]
    fn no_text_breaks_it_and_what_it_takes_is_e164(text in "[+0-9 ()\\-\u{2013}\u{661}a]{0,24}") {
        if let Ok(phone) = Phone::parse(&text) {
            let digits = phone.e164().strip_prefix('+').expect("a plus");
            proptest::prop_assert!((7..=15).contains(&digits.len()), "{}", phone.e164());
            proptest::prop_assert!(digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0'));
            proptest::prop_assert_eq!(Phone::parse(phone.e164()), Ok(phone.clone()));
        }
    }
}
