//! Reading one section: each setting by name and type, with its faults and its source noted, and whatever nobody asked
//! for refused by the name it was probably meant to be.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use callgate_domain::model::nearest::nearest;

use super::environment::Environment;
use super::fault::Fault;
use super::sources::Source;
use super::tree::{Node, Origin, Table, Value};
use crate::duration;

/// What reading notes down.
pub struct Book<'a> {
    /// Where secrets may be kept.
    pub environment: &'a Environment,
    /// What is wrong.
    pub faults: RefCell<Vec<Fault>>,
    /// What was read.
    pub sources: RefCell<Vec<Source>>,
}

/// A section under way.
pub struct Section<'a> {
    /// Its name with those around it: `connections.vapi`.
    pub path: String,
    /// Where it begins.
    pub origin: &'a Origin,
    book: &'a Book<'a>,
    table: &'a Table,
    asked: RefCell<Vec<&'a str>>,
}

static NOWHERE: Origin = Origin::Default;
static NOTHING: Table = Table::new();

impl<'a> Section<'a> {
    /// The whole tree.
    pub fn root(table: &'a Table, book: &'a Book<'a>) -> Self {
        Self { path: String::new(), origin: &NOWHERE, book, table, asked: RefCell::default() }
    }

    /// What is written under a name, and that the name is known.
    pub fn node(&self, name: &'a str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(name);
        self.table.get(name)
    }

    /// A section inside; an empty one where it is not written.
    pub fn section(&self, name: &'a str) -> Self {
        match self.node(name) {
            Some(node) => self.inside(name, node),
            None => self.over(name, &NOTHING, &NOWHERE),
        }
    }

    /// All sections inside, under names of somebody's choosing.
    pub fn sections(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a, '_> {
        self.table.iter().map(|(name, node)| {
            self.asked.borrow_mut().push(name);
            (name.as_str(), self.inside(name, node))
        })
    }

    fn inside(&self, name: &str, node: &'a Node) -> Self {
        match &node.value {
            Value::Table(table) => self.over(name, table, &node.origin),
            other => {
                self.fault(&node.origin, format!("{} must be a section, not {}", self.full(name), other.sort()), None);
                self.over(name, &NOTHING, &node.origin)
            }
        }
    }

    fn over(&self, name: &str, table: &'a Table, origin: &'a Origin) -> Self {
        Self { path: self.full(name), origin, book: self.book, table, asked: RefCell::default() }
    }

    /// The full name of a setting in here.
    pub fn full(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes that something is wrong.
    pub fn fault(&self, origin: &Origin, what: impl Into<String>, then: Option<String>) {
        self.book.faults.borrow_mut().push(Fault { then, ..Fault::at(origin, what) });
    }

    /// Notes an effective value.
    pub fn note(&self, name: &str, value: impl Display, origin: &Origin) {
        self.book.sources.borrow_mut().push(Source::new(self.full(name), value.to_string(), origin));
    }

    /// The environment, for secrets.
    pub fn environment(&self) -> &'a Environment {
        self.book.environment
    }

