//! The file: where it is looked for, and how it is read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::fault::Fault;
use super::tree::{self, Origin, Table};

/// What `config init` writes, and what is looked for in the folder the program was started in.
pub const DEFAULT_FILE: &str = "callgate.toml";
/// Where else it is looked for.
const SYSTEM_FILE: &str = "/etc/callgate/callgate.toml";
/// A configuration larger than this is something else.
const LARGEST: u64 = 4 << 20;

/// The file's path and its settings; nothing where there is no file and none was named.
///
/// # Errors
/// Everything that keeps it from being read.
pub fn read(flag: Option<&Path>, environment: &Environment) -> Result<Option<(PathBuf, Table)>, Vec<Fault>> {
    let named = match (flag, environment.get("CALLGATE_CONFIG")) {
        (Some(path), _) => Some((path.to_owned(), Origin::Flag("--config"))),
        (None, Some(path)) => Some((PathBuf::from(path), Origin::Variable("CALLGATE_CONFIG".to_owned()))),
        (None, None) => None,
    };
    if let Some((path, origin)) = named {
        let text = text_of(&path).map_err(|error| {
            let what = format!("{} cannot be read: {error}", path.display());
            vec![
                Fault::at(&origin, what).then(format!("Name a file that can be read, or write one: {} config init", crate::NAME)),
            ]
        })?;
        return parse(path, &text).map(Some);
    }
    for path in [DEFAULT_FILE, SYSTEM_FILE].map(PathBuf::from) {
        match text_of(&path) {
            Ok(text) => return parse(path, &text).map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => {
                let fault = Fault { place: path.display().to_string(), what: format!("cannot be read: {error}"), then: None };
                return Err(vec![fault.then("Make it readable for this user, or name another file with --config")]);
            }
        }
    }
    Ok(None)
}

fn parse(path: PathBuf, text: &str) -> Result<(PathBuf, Table), Vec<Fault>> {
    let name: Arc<str> = path.display().to_string().into();
    let table = tree::parse(text, &|line| Origin::File(Arc::clone(&name), line))?;
    Ok((path, table))
}

fn text_of(path: &Path) -> std::io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > LARGEST {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, format!("it has {size} bytes, more than any configuration")));
    }
    std::fs::read_to_string(path)
}
