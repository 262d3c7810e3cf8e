//! The migrations, compiled in, and the one place that runs them.
//!
//! They run under a lock and in one transaction, all or none. A database with migrations that this program does not know
//! belongs to a newer release: it is refused and nothing in it is changed.

use diesel::backend::Backend;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::AnyConnection;
use super::dialect;
use super::error::OpenError;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Brings the tables up to date; returns the versions that were applied.
pub fn run(db: &mut AnyConnection) -> Result<Vec<String>, OpenError> {
    let failed = |error: diesel::result::Error| OpenError::Unreachable(error.into());
    dialect::be_patient(db).map_err(failed)?;
    dialect::begin(db).map_err(failed)?;
    let done = dialect::lock(db, ["migrations".to_owned()]).map_err(failed).and_then(|()| match db {
        AnyConnection::Pg(c) => bring_up_to_date(c, &POSTGRES),
        AnyConnection::Lite(c) => bring_up_to_date(c, &SQLITE),
    });
    let ended = if done.is_ok() { dialect::commit(db) } else { dialect::rollback(db) };
    let applied = done?;
    ended.map_err(|error| OpenError::Migration(error.into()))?;
    Ok(applied)
}

fn bring_up_to_date<DB: Backend, C: MigrationHarness<DB>>(
    connection: &mut C,
    known: &EmbeddedMigrations,
) -> Result<Vec<String>, OpenError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(anyhow::anyhow!(error));
    let mut wanted = MigrationSource::<DB>::migrations(known).map_err(failed)?;
    wanted.sort_by_key(|migration| migration.name().version().as_owned());
    let done = connection.applied_migrations().map_err(failed)?;
    let is_known = |version: &MigrationVersion<'_>| wanted.iter().any(|migration| migration.name().version() == *version);
    let unknown: Vec<_> = done.iter().filter(|version| !is_known(version)).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return Err(OpenError::NewerDatabase { unknown });
    }
    let mut applied = Vec::new();
    for migration in wanted.iter().filter(|migration| !done.contains(&migration.name().version())) {
        applied.push(connection.run_migration(migration).map_err(failed)?.to_string());
    }
    Ok(applied)
}
