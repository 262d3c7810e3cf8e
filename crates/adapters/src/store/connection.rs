//! One type for a connection to either database, and how one is opened: by the URL's scheme, never by trying.
//!
//! The derived `AnyConnection::establish` is not called: it tries each database in turn, hides the reason when Postgres
//! is down, and then opens an empty SQLite file named like the URL.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError};

use super::dialect;
use super::error::OpenError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// Postgres.
    Pg(PgConnection),
    /// SQLite.
    Lite(SqliteConnection),
}

/// Compiles the same statement once for each database. What does not compile for both belongs into `dialect.rs`.
macro_rules! on_backend {
    ($db:expr, $c:ident => $body:expr) => {
        match $db {
            $crate::store::connection::AnyConnection::Pg($c) => $body,
            $crate::store::connection::AnyConnection::Lite($c) => $body,
        }
    };
}
pub(crate) use on_backend;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(String),
    /// A server, as libpq reads it. May hold a password.
    Postgres(String),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Changes and reads.
    Write,
    /// SQLite refuses changes over it.
    Read,
    /// Both databases refuse changes over it, and opening it changes nothing either: no setting, no log, no lock file.
    Look,
}

impl Address {
    /// Reads `sqlite://path`, `postgres://…` or `postgresql://…`.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        match url.split_once("://") {
            Some(("sqlite", path)) if path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:") => {
                Err(OpenError::NoFile)
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.to_owned())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(dialect::bounded(url))),
            // Without a scheme it may be anything, a password among it: then nothing of it is repeated.
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {
                Err(OpenError::UnsupportedScheme { scheme: scheme.to_owned() })
            }
            _ => Err(OpenError::UnsupportedScheme { scheme: String::new() }),
        }
    }

    /// A new connection with the settings it must have, read back.
    pub fn connect(&self, purpose: Purpose) -> Result<AnyConnection, OpenError> {
        if let Self::Sqlite(path) = self {
            // Whoever only reads would have the log read into the file as well.
            refuse_foreign_log(path)?;
            if purpose == Purpose::Write {
                make_private(path);
            }
        }
        let mut db = match self {
            Self::Sqlite(path) if purpose == Purpose::Look => {
                SqliteConnection::establish(&untouched(path)).map(AnyConnection::Lite)
            }
            Self::Sqlite(path) => SqliteConnection::establish(path).map(AnyConnection::Lite),
            Self::Postgres(url) => PgConnection::establish(url).map(AnyConnection::Pg),
        }
        .map_err(|error: ConnectionError| OpenError::Unreachable(error.into()))?;
        dialect::prepare(&mut db, purpose)?;
        Ok(db)
    }
}

/// Makes a file that is not there, for its owner alone: SQLite gives its log and its index the mode of the file, and would
/// make the file itself for everybody. What stands in the way is told by opening it.
fn make_private(path: &str) {
    let _there_or_told = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path);
}

/// The file as SQLite opens it without making or changing anything. Whoever has it open has a log beside it; without one it lies
/// still and is read as it is, since SQLite would make the log. An empty one lies still too: SQLite would take its log away.
fn untouched(path: &str) -> String {
    let is_open = std::fs::metadata(format!("{path}-wal")).is_ok();
    let is_empty = std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
    let how = if is_open && !is_empty { "mode=ro" } else { "immutable=1" };
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?{how}")
}

/// Ours are in WAL mode from their first page on and say so in their header; a copy is not until it is opened. SQLite does
/// not compare the two: it reads whatever log lies there into the file, and the copy with its stamp would be gone.
fn refuse_foreign_log(path: &str) -> Result<(), OpenError> {
    let log = format!("{path}-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) && header_says_rollback(path).unwrap_or(false) {
        return Err(OpenError::ForeignLog { log });
    }
    Ok(())
}

fn header_says_rollback(path: &str) -> std::io::Result<bool> {
    let mut header = [0; 20];
    std::fs::File::open(path)?.read_exact(&mut header)?;
    Ok(header.ends_with(&[1, 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let read = match Address::parse(url) {
            Ok(Address::Sqlite(path)) => format!("sqlite {path}"),
            Ok(Address::Postgres(url)) => url,
            Err(error) => error.to_string(),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_kept_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("callgate.db");
        let mut db = Address::Sqlite(path.display().to_string()).connect(Purpose::Write).unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut db, "CREATE TABLE t (a INTEGER)").unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
        assert!(files.len() >= 2, "the file and its log: {files:?}");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[test]
    fn the_scheme_chooses_the_database_and_nothing_else_does() {
        check("sqlite://data/callgate.db", "sqlite data/callgate.db");
        check("sqlite:///var/lib/callgate.db", "sqlite /var/lib/callgate.db");
        let bounds = "connect_timeout=5&tcp_user_timeout=10000";
        check("postgres://u:p@h/db", &format!("postgres://u:p@h/db?{bounds}"));
        check("postgresql:///db?host=/run", &format!("postgresql:///db?host=/run&{bounds}"));
        check("postgres://h/db?connect_timeout=1&tcp_user_timeout=1", "postgres://h/db?connect_timeout=1&tcp_user_timeout=1");
    }

    #[test]
    fn anything_else_is_refused_by_the_name_of_its_scheme_and_never_repeats_a_password() {
        let not = |scheme| format!("a database URL starts with sqlite:// or postgres://, not with '{scheme}'");
        check("mysql://root:pw@h/db", &not("mysql"));
        check("callgate.db", &not(""));
        check("host=h password=pw dbname=callgate", &not(""));
        check("password=pw ://", &not(""));
        check("sqlite://", "a database URL names a file: sqlite://callgate-data/callgate.db");
        check("sqlite://:memory:", "a database URL names a file: sqlite://callgate-data/callgate.db");
    }
}
