//! Settings as a tree in which every value knows where it came from, and the merging of such trees.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Default,
    /// A line of a file.
    File(Arc<str>, usize),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What was written.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// What can be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string; what a variable or a flag says is one always, and typed by its target.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Real(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A list.
    List(Vec<Node>),
    /// A section, or an inline table.
    Table(Table),
}

/// A section: its settings by name.
pub type Table = BTreeMap<String, Node>;

impl Origin {
    /// Whether values from here are strings that their target types.
    pub const fn is_untyped(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Flag(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name, line) => write!(f, "{name}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

impl Value {
    /// The word for what it is, in a sentence.
    pub const fn sort(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Whole(_) | Self::Real(_) => "a number",
            Self::Truth(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
        }
    }
}

/// As TOML writes it, except that a string on its own has no quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            other => f.write_str(&other.in_toml()),
        }
    }
}

impl Value {
    /// As TOML writes it.
    pub fn in_toml(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Whole(number) => number.to_string(),
            Self::Real(number) => format!("{number:?}"),
            Self::Truth(truth) => truth.to_string(),
            Self::List(list) => {
                format!("[{}]", list.iter().map(|node| node.value.in_toml()).collect::<Vec<_>>().join(", "))
            }
            Self::Table(table) => {
                let pairs = table.iter().map(|(key, node)| format!("{key} = {}", node.value.in_toml()));
                format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Puts `over` above `under`: sections are merged, everything else is replaced.
pub fn overlay(under: &mut Table, over: Table) {
    for (key, node) in over {
        match (under.get_mut(&key), node) {
            (Some(Node { value: Value::Table(held), origin }), Node { value: Value::Table(table), origin: newer }) => {
                // A section is where a file writes it; a variable that adds one value to it is not.
                if *origin == Origin::Default {
                    *origin = newer;
                }
                overlay(held, table);
            }
            (_, node) => {
                under.insert(key, node);
            }
        }
    }
}

/// Reads the text of a TOML file; `origin` makes the origin of a line.
///
/// # Errors
/// Everything that is no TOML, each with its line.
pub fn parse(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Table, Vec<Fault>> {
    let lines = Lines { text, origin };
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut faults: Vec<_> = errors
        .iter()
        .map(|error| {
            let at = lines.at(error.span().map_or(0, |span| span.start));
            Fault::at(&at, format!("is not TOML: {}", error.message().replace('\n', " ")))
        })
        .collect();
    if faults.is_empty() {
        let table = lines.table(document.get_ref(), &mut faults);
        if faults.is_empty() {
            return Ok(table);
        }
    }
    Err(faults)
}

struct Lines<'a> {
    text: &'a str,
    origin: &'a dyn Fn(usize) -> Origin,
}

impl Lines<'_> {
    fn at(&self, byte: usize) -> Origin {
        let before = self.text.as_bytes().get(..byte).unwrap_or(self.text.as_bytes());
        (self.origin)(before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1))
    }

    fn table(&self, table: &DeTable<'_>, faults: &mut Vec<Fault>) -> Table {
        let nodes = table.iter().filter_map(|(key, value)| {
            let origin = self.at(key.span().start);
            let name = key.get_ref().to_string();
            self.value(&name, value, &origin, faults).map(|value| (name, Node { value, origin }))
        });
        nodes.collect()
    }

    fn value(&self, name: &str, value: &Spanned<DeValue<'_>>, origin: &Origin, faults: &mut Vec<Fault>) -> Option<Value> {
        match value.get_ref() {
            DeValue::String(text) => Some(Value::Text(text.to_string())),
            DeValue::Boolean(truth) => Some(Value::Truth(*truth)),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Some(Value::Whole(number)),
                Err(_) => refuse(faults, origin, format!("{name} holds a number that is too large")),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Some(Value::Real(number)),
                Err(_) => refuse(faults, origin, format!("{name} holds something that is no number")),
            },
            DeValue::Datetime(_) => refuse(faults, origin, format!("{name} holds a date; no setting is one")),
            DeValue::Array(list) => {
                let nodes = list.iter().filter_map(|item| {
                    let origin = self.at(item.span().start);
                    self.value(name, item, &origin, faults).map(|value| Node { value, origin })
                });
                Some(Value::List(nodes.collect()))
            }
            DeValue::Table(table) => Some(Value::Table(self.table(table, faults))),
        }
    }
}

fn refuse(faults: &mut Vec<Fault>, origin: &Origin, what: String) -> Option<Value> {
    faults.push(Fault::at(origin, what));
    None
}
