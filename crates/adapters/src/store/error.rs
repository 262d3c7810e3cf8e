//! What the database said, as a decision.

use callgate_domain::ports::StoreError;
use diesel::result::{DatabaseErrorKind, Error};

/// The one translation of a database's errors. A violated constraint is a conflict: somebody else was faster.
pub fn translate(error: Error) -> StoreError {
    match error {
        Error::NotFound => StoreError::NotFound,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure, _) => {
            StoreError::Conflict
        }
        // Postgres reports a lock that was waited for too long (55P03) by its text alone.
        Error::DatabaseError(_, ref said) if said.message().contains("lock timeout") => StoreError::InProgress,
        other => StoreError::Unavailable(other.into()),
    }
}

/// A row that holds what the model does not know: written by a newer program, or by hand.
pub fn unreadable(what: &str) -> StoreError {
    StoreError::Unavailable(anyhow::anyhow!("a row holds {what} that this program does not know"))
}

/// Shorter than `map_err(translate)` at the end of each statement.
pub trait Translated<T> {
    /// The same, with the database's error as a decision.
    fn translated(self) -> Result<T, StoreError>;
}

impl<T> Translated<T> for Result<T, Error> {
    fn translated(self) -> Result<T, StoreError> {
        self.map_err(translate)
    }
}
