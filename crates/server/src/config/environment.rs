//! The environment: `CALLGATE__SECTION__KEY` for any scalar of the file, and the program's own names.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::tree::{Node, Origin, Table, Value};

/// Before the sections of a setting, and between them.
const BETWEEN: &str = "__";

/// Environment variables, taken once: a test can give its own.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// This process's. What is not UTF-8 cannot be one of ours.
    #[must_use]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect(),
        )
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable, empty or not.
    #[must_use]
    pub fn get_even_empty(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The settings that `CALLGATE__…` variables override.
    pub(super) fn settings(&self, faults: &mut Vec<Fault>) -> Table {
        let mut table = Table::new();
        let prefix = format!("{}{BETWEEN}", crate::NAME.to_ascii_uppercase());
        for (name, value) in &self.0 {
            let Some(path) = name.strip_prefix(&prefix) else { continue };
            let path = path.to_ascii_lowercase();
            let origin = Origin::Variable(name.clone());
            let put = put(&mut table, &path.split(BETWEEN).collect::<Vec<_>>(), value, &origin);
            if let Err(fault) = put {
                faults.push(fault);
            }
        }
        table
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

fn put(table: &mut Table, path: &[&str], value: &str, origin: &Origin) -> Result<(), Fault> {
    let fault = || {
        Fault::at(origin, "names no setting")
            .then("Write it as CALLGATE__SECTION__KEY, for example CALLGATE__CALLS__MAX_DURATION=15m")
    };
    match path {
        [] | [""] => Err(fault()),
        [last] => {
            table.insert((*last).to_owned(), Node { value: Value::Text(value.to_owned()), origin: origin.clone() });
            Ok(())
        }
        [first, rest @ ..] => {
            let section = || Node { value: Value::Table(Table::new()), origin: origin.clone() };
            match &mut table.entry((*first).to_owned()).or_insert_with(section).value {
                Value::Table(section) => put(section, rest, value, origin),
                _ => Err(Fault::at(origin, format!("{first} is not a section"))),
            }
        }
    }
}