    /// A setting read by `read`, which says what it must be where it is not.
    pub fn read<T>(&self, name: &'a str, read: impl FnOnce(&Node) -> Result<T, String>) -> Option<T> {
        let Some(node) = self.node(name) else {
            self.note(name, "-", &NOWHERE);
            return None;
        };
        self.note(name, &node.value, &node.origin);
        match read(node) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(&node.origin, format!("{} {fault}", self.full(name)), None);
                None
            }
        }
    }

    /// A string.
    pub fn text(&self, name: &'a str) -> Option<String> {
        self.read(name, |node| text(node).map(str::to_owned))
    }

    /// A whole number within bounds.
    pub fn whole(&self, name: &'a str, bounds: RangeInclusive<u32>) -> Option<u32> {
        self.read(name, |node| {
            let number = match &node.value {
                Value::Whole(number) => Some(*number),
                Value::Text(text) if node.origin.is_untyped() => text.parse().ok(),
                _ => None,
            };
            let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| bounds.contains(number));
            number.ok_or_else(|| match bounds.end() {
                &u32::MAX => format!("must be a whole number, {} or more", bounds.start()),
                end => format!("must be a whole number from {} to {end}", bounds.start()),
            })
        })
    }

    /// A number of which 0 means that there is no limit.
    pub fn limit(&self, name: &'a str) -> Option<u32> {
        self.whole(name, 0..=u32::MAX).filter(|limit| *limit > 0)
    }

    /// `true` or `false`, and nothing else.
    pub fn truth(&self, name: &'a str) -> Option<bool> {
        self.read(name, |node| match &node.value {
            Value::Truth(truth) => Ok(*truth),
            Value::Text(text) if node.origin.is_untyped() && text == "true" => Ok(true),
            Value::Text(text) if node.origin.is_untyped() && text == "false" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        })
    }

    /// One of a few words, and what each means.
    pub fn one_of<T: Copy, const N: usize>(&self, name: &'a str, words: [(&str, T); N]) -> Option<T> {
        self.read(name, |node| {
            let meant = match &node.value {
                Value::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, meant)| *meant),
                _ => None,
            };
            let all = words.map(|(word, _)| format!("\"{word}\"")).join(" or ");
            meant.ok_or_else(|| format!("must be {all}"))
        })
    }

    /// A length of time within bounds.
    pub fn duration(&self, name: &'a str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        self.read(name, |node| {
            let Value::Text(text) = &node.value else {
                return Err("must be a length of time in quotes, such as \"20s\", \"5m\", \"24h\" or \"90d\"".to_owned());
            };
            let length = duration::parse(text).map_err(|error| format!("= {text:?} {error}"))?;
            if bounds.contains(&length) {
                return Ok(length);
            }
            Err(format!("must be {} to {}", duration::write(*bounds.start()), duration::write(*bounds.end())))
        })
    }

    /// A list of strings, each of which is something.
    pub fn list<T: FromStr<Err: Display>>(&self, name: &'a str) -> Option<Vec<T>> {
        self.read(name, |node| match &node.value {
            Value::List(items) => {
                let items = items.iter().map(|item| {
                    let text = text(item)?;
                    text.parse().map_err(|error: T::Err| format!("holds {text:?}, which {error}"))
                });
                items.collect()
            }
            _ if node.origin.is_untyped() => Err("is a list, which only the file can hold".to_owned()),
            _ => Err("must be a list of strings, such as [\"…\"]".to_owned()),
        })
    }

    /// A setting that this release does not act on: accepted only as it is where nobody says anything.
    pub fn not_yet(&self, name: &'a str, default: Option<&Value>) {
        let Some(node) = self.node(name) else { return };
        self.note(name, &node.value, &node.origin);
        let same = match (&node.value, default) {
            (Value::Text(text), Some(default)) if node.origin.is_untyped() => *text == default.to_string(),
            (value, default) => Some(value) == default,
        };
        if !same {
            let then = match default {
                Some(default) => format!("Leave it out, or write its default: {name} = {}", default.in_toml()),
                None => "Leave it out".to_owned(),
            };
            self.fault(&node.origin, format!("{} = {} is not supported yet", self.full(name), node.value.in_toml()), Some(then));
        }
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (name, node) in self.table.iter().filter(|(name, _)| !asked.contains(&name.as_str())) {
            let then = match nearest(name, asked.iter().copied()) {
                Some(meant) => format!("Did you mean {}?", self.full(meant)),
                None if asked.is_empty() => "It has no settings".to_owned(),
                None => format!("Known here: {}", known(&asked)),
            };
            self.fault(&node.origin, format!("there is no setting {}", self.full(name)), Some(then));
        }
    }
}

fn known(asked: &[&str]) -> String {
    let mut names = asked.to_vec();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn text(node: &Node) -> Result<&str, String> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => Err(format!("must be a string in quotes, not {}", other.sort())),
    }
}
