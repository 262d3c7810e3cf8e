//! The data folder: made with its modes, and locked so that a second process cannot share it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::refused;
use crate::failure::Failure;

const LOCK: &str = "lock";

/// The folder of one process.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    made: bool,
    /// Held as long as the process runs; the system gives it back whatever happens.
    _lock: Option<File>,
}

impl DataDir {
    /// Makes the folder (mode 0700) and, where the database is inside it, takes its lock.
    ///
    /// # Errors
    /// It cannot be made, or another process has it.
    pub fn open(path: &Path, exclusive: bool) -> Result<Self, Failure> {
        let made = !path.exists();
        let failed = |error: io::Error| {
            let shown = path.display();
            refused(
                format!("{shown} cannot be used as the data folder: {error}"),
                "Choose another with --data-dir, or mend its permissions.",
            )
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let lock = if exclusive { Some(lock(path, failed)?) } else { None };
        Ok(Self { path: path.to_owned(), made, _lock: lock })
    }

    /// Whether this start made it.
    #[must_use]
    pub fn was_made(&self) -> bool {
        self.made
    }

    /// The file of the first key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path.join("key")
    }

    /// Writes the first key, once, for its owner's eyes only.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub fn keep_key(&self, key: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.key_file())?;
        writeln!(file, "{key}")?;
        file.sync_all()
    }
}

/// Which process holds a data folder, if any does.
#[must_use]
pub fn holder(path: &Path) -> Option<u32> {
    let mut file = File::open(path.join(LOCK)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => pid_in(&mut file),
        _ => None,
    }
}

fn lock(path: &Path, failed: impl Fn(io::Error) -> Failure) -> Result<File, Failure> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.join(LOCK))
        .map_err(&failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let who =
                pid_in(&mut file).map_or_else(|| "another callgate".to_owned(), |pid| format!("another callgate (pid {pid})"));
            return Err(refused(
                format!("{} is in use by {who}", path.strip_prefix(".").unwrap_or(path).display()),
                "Stop it, or choose another folder with --data-dir. Many processes can share one Postgres.",
            ));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_and_its_key_are_for_their_owner_alone() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("data");
        let data = DataDir::open(&path, true).unwrap();
        assert!(data.was_made());
        data.keep_key("cg_something").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(data.key_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(data.keep_key("cg_another").is_err(), "a key is never overwritten");
    }

    #[test]
    fn a_second_process_is_refused_and_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(holder(folder.path()), None);
        let first = DataDir::open(folder.path(), true).unwrap();
        let refused = DataDir::open(folder.path(), true).unwrap_err();
        assert!(refused.what.contains(&format!("(pid {})", std::process::id())), "{refused}");
        assert_eq!(holder(folder.path()), Some(std::process::id()));
        drop(first);
        DataDir::open(folder.path(), true).unwrap();
    }
}
