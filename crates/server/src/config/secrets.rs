//! Secrets: named in the configuration, kept in the environment or in files, never written in it.

use std::path::Path;

use callgate_domain::model::Secret;

use super::environment::Environment;
use super::general::HIDDEN;
use super::section::Section;
use super::tree::{Node, Origin, Table, Value};

/// How many secrets may be live while one is rotated.
const MOST: usize = 3;
/// A secret longer than this is something else.
const LONGEST: u64 = 64 << 10;

/// What is wrong with the naming of a secret, and what to do.
type Wrong = (String, String);

impl<'a> Section<'a> {
    /// A secret, or up to three while one is rotated; the first signs.
    pub fn secrets(&self, name: &'a str) -> Option<Vec<Secret>> {
        let node = self.node(name)?;
        self.note(name, shown(node), &node.origin);
        let full = self.full(name);
        let example = format!("{name} = {{ env = \"{}\" }}", variable_for(&self.path, name));
        let items = match &node.value {
            Value::List(items) if (1..=MOST).contains(&items.len()) => items.iter().collect(),
            Value::List(_) => {
                let what = format!("{full} must be 1 to {MOST} secrets");
                self.fault(&node.origin, what, Some(format!("Name one, or up to {MOST} while it is rotated: {example}")));
                return None;
            }
            _ => vec![node],
        };
        let read = items.into_iter().map(|item| match &item.value {
            Value::Text(_) => {
                self.fault(&item.origin, format!("{full} holds the secret itself"), Some(remedy(&item.origin, &example)));
                None
            }
            Value::Table(_) => self.kept_secret(&full, item, &example),
            other => {
                let what = format!("{full} must name a secret, not hold {}", other.sort());
                self.fault(&item.origin, what, Some(format!("Write: {example}")));
                None
            }
        });
        read.collect::<Vec<_>>().into_iter().collect()
    }

    /// A string that may hold a password, and so may also be kept as a secret is.
    pub fn text_or_secret(&self, name: &'a str) -> Option<Secret> {
        let node = self.node(name)?;
        let full = self.full(name);
        match &node.value {
            Value::Text(text) => Secret::new(text.clone()).or_else(|| {
                self.fault(&node.origin, format!("{full} is empty"), None);
                None
            }),
            Value::Table(_) => self.kept_secret(&full, node, &format!("{name} = {{ env = \"NAME\" }}")),
            other => {
                self.fault(&node.origin, format!("{full} must be a string in quotes, not {}", other.sort()), None);
                None
            }
        }
    }

    fn kept_secret(&self, full: &str, node: &Node, example: &str) -> Option<Secret> {
        let Value::Table(table) = &node.value else { return None };
        match kept(table, self.environment(), example) {
            Ok(secret) => Some(secret),
            Err((what, then)) => {
                self.fault(&node.origin, format!("{full}: {what}"), Some(then));
                None
            }
        }
    }
}

/// Where a secret is kept may be shown; a secret may not.
fn shown(node: &Node) -> String {
    let is_place = |node: &Node| {
        let Value::Table(table) = &node.value else { return false };
        table.len() == 1 && (table.contains_key("env") || table.contains_key("file"))
    };
    let only_places = match &node.value {
        Value::List(items) => items.iter().all(is_place),
        _ => is_place(node),
    };
    if only_places { node.value.in_toml() } else { HIDDEN.to_owned() }
}

/// `VAPI_API_KEY` for `api_key` in `connections.vapi`.
pub fn variable_for(section: &str, name: &str) -> String {
    let owner = section.rsplit('.').next().unwrap_or(section);
    format!("{owner}_{name}").to_ascii_uppercase().replace('-', "_")
}

fn remedy(origin: &Origin, example: &str) -> String {
    match origin {
        Origin::Variable(name) => format!("Give it a name of its own, unset {name}, and write in the file: {example}"),
        _ => format!("Put it in the environment and write: {example}"),
    }
}

fn kept(table: &Table, environment: &Environment, example: &str) -> Result<Secret, Wrong> {
    let text = |name: &str| match table.get(name).map(|node| &node.value) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    match (table.len(), text("env"), text("file")) {
        (1, Some(name), None) => environment
            .get(name)
            .and_then(Secret::new)
            .ok_or_else(|| (format!("{name} is not set"), format!("Set {name} in the environment of the program"))),
        (1, None, Some(path)) => from_file(Path::new(path)),
        _ => Err(("must be { env = \"NAME\" } or { file = \"path\" }".to_owned(), format!("Write: {example}"))),
    }
}

/// The secret in a file: its text without the line's end. The file must be its owner's alone.
pub fn from_file(path: &Path) -> Result<Secret, Wrong> {
    let shown = path.display();
    let unreadable =
        |error: std::io::Error| (format!("{shown} cannot be read: {error}"), "Name a file that this user can read".to_owned());
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if let Some(mode) = open_to_others(&metadata) {
        return Err((
            format!("{shown} can be read by others (mode {mode:04o})"),
            format!("Keep it to its owner: chmod 600 {shown}"),
        ));
    }
    if metadata.len() > LONGEST {
        return Err((format!("{shown} is too large for a secret"), "Name the file that holds the secret alone".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let held = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(held).ok_or_else(|| (format!("{shown} is empty"), "Write the secret into it".to_owned()))
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_metadata: &std::fs::Metadata) -> Option<u32> {
    None
}
