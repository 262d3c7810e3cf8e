//! Phone numbers: E.164 on entry, masked in `Debug`.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, ValidationError};

/// An international number in E.164 that is possible: its country code exists and its length fits.
///
/// Whether the range is assigned is not asked, since numbering data ages.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Why a text is not a phone number. Its words follow the text in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Nothing was written.
    #[error("is empty")]
    Empty,
    /// Letters, other digits than 0 to 9, `;ext=`, `tel:` and the like.
    #[error("has characters other than 0-9, '+', spaces, dashes and brackets")]
    Characters,
    /// No `+` and no leading `00`.
    #[error("has no country code")]
    NoCountryCode,
    /// The digits after the `+` begin with no country's code.
    #[error("has an unknown country code")]
    UnknownCountryCode,
    /// Fewer digits than any number of that country has.
    #[error("is too short for its country")]
    TooShort,
    /// More digits than any number of that country has.
    #[error("is too long for its country")]
    TooLong,
    /// A length between those that exist.
    #[error("has a length that no number of its country has")]
    Length,
}

/// Of a number with its country's code (ITU-T E.164). Some countries' own plans go beyond it.
const MOST_DIGITS: usize = 15;

impl Phone {
    /// Drops spaces, dashes, brackets and a leading `00`; guesses no country.
    ///
    /// # Errors
    /// [`InvalidPhone`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        if text.trim().is_empty() {
            return Err(InvalidPhone::Empty);
        }
        let written = Self::strip(text)?;
        let e164 = Self::normalised(&written)?;
        // `+44 (0)0..` is another number each time a trunk prefix is taken away: nobody can tell which one is meant.
        if e164 == written || Self::normalised(&e164)? == e164 { Ok(Self(e164)) } else { Err(InvalidPhone::TooLong) }
    }

    /// Whether it begins with one of these; `+` alone is every number.
    #[must_use]
    pub fn begins_with_any(&self, prefixes: &[String]) -> bool {
        prefixes.iter().any(|prefix| self.0.starts_with(prefix.as_str()))
    }

    /// As it is dialed: without the trunk prefix that people write, as in `+44 (0)20`.
    fn normalised(e164: &str) -> Result<String, InvalidPhone> {
        let number = PHONE_NUMBER_UTIL.parse(e164, None).map_err(|error| match error {
            rlibphonenumber::ParseError::TooShortNsn | rlibphonenumber::ParseError::TooShortAfterIdd => InvalidPhone::TooShort,
            rlibphonenumber::ParseError::TooLongNsn => InvalidPhone::TooLong,
            _ => InvalidPhone::UnknownCountryCode,
        })?;
        match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number) {
            Ok(rlibphonenumber::NumberLengthType::IsPossible) => {
                let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
                if e164.len() > 1 + MOST_DIGITS { Err(InvalidPhone::TooLong) } else { Ok(e164) }
            }
            Ok(rlibphonenumber::NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => {
                Err(InvalidPhone::TooShort)
            }
            Err(ValidationError::TooLong) => Err(InvalidPhone::TooLong),
            Err(ValidationError::InvalidCountryCode) => Err(InvalidPhone::UnknownCountryCode),
            Err(_) => Err(InvalidPhone::Length),
        }
    }

    /// A number that was parsed once, read back from where it was kept.
    #[must_use]
    pub fn from_stored(e164: String) -> Self {
        Self(e164)
    }

    /// What stands in place of a number that was erased: nothing can be dialed or found by it.
    #[must_use]
    pub fn erased() -> Self {
        Self(String::new())
    }

    /// Whether the number was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.0.is_empty()
    }

    /// The number in E.164: `+` and at most 15 digits; empty once it was erased.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The last two digits: all of a number that may be logged.
    #[must_use]
    pub fn tail(&self) -> &str {
        self.last(2)
    }

    /// The last `n` digits, or all of them.
    #[must_use]
    pub fn last(&self, n: usize) -> &str {
        self.0.get(self.0.len().saturating_sub(n).max(1)..).unwrap_or_default()
    }

    fn strip(text: &str) -> Result<String, InvalidPhone> {
        let mut digits = String::with_capacity(16);
        let mut plus = false;
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() && !plus => plus = true,
                // Dashes as people and programs type them: hyphen-minus, and U+2010 to U+2015, U+2212.
                '-' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
                c if c.is_whitespace() && !c.is_control() => {}
                _ => return Err(InvalidPhone::Characters),
            }
            if digits.len() > 32 {
                return Err(InvalidPhone::TooLong);
            }
        }
        let international = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
        match international {
            Some("") => Err(InvalidPhone::TooShort),
            // No country code begins with 0 (ITU-T E.164).
            Some(rest) if rest.starts_with('0') => Err(InvalidPhone::UnknownCountryCode),
            Some(rest) => Ok(format!("+{rest}")),
            None => Err(InvalidPhone::NoCountryCode),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(..{})", self.tail())
    }
}
