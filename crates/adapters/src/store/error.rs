//! What can go wrong in a database, as the decisions a caller can take.

use callgate_domain::ports::StoreError;
use diesel::result::{DatabaseErrorKind, Error};

/// Why a database was not opened. Then nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither SQLite nor Postgres.
    #[error("a database URL starts with sqlite:// or postgres://, not with '{scheme}'")]
    UnsupportedScheme {
        /// What stands before the colon; empty where nothing does.
        scheme: String,
    },
    /// The URL names no file that all connections could share.
    #[error("a database URL names a file: sqlite://callgate-data/callgate.db")]
    NoFile,
    /// It is not there, or does not let us in.
    #[error("the database cannot be reached")]
    Unreachable(#[source] anyhow::Error),
    /// It would lose what it confirmed.
    #[error("the database runs with {setting} = {found}, which is not safe: it must be {wanted}")]
    Settings {
        /// Its name there.
        setting: &'static str,
        /// As it is.
        found: String,
        /// As it must be.
        wanted: &'static str,
    },
    /// A backup was put over another database, whose log still lies beside it and would be read into it.
    #[error("{log} belongs to another database than the one beside it")]
    ForeignLog {
        /// The log.
        log: String,
    },
    /// A newer release has changed its tables: this one must not touch them.
    #[error("the database was changed by a newer release (migration {}): start that release, or restore a backup", unknown.join(", "))]
    NewerDatabase {
        /// Migrations that this program does not know.
        unknown: Vec<String>,
    },
    /// A migration failed and was undone.
    #[error("a migration failed")]
    Migration(#[source] anyhow::Error),
}

/// What a query or a change ends with when it does not succeed: [`StoreError`] with a `?` for everything inside.
#[derive(Debug)]
pub struct Failure(pub StoreError);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::NotFound => StoreError::NotFound,
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => {
                StoreError::Conflict
            }
            error => StoreError::Unavailable(error.into()),
        })
    }
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self(StoreError::Unavailable(error.into()))
    }
}

/// A row that this program cannot have written.
#[derive(Debug, thiserror::Error)]
#[error("{column} of a stored row cannot be read: {fault}")]
pub struct Unreadable {
    /// Where.
    pub column: &'static str,
    /// What is wrong with it; never the value of anything private.
    pub fault: String,
}

/// The same answer for another caller: causes cannot be copied, their words can.
pub fn repeated(error: &StoreError) -> StoreError {
    match error {
        StoreError::NotFound => StoreError::NotFound,
        StoreError::Conflict => StoreError::Conflict,
        StoreError::Duplicate => StoreError::Duplicate,
        StoreError::InProgress => StoreError::InProgress,
        StoreError::Unavailable(cause) => StoreError::Unavailable(anyhow::anyhow!("{cause:#}")),
    }
}

/// The database cannot be used, for a reason of our own.
pub fn unavailable(reason: &'static str) -> StoreError {
    StoreError::Unavailable(anyhow::anyhow!(reason))
}
