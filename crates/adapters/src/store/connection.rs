//! One connection to whichever database the URL names.
//!
//! The enum is only the type of a connection: each statement stands inside `on_backend!`, which compiles the same source
//! for both. It is a plain enum and not diesel's derived multi-connection, whose statements we would not use.

use std::fmt;
use std::path::PathBuf;

use diesel::{Connection, PgConnection, SqliteConnection};

use super::dialect;

/// A connection to one of the two databases.
pub enum AnyConnection {
    /// Postgres.
    Pg(PgConnection),
    /// SQLite.
    Lite(SqliteConnection),
}

/// Runs the same source on whichever database it is.
macro_rules! on_backend {
    ($db:expr, $c:ident => $body:expr) => {
        match $db {
            $crate::store::connection::AnyConnection::Pg($c) => $body,
            $crate::store::connection::AnyConnection::Lite($c) => $body,
        }
    };
}
pub(crate) use on_backend;

/// Where the database is, by the URL's scheme.
#[derive(Clone)]
pub enum Address {
    /// `postgres://…`, passed to libpq as it is.
    Postgres(String),
    /// `sqlite://path`.
    Sqlite(PathBuf),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(_) => f.write_str("Postgres(..)"),
            Self::Sqlite(path) => write!(f, "Sqlite({})", path.display()),
        }
    }
}

impl Address {
    /// Reads a database URL. The scheme decides; nothing is tried in turn.
    ///
    /// # Errors
    /// The scheme, when it is neither `sqlite` nor `postgres`; empty when there is none.
    pub fn parse(url: &str) -> Result<Self, String> {
        match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            Some(("sqlite", path)) if !path.is_empty() && !path.starts_with(':') => Ok(Self::Sqlite(PathBuf::from(path))),
            Some((scheme, _)) => Err(scheme.to_owned()),
            None => Err(String::new()),
        }
    }

    /// The word for metrics and the banner.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
        }
    }

    /// Opens a connection that may write, set up as `RELIABILITY.md` says.
    ///
    /// # Errors
    /// What the database said.
    pub fn open(&self) -> anyhow::Result<AnyConnection> {
        match self {
            Self::Postgres(url) => {
                let mut connection = AnyConnection::Pg(PgConnection::establish(url)?);
                dialect::set_up(&mut connection)?;
                Ok(connection)
            }
            Self::Sqlite(path) => {
                let mut connection = AnyConnection::Lite(SqliteConnection::establish(&path.to_string_lossy())?);
                dialect::set_up(&mut connection)?;
                Ok(connection)
            }
        }
    }

    /// Opens a connection for reading.
    ///
    /// # Errors
    /// What the database said.
    pub fn open_to_read(&self) -> anyhow::Result<AnyConnection> {
        let mut connection = self.open()?;
        dialect::only_read(&mut connection)?;
        Ok(connection)
    }
}
