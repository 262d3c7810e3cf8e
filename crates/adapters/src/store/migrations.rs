//! The migrations, compiled in, and the one place that runs them.
//!
//! They run under a lock and in one transaction, all or none. A database with migrations that this program does not know
//! belongs to a newer release: it is refused and nothing in it is changed.

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, on_backend};
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

/// Where diesel writes down what was applied.
const APPLIED: &str = "__diesel_schema_migrations";

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    applied_migrations (version) {
        version -> Text,
    }
}

/// The versions that [`run`] would apply. Changes nothing: diesel's own way of asking would make its table.
pub fn pending(db: &mut AnyConnection) -> Result<Vec<String>, OpenError> {
    let unread = |error: diesel::result::Error| OpenError::Unreachable(error.into());
    let mut done: Vec<MigrationVersion<'_>> = Vec::new();
    if dialect::has_table(db, APPLIED).map_err(unread)? {
        let query = applied_migrations::table.select(applied_migrations::version);
        let applied: Vec<String> = on_backend!(db, c => query.load(c)).map_err(unread)?;
        done.extend(applied.into_iter().map(MigrationVersion::from));
    }
    Ok(match db {
        AnyConnection::Pg(_) => versions(&missing::<Pg>(&done, &POSTGRES)?),
        AnyConnection::Lite(_) => versions(&missing::<Sqlite>(&done, &SQLITE)?),
    })
}

fn versions<DB: Backend>(of: &[Box<dyn Migration<DB>>]) -> Vec<String> {
    of.iter().map(|migration| migration.name().version().to_string()).collect()
}

/// The migrations that are known here and are not among those that were applied there, in their order.
fn missing<DB: Backend>(
    done: &[MigrationVersion<'_>],
    known: &EmbeddedMigrations,
) -> Result<Vec<Box<dyn Migration<DB>>>, OpenError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut wanted = MigrationSource::<DB>::migrations(known).map_err(failed)?;
    wanted.sort_by_key(|migration| migration.name().version().as_owned());
    let is_known = |version: &MigrationVersion<'_>| wanted.iter().any(|migration| migration.name().version() == *version);
    let unknown: Vec<_> = done.iter().filter(|version| !is_known(version)).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return Err(OpenError::NewerDatabase { unknown });
    }
    wanted.retain(|migration| !done.contains(&migration.name().version()));
    Ok(wanted)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migration(anyhow::anyhow!(error))
}

fn bring_up_to_date<DB: Backend, C: MigrationHarness<DB>>(
    connection: &mut C,
    known: &EmbeddedMigrations,
) -> Result<Vec<String>, OpenError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut applied = Vec::new();
    let done = connection.applied_migrations().map_err(failed)?;
    for migration in missing(&done, known)? {
        applied.push(connection.run_migration(&migration).map_err(failed)?.to_string());
    }
    Ok(applied)
}

/// How many were applied.
#[cfg(feature = "testing")]
pub fn applied(db: &mut AnyConnection) -> Result<usize, OpenError> {
    match db {
        AnyConnection::Pg(c) => c.applied_migrations(),
        AnyConnection::Lite(c) => c.applied_migrations(),
    }
    .map(|all| all.len())
    .map_err(failed)
}

/// Writes down that a migration was applied.
#[cfg(feature = "testing")]
pub fn mark(db: &mut AnyConnection, version: &str) -> Result<(), OpenError> {
    let row = applied_migrations::version.eq(version);
    let marked = on_backend!(db, c => diesel::insert_into(applied_migrations::table).values(row).execute(c));
    marked.map(drop).map_err(|error| OpenError::Migration(error.into()))
}

/// Takes the last of the migrations back, with what they made.
#[cfg(feature = "testing")]
pub fn take_back(db: &mut AnyConnection, count: usize) -> Result<(), OpenError> {
    (0..count).try_for_each(|_| {
        let done = match db {
            AnyConnection::Pg(c) => c.revert_last_migration(POSTGRES).map(drop),
            AnyConnection::Lite(c) => c.revert_last_migration(SQLITE).map(drop),
        };
        done.map_err(failed)
    })
}

#[cfg(test)]
mod tests {
    use diesel::query_builder::AsQuery;
    use diesel::sql_types::Text;
    use diesel::{debug_query, sql_query};

    use super::*;
    use crate::store::connection::{Address, Purpose};
    use crate::store::schema;
    use crate::testing::postgres;

    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        name: String,
    }

    /// The tables of `schema.rs` with their columns, as the text of a select names them.
    fn declared() -> Vec<(String, Vec<String>)> {
        macro_rules! tables {
            ($($table:ident),+) => {
                vec![$(debug_query::<diesel::sqlite::Sqlite, _>(&schema::$table::table.as_query()).to_string()),+]
            };
        }
        let selects = tables!(
            calls,
            call_details,
            results,
            attempts,
            history,
            idempotency,
            inbox,
            keys,
            sessions,
            connections,
            settings,
            rates,
            holds,
            endpoints,
            notices,
            deliveries,
            audit,
            spent
        );
        let quoted = |select: &str| select.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        selects
            .iter()
            .map(|select| {
                let words = quoted(select.split(" FROM ").next().unwrap());
                (words[0].clone(), words.iter().skip(1).step_by(2).cloned().collect())
            })
            .collect()
    }

    fn stored(db: &mut AnyConnection, table: &str) -> Vec<String> {
        let query = match db {
            AnyConnection::Pg(_) => format!(
                "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}' \
                 ORDER BY ordinal_position"
            ),
            AnyConnection::Lite(_) => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
        };
        let columns: Vec<Column> = on_backend!(db, c => sql_query(query).load(c)).unwrap();
        columns.into_iter().map(|column| column.name).collect()
    }

    fn revert(db: &mut AnyConnection) {
        match db {
            AnyConnection::Pg(c) => c.revert_all_migrations(POSTGRES).map(drop),
            AnyConnection::Lite(c) => c.revert_all_migrations(SQLITE).map(drop),
        }
        .unwrap();
    }

    fn check(url: &str) {
        let mut db = Address::parse(url).unwrap().connect(Purpose::Write).unwrap();
        for _ in 0..2 {
            assert_eq!(run(&mut db).unwrap(), ["20260101000000", "20261128000000", "20261129000000"]);
            for (table, columns) in declared() {
                assert_eq!(stored(&mut db, &table), columns, "{table}");
            }
            revert(&mut db);
            for (table, _) in declared() {
                assert_eq!(stored(&mut db, &table), [""; 0], "{table}");
            }
        }
    }

    #[test]
    fn up_down_and_up_again_leaves_the_columns_of_the_schema() {
        let folder = tempfile::tempdir().unwrap();
        check(&format!("sqlite://{}", folder.path().join("callgate.db").display()));
        if let Some(url) = postgres::fresh_database() {
            check(&url);
        }
    }

    #[test]
    fn both_databases_have_the_same_migrations() {
        fn names<DB: Backend>(migrations: &EmbeddedMigrations) -> Vec<String>
        where
            EmbeddedMigrations: MigrationSource<DB>,
        {
            let mut names: Vec<_> =
                migrations.migrations().unwrap().iter().map(|migration| migration.name().to_string()).collect();
            names.sort();
            names
        }
        assert_eq!(names::<Sqlite>(&SQLITE), names::<Pg>(&POSTGRES));
    }
}
