//! Who looks at a database leaves it as it is, and holds up nobody.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::collections::BTreeMap;
use std::path::Path;

use callgate_adapters::store::{self, Look, OpenError};
use callgate_adapters::testing::postgres;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection};

use crate::store::{clock, open, sqlite_file};

/// Looks at everything that can be looked at, and says how many migrations are pending.
fn look(url: &str) -> Result<usize, OpenError> {
    let mut look = Look::open(url)?;
    let pending = look.condition(&*clock())?.pending.len();
    if pending == 0 {
        assert!(look.endpoints(None, 10).unwrap().is_empty());
    }
    Ok(pending)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

/// So many migrations are pending in a file, and after a look everything lies there as it did.
fn check(folder: &Path, url: &str, pending: usize) {
    let before = files(folder);
    assert_eq!(look(url).unwrap(), pending, "{url}");
    assert!(files(folder) == before, "{url}: {:?} became {:?}", before.keys(), files(folder).keys());
}

/// How many there are in all.
fn all() -> usize {
    let (_folder, url) = sqlite_file();
    store::migrate(&url).unwrap().len()
}

#[test]
fn a_file_is_left_as_it_was_whatever_it_holds() {
    let (folder, url) = sqlite_file();
    assert!(matches!(look(&url), Err(OpenError::Unreachable(_))));
    assert!(files(folder.path()).is_empty(), "none is made");
    std::fs::write(folder.path().join("callgate.db"), "").unwrap();
    check(folder.path(), &url, all());
    store::migrate(&url).unwrap();
    check(folder.path(), &url, 0);
    store::take_back(&url, 1).unwrap();
    check(folder.path(), &url, 1);
}

#[test]
fn a_file_whose_name_has_signs_is_the_one_that_is_looked_at() {
    let (folder, _) = sqlite_file();
    let url = format!("sqlite://{}/a%20b?c#d.db", folder.path().display());
    store::migrate(&url).unwrap();
    check(folder.path(), &url, 0);
}

#[tokio::test]
async fn a_file_in_use_can_be_looked_at_while_somebody_writes() {
    let (folder, url) = sqlite_file();
    let trial = open(&url);
    assert!(folder.path().join("callgate.db-wal").exists(), "it is in use");
    let mut writer = SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap();
    writer.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert_eq!(look(&url).unwrap(), 0);
    writer.batch_execute("ROLLBACK").unwrap();
    drop(trial);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn an_empty_postgres_stays_empty_and_a_held_lock_holds_up_nobody() {
    let Some(url) = postgres::fresh_database() else { return };
    assert_eq!(look(&url).unwrap(), all());
    let mut db = PgConnection::establish(&url).unwrap();
    let tables = diesel::sql_query("SELECT count(*) FROM pg_tables WHERE schemaname = $1").bind::<Text, _>("public");
    assert_eq!(tables.get_result::<Count>(&mut db).unwrap().count, 0);
    store::migrate(&url).unwrap();
    // As a process that migrates has it.
    let lock = "BEGIN; LOCK TABLE __diesel_schema_migrations IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE endpoints IN SHARE ROW EXCLUSIVE MODE";
    db.batch_execute(lock).unwrap();
    assert_eq!(look(&url).unwrap(), 0);
}
