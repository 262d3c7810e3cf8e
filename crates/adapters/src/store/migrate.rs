//! Brings a database's tables up to date, or refuses one that is newer than this program.

use diesel::migration::MigrationVersion;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, on_backend};
use super::dialect;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Why a database cannot be brought up to date. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer program made it.
    #[error("the database was made by a newer program (it has the migration {migration}, which this one does not know)")]
    Newer {
        /// The first migration that is not known here.
        migration: String,
    },
    /// A statement failed.
    #[error("the database's tables could not be brought up to date: {0}")]
    Failed(String),
}

/// Applies what is missing, under a lock; returns the names of what was applied.
///
/// # Errors
/// [`MigrateError`].
pub fn up(db: &mut AnyConnection) -> Result<Vec<String>, MigrateError> {
    let failed = |error: &dyn std::fmt::Display| MigrateError::Failed(error.to_string());
    dialect::lock_migrations(db).map_err(|error| failed(&error))?;
    let applied = refuse_newer(db).and_then(|()| on_backend!(db, c => apply(c)));
    dialect::unlock_migrations(db).map_err(|error| failed(&error))?;
    applied
}

/// Takes back everything: for the test that compares up, down and up again.
///
/// # Errors
/// [`MigrateError`].
pub fn down(db: &mut AnyConnection) -> Result<(), MigrateError> {
    match db {
        AnyConnection::Pg(pg) => pg.revert_all_migrations(POSTGRES).map(drop),
        AnyConnection::Lite(lite) => lite.revert_all_migrations(SQLITE).map(drop),
    }
    .map_err(|error| MigrateError::Failed(error.to_string()))
}

trait Apply {
    fn run(&mut self) -> diesel::migration::Result<Vec<String>>;
}

impl Apply for diesel::PgConnection {
    fn run(&mut self) -> diesel::migration::Result<Vec<String>> {
        Ok(self.run_pending_migrations(POSTGRES)?.iter().map(ToString::to_string).collect())
    }
}

impl Apply for diesel::SqliteConnection {
    fn run(&mut self) -> diesel::migration::Result<Vec<String>> {
        Ok(self.run_pending_migrations(SQLITE)?.iter().map(ToString::to_string).collect())
    }
}

fn apply(connection: &mut impl Apply) -> Result<Vec<String>, MigrateError> {
    connection.run().map_err(|error| MigrateError::Failed(error.to_string()))
}

fn refuse_newer(db: &mut AnyConnection) -> Result<(), MigrateError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| MigrateError::Failed(error.to_string());
    let applied: Vec<MigrationVersion<'static>> = on_backend!(db, c => c.applied_migrations()).map_err(failed)?;
    let known: Vec<String> = match db {
        AnyConnection::Pg(_) => versions::<diesel::pg::Pg>(POSTGRES),
        AnyConnection::Lite(_) => versions::<diesel::sqlite::Sqlite>(SQLITE),
    }
    .map_err(failed)?;
    let newer = applied.iter().map(ToString::to_string).find(|version| !known.contains(version));
    newer.map_or(Ok(()), |migration| Err(MigrateError::Newer { migration }))
}

fn versions<DB: diesel::backend::Backend>(source: EmbeddedMigrations) -> diesel::migration::Result<Vec<String>>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let all = diesel::migration::MigrationSource::<DB>::migrations(&source)?;
    Ok(all.iter().map(|migration| migration.name().version().to_string()).collect())
}
