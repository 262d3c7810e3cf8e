//! A copy of a SQLite database in a file of its own, made while the database is in use.
//!
//! It grows under another name, is stamped there, and gets its own name once it is whole and durable. A name that is
//! taken is left as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use callgate_domain::ports::CopyError;
use diesel::Connection;
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;

use super::stamp;
use crate::store::connection::{Address, AnyConnection, Purpose};
use crate::store::dialect;
use crate::store::error::Failure;

/// Writes a stamped copy of the database at `source` to `target`; returns its size in bytes. Blocks.
pub fn write(source: &str, target: &Path, at: Timestamp) -> Result<u64, CopyError> {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name().and_then(|name| name.to_str())) else {
        return Err(CopyError::BadPlace("it names no file".to_owned()));
    };
    if fs::symlink_metadata(target).is_ok() {
        return Err(CopyError::Exists);
    }
    let growing = folder.join(format!(".{name}.{}-{}", std::process::id(), at.as_microsecond()));
    let growing = Growing::create(growing).map_err(bad_place)?;
    copy(source, &growing.path)?;
    stamp_file(&growing.path, at)?;
    let bytes = File::open(&growing.path).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
    let bytes = bytes.map_err(failed)?.len();
    fs::hard_link(&growing.path, target).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CopyError::Exists,
        _ => CopyError::BadPlace(format!("it cannot be given its name there: {error}")),
    })?;
    drop(growing);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(bytes)
}

/// SQLite reads one state of the database, and takes an empty file for one that is not there: so the copy has its mode
/// from its first byte on.
fn copy(source: &str, growing: &Path) -> Result<(), CopyError> {
    let Some(growing) = growing.to_str() else { return Err(CopyError::BadPlace("its path is no text".to_owned())) };
    let mut db = Address::Sqlite(source.to_owned()).connect(Purpose::Write).map_err(|error| CopyError::Failed(error.into()))?;
    match dialect::copy_into(&mut db, growing) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CopyError::Unsupported),
        Err(error) => Err(CopyError::Failed(error.into())),
    }
}

/// In one file: with a log beside it the copy would be two.
fn stamp_file(growing: &Path, at: Timestamp) -> Result<(), CopyError> {
    let db = SqliteConnection::establish(&growing.to_string_lossy()).map_err(|error| CopyError::Failed(error.into()))?;
    let mut db = AnyConnection::Lite(db);
    dialect::keep_in_one_file(&mut db).map_err(|error| CopyError::Failed(error.into()))?;
    stamp(&mut db, at).map_err(|Failure(error)| CopyError::Failed(error.into()))
}

fn bad_place(error: io::Error) -> CopyError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => CopyError::BadPlace("its folder is not there".to_owned()),
        ErrorKind::StorageFull => failed(error),
        _ => CopyError::BadPlace(error.to_string()),
    }
}

fn failed(error: io::Error) -> CopyError {
    CopyError::Failed(error.into())
}

/// The file under its first name, which it loses whatever happens.
struct Growing {
    path: PathBuf,
}

impl Growing {
    fn create(path: PathBuf) -> io::Result<Self> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        let mut journal = self.path.clone().into_os_string();
        journal.push("-journal");
        for path in [&self.path, &PathBuf::from(journal)] {
            // Most often there is no journal.
            let _gone = fs::remove_file(path);
        }
    }
}
