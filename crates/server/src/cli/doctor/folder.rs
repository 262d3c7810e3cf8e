//! The data folder: that it can be written, and that nobody else can read what is in it.

use std::fs::{Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::hint;

const CHECK: &str = "data folder";
/// What nobody but its owner may read.
const PRIVATE: [&str; 4] = ["key", "callgate.db", "callgate.db-wal", "lock"];

/// Looks at it.
pub fn look(path: &Path, found: &mut Vec<Finding>) {
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let folder = match path.metadata() {
        Ok(folder) if folder.is_dir() => folder,
        Ok(_) => {
            found.push(Finding::fault(CHECK, format!("{shown} is no folder"), "Choose another with --data-dir"));
            return;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let makes = format!("{shown} is not there yet: {} makes it", hint::command("serve"));
            found.push(Finding::note(CHECK, makes));
            return;
        }
        Err(error) => {
            found.push(Finding::fault(CHECK, format!("{shown} cannot be read: {error}"), "Run this as the user who runs serve"));
            return;
        }
    };
    let before = found.len();
    if let Err(error) = try_writing(path) {
        let fix = format!("Give it to the user who runs serve: chown -R USER {}", hint::quoted(&shown));
        found.push(Finding::fault(CHECK, format!("{shown} cannot be written: {error}"), fix));
    }
    if is_open(&folder) {
        found.push(Finding::fault(
            CHECK,
            format!("others can look into {shown} (mode {:04o}); it holds keys and what people said", mode(&folder)),
            format!("chmod 0700 {}", hint::quoted(&shown)),
        ));
    }
    for name in PRIVATE {
        let file = path.join(name);
        if let Some(held) = file.metadata().ok().filter(|held| is_open(&folder) && is_open(held)) {
            found.push(Finding::fault(
                CHECK,
                format!("others can read {shown}/{name} (mode {:04o})", mode(&held)),
                format!("chmod 0600 {}", hint::quoted(&format!("{shown}/{name}"))),
            ));
        }
    }
    if found.len() == before {
        found.push(Finding::good(CHECK, format!("{shown}, mode {:04o}", mode(&folder))));
    }
}

/// A file is made and taken away: modes do not say all (a read-only disk, a full one).
fn try_writing(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_made) => {}
        // One that was killed in between left it: in a container each has the same number. To take it away is writing too.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    std::fs::remove_file(&probe)
}

fn mode(of: &Metadata) -> u32 {
    of.permissions().mode() & 0o7777
}

fn is_open(of: &Metadata) -> bool {
    mode(of) & 0o077 != 0
}
