//! Query strings, read strictly: an unknown parameter, or one that stands there twice, is refused and never ignored.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use actix_web::HttpRequest;
use jiff::Timestamp;

use super::error::{Code, Problem};
use super::faults::{sentence, shown, unknown};
use super::moment;

/// The parameters of a request.
pub struct Query<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// What a route reads from its query.
pub struct Known {
    /// Parameters it acts on.
    pub now: &'static [&'static str],
    /// Parameters of the contract that this release does not act on yet.
    pub later: &'static [&'static str],
}

/// A route that reads nothing from its query.
pub const NOTHING: Known = Known { now: &[], later: &[] };

impl<'a> Query<'a> {
    /// The parameters of `request`.
    ///
    /// # Errors
    /// 400 for one that is not known, comes twice or is no text; 422 for one that a later release knows.
    pub fn of(request: &'a HttpRequest, known: &Known) -> Result<Self, Problem> {
        let mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            if known.later.contains(&name.as_ref()) {
                let detail = format!("This release does not act on the query parameter '{name}' yet. Leave it out.");
                return Err(Problem::new(Code::NotSupportedYet, detail));
            }
            if !known.now.contains(&name.as_ref()) {
                let known = known.now.iter().copied();
                return Err(invalid(&shown(&name), unknown(&name, known)));
            }
            if pairs.iter().any(|(before, _)| *before == name) {
                return Err(invalid(&name, "stands there twice"));
            }
            if value.contains(['\0', '\u{fffd}']) {
                return Err(invalid(&name, "is no text"));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// One parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_ref())
    }

    /// One parameter, parsed.
    ///
    /// # Errors
    /// 400 with `wanted` at the end of the sentence.
    pub fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Problem> {
        self.get(name).map(|value| value.parse().map_err(|_not_one| invalid(name, wanted))).transpose()
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// 400 when it is anything else.
    pub fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, Problem> {
        let wanted = || invalid(name, format!("must be a whole number from {least} to {most}"));
        let number = |text: &str| {
            // Rust's own parser takes a sign too.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && (least..=most).contains(number)).ok_or_else(wanted)
        };
        self.get(name).map(number).transpose()
    }

    /// A moment.
    ///
    /// # Errors
    /// 400 when it is none.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        // An unescaped `+` of an offset arrives as a space.
        let read = |text: &str| moment::parse(&text.replace(' ', "+"));
        let wanted = || invalid(name, "must be a time like 2026-01-31T09:30:00Z (RFC 3339)");
        self.get(name).map(|text| read(text).ok_or_else(wanted)).transpose()
    }
}

/// 400 about one parameter; `fault` ends a sentence that begins with it.
pub fn invalid(name: &str, fault: impl Display) -> Problem {
    Problem::new(Code::InvalidQuery, sentence(format!("The query parameter '{name}' {fault}")))
}
